"""A quarter drawn at random, told to a ledger and folded in three partitions; and what its events say."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection

from domain.envelope import Event, write
from domain.policy import Policy
from domain.working_time import Window, window_named
from projections.projection import Projector, create
from tests.helpers.quarter import recorded

PACKS = ("auto-4s", "tobacco-xuzhou", "real-estate-sales")
SEEDS = (1, 2, 3)

Db = Connection[Any]


@dataclass
class Site:
    """Read models of one story, and the events they were made of."""

    policy: Policy
    db: Db
    events: list[Event]

    @property
    def calendar(self) -> Any:
        return self.policy.calendar

    def of(self, *types: str) -> list[Event]:
        """The events of these types, in the order of what happened."""
        found = [event for event in self.events if event.type in types]
        return sorted(found, key=lambda event: (event.time, event.sequence))

    def window(self, name: str) -> Window:
        return window_named(name, self.calendar)


def told(database: str, policy: Policy, facts: Sequence[dict[str, Any]], until: str) -> Site:
    events = recorded(policy, facts, until)
    connection = psycopg.connect(database, autocommit=True)
    create(connection)
    projector = Projector.of(policy)
    for part in (2, 0, 1):
        own = [event for event in events if zlib.crc32(event.subject.encode()) % 3 == part]
        projector.project(connection, {("events", part): [(n, write(event)) for n, event in enumerate(own)]})
    return Site(policy, connection, events)


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def by_sequence(site: Site, *types: str) -> list[Event]:
    return [event for event in site.events if event.type in types]


def complaints(site: Site, span: Window) -> list[Event]:
    """Those that count: no inquiries, none withdrawn."""
    withdrawn = {event.subject for event in site.of("complaint.withdrawn")}
    return [
        event
        for event in site.of("complaint.received")
        if span.holds(event.time) and event.data.kind != "inquiry" and event.subject not in withdrawn
    ]


def causes(site: Site) -> dict[str, str | None]:
    return {e.subject: e.data.root_cause for e in site.of("complaint.resolved") if e.data.root_cause}
