"""The ledger's Merkle tree and its signed checkpoints in PostgreSQL.

The tree grows in the transaction that records the events, under the writer's lock: between recording an
event and committing to it there is no moment at which it could be changed unseen. Rows are only ever added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg import Connection, Cursor

from domain import merkle
from domain.checkpoint import Checkpoint, Signer, VerifierKey
from domain.merkle import Stretch, leaf
from domain.storage import Changes
from storage.connections import Connections
from storage.schema import WRITING
from storage.statements import columns, inserting, many

HASH = 32
READ_AT_ONCE = 5_000
SIGNED = "huiyin_checkpoints"
"""PostgreSQL notification channel on which it is said that a checkpoint was signed."""

SIZE = "SELECT coalesce(max(position) + 1, 0) FROM merkle_node WHERE level = 0"
NODES = inserting("merkle_node", {"level": "smallint", "position": "bigint", "hash": "bytea"})

TABLES = """
CREATE TABLE merkle_node (
    level smallint, position bigint, hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position));
CREATE TABLE ledger_origin (origin text NOT NULL);
INSERT INTO ledger_origin SELECT 'huiyin/' || gen_random_uuid();
CREATE TABLE checkpoint (
    size bigint, key text COLLATE "C", root bytea NOT NULL, note text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (size, key));
CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is only added to', TG_TABLE_NAME; END $$;
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON merkle_node
    EXECUTE FUNCTION only_added_to();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    EXECUTE FUNCTION only_added_to();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_origin
    EXECUTE FUNCTION only_added_to();
"""


class TreeDamaged(Exception):
    """A hash that the tree must have is not there: somebody took it away."""

    reason_zh = "默克尔树缺少应有的哈希；请运行 huiyin verify。"

    def __init__(self) -> None:
        super().__init__("the tree lacks a hash that it must have; run huiyin verify.")


def make_tables(connection: Connection) -> None:
    """Makes the tree's tables, if they are not there; an older ledger's events follow with the next ones."""
    row = connection.execute("SELECT to_regclass('merkle_node')").fetchone()
    if row is not None and row[0] is None:
        with connection.transaction():
            connection.execute(TABLES)


# ---- growing


def grow(cursor: Cursor[Any], changes: Changes, sequences: Sequence[int], size: int) -> None:
    """Adds the events of a unit of work to a tree of `size` leaves.

    Where the tree knows a sequence already, events were taken away behind it, and these are not what it
    committed to; where it cannot reach them, some are missing before. In both cases it stands, and verifying
    says so: a ledger that somebody meddled with still loses no fact.
    """
    if not changes.events:
        return
    if size + 1 < sequences[0]:
        size = _follow(cursor, size, sequences[0] - 1)
    if size + 1 >= sequences[0]:
        placed = zip(sequences, changes.events, strict=True)
        _append(cursor, size, [_leaf(at, event) for at, event in placed if at > size])


def _leaf(sequence: int, event: StoredEvent) -> bytes:
    return leaf(sequence, event.originator_id, event.originator_version, event.topic, event.state)  # type: ignore[arg-type]


def _size(cursor: Cursor[Any]) -> int:
    return int(cursor.execute(SIZE.encode()).fetchall()[0][0])


def _follow(cursor: Cursor[Any], size: int, until: int) -> int:
    """Adds what is in the ledger and not in the tree, as far as there is no gap; returns the tree's size."""
    query = b"""SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events
        WHERE notification_id BETWEEN %s AND %s ORDER BY notification_id LIMIT %s"""
    while rows := cursor.execute(query, [size + 1, until, READ_AT_ONCE]).fetchall():
        hashes = [leaf(*row) for place, row in enumerate(rows, size + 1) if row[0] == place]
        _append(cursor, size, hashes)
        size += len(hashes)
        if len(hashes) < len(rows):
            break
    return size


def _append(cursor: Cursor[Any], first: int, new: list[bytes]) -> None:
    """Writes leaf hashes, and above them what is complete by now."""
    rows: list[tuple[int, int, bytes]] = []
    level = 0
    while new:
        rows += [(level, position, hash_) for position, hash_ in enumerate(new, first)]
        begun = first % merkle.RADIX
        if begun + len(new) < merkle.RADIX:
            break
        row = _kept(cursor, [Stretch(level, first - begun, begun)])[0] + new
        full = range(0, len(row) - len(row) % merkle.RADIX, merkle.RADIX)
        new = [merkle.perfect(row[at : at + merkle.RADIX]) for at in full]
        level, first = level + 1, first // merkle.RADIX
    many(cursor, NODES, rows)


KEPT = """SELECT coalesce(hashes, '') FROM unnest(%s::int[], %s::bigint[], %s::bigint[])
    WITH ORDINALITY AS asked (level, first, many, place)
    CROSS JOIN LATERAL (SELECT string_agg(hash, ''::bytea ORDER BY position) AS hashes FROM merkle_node
        WHERE merkle_node.level = asked.level AND position >= first AND position < first + many) AS found
    ORDER BY place"""


def _kept(cursor: Cursor[Any], wanted: Sequence[Stretch]) -> list[list[bytes]]:
    """Kept hashes; raises `TreeDamaged` where one is missing."""
    return _hashes(wanted, cursor.execute(KEPT.encode(), _columns(wanted)).fetchall())


def _columns(wanted: Sequence[Stretch]) -> list[list[int]]:
    return columns(wanted) or [[], [], []]


def _hashes(wanted: Sequence[Stretch], rows: Sequence[tuple[Any, ...]]) -> list[list[bytes]]:
    found = [bytes(row[0]) for row in rows]
    if [len(hashes) for hashes in found] != [HASH * stretch.many for stretch in wanted]:
        raise TreeDamaged
    return [[hashes[at : at + HASH] for at in range(0, len(hashes), HASH)] for hashes in found]


