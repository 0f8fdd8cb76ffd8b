"""Summaries in clear, for as long as a function takes: opened with the customers' keys that there still are.

Keys are looked up each time, so that nothing is read with one that was destroyed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from os import urandom
from typing import Any, NamedTuple, Protocol

import orjson
from psycopg import Cursor

from domain.privacy import (
    KEY_ID,
    SECRET,
    UNREADABLE,
    DataKey,
    Key,
    Masters,
    key_id_of,
    place_of,
    read_text,
)
from storage import keys
from storage.statements import do

OWNER = "search"
"""Whose data key is the secret of the marks: nobody's in particular, so nobody's erasure destroys it."""


class Summary(NamedTuple):
    """A complaint's summary as it is stored, and the event that it stands in."""

    source: str
    id: str
    text: str


Texts = Mapping[Summary, str]
"""Summaries in clear: those that can be read."""


class Opener(Protocol):
    """What can read summaries."""

    def opened(self, cursor: Cursor[Any], found: Iterable[Summary]) -> Texts: ...
    def secret(self, cursor: Cursor[Any]) -> bytes: ...


class Plain:
    """Where nothing is sealed: what is sealed nevertheless stays so."""

    def opened(self, _cursor: Cursor[Any], found: Iterable[Summary]) -> Texts:
        return {each: each.text for each in found if key_id_of(each.text) is None}

    def secret(self, _cursor: Cursor[Any]) -> bytes:
        return bytes(SECRET)


PLAIN = Plain()


class Sealed:
    """Where the customers' keys lie in the database that a cursor reads."""

    def __init__(self, masters: Masters) -> None:
        self._masters = masters

    def opened(self, cursor: Cursor[Any], found: Iterable[Summary]) -> Texts:
        sealed = {each: key_id_of(each.text) for each in found}
        keys_ = self._keys(cursor, keys.by_id, {key for key in sealed.values() if key is not None})
        known = {key.id: DataKey(key.id, self._masters.unwrap(key)) for key in keys_ if key.wrapped}
        readable = {each: key for each, key in sealed.items() if key is None or key in known}
        shown = {each: _clear(each, known[key] if key else None) for each, key in readable.items()}
        return {each: text for each, text in shown.items() if text != UNREADABLE}

    def secret(self, cursor: Cursor[Any]) -> bytes:
        """Made by whoever needs it first."""
        found = self._keys(cursor, keys.of_owners, {OWNER}) or self._made(cursor)
        return self._masters.unwrap(found[0])

    def _made(self, cursor: Cursor[Any]) -> list[Key]:
        key = self._masters.wrap(urandom(KEY_ID // 2).hex(), OWNER, urandom(SECRET))
        do(
            cursor,
            "INSERT INTO data_key (id, owner, master, wrapped) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [key.id, key.owner, key.master, key.wrapped],
        )
        return self._keys(cursor, keys.of_owners, {OWNER})

    def _keys(self, cursor: Cursor[Any], by: Callable[..., list[Key]], values: Collection[str]) -> list[Key]:
        def rows(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
            return _tuples(cursor.execute(query.encode(), parameters))

        return by(rows, values) if values else []


def _clear(summary: Summary, key: DataKey | None) -> str:
    where = place_of(summary.source, summary.id, "summary")
    return read_text(key, summary.text, where) if key else summary.text


def _tuples(cursor: Cursor[Any]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) if isinstance(row, dict) else tuple(row) for row in cursor]


def summaries(cursor: Cursor[Any], texts: Opener, subjects: Collection[str]) -> dict[str, str]:
    """The summaries of complaints that can be read, by subject."""
    rows = _tuples(cursor.execute(FIRST, [list(subjects)]))
    found = {subject: _stored(state) for subject, state in rows}
    opened = texts.opened(cursor, found.values())
    return {subject: opened[each] for subject, each in found.items() if each in opened}


FIRST = """SELECT originator_id, state FROM stored_events
    WHERE originator_id = ANY(%s) AND originator_version = 1"""
"""A complaint begins with what was received."""


def _stored(state: bytes) -> Summary:
    """Read as JSON alone: a search opens hundreds of facts whose other fields nobody asks for."""
    message = orjson.loads(state)
    return Summary(message["source"], message["id"], message["data"].get("summary") or "")


def opener(masters: Masters | None) -> Opener:
    return Sealed(masters) if masters else PLAIN
