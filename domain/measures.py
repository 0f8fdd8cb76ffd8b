"""The measures of KPIs: which events a figure is made of, and how it is made of them.

A feed turns recorded events into parts of a document. Feeds that several KPIs share keep one document a
day, and longer windows are summed up from its days, so that a visit is written down once; the others keep
one document for each of their KPI's windows. Instants in parts are whole microseconds since 1970, UTC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from domain import holding
from domain.envelope import Event
from domain.working_time import Window

if TYPE_CHECKING:
    from domain.policy import BoundKpi
    from domain.stream import Stream

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = 3_600_000_000

Figures = dict[str, float]
"""A figure by its dimension; `""` where the KPI has none. Empty: there is nothing to measure."""


class Part(NamedTuple):
    """One contribution to a document; a value of None takes it back."""

    subject: str
    at: datetime
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class View:
    """What a figure may look at: the parts of its window, and the customers held in it."""

    parts: Mapping[str, Any]
    held: Callable[[], frozenset[str]]
    params: Mapping[str, Any]

    def visits(self) -> list[Visited]:
        return [Visited(*value) for name, value in self.parts.items() if name.startswith("visit/")]

    def named(self, prefix: str) -> list[Any]:
        return [value for name, value in self.parts.items() if name.startswith(prefix)]


class Visited(NamedTuple):
    """A visit as far as figures are concerned."""

    customer: str
    on_site: bool
    planned: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Feed:
    """`shared`: one document a day for all KPIs of a pack that are measured by it."""

    name: str
    on: tuple[str, ...]
    parts: Callable[[Stream, Event, BoundKpi], Iterator[Part]]
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """`moments`: the instants that are counted, for figures that can only grow, so that their window may be
    lost before it ends. `of_holders`: measured is also who holds a customer and did nothing. `per`: whose
    figure it is."""

    feed: Feed
    figures: Callable[[View], Figures]
    moments: Callable[[Mapping[str, Any]], list[int]] | None = None
    of_holders: bool = False
    per: Literal["staff", "branch"] = "staff"

    @property
    def on(self) -> tuple[str, ...]:
        return self.feed.on


def micros(at: datetime) -> int:
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(at: int) -> datetime:
    return EPOCH + at * MICROSECOND


# ---- visits: by manager and day


def _visits(stream: Stream, event: Event, kpi: BoundKpi) -> Iterator[Part]:
    if stream.kind == "visit":
        yield from _VISIT_PARTS.get(event.type, _visit)(stream, event)
    elif event.type == "customer.evaluated":
        yield from _evaluated(stream, event, kpi)
    elif event.type == "customer.filed":
        for told in stream.story:
            if told.type == "customer.evaluated" and told.time >= event.time:
                yield from _evaluated(stream, told, kpi)


def _visit(stream: Stream, _event: Event) -> Iterator[Part]:
    """A visit belongs to the day it started on; one without an end counts by its start."""
    state = stream.state
    if state.started_at is not None:
        end = max(state.ended_at or state.started_at, state.started_at)
        on_site = state.mode == "on-site"
        value = [state.customer, on_site, state.planned, micros(state.started_at), micros(end)]
        yield Part(f"staff/{state.manager}", state.started_at, stream.subject, value)


def _made(stream: Stream, event: Event) -> Iterator[Part]:
    """Who made a visit has its checks; what was told before its start counted for who was to make it."""
    yield from _visit(stream, event)
    plans: list[Any] = [told.data for told in stream.story if told.type == "visit.planned"]
    for told in stream.story if plans and plans[0].manager != stream.state.manager else ():
        if told.type == "visit.spot_checked":
            yield _check(plans[0].manager, told, None)
            yield _check(stream.state.manager, told, 1)


def _checked(stream: Stream, event: Event) -> Iterator[Part]:
    yield _check(stream.state.manager, event, 1)


def _check(manager: str, event: Event, value: int | None) -> Part:
    return Part(f"staff/{manager}", event.time, f"check {event.source}#{event.id}", value)


_VISIT_PARTS: dict[str, Callable[[Stream, Event], Iterator[Part]]] = {
    "visit.started": _made,
    "visit.spot_checked": _checked,
}


def _evaluated(stream: Stream, event: Event, _kpi: BoundKpi) -> Iterator[Part]:
    """Of what class the customer was when evaluated; a file learned late may correct it."""
    data: Any = event.data
    customer = stream.subject.partition("/")[2]
    category = stream.state_at(event.time).category
    yield Part(f"staff/{data.by}", event.time, f"evaluated {event.source}#{event.id}", [customer, category])


VISITS = Feed(
    "visits",
    (
        "visit.planned",
        "visit.started",
        "visit.ended",
        "visit.spot_checked",
        "customer.evaluated",
        "customer.filed",
        "customer.reassigned",
    ),
    _visits,
    shared=True,
)


def _market_hours(view: View) -> Figures:
    """From the first on-site start to the last on-site end (003 六.1)."""
    visits = [visit for visit in view.visits() if visit.on_site]
    if not visits:
        return {}
    return {"": (max(visit.end for visit in visits) - min(visit.start for visit in visits)) / HOUR}


def _unplanned_share(view: View) -> Figures:
    """Distinct customers visited unplanned ÷ distinct customers visited (003 六.2)."""
    visits = view.visits()
    unplanned = {visit.customer for visit in visits if not visit.planned}
    return _share(len(unplanned), len({visit.customer for visit in visits}))


def _visits_per_day(view: View) -> Figures:
    """Distinct customers visited (004 二.1(3))."""
    customers = {visit.customer for visit in view.visits()}
    return {"": len(customers)} if customers else {}


def _on_site_share(view: View) -> Figures:
    """Distinct customers visited on site ÷ customers held (003 六.3)."""
    visited = {visit.customer for visit in view.visits() if visit.on_site}
    return _share(len(visited), len(view.held()))


def _visits_per_customer(view: View) -> Figures:
    """Customers held with enough on-site visits ÷ customers held (004 2221)."""
    held, visits = view.held(), Counter(visit.customer for visit in view.visits() if visit.on_site)
    enough = [customer for customer in held if visits[customer] >= view.params["visits"]]
    return _share(len(enough), len(held))


def _spot_checks(view: View) -> Figures:
    """Spot checks ÷ visits (003 七.1)."""
    return _share(len(view.named("check ")), len(view.visits()))


def _evaluations(view: View) -> Figures:
    """Distinct customers of the class with an evaluation; of who holds a customer or made a visit
    (003 五(一))."""
    if not (view.visits() or view.held()):
        return {}
    return {"": len({customer for customer, of in view.named("evaluated ") if of == view.params["category"]})}


def _share(part: int, whole: int) -> Figures:
    return {"": part / whole} if whole else {}


# ---- what is counted, and lost at once


def _counts(stream: Stream) -> bool:
    """Inquiries and withdrawn complaints do not count as complaints."""
    state = stream.state
    return stream.kind == "complaint" and state.kind != "inquiry" and not state.withdrawn


def _complaints(stream: Stream, _event: Event, _kpi: BoundKpi) -> Iterator[Part]:
    state = stream.state
    if stream.kind == "complaint" and state.branch is not None:
        value = [stream.subject, micros(state.received_at)] if _counts(stream) else None
        yield Part(f"branch/{state.branch}", state.received_at, stream.subject, value)


def _breached_at(due_at: datetime, opened_at: datetime | None) -> datetime:
    return max(due_at, opened_at or due_at)


def _breaches(stream: Stream, event: Event, kpi: BoundKpi) -> Iterator[Part]:
    """Breaches of one clause, counted against whom they count."""
    data: Any = event.data
    if data.clause == kpi.row.params["clause"] and data.duty_of:
        at, name = _breached_at(data.due_at, data.opened_at), f"{stream.subject} {data.obligation}"
        value = [name, micros(at)] if event.type == "obligation.breached" else None
        yield Part(f"staff/{data.duty_of}", at, name, value)


def _broken_promises(stream: Stream, _event: Event, kpi: BoundKpi) -> Iterator[Part]:
    """Complaints with a breach of one clause, of the branch they came in at."""
    state = stream.state
    if stream.kind != "complaint" or state.branch is None:
        return
    for duty in stream.duties.values():
        if duty.clause == kpi.row.params["clause"] and duty.status in ("breached", "withdrawn"):
            at = _breached_at(duty.due_at, duty.opened_at)
            stands = duty.status == "breached" and _counts(stream)
            value = [stream.subject, micros(at)] if stands else None
            yield Part(f"branch/{state.branch}", at, f"{stream.subject} {duty.key}", value)


def _moments(parts: Mapping[str, Any]) -> list[int]:
    """When each of the distinct things counted first happened, in order."""
    ordered = sorted((name, at) for name, at in parts.values())
    return sorted(next(group)[1] for _, group in groupby(ordered, key=lambda pair: pair[0]))


def _count(view: View) -> Figures:
    return {"": len(_moments(view.parts))}


WITHDRAWALS = ("complaint.withdrawn", "complaint.reopened")
COMPLAINTS = Feed("complaints", ("complaint.received", *WITHDRAWALS), _complaints)
BREACHES = Feed("breaches", ("obligation.breached", "obligation.withdrawn"), _breaches)
PROMISES = Feed("promises", (*BREACHES.on, *WITHDRAWALS), _broken_promises)


# ---- satisfaction by dimension


def _feedback(stream: Stream, event: Event, _kpi: BoundKpi) -> Iterator[Part]:
    """What the customers of a branch's complaints said of the dimensions of its service."""
    if stream.kind != "complaint" or stream.state.branch is None:
        return
    for told in [event] if event.type == "feedback.given" else stream.story:
        data: Any = told.data
        if told.type == "feedback.given" and data.dimensions:
            value = [stream.state.customer, micros(told.time), dict(data.dimensions)]
            name = f"{stream.subject} {told.source}#{told.id}"
            counted = value if _counts(stream) else None
            yield Part(f"branch/{stream.state.branch}", told.time, name, counted)


