"""What a simulation need not keep in memory: a private database that SQLite itself deletes.

The empty file name asks SQLite for one that has no name on disk: it is gone when it is closed, and when
the process ends, however that ends. It is lost with the process, so nothing is done to make it durable.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson
from eventsourcing.persistence import StoredEvent

from domain.storage import Identity, Known

SCHEMA = """
PRAGMA page_size = 8192; PRAGMA cache_size = -65536; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE event (sequence INTEGER PRIMARY KEY, subject TEXT, version INTEGER, topic TEXT, state BLOB);
CREATE INDEX event_of ON event (subject);
CREATE TABLE fact (source TEXT, id TEXT, digest BLOB, status TEXT, sequence INTEGER,
    PRIMARY KEY (source, id)) WITHOUT ROWID;
CREATE TABLE link (position INTEGER PRIMARY KEY, key TEXT, member TEXT, value BLOB, UNIQUE (key, member));
CREATE TABLE kpi_window (key TEXT PRIMARY KEY, document BLOB);
"""
"""The cache of 64 MiB is all of it that stays in memory."""

AT_ONCE = 500
"""How many keys one question names."""


def _parts(keys: Iterable[str]) -> Iterator[list[str]]:
    left = iter(keys)
    while part := list(islice(left, AT_ONCE)):
        yield part


def _some_of(keys: Sequence[str]) -> str:
    return ",".join("?" * len(keys))


class Spill:
    """Bulk in, few questions out; whoever writes and asks is one and the same."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(SCHEMA)
        self.events = 0

    def close(self) -> None:
        self._database.close()

    def take(
        self,
        events: Sequence[StoredEvent],
        facts: Mapping[Identity, Known],
        links: Mapping[str, Mapping[str, Any]],
        windows: Mapping[str, dict[str, Any]],
    ) -> None:
        """Takes over all of it; a link that is there keeps its place, a document is replaced."""
        database = self._database
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?)",
            (
                (sequence, event.originator_id, event.originator_version, event.topic, event.state)
                for sequence, event in enumerate(events, self.events + 1)
            ),
        )
        database.executemany(
            "REPLACE INTO fact VALUES (?, ?, ?, ?, ?)",
            sorted(
                (source, id_, bytes.fromhex(known.digest), known.status, known.sequence)
                for (source, id_), known in facts.items()
            ),
        )
        database.executemany(
            "INSERT INTO link (key, member, value) VALUES (?, ?, ?)"
            " ON CONFLICT (key, member) DO UPDATE SET value = excluded.value",
            (
                (key, member, orjson.dumps(value))
                for key, members in links.items()
                for member, value in members.items()
            ),
        )
        database.executemany(
            "REPLACE INTO kpi_window VALUES (?, ?)",
            ((key, orjson.dumps(document)) for key, document in windows.items()),
        )
        database.execute("COMMIT")
        self.events += len(events)

    def forget(self, identities: Iterable[Identity]) -> None:
        self._database.executemany("DELETE FROM fact WHERE source = ? AND id = ?", identities)

    def of_streams(self, subjects: Collection[str]) -> dict[str, list[StoredEvent]]:
        found: dict[str, list[StoredEvent]] = {}
        for part in _parts(subjects):
            query = f"SELECT subject, version, topic, state FROM event WHERE subject IN ({_some_of(part)})"
            for row in self._database.execute(f"{query} ORDER BY sequence", part):
                found.setdefault(row[0], []).append(StoredEvent(*row))
        return found

    def in_order(self, first: int, last: int) -> Iterator[tuple[int, StoredEvent]]:
        query = "SELECT * FROM event WHERE sequence BETWEEN ? AND ? ORDER BY sequence"
        for sequence, *event in self._database.execute(query, (first, last)):
            yield sequence, StoredEvent(*event)

    def facts(self, identities: Iterable[Identity]) -> Iterator[tuple[Identity, Known]]:
        ids: dict[str, list[str]] = {}
        for source, id_ in identities:
            ids.setdefault(source, []).append(id_)
        for source, of_source in ids.items():
            for part in _parts(of_source):
                query = f"SELECT * FROM fact WHERE source = ? AND id IN ({_some_of(part)})"
                for _, id_, digest, *rest in self._database.execute(query, (source, *part)):
                    yield (source, id_), Known(digest.hex(), *rest)

    def links(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for part in _parts(keys):
            query = f"SELECT key, member, value FROM link WHERE key IN ({_some_of(part)}) ORDER BY position"
            for key, member, value in self._database.execute(query, part):
                found.setdefault(key, {})[member] = orjson.loads(value)
        return found

    def window(self, key: str) -> dict[str, Any] | None:
        row = self._database.execute("SELECT document FROM kpi_window WHERE key = ?", (key,)).fetchone()
        return orjson.loads(row[0]) if row else None
