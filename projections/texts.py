"""Summaries in clear, for as long as a function takes: opened with the customers' keys that there still are.

Keys are looked up each time, so that nothing is read with one that was destroyed meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from os import urandom
from typing import Any, Protocol

from psycopg import Cursor

from domain.envelope import Event, read
from domain.privacy import ERASED, KEY_ID, SECRET, UNREADABLE, DataKey, Key, Masters, key_ids, opened_with
from storage import keys

OWNER = "search"
"""Whose data key is the secret of the marks: nobody's in particular, so nobody's erasure destroys it."""

Texts = Mapping[tuple[str, str], str]
"""By an event's source and id, its summary in clear."""


class Opener(Protocol):
    """What can read summaries."""

    def opened(self, cursor: Cursor[Any], events: Sequence[Event]) -> Texts: ...
    def secret(self, cursor: Cursor[Any]) -> bytes: ...


def _summary(event: Event) -> str:
    data: Any = event.data
    return str(data.summary or "")


class Plain:
    """Where nothing is sealed: what is sealed nevertheless stays so."""

    def opened(self, _cursor: Cursor[Any], events: Sequence[Event]) -> Texts:
        return {(event.source, event.id): _summary(event) for event in events if not key_ids(event)}

    def secret(self, _cursor: Cursor[Any]) -> bytes:
        return bytes(SECRET)


PLAIN = Plain()


class Sealed:
    """Where the customers' keys lie in the database that a cursor reads."""

    def __init__(self, masters: Masters) -> None:
        self._masters = masters

    def opened(self, cursor: Cursor[Any], events: Sequence[Event]) -> Texts:
        wanted = {key for event in events for key in key_ids(event)}
        found = self._keys(cursor, "id", wanted) if wanted else ()
        known = {key.id: DataKey(key.id, self._masters.unwrap(key)) for key in found if key.wrapped}
        shown = ((event, _summary(_opened(known, event))) for event in events)
        return {
            (event.source, event.id): text for event, text in shown if text not in (ERASED, UNREADABLE, "")
        }

    def secret(self, cursor: Cursor[Any]) -> bytes:
        """Made by whoever needs it first."""
        found = self._keys(cursor, "owner", {OWNER}) or self._made(cursor)
        return self._masters.unwrap(next(iter(found)))

    def _made(self, cursor: Cursor[Any]) -> list[Key]:
        key = self._masters.wrap(urandom(KEY_ID // 2).hex(), OWNER, urandom(SECRET))
        cursor.execute(
            "INSERT INTO data_key (id, owner, master, wrapped) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [key.id, key.owner, key.master, key.wrapped],
        )
        return self._keys(cursor, "owner", {OWNER})

    def _keys(self, cursor: Cursor[Any], column: str, values: Collection[str]) -> list[Key]:
        def rows(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
            found = cursor.execute(query.encode(), parameters).fetchall()
            return [tuple(row.values()) if isinstance(row, dict) else tuple(row) for row in found]

        return (keys.by_id if column == "id" else keys.of_owners)(rows, values)


def _opened(known: Mapping[str, DataKey], event: Event) -> Event:
    """The event with the texts that these keys open; one that was erased reads so."""
    ids = key_ids(event)
    return opened_with({key: known.get(key) for key in ids}, event) if ids else event


def summaries(cursor: Cursor[Any], texts: Opener, subjects: Collection[str]) -> dict[str, str]:
    """The summaries of complaints that can be read, by subject."""
    cursor.execute(FIRST, [list(subjects)])
    rows = [tuple(row.values()) if isinstance(row, dict) else row for row in cursor]
    events = {subject: read(state) for subject, state in rows}
    opened = texts.opened(cursor, list(events.values()))
    found = ((subject, opened.get((event.source, event.id))) for subject, event in events.items())
    return {subject: text for subject, text in found if text is not None}


FIRST = """SELECT originator_id, state FROM stored_events
    WHERE originator_id = ANY(%s) AND originator_version = 1"""
"""A complaint begins with what was received."""


def opener(masters: Masters | None) -> Opener:
    return Sealed(masters) if masters else PLAIN
