"""The ledger's storage in PostgreSQL.

A unit of work is one transaction that begins by taking the writer's lock, so what a decision reads cannot
change before what was decided is written. The lock is an advisory one: a lock on the table would stop
autovacuum, and be stopped by it. The primary key of `stored_events` is the second line; what breaks it is
decided again. When something was written, the channel `stored_events` is notified on commit (`LISTEN
stored_events`, or `wait` here), so that what follows the ledger need not ask again and again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from threading import Lock
from typing import Any, NamedTuple

import orjson
import psycopg
from eventsourcing.persistence import IntegrityError, StoredEvent
from psycopg.errors import IdleInTransactionSessionTimeout, TransactionTimeout

from domain.privacy import Key, Keys, Masters
from domain.storage import Changes, Due, Identity, Known, Parked
from storage import keys, proofs
from storage.connections import Connections
from storage.recorder import Ends, LedgerRecorder
from storage.schema import MAKING, WRITING, make_schema, make_tables
from storage.statements import do

CHANNEL = "stored_events"

MANY = 20_000
"""Events written by others since the last unit of work, beyond which all is read anew."""

BEGIN = f"""BEGIN;
SELECT pg_advisory_xact_lock({WRITING}, hashtext(current_schema()));
SELECT (SELECT coalesce(max(notification_id), 0) FROM stored_events), ({proofs.SIZE})"""
"""In one message: each statement sees what was committed when it begins, so the last one all before it."""


class Posted(NamedTuple):
    """A message in the outbox."""

    position: int
    channel: str
    key: str
    value: bytes


class Letter(NamedTuple):
    """A refused message: `letter` is a DeadLetter as it was sent."""

    position: int
    code: str
    reason: str
    letter: bytes
    made_at: datetime


def _with_offset(at: datetime, offset: int) -> datetime:
    return at.astimezone(timezone(timedelta(seconds=offset)) if offset else UTC)


class PostgresUnit:
    """One transaction; implements `domain.storage.Unit`."""

    def __init__(self, recorder: LedgerRecorder, cursor: psycopg.Cursor[Any], ends: Ends) -> None:
        self._recorder = recorder
        self._cursor = cursor
        self._ends = ends
        self._waiting: dict[str, list[Parked]] = {}

    def _rows(self, query: str, *parameters: Any) -> list[Any]:
        return self._cursor.execute(query.encode(), parameters or None).fetchall()

    def others_wrote(self, since: int) -> Collection[str] | None:
        if self._ends.last - since > MANY:
            return None
        query = "SELECT DISTINCT originator_id FROM stored_events WHERE notification_id > %s"
        return {subject for (subject,) in self._rows(query, since)}

    def position(self) -> int:
        return self._ends.last

    def events(self, subjects: Collection[str]) -> Sequence[StoredEvent]:
        """Reads what is parked for them as well, as some are about to begin; not for one that is alone: it
        is only looked at."""
        wanted = list(subjects)
        if len(wanted) > 1:
            self._waiting.update(self._parked(wanted))
        query = """SELECT originator_id, originator_version, topic, state FROM stored_events
            WHERE originator_id = ANY(%s) ORDER BY originator_id, originator_version"""
        return [StoredEvent(*row) for row in self._rows(query, wanted)]

    def facts(self, identities: Collection[Identity]) -> Mapping[Identity, Known]:
        sources, ids = [source for source, _ in identities], [id_ for _, id_ in identities]
        query = """SELECT source, id, digest, status, sequence FROM fact
            JOIN unnest(%s::text[], %s::text[]) AS asked (source, id) USING (source, id)"""
        rows = self._rows(query, sources, ids) if identities else ()
        return {(source, id_): Known(digest.hex(), *rest) for source, id_, digest, *rest in rows}

    def parked(self, subject: str) -> Sequence[Parked]:
        if subject not in self._waiting:
            self._waiting.update(self._parked([subject]))
        return self._waiting[subject]

    def _parked(self, subjects: list[str]) -> dict[str, list[Parked]]:
        found: dict[str, list[Parked]] = {subject: [] for subject in subjects}
        query = """SELECT subject, source, id, message, parked_at, offset_s FROM parked
            WHERE subject = ANY(%s) ORDER BY subject, position"""
        for of, source, id_, message, at, offset in self._rows(query, subjects):
            found[of].append(Parked(of, source, id_, message, _with_offset(at, offset)))
        return found

    def links(self, keys: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        # joined, so that each key is looked up in the index whatever plan was prepared for the array
        query = """SELECT key, member, value::text FROM unnest(%s::text[]) AS asked (key)
            JOIN link USING (key) ORDER BY position"""
        found: dict[str, dict[str, Any]] = {}
        for key, member, value in self._rows(query, list(dict.fromkeys(keys))):
            found.setdefault(key, {})[member] = orjson.loads(value)
        return found

    def window(self, key: str) -> dict[str, Any] | None:
        rows = self._rows("SELECT document::text FROM kpi_window WHERE key = %s", key)
        return orjson.loads(rows[0][0]) if rows else None

    def due(self, until: datetime, limit: int) -> Sequence[Due]:
        query = "SELECT at, offset_s, rank, key FROM due WHERE at <= %s ORDER BY at, rank, key LIMIT %s"
        return [
            Due(_with_offset(at, offset), rank, key)
            for at, offset, rank, key in self._rows(query, until, limit)
        ]

    def positions(self) -> Mapping[str, int]:
        return dict(self._rows("SELECT source, position FROM intake_position"))

    def keys(self, owners: Collection[str]) -> Sequence[Key]:
        return keys.of_owners(self._rows, owners)

    def keys_by_id(self, ids: Collection[str]) -> Sequence[Key]:
        return keys.by_id(self._rows, ids)

    def save(self, changes: Changes) -> Sequence[int]:
        return self._recorder.write(self._cursor, changes, self._ends)


class PostgresStorage:
    """Implements `domain.storage.Storage`, and the reading of the ledger, which waits for no lock.

    Making it connects to nothing. All methods raise psycopg.OperationalError when the database is away.
    """

    keeps_outgoing = True

    def __init__(self, url: str, schema: str = "public") -> None:
        self.url = url
        self.schema = schema
        self.recorder = LedgerRecorder(self, url, schema)
        self._connections = Connections(url, schema)
        self.proofs = proofs.Proofs(self._connections)
        self._listening: psycopg.Connection | None = None
        self._writing = Lock()

    def create(self) -> None:
        """Makes the tables that are not there yet; any number of processes may do so at once."""
        lock = f"SELECT pg_advisory_lock({MAKING})"
        with self._connections.take(lambda connection: connection.execute(lock.encode())) as (connection, _):
            try:
                make_schema(connection, self.schema)
                self.recorder.create_on(connection)
                make_tables(connection)
                proofs.make_tables(connection)
            finally:
                connection.execute(f"SELECT pg_advisory_unlock({MAKING})".encode())

    def close(self) -> None:
        self._connections.close()
        self.recorder.datastore.close()
        self._deaf()

    # ---- writing

    @contextmanager
    def unit(self) -> Iterator[PostgresUnit]:
        with self._writing, _as_the_ledger_knows(), self._connections.take(_begin) as (connection, ends):
            try:
                with connection.pipeline(), connection.cursor(binary=True) as cursor:
                    yield PostgresUnit(self.recorder, cursor, ends)
                    do(cursor, "COMMIT")
            except BaseException:
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
                raise

    def next_due(self) -> datetime | None:
        rows = self._connections.read("SELECT at, offset_s FROM due ORDER BY at LIMIT 1")
        return _with_offset(*rows[0]) if rows else None

    def remember_policy(self, version: str, texts: Mapping[str, str]) -> None:
        statement = "INSERT INTO policy (version, texts) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        self._connections.read(statement, [version, orjson.dumps(dict(texts)).decode()])

    def policy_texts(self, version: str) -> Mapping[str, str] | None:
        rows = self._connections.read("SELECT texts::text FROM policy WHERE version = %s", [version])
        return orjson.loads(rows[0][0]) if rows else None

    # ---- reading

    def last_sequence(self) -> int:
        query = "SELECT coalesce(max(notification_id), 0) FROM stored_events"
        return int(self._connections.read(query)[0][0])

    def events_after(self, sequence: int, limit: int) -> Sequence[tuple[int, str, str, bytes]]:
        """(sequence, subject, topic, state) of what was recorded after `sequence`, in order."""
        query = """SELECT notification_id, originator_id, topic, state FROM stored_events
            WHERE notification_id > %s ORDER BY notification_id LIMIT %s"""
        return self._connections.read(query, [sequence, limit])

    def history(self, subject: str, after: int = 0) -> Sequence[tuple[int, StoredEvent]]:
        """The events of one stream after a version with their sequences, in the order in which they were
        recorded."""
        query = """SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events
            WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version"""
        rows = self._connections.read(query, [subject, after])
        return [(sequence, StoredEvent(*stored)) for sequence, *stored in rows]

    def outbox_after(self, position: int, limit: int) -> Sequence[Posted]:
        query = """SELECT position, channel, key, value FROM ledger_outbox
            WHERE position > %s ORDER BY position LIMIT %s"""
        rows = self._connections.read(query, [position, limit])
        return [Posted(place, channel, key.decode(), value) for place, channel, key, value in rows]

    def forget_outbox(self, up_to: int) -> None:
        """Drops what has left the outbox."""
        self._connections.read("DELETE FROM ledger_outbox WHERE position <= %s", [up_to])

    def dead_letters(self, after: int = 0, limit: int = 100) -> Sequence[Letter]:
        query = """SELECT position, code, reason, letter, made_at FROM dead_letter
            WHERE position > %s ORDER BY position LIMIT %s"""
        return [Letter(*row) for row in self._connections.read(query, [after, limit])]

    def dead_letter(self, position: int) -> Letter | None:
        return next(
            (letter for letter in self.dead_letters(position - 1, 1) if letter.position == position), None
        )

    def data_keys(self, masters: Masters, ids: Collection[str]) -> Keys:
        """Data keys by their ids, for whoever may read what they seal."""
        return keys.opened(self._connections, masters, ids)

    def forget_dead_letters(self, before: datetime) -> None:
        """Drops those made before an instant."""
        self._connections.read("DELETE FROM dead_letter WHERE made_at < %s", [before])

    def positions(self) -> Mapping[str, int]:
        """How far each source was taken in: `positions` of Ledger.record, as last kept."""
        return dict(self._connections.read("SELECT source, position FROM intake_position"))

    def wait(self, seconds: float) -> bool:
        """Returns when somebody wrote, or when the time is over; says which. For one thread."""
        try:
            if self._listening is None:
                self._listening = self._connections.connect()
                self._listening.execute(f"LISTEN {CHANNEL}")
                return True
            return any(True for _ in self._listening.notifies(timeout=seconds, stop_after=1))
        except psycopg.Error:
            self._deaf()
            raise

    def _deaf(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None


def _begin(connection: psycopg.Connection) -> Ends:
    """Takes the writer's lock and says up to where everything reaches."""
    try:
        cursor = connection.execute(BEGIN)
        while cursor.nextset():
            pass
        return Ends(*cursor.fetchall()[0])
    except psycopg.Error:
        with suppress(psycopg.Error):
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _as_the_ledger_knows() -> Iterator[None]:
    """Who wrote first is an IntegrityError to the ledger; a session that was ended, an OperationalError."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise IntegrityError(str(error)) from error
    except (IdleInTransactionSessionTimeout, TransactionTimeout) as error:
        raise psycopg.OperationalError(str(error)) from error
