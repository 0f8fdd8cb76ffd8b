"""Which customers a member of staff holds, and since when: by the `manager` of the latest `customer.filed`
(its `by` where absent), then by `customer.reassigned`.

Kept as links, so that figures, draws and handovers find a manager's customers without a search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.envelope import Event

if TYPE_CHECKING:
    from domain.stream import Stream

Span = tuple[datetime, datetime | None]

CHANGES = frozenset({"customer.filed", "customer.reassigned"})


def key(staff: str) -> str:
    """The link under which somebody's customers are found."""
    return f"held/{staff}"


def _holder(event: Event) -> str:
    data: Any = event.data
    if event.type == "customer.reassigned":
        return str(data.to)
    return str(data.manager or data.by)


def holders(stream: Stream) -> dict[str, list[Span]]:
    """Everybody who was ever named as a customer's holder, with the times in which they were."""
    changes = [event for event in stream.story if event.type in CHANGES]
    ends: list[datetime | None] = [*(event.time for event in changes[1:]), None]
    spans: dict[str, list[Span]] = {}
    for event, end in zip(changes, ends, strict=False):
        own = spans.setdefault(_holder(event), [])
        if end is None or end > event.time:
            own.append((event.time, end))
    return spans


def holder_at(stream: Stream, at: datetime) -> str | None:
    """Who held a customer at an instant."""
    told = [event for event in stream.story if event.type in CHANGES and event.time <= at]
    return _holder(told[-1]) if told else None


def held(stream: Stream, _event: Event) -> Iterator[tuple[str, str, Any]]:
    """The links of one customer, worked out anew from its story, so that a late fact corrects them."""
    customer = stream.subject.partition("/")[2]
    for staff, spans in holders(stream).items():
        written = [[start.isoformat(), end.isoformat() if end else None] for start, end in spans]
        yield key(staff), customer, written or None


def _read(written: Any) -> Iterator[Span]:
    for start, end in written or ():
        yield datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None


def held_within(links: Mapping[str, Any], after: datetime, until: datetime) -> frozenset[str]:
    """The customers held at some time after the one instant, up to and including the other."""
    return frozenset(
        customer
        for customer, written in links.items()
        for start, end in _read(written)
        if start <= until and (end is None or end > after)
    )


def held_at(links: Mapping[str, Any], at: datetime) -> frozenset[str]:
    """The customers held at an instant."""
    return frozenset(
        customer
        for customer, written in links.items()
        for start, end in _read(written)
        if start <= at and (end is None or end > at)
    )
