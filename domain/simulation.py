"""Facts run through a policy on a virtual clock: the same ledger, in memory, and no services.

File order is the order learned. The clock is the latest time seen and never goes back; at one instant
facts come before what falls due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from domain.ledger import Incoming, Ledger
from domain.memory import MemoryStorage
from domain.policy import Policy

INSTANT = timedelta(microseconds=1)
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)


class Simulation:
    """A ledger in memory and its clock. What is learned comes back as lines, in the order recorded."""

    def __init__(self, policy: Policy) -> None:
        self.storage = MemoryStorage()
        self.ledger = Ledger(self.storage, self.storage.recorder, policy)
        self.clock = BEGINNING

    def tell(self, raw: bytes) -> list[bytes]:
        """One fact, after all that fell due before it."""
        incoming = Incoming.read(raw)
        lines: list[bytes] = []
        if incoming.event is not None and incoming.event.time > self.clock:
            lines = self.wait(incoming.event.time - INSTANT)
            self.clock = incoming.event.time
        return lines + self.ledger.record([incoming], self.clock).lines

    def wait(self, until: datetime) -> list[bytes]:
        """Lets time pass up to and including `until`; every instant at which something is due is lived."""
        lines: list[bytes] = []
        while (at := self.storage.next_due()) is not None and at <= until:
            lines += self.ledger.tick(at).lines
        self.clock = max(self.clock, until)
        return lines


def simulate(facts: Iterable[bytes], policy: Policy, until: datetime | None = None) -> Iterator[bytes]:
    """All that follows from the facts, up to and including `until` (default: the last fact's time)."""
    simulation = Simulation(policy)
    for raw in facts:
        if raw.strip():
            yield from simulation.tell(raw)
    yield from simulation.wait(until or simulation.clock)
