"""One transaction of projecting: the events of a batch, and what the read models need beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from psycopg import Cursor

from domain.envelope import Event
from domain.pack import Words
from domain.working_time import Calendar
from projections.table import Row, Table
from projections.texts import PLAIN, Opener
from storage.writing import do

ALERT_LOCK = 0x48795F616C727473
"""Advisory lock under which alerts are written: it makes the outbox's positions follow the commits."""


@dataclass(frozen=True)
class Context:
    """What read models take from the policy: the titles of its clauses and KPIs, and its calendar; and what
    opens the summaries that words are marked of."""

    titles: Mapping[str, Words]
    calendar: Calendar
    texts: Opener = PLAIN


@dataclass(frozen=True, slots=True)
class Situation:
    """A change of an alert that follows from counters, at the event that caused it."""

    event: Event
    key: str
    firing: bool
    subject: str
    title: Words
    window: str
    value: float
    threshold: float


@dataclass
class Batch:
    """Events in the order recorded. `partition` is one that is locked with them: counters are kept under it.
    `publish` is off where nothing may go out."""

    cursor: Cursor[Row]
    partition: str
    events: Sequence[Event]
    context: Context
    publish: bool = True
    situations: list[Situation] = field(default_factory=list)
    about: Mapping[int, Row] = field(default_factory=dict)
    """By sequence, what the event's stream was about when it was recorded: its handler, branch, …"""
    _locked: bool = False

    def of(self, types: Mapping[str, Any] | frozenset[str]) -> list[Event]:
        """The events of these types."""
        return [event for event in self.events if event.type in types]

    def lock(self) -> None:
        """Waits until no other batch writes alerts; held until this one commits."""
        if self.publish and not self._locked:
            do(self.cursor, "SELECT pg_advisory_xact_lock(%s)", [ALERT_LOCK])
            self._locked = True


class Projection(Protocol):
    """One read model: its tables, the event types it folds, and how."""

    @property
    def name(self) -> str: ...
    @property
    def tables(self) -> tuple[Table, ...]: ...
    @property
    def on(self) -> frozenset[str]: ...
    @property
    def built_with(self) -> tuple[str, ...]:
        """Read models whose rows this one goes by: they are rebuilt together."""

    def apply(self, batch: Batch) -> None: ...


@dataclass(frozen=True)
class ReadModel:
    """A projection made of its parts."""

    name: str
    tables: tuple[Table, ...]
    on: frozenset[str]
    fold: Any
    built_with: tuple[str, ...] = ()

    def apply(self, batch: Batch) -> None:
        self.fold(batch)
