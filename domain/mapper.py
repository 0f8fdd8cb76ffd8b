"""Between events and stored bytes: wire names as topics, personal fields sealed, old shapes read as new.

This is the one place where stored bytes become events, so it is the one place that knows their past.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import orjson
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from domain.envelope import Event, read, write
from domain.events import PERSONAL

Message = dict[str, Any]


class Privacy(Protocol):
    """Where the personal fields of a message are sealed before they are stored, and opened again."""

    def seal(self, fields: tuple[str, ...], message: Message) -> Message: ...
    def open(self, fields: tuple[str, ...], message: Message) -> Message: ...


class Plain:
    """Personal fields stored as they are."""

    def seal(self, _fields: tuple[str, ...], message: Message) -> Message:
        return message

    def open(self, _fields: tuple[str, ...], message: Message) -> Message:
        return message


def _told_one_role(message: Message) -> Message:
    """Before shape 2 a pre-warning named one role as a text; a list can name both that must be told."""
    data = message["data"]
    to = data["to"]
    return {**message, "data": {**data, "to": [to] if isinstance(to, str) else to}}


UPCASTS: Mapping[str, tuple[Callable[[Message], Message], ...]] = {
    "complaint.prewarned": (_told_one_role,),
    "complaint.reported_up": (_told_one_role,),
}
"""By event type, the steps from each older shape to the next. A stored message's `shape` says how many
it has behind it; a message without one is of the first shape."""


def shape_of(event_type: str) -> int:
    return len(UPCASTS.get(event_type, ())) + 1


def upcast(message: Message) -> Message:
    """A stored message in today's shape, whatever shape it was stored in."""
    for step in UPCASTS.get(message["type"], ())[message.get("shape", 1) - 1 :]:
        message = step(message)
    return {name: value for name, value in message.items() if name != "shape"}


class EventMapper(Mapper[str]):
    """The library's mapper, without class paths: an event's wire name is its topic."""

    def __init__(self, privacy: Privacy | None = None) -> None:
        super().__init__(JSONTranscoder())
        self.privacy = privacy or Plain()

    def store(self, event: Event, version: int) -> StoredEvent:
        """An event as its stored bytes, CloudEvents JSON, at its place in its stream."""
        state = write(event)
        fields = PERSONAL.get(event.type)
        if (fields and not isinstance(self.privacy, Plain)) or event.type in UPCASTS:
            state = self._sealed(event.type, fields or (), orjson.loads(state))
        return StoredEvent(event.subject, version, event.type, state)

    def _sealed(self, event_type: str, fields: tuple[str, ...], message: Message) -> bytes:
        if event_type in UPCASTS:
            message = {**message, "shape": shape_of(event_type)}
        return orjson.dumps(self.privacy.seal(fields, message))

    def load(self, stored: StoredEvent) -> Event:
        """A stored event in today's shape."""
        if stored.topic not in UPCASTS and isinstance(self.privacy, Plain):
            return read(stored.state)
        message = self.privacy.open(PERSONAL.get(stored.topic, ()), orjson.loads(stored.state))
        return read(upcast(message))
