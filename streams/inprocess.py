"""The worker without Kafka: the same clock and read models, driven by a plain loop over the ledger.

Facts come in through the API, which records them itself. What would be published stays in the outboxes for
as long as the topics would keep it, and is published when a publisher runs on the same data.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import structlog
from eventsourcing.persistence import StoredEvent
from psycopg import Connection

from domain.envelope import Event
from domain.mapper import EventMapper
from projections.projection import RebuildNeeded, through
from projections.rebuild import rebuild
from storage.postgres import PostgresStorage
from streams.clock import tick
from streams.config import Settings
from streams.logs import Outage, configure
from streams.parts import Parts
from streams.pruning import Pruning

BATCH = 1_000
IDLE_S = 0.25
"""How long the loop sleeps when nobody writes: what falls due is seen this late at most."""

AWAY_S = 1.0


def recorded(storage: PostgresStorage, after: int = 0) -> Iterator[Event]:
    """All that the ledger holds after a sequence, in order, in today's shapes."""
    mapper = EventMapper()
    while rows := storage.events_after(after, BATCH):
        for sequence, subject, topic, state in rows:
            yield mapper.load(StoredEvent(subject, 0, topic, state), sequence)
        after = rows[-1][0]


class Loop:
    """One after the other: what is due, then what was recorded since."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.position: int | None = None
        self.pruning = Pruning(parts.connections)

    def round(self, now: datetime) -> int:
        """How much there was to do.

        Raises:
            OperationalError: the database is away; what was not done is done in a later round.
        """
        done = tick(self.parts.ledger, lambda: now) + self._project()
        if not done:
            self.pruning.round(now)
        return done

    def _project(self) -> int:
        with self.parts.connections.take(through) as (connection, seen):
            after = seen if self.position is None else self.position
            rows = list(zip(range(BATCH), recorded(self.parts.storage, after), strict=False))
            events = [event for _, event in rows]
            if events:
                self._tell(connection, events)
            self.position = events[-1].sequence if events else after
        return len(events)

    def _tell(self, connection: Connection, events: list[Event]) -> None:
        try:
            self.parts.projector.project_events(connection, events)
        except RebuildNeeded:
            structlog.get_logger().warning(
                "read models were filled from Kafka; rebuilding them from the ledger"
            )
            rebuild(connection, self.parts.projector, lambda after: recorded(self.parts.storage, after))


def run(settings: Settings) -> int:
    """Works until asked to stop."""
    configure("inprocess", settings.instance)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    outage, loop = Outage("the database"), None
    while not stop.is_set():
        try:
            loop = loop or Loop(Parts.open(settings))
            if not loop.round(datetime.now(UTC)):
                loop.parts.storage.wait(IDLE_S)
            outage.over()
        except psycopg.OperationalError as problem:
            outage.met(problem)
            stop.wait(AWAY_S)
    if loop is not None:
        loop.parts.close()
    return 0
