"""Data keys where they are stored: wrapped, one row each; of a destroyed one only the row is left."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import orjson

from domain.envelope import read
from domain.events import PERSONAL
from domain.privacy import SECRET, DataKey, Key, Keys, Masters, PrivacyError, is_personal, key_ids, missing
from domain.storage import Changes
from storage.statements import do, inserting, many

if TYPE_CHECKING:
    from psycopg import Cursor

    from storage.connections import Connections

TABLE = """
CREATE TABLE IF NOT EXISTS data_key (
    id text COLLATE "C" PRIMARY KEY, owner text COLLATE "C" NOT NULL, master text NOT NULL, wrapped bytea,
    made_at timestamptz NOT NULL DEFAULT now(), destroyed_at timestamptz);
CREATE UNIQUE INDEX IF NOT EXISTS data_key_owner_idx ON data_key (owner) WHERE wrapped IS NOT NULL;
"""

KEYS = inserting("data_key", {"id": "text", "owner": "text", "master": "text", "wrapped": "bytea"})
PAGE = 5_000
PATIENCE_S = 30.0

Rows = Callable[..., Sequence[Any]]
"""Asks a query with its parameters."""


# ---- in a unit of work


def of_owners(rows: Rows, owners: Collection[str]) -> list[Key]:
    query = "SELECT id, owner, master, wrapped FROM data_key WHERE owner = ANY(%s) AND wrapped IS NOT NULL"
    return [Key(*row) for row in rows(query, list(owners))]


def by_id(rows: Rows, ids: Collection[str]) -> list[Key]:
    query = "SELECT id, owner, master, wrapped FROM data_key WHERE id = ANY(%s)"
    return [Key(*row) for row in rows(query, list(ids))]


def write(cursor: Cursor[Any], changes: Changes, _: Sequence[int]) -> None:
    """Keys destroyed first: an owner may get a new one in the same unit of work."""
    if changes.destroyed:
        destroy = "UPDATE data_key SET wrapped = NULL, destroyed_at = now() WHERE owner = ANY(%s)"
        do(cursor, f"{destroy} AND wrapped IS NOT NULL", [changes.destroyed])
    many(cursor, KEYS, [(key.id, key.owner, key.master, key.wrapped) for key in changes.keys])


# ---- reading what is sealed


def opened(connections: Connections, masters: Masters, ids: Collection[str]) -> Keys:
    """Data keys by id, looked up anew at each call: nobody reads with a key that was destroyed meanwhile."""

    def rows(query: str, *parameters: Any) -> Sequence[Any]:
        return connections.read(query, parameters)

    found = by_id(rows, ids) if ids else ()
    return {key.id: None if key.wrapped is None else DataKey(key.id, masters.unwrap(key)) for key in found}


def any_destroyed(connections: Connections, ids: Collection[str]) -> bool:
    """Whether one of the keys was destroyed: what it sealed is gone."""
    query = "SELECT EXISTS (SELECT FROM data_key WHERE id = ANY(%s) AND wrapped IS NULL)"
    return bool(connections.read(query, [list(ids)])[0][0])


def masters_in_use(connections: Connections) -> dict[str, int]:
    """How many live keys each master key wraps, by its id."""
    query = "SELECT master, count(*) FROM data_key WHERE wrapped IS NOT NULL GROUP BY 1"
    return dict(connections.read(query))


def check(connections: Connections, masters: Masters | None) -> None:
    """Raises PrivacyError where the ledger holds sealed texts that these master keys do not open: whoever
    wrote on with others, or with none, would leave a ledger that nobody can read as a whole."""
    for master in masters_in_use(connections):
        if masters is None or not masters.holds(master):
            raise PrivacyError(missing(master))


def rewrap(connections: Connections, masters: Masters) -> int:
    """Wraps all keys anew with the current master key; returns how many that were. No event is touched."""
    query = (
        "SELECT id, owner, master, wrapped FROM data_key WHERE wrapped IS NOT NULL AND master <> %s LIMIT %s"
    )
    count = 0
    while rows := connections.read(query, [masters.current, PAGE]):
        keys = [masters.rewrapped(Key(*row)) for row in rows]
        connections.read(REWRAP, [masters.current, [key.id for key in keys], [key.wrapped for key in keys]])
        count += len(keys)
    return count


REWRAP = """UPDATE data_key SET master = said.master, wrapped = said.wrapped
    FROM (SELECT id, %s AS master, wrapped FROM unnest(%s::text[], %s::bytea[]) AS of (id, wrapped)) AS said
    WHERE data_key.id = said.id AND data_key.wrapped IS NOT NULL"""


def clear_away(connections: Connections, patience_s: float = PATIENCE_S) -> bool:
    """Rewrites the table without what was destroyed or wrapped anew, which would lie in its file still.

    PostgreSQL keeps it for whoever may see it still, so they are waited for; False when somebody still
    may after `patience_s` seconds: then it may lie there until this is called again.
    """
    (after,) = connections.read("SELECT pg_current_xact_id()::text")[0]
    until = monotonic() + patience_s
    while (kept := connections.read(KEPT, [after, after])[0][0]) and monotonic() < until:
        sleep(0.05)
    connections.read("VACUUM FULL data_key")
    return not kept


KEPT = """SELECT pg_snapshot_xmin(pg_current_snapshot()) <= %s::text::xid8 OR EXISTS (
    SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid()
        AND (datname = current_database() OR datname IS NULL)
        AND age(backend_xmin) >= age(%s::text::xid8::xid))"""
"""Whether rows are kept that were replaced before a transaction: for another that was under way then, in any
database of the server (new snapshots reach back to it, VACUUM's own too), or for a snapshot, here or of a
standby, that reaches back as far."""


def in_clear(connections: Connections, customer: str) -> int:
    """How many of a customer's facts hold personal texts that were never sealed. Reads all of the ledger's
    personal facts: there is no index of what should not be."""
    said = f'"customer":{orjson.dumps(customer).decode()}'.encode()
    rows = connections.read(IN_CLEAR, [f"customer/{customer}", said, list(PERSONAL)])
    events = (read(state) for (state,) in rows)
    return sum(is_personal(event) and not key_ids(event) for event in events)


IN_CLEAR = """WITH theirs AS (
        SELECT %s AS subject UNION SELECT originator_id FROM stored_events
        WHERE topic IN ('complaint.received', 'visit.planned', 'visit.started') AND position(%s IN state) > 0)
    SELECT state FROM stored_events JOIN theirs ON originator_id = subject WHERE topic = ANY(%s)"""


# ---- master keys


EXAMPLE = b64encode(b"huiyin example key, not a secret").decode()
"""The key in docker-compose.yml, which everybody knows."""


def new_master() -> str:
    """A master key as it is configured."""
    return b64encode(os.urandom(SECRET)).decode()


def masters(text: str) -> Masters:
    """Master keys in Base64 with spaces or line ends between them; the first one wraps."""
    return Masters(_decoded(word) for word in text.split())


def _decoded(word: str) -> bytes:
    try:
        return b64decode(word, validate=True)
    except ValueError:
        return b""


def master_file(path: Path) -> str:
    """The master keys in a file.

    Raises:
        PrivacyError: it cannot be read, or there are none in it.
    """
    try:
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise PrivacyError(f"{path}: cannot be read / 无法读取: {problem}") from None
    if not text:
        raise PrivacyError(f"{path}: holds no master key / 没有主密钥")
    return text


def make_master_file(path: Path) -> Path:
    """A file with a new master key that only its owner may read; one that is there stays as it is."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{new_master()}\n")
    return path