def _satisfied(view: View) -> Figures:
    """By dimension: of the customers who rated it, the share whose latest rating is good enough."""
    shares: Figures = {}
    for dimension in view.params["dimensions"]:
        latest = _latest(view.parts.values(), dimension)
        good = sum(rating >= view.params["satisfied_from"] for rating in latest.values())
        if latest:
            shares[dimension] = good / len(latest)
    return shares


def _latest(answers: Any, dimension: str) -> dict[str, float]:
    said: Sequence[Any] = sorted(answers, key=lambda answer: int(answer[1]))
    return {customer: ratings[dimension] for customer, _, ratings in said if dimension in ratings}


FEEDBACK = Feed("feedback", ("feedback.given", *WITHDRAWALS), _feedback)


MEASURES: dict[str, Measure] = {
    "market-hours": Measure(VISITS, _market_hours),
    "unplanned-share": Measure(VISITS, _unplanned_share),
    "visits-per-day": Measure(VISITS, _visits_per_day),
    "on-site-share": Measure(VISITS, _on_site_share, of_holders=True),
    "visits-per-customer": Measure(VISITS, _visits_per_customer, of_holders=True),
    "spot-checks": Measure(VISITS, _spot_checks),
    "evaluations": Measure(VISITS, _evaluations, of_holders=True),
    "breaches": Measure(BREACHES, _count, _moments),
    "complaints": Measure(COMPLAINTS, _count, _moments, per="branch"),
    "broken-promises": Measure(PROMISES, _count, _moments, per="branch"),
    "satisfied": Measure(FEEDBACK, _satisfied, per="branch"),
}


def held_in(links: Mapping[str, Any], span: Window) -> frozenset[str]:
    """The customers that were held at any time in a window."""
    return holding.held_within(links, span.start, span.end)
