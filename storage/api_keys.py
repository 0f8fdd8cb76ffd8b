"""API keys and browsers' sessions where they are stored: of either only a hash, so that nobody who reads the
table, or a copy of it, can use them.
"""

from __future__ import annotations

import os
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Literal, get_args

import orjson

if TYPE_CHECKING:
    from storage.connections import Connections

TABLES = """
CREATE TABLE IF NOT EXISTS api_key (
    id text COLLATE "C" PRIMARY KEY, hash bytea NOT NULL, role text NOT NULL, name text NOT NULL,
    branches text[] NOT NULL DEFAULT '{}', created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz);
CREATE TABLE IF NOT EXISTS api_session (
    id text COLLATE "C" PRIMARY KEY, hash bytea NOT NULL, key_id text REFERENCES api_key (id),
    holder json NOT NULL, expires_at timestamptz NOT NULL);
"""

Role = Literal["upstream", "ops", "auditor", "rule_author", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

KEY, SESSION = "hy", "hs"
"""What a key and a session begin with, so that a search for lost secrets finds them."""

ID, SECRET = 5, 32
"""Random bytes of the part that names a key, and of the part that proves it: 256 bits."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed; what proves it is nowhere. No branches: all of them."""

    id: str
    role: Role
    name: str
    branches: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None


# ---- tokens: <kind>_<id>_<secret>


def _new(kind: str) -> tuple[str, str, bytes]:
    """(token, id, hash) of a new one."""
    id_, secret = (b32encode(os.urandom(size)).decode().rstrip("=").lower() for size in (ID, SECRET))
    token = f"{kind}_{id_}_{secret}"
    return token, id_, _hash(token)


def _hash(token: str) -> bytes:
    """SHA-256 is enough: a token is as random as the hash is long, so there is nothing to guess."""
    return sha256(token.encode()).digest()


def _id(kind: str, token: str) -> str | None:
    said, _, rest = token.partition("_")
    return rest.partition("_")[0] if said == kind and len(token) < 100 and token.isascii() else None


# ---- keys


def create(connections: Connections, role: str, name: str, branches: Sequence[str] = ()) -> str:
    """A new key, said here once and never again."""
    token, id_, hash_ = _new(KEY)
    insert = "INSERT INTO api_key (id, hash, role, name, branches) VALUES (%s, %s, %s, %s, %s)"
    connections.read(insert, [id_, hash_, role, name, list(branches)])
    return token


def listed(connections: Connections) -> list[ApiKey]:
    """All keys, revoked ones too, the oldest first."""
    return [_key(row) for row in connections.read(f"SELECT {_COLUMNS} FROM api_key ORDER BY created_at, id")]


def revoke(connections: Connections, id_: str) -> bool:
    """Ends a key and the sessions that were opened with it; whether there was one to end."""
    ended = connections.read(
        "UPDATE api_key SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL RETURNING id", [id_]
    )
    connections.read("DELETE FROM api_session WHERE key_id = %s", [id_])
    return bool(ended)


def found(connections: Connections, token: str) -> ApiKey | None:
    """The key that a token proves, unless it was revoked; the hashes are compared in constant time."""
    id_ = _id(KEY, token)
    query = f"SELECT {_COLUMNS}, hash FROM api_key WHERE id = %s AND revoked_at IS NULL"
    rows = connections.read(query, [id_]) if id_ else []
    return next((_key(row[:-1]) for row in rows if compare_digest(row[-1], _hash(token))), None)


_COLUMNS = "id, role, name, branches, created_at, revoked_at"


def _key(row: Sequence[Any]) -> ApiKey:
    id_, role, name, branches, created_at, revoked_at = row
    return ApiKey(id_, role, name, tuple(branches), created_at, revoked_at)


# ---- sessions


def open_session(
    connections: Connections, holder: dict[str, Any], key_id: str | None, lasts: timedelta
) -> str:
    """A new session of whoever `holder` describes; those that have run out are cleared away meanwhile."""
    token, id_, hash_ = _new(SESSION)
    connections.read("DELETE FROM api_session WHERE expires_at < now()")
    insert = """INSERT INTO api_session (id, hash, key_id, holder, expires_at)
        VALUES (%s, %s, %s, %s, now() + %s)"""
    connections.read(insert, [id_, hash_, key_id, orjson.dumps(holder).decode(), lasts])
    return token


def holder_of(connections: Connections, token: str) -> dict[str, Any] | None:
    """Who opened a session that has not run out, with a key, if it was one, that was not revoked."""
    id_ = _id(SESSION, token)
    query = """SELECT s.holder::text, s.hash FROM api_session s LEFT JOIN api_key k ON k.id = s.key_id
        WHERE s.id = %s AND s.expires_at > now() AND k.revoked_at IS NULL"""
    rows = connections.read(query, [id_]) if id_ else []
    return next((orjson.loads(held) for held, hash_ in rows if compare_digest(hash_, _hash(token))), None)


def close_session(connections: Connections, token: str) -> None:
    connections.read(
        "DELETE FROM api_session WHERE id = %s AND hash = %s", [_id(SESSION, token), _hash(token)]
    )
