"""The sender: one is active, by an advisory lock of PostgreSQL; each receiver has a task of its own.

Alerts that change while a receiver is away are told as they are then: the round that failed is read anew.
Pauses between attempts double up to five minutes, drawn at random so that receivers that come back are not
met by all at once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import structlog
from psycopg import Connection

from projections import webhooks
from projections.alerts import WAKE
from projections.webhooks import Told
from storage.connections import Connections
from streams.config import Settings
from streams.together import together
from streams.webhooks.payload import Change, Post, posts
from streams.webhooks.receivers import Receiver

LOCK = 4_851_005
LIMIT = 500
"""Changes of one round."""

LOOK_S = 2.0
"""How often is looked without having been woken."""

STANDBY_S = 2.0
TIMEOUT_S = 10.0
NEVER_TAKEN = frozenset({400, 413, 422})
"""Answers that say that this very request will never be taken: it is counted, and the next one sent."""

CLIENT = httpx.Timeout(TIMEOUT_S)


@dataclass(frozen=True)
class Pace:
    """Pauses between attempts: twice as long each time."""

    first_s: float = 1.0
    most_s: float = 300.0

    def pause(self, failures: int, asked: float | None = None) -> float:
        """Half of it at random; at least what the receiver asks for, as far as the longest goes."""
        whole = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return max(random.uniform(whole / 2, whole), min(asked or 0.0, self.most_s))


class Unreached(Exception):
    """A receiver did not take a request; the message is a word or two, without its address."""

    def __init__(self, problem: str, after_s: float | None = None) -> None:
        super().__init__(problem)
        self.after_s = after_s


class Sender:
    """What one process does for webhooks until it is asked to stop."""

    def __init__(
        self, settings: Settings, open_connections: Callable[[], Connections], pace: Pace | None = None
    ) -> None:
        self.settings = settings
        self._open = open_connections
        self._pace = pace or Pace()
        self._news: dict[str, asyncio.Event] = {}
        self._task: asyncio.Task[None] | None = None
        self.log = structlog.get_logger()

    def start(self, receivers: Sequence[Receiver]) -> None:
        self._news = {receiver.name: asyncio.Event() for receiver in receivers}
        self._task = asyncio.create_task(self._work(receivers))

    async def stop(self) -> None:
        """What is being sent is broken off: it will be sent again."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _work(self, receivers: Sequence[Receiver]) -> None:
        """Sessions, one after the other; without receivers, those of before are forgotten and that is all."""
        away, over = False, False
        while not over:
            try:
                async with self._lock() as lock:
                    if await self._active(lock):
                        away, over = False, not receivers
                        await self._session(lock, receivers)
            except (psycopg.Error, OSError) as problem:
                if not away:
                    self.log.warning("webhooks wait for the database", problem=type(problem).__name__)
                away = True
            if not over:
                await asyncio.sleep(STANDBY_S)

    @asynccontextmanager
    async def _lock(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """The connection that holds the lock and listens; the lock ends with it."""
        connections = await asyncio.to_thread(self._open)
        connection = await psycopg.AsyncConnection.connect(**connections.parameters, autocommit=True)
        try:
            await connection.execute(f"LISTEN {WAKE}".encode())
            yield connection
        finally:
            await connection.close()

    async def _active(self, lock: psycopg.AsyncConnection[Any]) -> bool:
        row = await (await lock.execute(f"SELECT pg_try_advisory_lock({LOCK})".encode())).fetchone()
        return row is not None and bool(row[0])

    async def _session(self, lock: psycopg.AsyncConnection[Any], receivers: Sequence[Receiver]) -> None:
        """As long as the lock is held: a receiver's task that fails ends the others, and all begin anew."""
        await self._ask(lambda one: webhooks.register(one, [receiver.name for receiver in receivers]))
        if not receivers:
            return
        self.log.info("sending webhooks", receivers=[receiver.name for receiver in receivers])
        async with httpx.AsyncClient(timeout=CLIENT) as client:
            serving = (self._serve(client, receiver) for receiver in receivers)
            await together((*serving, self._listen(lock)))

    async def _listen(self, lock: psycopg.AsyncConnection[Any]) -> None:
        while True:
            async for _ in lock.notifies(timeout=LOOK_S, stop_after=1):
                pass
            await lock.execute(b"SELECT 1")
            for news in self._news.values():
                news.set()

    async def _ask(self, query: Callable[[Connection[Any]], Any]) -> Any:
        def asked() -> Any:
            with self._open().take(query) as (_, found):
                return found

        asking = asyncio.ensure_future(asyncio.to_thread(asked))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            await asyncio.wait({asking})  # its connection is given back before anybody closes them all
            raise

    async def _serve(self, client: httpx.AsyncClient, receiver: Receiver) -> None:
        """Rounds for one receiver, one after the other, for ever."""
        failures, taken = 0, set[str]()
        while True:
            self._news[receiver.name].clear()
            told: Told = await self._ask(lambda one: webhooks.next_for(one, receiver.name, LIMIT))
            try:
                refused = await self._send(client, receiver, told, taken)
            except Unreached as problem:
                failures += 1
                await self._failed(receiver, str(problem), failures)
                await asyncio.sleep(self._pace.pause(failures, problem.after_s))
                continue
            await self._delivered(receiver, told, refused, failures)
            failures = 0
            taken.clear()
            if len(told.changes) < LIMIT:
                await self._news[receiver.name].wait()

    async def _send(self, client: httpx.AsyncClient, receiver: Receiver, told: Told, taken: set[str]) -> int:
        """All requests of a round but those taken before it failed; how many were refused for good."""
        refused = 0
        changes = [Change(*each) for each in told.changes]
        for post in posts(receiver, changes, self.settings.address):
            if post.id not in taken:
                refused += not await _posted(client, receiver, post)
                taken.add(post.id)
        return refused

    async def _failed(self, receiver: Receiver, problem: str, failures: int) -> None:
        if failures == 1:
            self.log.warning("a webhook is not taken", receiver=receiver.name, problem=problem)
        now = datetime.now(UTC)
        await self._ask(lambda one: webhooks.failed(one, receiver.name, problem, now))

    async def _delivered(self, receiver: Receiver, told: Told, refused: int, failures: int) -> None:
        if failures:
            self.log.info("webhooks are taken again", receiver=receiver.name)
        if refused:
            self.log.warning("a receiver refused webhooks", receiver=receiver.name, requests=refused)
        if told.changes or told.first or failures:
            now = datetime.now(UTC)
            await self._ask(lambda one: webhooks.delivered(one, receiver.name, told, refused, now))


async def _posted(client: httpx.AsyncClient, receiver: Receiver, post: Post) -> bool:
    """Whether it was taken; False: it never will be.

    Raises:
        Unreached: it may be later.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S):
            headers = post.headers(receiver, datetime.now(UTC))
            answer = await client.post(receiver.url, content=post.body, headers=headers)
    except (httpx.HTTPError, TimeoutError) as problem:
        raise Unreached(type(problem).__name__) from None
    if answer.is_success:
        return True
    if answer.status_code in NEVER_TAKEN:
        return False
    raise Unreached(f"HTTP {answer.status_code}", _after(answer))


def _after(answer: httpx.Response) -> float | None:
    """How long the receiver asks to be left alone, in seconds."""
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdigit() else None
