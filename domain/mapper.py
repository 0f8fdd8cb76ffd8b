"""Between events and stored bytes: wire names as topics, old shapes read as new.

This is the one place where stored bytes become events, so it is the one place that knows their past.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from domain.envelope import Event, read, write

Message = dict[str, Any]


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

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())

    def store(self, event: Event, version: int) -> StoredEvent:
        """An event as its stored bytes, CloudEvents JSON, at its place in its stream."""
        state = write(event)
        if event.type in UPCASTS:
            state = orjson.dumps({**orjson.loads(state), "shape": shape_of(event.type)})
        return StoredEvent(event.subject, version, event.type, state)

    def load(self, stored: StoredEvent, sequence: int | None = None) -> Event:
        """A stored event in today's shape, with its place in the ledger where that is said; its personal
        texts as they are stored, which is sealed."""
        event = read(upcast(orjson.loads(stored.state)) if stored.topic in UPCASTS else stored.state)
        return event if sequence is None else event._replace(sequence=sequence)
