"""What one stream's decisions may need to find in others: small indexes, written with the events.

Each entry is (key, member, value); a value of None says that the member is there no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from domain import holding, visit
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


Maker = Callable[[Stream, Event], Iterator[Link]]

LINKS: dict[str, tuple[Maker, ...]] = {
    "complaint.received": (_complaint,),
    "approval.requested": (_approval,),
    "customer.filed": (holding.held,),
    "customer.reassigned": (holding.held,),
    "visit.planned": (visit.first_arrival_link,),
    "visit.started": (visit.first_arrival_link,),
}


def links_of(stream: Stream, event: Event) -> Iterator[Link]:
    """The links that an event, just taken in by its stream, makes or ends."""
    for make in LINKS.get(event.type, ()):
        yield from make(stream, event)
