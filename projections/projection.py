"""Projecting: events of one partition folded into every read model, and the position, in one transaction.

An event is recognised by its sequence in the ledger. Each partition remembers up to which sequence its
events are in; each read model remembers up to which sequence everything is in, whatever the partition
(after a rebuild, or where no Kafka runs). What is at or before either is skipped, so redelivery,
restarts, rebuilds and new topics apply nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import orjson
from psycopg import Connection, Cursor
from psycopg.rows import dict_row, tuple_row

from domain.envelope import Event, read
from domain.policy import Policy
from domain.privacy import Masters
from projections import (
    about,
    alerts,
    audits,
    complaints,
    contacts,
    kpis,
    loyalty,
    ownership,
    satisfaction,
    sla,
    violations,
    visits,
    webhooks,
    words,
)
from projections.batch import Batch, Context, Projection
from projections.table import Row
from projections.texts import opener
from storage.statements import ask, do

REGISTRY: tuple[Projection, ...] = (
    words.MODEL,
    about.MODEL,
    sla.MODEL,
    violations.MODEL,
    kpis.MODEL,
    complaints.MODEL,
    visits.MODEL,
    contacts.MODEL,
    ownership.MODEL,
    loyalty.MODEL,
    audits.MODEL,
    satisfaction.MODEL,
    alerts.MODEL,
)
"""All read models, in the order in which they are told; those that go by another's rows come after it."""

NAMES = tuple(model.name for model in REGISTRY)

GATE = 0x48795F67617465
"""Advisory lock that projecting shares and the swap of a rebuild takes alone."""

CREATION = 0x48795F6D616B65

_POSITIONS = (
    "CREATE TABLE IF NOT EXISTS projection_partition ("
    " topic text, partition text, next_offset bigint NOT NULL, sequence bigint NOT NULL,"
    " PRIMARY KEY (topic, partition))",
    "CREATE TABLE IF NOT EXISTS projection_through (name text PRIMARY KEY, sequence bigint NOT NULL)",
)

_log = logging.getLogger(__name__)

Through = dict[str, int]

Place = tuple[str, int]
"""A topic and one of its partitions."""

Message = tuple[int, bytes]
"""A message's offset and its bytes."""


class RebuildNeeded(RuntimeError):
    """Read models filled from Kafka cannot be filled on from the ledger itself: rebuild them first."""


def create(connection: Connection[Any]) -> None:
    """The tables, where they are not there yet. Two processes may call this at once."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CREATION])
        for statement in (*_POSITIONS, alerts.OUTBOX, webhooks.TABLE):
            cursor.execute(statement)
        create_tables(cursor, NAMES)


def create_tables(cursor: Cursor[Any], names: Sequence[str]) -> None:
    for model in REGISTRY:
        if model.name in names:
            for table in model.tables:
                table.create(cursor)
            cursor.execute(
                "INSERT INTO projection_through VALUES (%s, 0) ON CONFLICT DO NOTHING", [model.name]
            )


def tell(batch: Batch, through: Through, events: Sequence[Event]) -> None:
    """The events to each read model that has not had them; all ask for their rows before one is told."""
    asked = [
        (model, model.ask(batch.cursor, events, through[model.name]))
        for model in REGISTRY
        if model.name in through
    ]
    for model, own in asked:
        if own.events or batch.situations:
            batch.events, batch.touched, batch.rows = own
            model.apply(batch)


@dataclass(frozen=True)
class Projector:
    """The read models of one installation: its titles and calendar are its policy's."""

    context: Context

    @classmethod
    def of(cls, policy: Policy, masters: Masters | None = None) -> Self:
        titles = {clause.id: clause.row.title for clause in policy.clauses.values()}
        titles |= {name: kpi.row.title for name, kpi in policy.kpis.items()}
        return cls(Context(titles, policy.calendar, opener(masters)))

    def project(self, connection: Connection[Any], messages: Mapping[Place, Sequence[Message]]) -> int:
        """Messages by partition, each (offset, CloudEvent or a list of them), all in one transaction; returns
        how many events were new.

        What cannot be read is no event of ours: it is logged and skipped, as it would stop everything.

        Raises:
            OperationalError: the database cannot be reached; nothing was applied.
        """
        told = {place: messages[place] for place in sorted(messages) if messages[place]}
        if not told:
            return 0
        with _together(connection) as cursor:
            entered = _enter(cursor)
            known = _positions(cursor, list(told))
            through = _through(entered)
            least = min(through.values())
            read = {place: _read(part, max(known[place], least)) for place, part in told.items()}
            new = sorted((event for part in read.values() for event in part), key=_sequence)
            tell(Batch(cursor, str(next(iter(told))[1]), (), self.context), through, new)
            _keep(cursor, told, {place: max(known[place], *map(_sequence, read[place]), 0) for place in told})
        return len(new)

    def project_events(self, connection: Connection[Any], events: Sequence[Event]) -> int:
        """Events of the whole ledger, in its order, where no Kafka runs; returns how many were new.

        Raises:
            RebuildNeeded: some partitions are ahead of what is in from the ledger itself.
        """
        if not events:
            return 0
        with _together(connection) as cursor:
            through = _through(_enter(cursor, alone=True))
            if _ahead(cursor, min(through.values())):
                raise RebuildNeeded("read models were filled from Kafka; run `huiyin rebuild` first")
            new = [event for event in events if (event.sequence or 0) > min(through.values())]
            tell(Batch(cursor, "local", (), self.context), through, new)
            do(
                cursor,
                "UPDATE projection_through SET sequence = greatest(sequence, %s)",
                [events[-1].sequence],
            )
        return len(new)


