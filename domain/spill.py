"""What a simulation need not keep in memory: a private database that SQLite itself deletes.

The empty file name asks SQLite for one that has no name on disk: it is gone when it is closed, and when
the process ends, however that ends. It is lost with the process, so nothing is done to make it durable.
"""

from __future__ import annotations

import marshal
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import orjson
from eventsourcing.persistence import StoredEvent

from domain.batched import batched
from domain.storage import Identity, Known

SCHEMA = """
PRAGMA page_size = 8192; PRAGMA cache_size = -65536; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE told (place INTEGER PRIMARY KEY, subject TEXT, events BLOB);
CREATE INDEX told_of ON told (subject);
CREATE TABLE fact (source TEXT, id TEXT, digest BLOB, status TEXT, sequence INTEGER,
    PRIMARY KEY (source, id)) WITHOUT ROWID;
CREATE TABLE link (position INTEGER PRIMARY KEY, key TEXT, member TEXT, value BLOB, UNIQUE (key, member));
CREATE TABLE kpi_window (key TEXT PRIMARY KEY, document BLOB);
"""
"""The cache of 64 MiB is all of it that stays in memory. What came of one stream at one time is one row."""

AT_ONCE = 500
"""How many keys one question names."""


def _by_stream(events: Sequence[StoredEvent], after: int) -> dict[str, list[tuple[int, int, str, bytes]]]:
    """Events with their sequences, as plain values that `marshal` knows."""
    found: dict[str, list[tuple[int, int, str, bytes]]] = {}
    for sequence, event in enumerate(events, after + 1):
        told = (sequence, event.originator_version, event.topic, event.state)
        found.setdefault(str(event.originator_id), []).append(told)
    return found


def _some_of(keys: Sequence[str]) -> str:
    return ",".join("?" * len(keys))


class Spill:
    """Bulk in, few questions out; whoever writes and asks is one and the same."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(SCHEMA)
        self.events = 0
        self._taken = [(0, 0)]
        """By each time that something was taken over: up to which sequence, and up to which place."""

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
        streams = sorted(_by_stream(events, self.events).items())
        database.executemany(
            "INSERT INTO told (subject, events) VALUES (?, ?)",
            ((subject, marshal.dumps(told)) for subject, told in streams),
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
        self._taken.append((self.events, self._taken[-1][1] + len(streams)))

    def forget(self, identities: Iterable[Identity]) -> None:
        self._database.executemany("DELETE FROM fact WHERE source = ? AND id = ?", identities)

    def of_streams(self, subjects: Collection[str]) -> dict[str, list[StoredEvent]]:
        found: dict[str, list[StoredEvent]] = {}
        for part in batched(subjects, AT_ONCE):
            query = f"SELECT subject, events FROM told WHERE subject IN ({_some_of(part)}) ORDER BY place"
            for subject, told in self._database.execute(query, part):
                events = (StoredEvent(subject, *event) for _, *event in marshal.loads(told))
                found.setdefault(subject, []).extend(events)
        return found

    def in_order(self, first: int, last: int) -> Iterator[tuple[int, StoredEvent]]:
        """The events from one sequence to another, both included."""
        query = "SELECT subject, events FROM told WHERE place > ? AND place <= ?"
        for (before, from_place), (up_to, to_place) in pairwise(self._taken):
            if before < last and first <= up_to:
                rows = self._database.execute(query, (from_place, to_place))
                told = sorted((*event, subject) for subject, part in rows for event in marshal.loads(part))
                for sequence, version, topic, state, subject in told:
                    if first <= sequence <= last:
                        yield sequence, StoredEvent(subject, version, topic, state)

    def facts(self, identities: Iterable[Identity]) -> Iterator[tuple[Identity, Known]]:
        ids: dict[str, list[str]] = {}
        for source, id_ in identities:
            ids.setdefault(source, []).append(id_)
        for source, of_source in ids.items():
            for part in batched(of_source, AT_ONCE):
                query = f"SELECT * FROM fact WHERE source = ? AND id IN ({_some_of(part)})"
                for _, id_, digest, *rest in self._database.execute(query, (source, *part)):
                    yield (source, id_), Known(digest.hex(), *rest)

    def links(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for part in batched(keys, AT_ONCE):
            query = f"SELECT key, member, value FROM link WHERE key IN ({_some_of(part)}) ORDER BY position"
            for key, member, value in self._database.execute(query, part):
                found.setdefault(key, {})[member] = orjson.loads(value)
        return found

    def window(self, key: str) -> dict[str, Any] | None:
        row = self._database.execute("SELECT document FROM kpi_window WHERE key = ?", (key,)).fetchone()
        return orjson.loads(row[0]) if row else None
