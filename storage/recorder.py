"""eventsourcing's recorder, which writes all that belongs to a unit of work in the events' transaction.

The writer's lock makes the order of sequences the order of commits, so readers that follow the ledger pass
over nothing. Under it sequences are given out without gaps: a gap in a ledger is a missing page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict

from domain.storage import Changes, Identity, Outgoing, Parked
from storage import keys
from storage.proofs import grow
from storage.statements import do, inserting, many

if TYPE_CHECKING:
    from storage.postgres import PostgresStorage

EVENTS = inserting(
    "stored_events",
    {
        "originator_id": "text",
        "originator_version": "bigint",
        "topic": "text",
        "state": "bytea",
        "notification_id": "bigint",
    },
)
FACTS = inserting(
    "fact", {"source": "text", "id": "text", "digest": "bytea", "status": "text", "sequence": "bigint"}
)
PARKED = inserting(
    "parked",
    {
        "subject": "text",
        "source": "text",
        "id": "text",
        "message": "bytea",
        "parked_at": "timestamptz",
        "offset_s": "int",
    },
)
LINKS = inserting(
    "link",
    {"key": "text", "member": "text", "value": "json"},
    "ON CONFLICT (key, member) DO UPDATE SET value = excluded.value",
)
DUE = inserting(
    "due",
    {"rank": "smallint", "key": "text", "at": "timestamptz", "offset_s": "int"},
    """ON CONFLICT (rank, key) DO UPDATE SET at = excluded.at, offset_s = excluded.offset_s
        WHERE (due.at, due.offset_s) <> (excluded.at, excluded.offset_s)""",
)
WINDOWS = inserting(
    "kpi_window",
    {"key": "text", "document": "json"},
    "ON CONFLICT (key) DO UPDATE SET document = excluded.document",
)
OUTBOX = inserting("ledger_outbox", {"channel": "text", "key": "bytea", "value": "bytea"})
DEAD_LETTERS = inserting("dead_letter", {"code": "text", "reason": "text", "letter": "bytea"})
POSITIONS = inserting(
    "intake_position",
    {"source": "text", "position": "bigint"},
    "ON CONFLICT (source) DO UPDATE SET position = excluded.position",
)


class Ends(NamedTuple):
    """Up to where the ledger and its tree reach: the last sequence, and how many leaves."""

    last: int
    tree: int


class Datastore(PostgresDatastore):
    """The library's, for its own way of reading; events go in as arrays and need no types of their own."""

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

    def write(self, cursor: Cursor[Any], changes: Changes, ends: Ends) -> Sequence[int]:
        """All of a unit of work, events first: the place of a fact's event becomes its sequence. What the
        tree has to ask comes before all that is only written."""
        sequences = range(ends.last + 1, ends.last + 1 + len(changes.events))
        grow(cursor, changes, sequences, ends.tree)
        self._insert_stored_events(cursor, changes.events, sequences=sequences)
        self._insert_events(cursor, changes.events, changes=changes, sequences=sequences)
        if changes.events or changes.outgoing:
            do(cursor, f"NOTIFY {self.channel_name}")
        return sequences

    def _insert_stored_events(
        self,
        curs: Cursor[Any],
        stored_events: Sequence[StoredEvent],
        *,
        sequences: Sequence[int] = (),
        **_: Any,
    ) -> None:
        rows = [
            (event.originator_id, event.originator_version, event.topic, event.state, sequence)
            for event, sequence in zip(stored_events, sequences, strict=True)
        ]
        many(curs, EVENTS, rows)

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


def _identities(cursor: Cursor[Any], table: str, identities: Sequence[Identity]) -> None:
    asked = "unnest(%s::text[], %s::text[]) AS asked (source, id)"
    where = f"{table}.source = asked.source AND {table}.id = asked.id"
    many(cursor, f"DELETE FROM {table} USING {asked} WHERE {where}", identities)


def _facts(cursor: Cursor[Any], changes: Changes, sequences: Sequence[int]) -> None:
    """A fact that was parked is known anew when it is released."""
    released = [(parked.source, parked.id) for parked in changes.unparked]
    _identities(cursor, "fact", [*changes.forgotten, *released])
    rows = [
        (*identity, bytes.fromhex(known.digest), known.status, None if place is None else sequences[place])
        for identity, (known, place) in changes.facts.items()
    ]
    many(cursor, FACTS, rows)


def _parked(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    _identities(cursor, "parked", [(parked.source, parked.id) for parked in changes.unparked])
    rows = [_parked_row(parked) for parked in changes.parked]
    many(cursor, PARKED, rows)


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
    many(cursor, LINKS, rows)


def _due(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    over = [place for place, at in changes.due.items() if at is None]
    delete = """DELETE FROM due USING unnest(%s::smallint[], %s::text[]) AS over (rank, key)
        WHERE due.rank = over.rank AND due.key = over.key"""
    many(cursor, delete, over)
    rows = [(*place, at, offset_s(at)) for place, at in changes.due.items() if at is not None]
    many(cursor, DUE, rows)


def _windows(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    rows = [(key, _json(document)) for key, document in changes.windows.items()]
    many(cursor, WINDOWS, rows)


def _outbox(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    rows = [(sent.channel, sent.key.encode("utf-8", "replace"), sent.value) for sent in changes.outgoing]
    many(cursor, OUTBOX, rows)


def _dead_letters(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    """Kept here too, so that they can be listed and replayed where there is no broker."""
    rows = [_letter_row(sent) for sent in changes.outgoing if sent.channel == "dead-letters"]
    many(cursor, DEAD_LETTERS, rows)


def _letter_row(sent: Outgoing) -> tuple[Any, ...]:
    said = orjson.loads(sent.value)
    return (said["code"], said["reason"].replace("\0", "\N{REPLACEMENT CHARACTER}"), sent.value)


def _positions(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    many(cursor, POSITIONS, list(changes.positions.items()))


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
)