@contextmanager
def _together(connection: Connection[Any]) -> Iterator[Cursor[Row]]:
    """One transaction, whose statements go out without waiting for what the ones before them answer."""
    with (
        connection.pipeline(),
        connection.transaction(),
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        yield cursor


def _sequence(event: Event) -> int:
    return event.sequence or 0


def _enter(cursor: Cursor[Row], *, alone: bool = False) -> Cursor[Row]:
    """Past the gate, UTC for all times, and asks up to where each read model is complete."""
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    do(cursor, f"SELECT {lock}(%s), set_config('TimeZone', 'UTC', true)", [GATE])
    return ask(cursor, "SELECT name, sequence FROM projection_through")


def _through(asked: Cursor[Row]) -> Through:
    found = {row["name"]: row["sequence"] for row in asked}
    return {name: found[name] for name in NAMES}


def _positions(cursor: Cursor[Row], places: Sequence[Place]) -> dict[Place, int]:
    """The sequences up to which partitions are in; locks them, in their order, against a second worker."""
    found = _locked(cursor, places)
    if len(found) < len(places):
        do(
            cursor,
            "INSERT INTO projection_partition SELECT *, 0, 0 FROM unnest(%s::text[], %s::text[])"
            " ON CONFLICT DO NOTHING",
            _columns(places),
        )
        found = _locked(cursor, places)
    return found


def _locked(cursor: Cursor[Row], places: Sequence[Place]) -> dict[Place, int]:
    cursor.execute(
        "SELECT topic, partition, sequence FROM projection_partition JOIN unnest(%s::text[], %s::text[])"
        " AS asked (topic, partition) USING (topic, partition) ORDER BY topic, partition"
        " FOR UPDATE OF projection_partition",
        _columns(places),
    )
    return {(row["topic"], int(row["partition"])): row["sequence"] for row in cursor}


def _columns(places: Sequence[Place]) -> list[list[str]]:
    return [[topic for topic, _ in places], [str(partition) for _, partition in places]]


def _keep(
    cursor: Cursor[Row], told: Mapping[Place, Sequence[Message]], sequences: Mapping[Place, int]
) -> None:
    offsets = [part[-1][0] + 1 for part in told.values()]
    do(
        cursor,
        "UPDATE projection_partition p SET next_offset = k.next_offset, sequence = k.sequence"
        " FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[])"
        " AS k (topic, partition, next_offset, sequence)"
        " WHERE p.topic = k.topic AND p.partition = k.partition",
        [*_columns(list(told)), offsets, [sequences[place] for place in told]],
    )


def _ahead(cursor: Cursor[Row], through: int) -> bool:
    cursor.execute("SELECT 1 FROM projection_partition WHERE sequence > %s LIMIT 1", [through])
    return cursor.fetchone() is not None


def _read(messages: Sequence[Message], after: int) -> list[Event]:
    """The events after a sequence, once each."""
    new: list[Event] = []
    for offset, raw in messages:
        for message in _contents(raw):
            try:
                if message["sequence"] > after:
                    after = message["sequence"]
                    new.append(read(message))
            except (ValueError, KeyError, TypeError) as problem:
                _log.error("offset %d holds no recorded event: %s", offset, type(problem).__name__)
    return new


def _contents(raw: bytes) -> Sequence[Any]:
    try:
        content = orjson.loads(raw)
    except ValueError:
        return (None,)
    return content if isinstance(content, list) else (content,)


def next_offsets(connection: Connection[Any], topic: str) -> dict[int, int]:
    """By partition, the first offset that is not in yet: from where to read after a restart."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT partition, next_offset FROM projection_partition WHERE topic = %s", [topic])
        return {int(partition): offset for partition, offset in cursor}


def through(connection: Connection[Any]) -> int:
    """The highest sequence that any read model has seen."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            "SELECT greatest((SELECT max(sequence) FROM projection_partition),"
            " (SELECT max(sequence) FROM projection_through))"
        )
        row = cursor.fetchone()
    return int(row[0] or 0) if row else 0
