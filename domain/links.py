"""What one stream's decisions may need to find in others: small indexes, written with the events.

Each entry is (key, member, value); a value of None says that the member is there no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from domain import holding, repetition, visit
from domain.envelope import Event
from domain.stream import Stream

if TYPE_CHECKING:
    from domain.policy import Policy

Link = tuple[str, str, Any]


def _approval(_stream: Stream, event: Event) -> Iterator[Link]:
    data: Any = event.data
    if data.about:
        yield f"approvals-about/{data.about}", event.subject, True


def _registration(stream: Stream, event: Event) -> Iterator[Link]:
    """The customers somebody registered, and those who came through or with another customer."""
    data: Any = event.data
    yield f"registered-by/{data.staff}", stream.subject, True
    for other in (data.referred_by, data.family_of):
        if other is not None:
            yield f"kin-of/customer/{other}", stream.subject, True


def _inheritance(stream: Stream, event: Event) -> Iterator[Link]:
    data: Any = event.data
    yield f"registered-by/{data.to}", stream.subject, True


def _deal(stream: Stream, event: Event) -> Iterator[Link]:
    """The deals whose division a complaint may change."""
    data: Any = event.data
    if data.complaint_against is not None:
        yield f"deals-naming/complaint/{data.complaint_against}", stream.subject, True


def _payment(stream: Stream, event: Event) -> Iterator[Link]:
    data: Any = event.data
    yield f"payments-to/{data.received_by}", stream.subject, True


def _reception(stream: Stream, _event: Event) -> Iterator[Link]:
    yield "receptions", stream.subject, True


def _member(stream: Stream, _event: Event) -> Iterator[Link]:
    yield "staff", stream.subject.partition("/")[2], True


def visits_of(customer: str, year: int, month: int) -> str:
    """The key under which a month's visits to a customer are found that some rule wants kept."""
    return f"visits-of/{customer}/{year}-{month:02}"


def _kept_visit(stream: Stream, event: Event) -> Iterator[Link]:
    """What erasing the customer asks; a visit without a retention rule never stands in its way."""
    data: Any = event.data
    if data.customer and stream.policy.with_rule("retention"):
        yield visits_of(f"customer/{data.customer}", event.time.year, event.time.month), stream.subject, True


Maker = Callable[[Stream, Event], Iterator[Link]]

LINKS: dict[str, tuple[Maker, ...]] = {
    "complaint.received": (repetition.link,),
    "approval.requested": (_approval,),
    "customer.filed": (holding.held,),
    "customer.reassigned": (holding.held, _inheritance),
    "ownership.claimed": (_registration,),
    "deal.closed": (_deal,),
    "payment.received": (_payment,),
    "reception.opened": (_reception,),
    "staff.joined": (_member,),
    "visit.planned": (visit.first_arrival_link, _kept_visit),
    "visit.started": (visit.first_arrival_link, _kept_visit),
}


def links_of(stream: Stream, event: Event) -> Iterator[Link]:
    """The links that an event, just taken in by its stream, makes or ends."""
    for make in LINKS.get(event.type, ()):
        yield from make(stream, event)


def streams_near(event: Event) -> Iterator[str]:
    """The streams that taking in a fact will look at, as far as it says so: read together, they cost less."""
    yield event.subject
    if event.type == "complaint.received":
        data: Any = event.data
        yield f"customer/{data.customer}"


def links_near(event: Event, policy: Policy) -> Iterator[str]:
    """The keys that taking in a fact will look up, where facts of its type are many."""
    if event.type == "complaint.received" and policy.with_rule("repeat"):
        yield from repetition.keys_near(event)
