"""What one stream's decisions may need to find in others: small indexes, written with the events.

Each entry is (key, member, value); a value of None says that the member is there no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from domain.envelope import Event
from domain.stream import Stream

Link = tuple[str, str, Any]


def _complaint(_stream: Stream, event: Event) -> Iterator[Link]:
    """A customer's complaints; an inquiry is none."""
    data: Any = event.data
    if data.kind != "inquiry":
        yield f"complaints-of/{data.customer}", event.subject, [data.category, event.time.isoformat()]


def _approval(_stream: Stream, event: Event) -> Iterator[Link]:
    data: Any = event.data
    if data.about:
        yield f"approvals-about/{data.about}", event.subject, True


LINKS: dict[str, Callable[[Stream, Event], Iterator[Link]]] = {
    "complaint.received": _complaint,
    "approval.requested": _approval,
}


def links_of(stream: Stream, event: Event) -> Iterator[Link]:
    """The links that an event, just taken in by its stream, makes or ends."""
    make = LINKS.get(event.type)
    return make(stream, event) if make else iter(())