# ---- reading


class Signed(NamedTuple):
    """A checkpoint as it was signed, by which key, and when."""

    checkpoint: Checkpoint
    note: str
    key: VerifierKey
    made_at: datetime


class Proof(NamedTuple):
    """Where an event is, and why it is in the tree of a size."""

    subject: str
    version: int
    topic: str
    leaf: bytes
    path: list[bytes]
    root: bytes


@contextmanager
def transaction(connections: Connections, begin: str) -> Iterator[Cursor[Any]]:
    """One transaction, begun in words of one's own."""

    def first(connection: Connection) -> None:
        connection.execute(begin.encode())

    with connections.take(first) as (connection, _):
        try:
            with connection.cursor(binary=True) as cursor:
                yield cursor
            connection.execute("COMMIT")
        except BaseException:
            with suppress(psycopg.Error):
                connection.execute("ROLLBACK")
            raise


SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
AS_WRITER = f"BEGIN; SELECT pg_advisory_xact_lock({WRITING}, hashtext(current_schema()))"


@dataclass(frozen=True)
class Proofs:
    """Proofs and checkpoints of one ledger. All methods raise OperationalError when the database is away."""

    connections: Connections

    def origin(self) -> str:
        return str(self.connections.read("SELECT origin FROM ledger_origin")[0][0])

    def size(self) -> int:
        return int(self.connections.read(SIZE)[0][0])

    def catch_up(self) -> int:
        """Brings the tree to the ledger's end; only after an upgrade is there something to do."""
        with transaction(self.connections, AS_WRITER) as cursor:
            row = cursor.execute(b"SELECT coalesce(max(notification_id), 0) FROM stored_events").fetchall()
            return _follow(cursor, _size(cursor), int(row[0][0]))

    def root(self, size: int) -> bytes:
        return merkle.root_at(size, self._look_up)

    def inclusion(self, sequence: int, size: int) -> Proof | None:
        """Why an event is in the tree of `size`; None if the ledger has no such event.

        The root is where the path leads to from the event's hash as the tree has it: to read it by itself
        would double the work.
        """
        query = """SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events
            WHERE notification_id = %s"""
        rows, index = self.connections.read(query, [sequence]), sequence - 1
        if not rows or not 0 < sequence <= size:
            return None
        *path, own = merkle.hashes_of(
            [*merkle.inclusion_ranges(index, size), (index, sequence)], self._look_up
        )
        root = merkle.climbed(own, index, size, path)
        if root is None:
            raise TreeDamaged
        _, subject, version, topic, _ = rows[0]
        return Proof(subject, version, topic, leaf(*rows[0]), path, root)

    def inclusions(self, sequences: Sequence[int], size: int) -> list[list[bytes]]:
        """The paths of some events."""
        ranges = [merkle.inclusion_ranges(sequence - 1, size) for sequence in sequences]
        flat = iter(merkle.hashes_of([one for each in ranges for one in each], self._look_up))
        return [[next(flat) for _ in each] for each in ranges]

    def consistency(self, old: int, new: int) -> list[bytes]:
        return merkle.consistency(old, new, self._look_up)

    def checkpoints(self, up_to: int | None = None) -> list[Signed]:
        """Those that were signed, by size."""
        return self._checkpoints("size <= coalesce(%s::bigint, size)", [up_to])

    def checkpoints_after(self, size: int, limit: int) -> list[Signed]:
        """Those of more events than `size`, the smallest first."""
        return self._checkpoints("size > %s", [size], limit)

    def last(self) -> Signed | None:
        """The one that was signed last."""
        found = self._checkpoints("size = (SELECT max(size) FROM checkpoint)", [])
        return found[-1] if found else None

    def _checkpoints(self, where: str, values: Sequence[Any], limit: int | None = None) -> list[Signed]:
        query = f"""SELECT origin, size, root, note, key, made_at FROM checkpoint, ledger_origin
            WHERE {where} ORDER BY size, made_at LIMIT %s"""
        return [_signed(*row) for row in self.connections.read(query, [*values, limit])]

    def signed_at(self, size: int) -> Signed | None:
        """The checkpoint of exactly this size, if one was signed."""
        return next((one for one in self._checkpoints("size = %s", [size])), None)

    def sign(self, seed: str) -> Signed:
        """A checkpoint of all there is, kept and signed; the one there is, if nothing was recorded since.

        Raises:
            BadNote: the key cannot be used.
            TreeDamaged: the tree lacks a hash.
        """
        size, signer = self.catch_up(), Signer.read(self.origin(), seed)
        last = self.last()
        if last is None or (last.checkpoint.size, last.key) != (size, signer.public):
            checkpoint = Checkpoint(signer.name, size, self.root(size))
            values = [size, str(signer.public), checkpoint.root, signer.sign(checkpoint.text)]
            statement = """INSERT INTO checkpoint (size, key, root, note) VALUES (%s, %s, %s, %s)
                ON CONFLICT DO NOTHING"""
            self.connections.read(statement, values)
            self.connections.read("SELECT pg_notify(%s, '')", [SIGNED])
        found = self._checkpoints("size = %s AND key = %s", [size, str(signer.public)])
        return found[-1]

    def _look_up(self, wanted: Sequence[Stretch]) -> list[list[bytes]]:
        """Kept hashes, which are written once and never change: reading them needs no snapshot."""
        return _hashes(wanted, self.connections.read(KEPT, _columns(wanted)))


def _signed(origin: str, size: int, root: bytes, note: str, key: str, made_at: datetime) -> Signed:
    return Signed(Checkpoint(origin, size, root), note, VerifierKey.read(key), made_at)
