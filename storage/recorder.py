"""eventsourcing's recorder, which writes all that belongs to a unit of work in the events' transaction.

The writer's lock makes the order of sequences the order of commits, so readers that follow the ledger pass
over nothing. Under it sequences are given out without gaps: a gap in a ledger is a missing page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict

from domain.storage import Changes, Identity, Outgoing, Parked
from storage import keys
from storage.proofs import grow

if TYPE_CHECKING:
    from storage.postgres import PostgresStorage

EVENTS = "COPY stored_events (originator_id, originator_version, topic, state, notification_id)"
EVENT_TYPES = ("text", "int8", "text", "bytea", "int8")


class Datastore(PostgresDatastore):
    """The library's, for its own way of reading; events go in by COPY and need no types of their own."""

    def register_type_adapters(self) -> None:
        """Nothing to register, so making a recorder connects to nothing."""


def datastore(url: str, schema: str) -> Datastore:
    said: dict[str, Any] = conninfo_to_dict(url)
    dbname, host, port, user, password = (
        str(said.pop(name, "")) for name in ("dbname", "host", "port", "user", "password")
    )
    made = Datastore(
        dbname, host, port, user, password, schema=schema, originator_id_type="text", pre_ping=True
    )
    assert isinstance(made.pool.kwargs, dict)
    made.pool.kwargs.update(said)
    return made


class LedgerRecorder(PostgresApplicationRecorder):
    """Whoever inserts through it, the library's own application included, does a whole unit of work."""

    def __init__(self, storage: PostgresStorage, url: str, schema: str) -> None:
        self.storage = storage
        super().__init__(datastore(url, schema))

    def create_on(self, connection: Connection) -> None:
        """Makes the library's table and index; its type and function serve insertions not made here."""
        for statement in self.sql_create_statements:
            if statement.as_string().startswith(("CREATE TABLE", "CREATE UNIQUE INDEX")):
                connection.execute(statement)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        with self.storage.unit() as unit:
            return unit.save(Changes(events=list(stored_events)))

    def write(self, cursor: Cursor[Any], changes: Changes, last: int) -> Sequence[int]:
        """All of a unit of work, events first: the place of a fact's event becomes its sequence."""
        sequences = range(last + 1, last + 1 + len(changes.events))
        self._insert_stored_events(cursor, changes.events, sequences=sequences)
        self._insert_events(cursor, changes.events, changes=changes, sequences=sequences)
        if changes.events or changes.outgoing:
            self._notify_channel(cursor)
        return sequences

    def _insert_stored_events(
        self,
        curs: Cursor[Any],
        stored_events: Sequence[StoredEvent],
        *,
        sequences: Sequence[int] = (),
        **_: Any,
    ) -> None:
        rows = (
            (event.originator_id, event.originator_version, event.topic, event.state, sequence)
            for event, sequence in zip(stored_events, sequences, strict=True)
        )
        _copy(curs, EVENTS, EVENT_TYPES, rows if stored_events else ())

    def _insert_events(
        self,
        curs: Cursor[Any],
        stored_events: Sequence[StoredEvent],
        *,
        changes: Changes | None = None,
        sequences: Sequence[int] = (),
        **_: Any,
    ) -> None:
        for write in WRITERS if changes else ():
            write(curs, changes, sequences)


