"""What is stored of the one stream that a request is about: read once, by the gate, which hands it on."""

from __future__ import annotations

import re
from typing import Self

from eventsourcing.persistence import StoredEvent
from starlette.requests import Request

from api.http.problems import Problem
from api.http.services import Services, services_of
from domain.envelope import Event
from domain.events import KINDS
from domain.mapper import EventMapper
from storage.postgres import PostgresStorage

KEPT = "told"
MAPPER = EventMapper()
_ID = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,190}")


class Told:
    """A stream as far as it was read. Events are decoded when they are first asked for."""

    def __init__(self, storage: PostgresStorage, subject: str) -> None:
        self.subject = subject
        self.stored: list[tuple[int, StoredEvent]] = []
        self._storage = storage
        self._events: list[Event] = []

    @classmethod
    def read(cls, storage: PostgresStorage, subject: str) -> Self:
        told = cls(storage, subject)
        told.read_on()
        return told

    def read_on(self) -> None:
        """What was recorded since; nothing is read twice."""
        if "\0" in self.subject:  # which PostgreSQL takes for none
            return
        after = self.stored[-1][1].originator_version if self.stored else 0
        self.stored += self._storage.history(self.subject, after)

    @property
    def events(self) -> list[Event]:
        new = self.stored[len(self._events) :]
        self._events += [MAPPER.load(event, sequence) for sequence, event in new]
        return self._events

    def hand_on(self, request: Request) -> None:
        setattr(request.state, KEPT, self)


def told_of(request: Request, kind: str, name: str) -> Told:
    """The stream that a request is about, as it was read when the request was let in.

    Raises:
        Problem: there is no such stream.
    """
    told: Told | None = getattr(request.state, KEPT, None)
    if told is not None and told.subject == f"{kind}/{name}":
        return told
    return read_of(services_of(request), kind, name)


def read_of(services: Services, kind: str, name: str) -> Told:
    """A stream, read now.

    Raises:
        Problem: there is no such stream.
    """
    subject = f"{kind}/{name}"
    known = kind in KINDS and _ID.fullmatch(name)
    told = Told.read(services.parts.storage, subject) if known else None
    if told is None or not told.stored:
        shown_name = subject[:120].encode("ascii", "backslashreplace").decode()
        kinds = ", ".join(KINDS)
        en = f"Nothing is recorded of {shown_name}; streams are <kind>/<id>, of the kinds {kinds}."
        raise Problem(
            "unknown-stream", en, f"没有 {shown_name} 的记录；事件流为 <类别>/<编号>，类别有 {kinds}。"
        )
    return told
