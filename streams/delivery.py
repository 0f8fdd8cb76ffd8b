"""Faust's consumer with a shorter way from the fetched message to its stream.

For each message Faust starts four tasks, to be able to leave a delivery that blocks when partitions are taken
away. A delivery that does not block, which is nearly every one, needs none of them: it is run at once, and
only what is left of one that blocks is handed to Faust's own way. That halves the loop's work per message.
"""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator
from functools import partial
from typing import Any

import faust
from faust.transport.drivers import aiokafka
from mode.services import WaitResults


class Bytes(faust.Schema[Any, Any]):  # type: ignore[misc, unused-ignore]
    """Messages as they come: keys and values that nothing decodes can't fail to be decoded."""

    def compile(self, app: Any, **_: Any) -> Any:
        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return app.create_event(message.key, message.value, message.headers, message)

        return decode


class Consumer(aiokafka.Consumer):  # type: ignore[misc, unused-ignore]
    """Reads as Faust's does."""

    async def wait_first(self, *waited: Any, timeout: Any = None) -> WaitResults:
        delivery, *others = waited
        if not isinstance(delivery, types.CoroutineType) or timeout is not None:
            return await super().wait_first(*waited, timeout=timeout)
        try:
            blocked_on = delivery.send(None)
        except StopIteration as done:
            for other in others:
                other.close()
            return WaitResults([delivery], [done.value], False)
        return await super().wait_first(_rest(delivery, blocked_on), *others)


class Transport(aiokafka.Transport):  # type: ignore[misc, unused-ignore]
    """Kafka through this consumer."""

    Consumer = Consumer


async def _rest(delivery: Coroutine[Any, Any, Any], blocked_on: Any) -> Any:
    """What is left of a coroutine that was begun already and waits for something."""
    return await _Begun(delivery, blocked_on)


class _Begun:
    def __init__(self, coroutine: Coroutine[Any, Any, Any], blocked_on: Any) -> None:
        self._coroutine = coroutine
        self._blocked_on = blocked_on

    def __await__(self) -> Generator[Any, Any, Any]:
        """As the event loop drives a coroutine: what it waits for goes up, an error comes down."""
        step = self._blocked_on
        while True:
            try:
                sent = yield step
            except BaseException as error:
                go_on = partial(self._coroutine.throw, error)
            else:
                go_on = partial(self._coroutine.send, sent)
            try:
                step = go_on()
            except StopIteration as done:
                return done.value