def offset_s(at: datetime) -> int:
    """The offset from UTC that an instant is written with, in seconds."""
    offset = at.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _copy(cursor: Cursor[Any], into: str, types: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    if rows == () or rows == []:
        return
    with cursor.copy(f"{into} FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _many(cursor: Cursor[Any], statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """One statement for many rows, each column handed over as an array."""
    if rows:
        cursor.execute(statement.encode(), _columns(rows))


def _identities(cursor: Cursor[Any], table: str, identities: Sequence[Identity]) -> None:
    asked = "unnest(%s::text[], %s::text[]) AS asked (source, id)"
    where = f"{table}.source = asked.source AND {table}.id = asked.id"
    _many(cursor, f"DELETE FROM {table} USING {asked} WHERE {where}", identities)


def _facts(cursor: Cursor[Any], changes: Changes, sequences: Sequence[int]) -> None:
    """A fact that was parked is known anew when it is released."""
    released = [(parked.source, parked.id) for parked in changes.unparked]
    _identities(cursor, "fact", [*changes.forgotten, *released])
    rows = [
        (*identity, bytes.fromhex(known.digest), known.status, None if place is None else sequences[place])
        for identity, (known, place) in changes.facts.items()
    ]
    into = "COPY fact (source, id, digest, status, sequence)"
    _copy(cursor, into, ("text", "text", "bytea", "text", "int8"), rows)


def _parked(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    _identities(cursor, "parked", [(parked.source, parked.id) for parked in changes.unparked])
    rows = [_parked_row(parked) for parked in changes.parked]
    into = "COPY parked (subject, source, id, message, parked_at, offset_s)"
    _copy(cursor, into, ("text", "text", "text", "bytea", "timestamptz", "int4"), rows)


def _parked_row(parked: Parked) -> tuple[Any, ...]:
    at = parked.parked_at
    return (parked.subject, parked.source, parked.id, parked.message, at, offset_s(at))


def _links(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    """A member keeps the place it first had: decisions that walk through members do so in one order."""
    rows = [
        (key, member, _json(value))
        for key, members in changes.links.items()
        for member, value in members.items()
    ]
    statement = """INSERT INTO link (key, member, value)
        SELECT * FROM unnest(%s::text[], %s::text[], %s::json[])
        ON CONFLICT (key, member) DO UPDATE SET value = excluded.value"""
    _many(cursor, statement, rows)


def _due(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    over = [place for place, at in changes.due.items() if at is None]
    delete = """DELETE FROM due USING unnest(%s::smallint[], %s::text[]) AS over (rank, key)
        WHERE due.rank = over.rank AND due.key = over.key"""
    _many(cursor, delete, over)
    rows = [(*place, at, offset_s(at)) for place, at in changes.due.items() if at is not None]
    upsert = """INSERT INTO due (rank, key, at, offset_s)
        SELECT * FROM unnest(%s::smallint[], %s::text[], %s::timestamptz[], %s::int[])
        ON CONFLICT (rank, key) DO UPDATE SET at = excluded.at, offset_s = excluded.offset_s
        WHERE (due.at, due.offset_s) <> (excluded.at, excluded.offset_s)"""
    _many(cursor, upsert, rows)


def _windows(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    rows = [(key, _json(document)) for key, document in changes.windows.items()]
    statement = """INSERT INTO kpi_window (key, document)
        SELECT * FROM unnest(%s::text[], %s::json[])
        ON CONFLICT (key) DO UPDATE SET document = excluded.document"""
    _many(cursor, statement, rows)


def _outbox(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    rows = [(sent.channel, sent.key.encode("utf-8", "replace"), sent.value) for sent in changes.outgoing]
    _copy(cursor, "COPY ledger_outbox (channel, key, value)", ("text", "bytea", "bytea"), rows)


def _dead_letters(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    """Kept here too, so that they can be listed and replayed where there is no broker."""
    rows = [_letter_row(sent) for sent in changes.outgoing if sent.channel == "dead-letters"]
    _copy(cursor, "COPY dead_letter (code, reason, letter)", ("text", "text", "bytea"), rows)


def _letter_row(sent: Outgoing) -> tuple[Any, ...]:
    said = orjson.loads(sent.value)
    return (said["code"], said["reason"].replace("\0", "\N{REPLACEMENT CHARACTER}"), sent.value)


def _positions(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    statement = """INSERT INTO intake_position (source, position)
        SELECT * FROM unnest(%s::text[], %s::bigint[])
        ON CONFLICT (source) DO UPDATE SET position = excluded.position"""
    _many(cursor, statement, list(changes.positions.items()))


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


WRITERS: tuple[Callable[..., None], ...] = (
    _facts,
    _parked,
    _links,
    _due,
    _windows,
    _outbox,
    _dead_letters,
    _positions,
    keys.write,
    grow,
)
