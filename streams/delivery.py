"""Faust's consumer with a shorter way from the fetched message to its stream.

For each message Faust starts four tasks, to be able to leave a delivery that blocks when partitions are taken
away. A delivery that does not block, which is nearly every one, needs none of them: it is run at once, and
only what is left of one that blocks is handed to Faust's own way. That halves the loop's work per message.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import AsyncIterator, Coroutine, Generator
from functools import partial
from typing import Any

import faust
from faust.transport.drivers import aiokafka
from mode.services import WaitResults

FETCH_MS = 20
FETCH_BYTES = 64 * 1024
"""The broker answers a fetch when it has so much, or after so long: at 500 messages a second the answers
would otherwise hold one each, and asking would take more time than the messages do."""

GATHER_S = 0.005


class Bytes(faust.Schema[Any, Any]):  # type: ignore[misc, unused-ignore]
    """Messages as they come: keys and values that nothing decodes can't fail to be decoded."""

    def compile(self, app: Any, **_: Any) -> Any:
        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return app.create_event(message.key, message.value, message.headers, message)

        return decode


class Thread(aiokafka.AIOKafkaConsumerThread):  # type: ignore[misc, unused-ignore]
    """The client in its thread; Faust has no settings for these two."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        client = super()._create_worker_consumer(transport)
        client._fetch_min_bytes = FETCH_BYTES
        client._fetch_max_wait_ms = FETCH_MS
        return client


class Consumer(aiokafka.Consumer):  # type: ignore[misc, unused-ignore]
    """Reads as Faust's does."""

    def _new_consumer_thread(self) -> Any:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[Any]:
        """What has come together in a moment costs one way to the thread and back."""
        await asyncio.sleep(GATHER_S)
        async for message in super().getmany(timeout):
            yield message

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


class Silent(faust.Monitor):  # type: ignore[misc, unused-ignore]
    """Faust's monitor without what it notes of every message, for which nobody asks here."""

    def on_message_in(self, *_: Any) -> None:
        """A message was fetched."""

    def on_stream_event_in(self, *_: Any) -> None:
        """An agent was given it."""

    def on_stream_event_out(self, *_: Any) -> None:
        """The agent is done with it."""

    def on_message_out(self, *_: Any) -> None:
        """All agents are."""


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
