"""Changes of alerts as they are written, for everybody who watches them.

One task follows the outbox and keeps its latest rows in memory, so that a hundred watchers cost the
database as much as one. Whoever comes back after a while is served from the outbox itself. Where rows have
left the outbox before they were seen here, watchers are told to read the list anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import psycopg
from psycopg import Connection
from starlette.concurrency import run_in_threadpool

from projections.alerts import outbox_after

LOG = logging.getLogger("huiyin.http")
Read = Callable[[Callable[[Connection[Any]], Any]], Any]

EVERY_S = 0.2
"""How often the outbox is asked: an alert is on every screen well within a second."""

PATIENCE_S = 2.0
"""How long to wait when the database is away."""

KEPT = 5_000
PAGE = 500
RELOAD = ""
"""The channel of a change that says: what was missed here is not kept any more."""


class Change(NamedTuple):
    """An alert as it became: `value` is JSON."""

    position: int
    channel: str
    value: bytes


def _ends(connection: Connection[Any]) -> tuple[int, int, int]:
    """The first and the last position that the outbox holds, and the last that it ever gave out."""
    row = connection.execute(
        "SELECT min(position), max(position), coalesce(pg_sequence_last_value(pg_get_serial_sequence("
        "'alert_outbox', 'position')::regclass), 0) FROM alert_outbox"
    ).fetchone()
    first, last, given = row or (None, None, 0)
    return first or given + 1, last or given, given


def _page(position: int) -> Callable[[Connection[Any]], list[Change]]:
    def rows(connection: Connection[Any]) -> list[Change]:
        found = outbox_after(connection, position, PAGE)
        return [Change(place, channel, bytes(value)) for place, channel, _, value in found]

    return rows


class Feed:
    """The latest changes, each with a number of its own, and a way to wait for the next."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._recent: deque[Change] = deque()
        self._count = 0
        self._position: int | None = None
        self._missed = 0
        self._given = 0
        self._ended = False
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @property
    def changes(self) -> int:
        """How many changes were seen so far: what was made of alerts since the last one still holds."""
        return self._count

    def end(self) -> None:
        """Ends whoever watches, as soon as they have been told what is known."""
        self._ended = True
        self._news.set()

    async def watch(self, position: int | None, patience_s: float) -> AsyncIterator[Sequence[Change]]:
        """Changes after a position, or from now on; an empty list whenever the patience is over."""
        first, _, given = await self._ask(_ends)
        known, number = await self._known(), self._count
        seen = given if position is None else position
        if position is not None and not first - 1 <= position <= given:
            yield [Change(given, RELOAD, b"")]
            seen = given
        while changes := [each for each in await self._ask(_page(seen)) if each.position <= known]:
            yield changes
            seen = changes[-1].position
        while not self._ended and number >= self._count - len(self._recent):
            changes = await self._next(number, patience_s)
            number += len(changes)
            yield [each for each in changes if each.position > seen or each.channel == RELOAD]

    async def _known(self) -> int:
        """How far the outbox has been followed, as soon as that is known."""
        while self._position is None:
            await asyncio.sleep(EVERY_S / 4)
        return self._position

    async def _next(self, number: int, patience_s: float) -> list[Change]:
        if number >= self._count:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), patience_s)
        return (
            list(self._recent)[len(self._recent) - (self._count - number) :] if number < self._count else []
        )

    async def _ask(self, query: Callable[[Connection[Any]], Any]) -> Any:
        return await run_in_threadpool(self._read, query)

    async def _follow(self) -> None:
        away = False
        while True:
            try:
                full = await self._look()
                away = False
            except psycopg.Error as error:
                if not away:
                    LOG.warning("alerts cannot be followed (%s); trying on", type(error).__name__)
                full, away = False, True
            await asyncio.sleep(PATIENCE_S if away else 0 if full else EVERY_S)

    async def _look(self) -> bool:
        """Takes in what is new; says whether there is more to read at once."""
        if self._position is None:
            _, self._position, self._missed = await self._ask(_ends)
        changes: list[Change] = await self._ask(_page(self._position))
        await self._look_for_missed(changes)
        if changes:
            self._position = changes[-1].position
            self._tell(changes)
        return len(changes) == PAGE

    async def _look_for_missed(self, changes: Sequence[Change]) -> None:
        """Positions that were given out and are not there have left, or were rolled back, which costs
        watchers no more than reading the list once in vain. What may just be being written is looked for
        once more: where nothing is new, what counts is what was given out by the look before."""
        assert self._position is not None
        if changes:
            given = changes[0].position - 1
        else:
            given, self._given = self._given, (await self._ask(_ends))[2]
        if given > max(self._position, self._missed):
            self._missed = given
            self._tell([Change(self._position, RELOAD, b"")])

    def _tell(self, changes: Sequence[Change]) -> None:
        self._recent.extend(changes)
        self._count += len(changes)
        while len(self._recent) > KEPT:
            self._recent.popleft()
        news, self._news = self._news, asyncio.Event()
        news.set()
