"""Facts run through a policy on a virtual clock: the same ledger, in memory, and no services.

File order is the order learned. The clock is the latest time seen and never goes back; at one instant
facts come before what falls due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

from domain.batched import batched
from domain.ledger import Batch, Incoming, Ledger
from domain.memory import MemoryStorage
from domain.policy import Policy

INSTANT = timedelta(microseconds=1)
CACHE = 10_000
"""How many streams stay in memory as states; the others are read again from their stored bytes."""
SPILL = 50_000
"""How many events, with all that belongs to them, stay in memory as they are stored."""
CHUNK = 500
"""How many facts are one unit of work."""
STRETCH = timedelta(days=1)
AT_ONCE = 1_000
"""How many subjects fall due in one unit of work."""
ENOUGH = 5_000
"""How many events one unit of work writes, about."""
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)


class Simulation:
    """A ledger in memory and its clock. What is learned comes back as lines, in the order recorded."""

    def __init__(self, policy: Policy, *, cache: int = CACHE, spills_after: int | None = SPILL) -> None:
        self.storage = MemoryStorage(spills_after=spills_after)
        self.ledger = Ledger(self.storage, self.storage.recorder, policy, cache=cache)
        self.clock = BEGINNING
        self.over = False

    def tell(self, facts: Sequence[bytes], until: datetime | None = None) -> list[bytes]:
        """Facts in the order learned, each after all that fell due before it.

        At the first that is dated after `until` the story is over: the rest was learned later.
        """
        incoming = [Incoming.read(raw) for raw in facts]
        for place, message in enumerate(incoming):
            if until is not None and message.event is not None and message.event.time > until:
                incoming, self.over = incoming[:place], True
                break
        lines: list[bytes] = []
        while incoming:
            taken, learned = self._take(incoming)
            incoming = incoming[taken:]
            lines += learned
        return lines

    def _take(self, incoming: Sequence[Incoming]) -> tuple[int, list[bytes]]:
        """As many as are one unit of work, with what fell due before each."""
        taken = 0

        def work(batch: Batch) -> None:
            nonlocal taken
            taken = 0
            batch.know(incoming)
            for message in incoming:
                if len(batch.changes.events) > ENOUGH or not _pass(batch, message):
                    break
                batch.take(message)
                taken += 1
            self.clock = batch.now

        lines = self.ledger.work(work, self.clock).lines
        return taken, lines

    def wait(self, until: datetime) -> list[bytes]:
        """Lets time pass up to and including `until`; every instant at which something is due is lived."""
        return list(self.waiting(until))

    def waiting(self, until: datetime) -> Iterator[bytes]:
        while (at := self.storage.next_due()) is not None and at <= until:
            yield from self._live(max(at, self.clock), until)
        self.clock = max(self.clock, until)

    def _live(self, at: datetime, until: datetime) -> list[bytes]:
        """A stretch of time that is short enough to be one unit of work."""
        stretch = min(until, at + STRETCH)

        def work(batch: Batch) -> None:
            batch.let_expire(stretch, AT_ONCE, virtual=True)
            self.clock = batch.now

        return self.ledger.work(work, at).lines


def _pass(batch: Batch, message: Incoming) -> bool:
    """Lets time pass until a fact happened; False where more is due than one unit of work should hold."""
    if message.event is None or message.event.time <= batch.now:
        return True
    if batch.is_due_before(message.event.time):
        until = message.event.time - INSTANT
        if not batch.let_expire(until, AT_ONCE, virtual=True):
            return False
    batch.now = message.event.time
    return True


def _chunks(facts: Iterable[bytes]) -> Iterator[list[bytes]]:
    return batched((raw for raw in facts if raw.strip()), CHUNK)


def simulate(facts: Iterable[bytes], policy: Policy, until: datetime | None = None) -> Iterator[bytes]:
    """All that follows from the facts, up to and including `until` (default: the last fact's time)."""
    simulation = Simulation(policy)
    with closing(simulation.storage):
        for chunk in _chunks(facts):
            yield from simulation.tell(chunk, until)
            if simulation.over:
                break
        yield from simulation.waiting(until or simulation.clock)
