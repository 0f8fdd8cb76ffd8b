"""Facts that came over HTTP, on their way into the ledger.

One thread writes. What concurrent requests bring while it does is taken in together, in one transaction,
as the ledger's cost is per transaction; each request gets the receipts of its own facts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import psycopg

from domain.ledger import Batch, Incoming, Ledger
from domain.messages import Receipt

MOST = 2_000
"""Facts of one transaction, beyond which waiting requests are left for the next."""

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Asked:
    """One request: its facts, and where its receipts are awaited."""

    facts: Sequence[Incoming]
    receipts: asyncio.Future[list[Receipt]]


def record(ledger: Ledger, facts: Sequence[Incoming], now: datetime) -> list[Receipt]:
    """The receipts of the facts, in their order; facts that a beginning released are not among them."""
    places: list[int] = []

    def work(batch: Batch) -> None:
        places.clear()
        batch.know(facts)
        for fact in facts:
            places.append(len(batch.receipts))
            batch.take(fact)

    receipts = ledger.work(work, now).receipts
    return [receipts[place] for place in places]


class Intake:
    """The way in for all requests of this process. `open_ledger` runs in the writing thread."""

    def __init__(self, open_ledger: Callable[[], Ledger], now: Clock) -> None:
        self._open, self._now = open_ledger, now
        self._ledger: Ledger | None = None
        self._waiting: asyncio.Queue[Asked] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """What is being written is written to its end."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await asyncio.to_thread(self._thread.shutdown)

    async def record(self, facts: Sequence[Incoming]) -> list[Receipt]:
        """One receipt for each fact.

        Raises:
            OperationalError: the database cannot be reached; nothing was recorded.
        """
        asked = Asked(facts, asyncio.get_running_loop().create_future())
        await self._waiting.put(asked)
        return await asked.receipts

    async def work(self, work: Callable[[Batch], object]) -> None:
        """A unit of work of the API's own, in its turn among the facts.

        Raises:
            OperationalError: the database cannot be reached; nothing was recorded.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)

    def _work(self, work: Callable[[Batch], object]) -> None:
        self._ledger = self._ledger or self._open()
        self._ledger.work(work, self._now())

    async def _run(self) -> None:
        while True:
            requests = [await self._waiting.get()]
            while not self._waiting.empty() and sum(len(each.facts) for each in requests) < MOST:
                requests.append(self._waiting.get_nowait())
            await self._answer(requests)

    async def _answer(self, requests: Sequence[Asked]) -> None:
        facts = [fact for each in requests for fact in each.facts]
        try:
            receipts = iter(await self._write(facts))
        except Exception as error:
            await self._fall_back(requests, error)
            return
        for each in requests:
            _tell(each, [next(receipts) for _ in each.facts])

    async def _fall_back(self, requests: Sequence[Asked], error: Exception) -> None:
        """No request fails for what another one brought: each is tried by itself."""
        if len(requests) == 1 or isinstance(error, psycopg.OperationalError):
            for each in requests:
                if not each.receipts.done():
                    each.receipts.set_exception(error)
            return
        for each in requests:
            await self._answer([each])

    async def _write(self, facts: Sequence[Incoming]) -> list[Receipt]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._record, facts)

    def _record(self, facts: Sequence[Incoming]) -> list[Receipt]:
        self._ledger = self._ledger or self._open()
        return record(self._ledger, facts, self._now())


def _tell(asked: Asked, receipts: list[Receipt]) -> None:
    if not asked.receipts.done():
        asked.receipts.set_result(receipts)
