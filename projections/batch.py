"""One transaction of projecting: the events of a batch, and what the read models need beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from psycopg import Cursor

from domain.envelope import Event
from domain.pack import Words
from domain.working_time import Calendar
from projections.table import Key, Row, Rows, Table
from projections.texts import PLAIN, Opener
from storage.statements import do

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
    touched: Sequence[tuple[Event, Key]] = ()
    """Those of the events that are about a row of the read model's first table, with the row's key."""
    rows: Rows = field(init=False)
    """These rows."""
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


class Asked(NamedTuple):
    """What one read model is to be told: see `Batch`."""

    events: Sequence[Event]
    touched: Sequence[tuple[Event, Key]]
    rows: Rows


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

    def ask(self, cursor: Cursor[Row], events: Sequence[Event], since: int) -> Asked:
        """Finds its events after a sequence and asks for their rows, before the first read model is told."""

    def apply(self, batch: Batch) -> None: ...


def by_subject(event: Event) -> Key:
    """Where a table has one row a stream."""
    return (event.subject,)


def change(batch: Batch, changes: Mapping[str, Callable[[Event, Row], Row]], unknown: Row) -> None:
    """Writes the rows as their events change them; `unknown` is what a row begins with."""
    for event, key in batch.touched:
        row = batch.rows.get(*key) or {**batch.rows.begin(key), **unknown}
        batch.rows.put({**row, **changes[event.type](event, row)})
    batch.rows.save(batch.cursor)


@dataclass(frozen=True)
class ReadModel:
    """A projection made of its parts."""

    name: str
    tables: tuple[Table, ...]
    on: frozenset[str]
    fold: Callable[[Batch], None]
    row_of: Callable[[Event], Key | None] = lambda _: None
    """The key of the row of its first table that an event is about, where it changes what is there."""
    built_with: tuple[str, ...] = ()

    def ask(self, cursor: Cursor[Row], events: Sequence[Event], since: int) -> Asked:
        new = [event for event in events if event.type in self.on and (event.sequence or 0) > since]
        touched = [(event, key) for event in new if (key := self.row_of(event))]
        return Asked(new, touched, self.tables[0].load(cursor, {key for _, key in touched}))

    def apply(self, batch: Batch) -> None:
        self.fold(batch)
