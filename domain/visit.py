"""A visit (走访): planned or not, started, excepted or moved, ended, summed up, reviewed.

Source: 徐州市烟草公司客户经理工作规范 (003); 001-13; 004.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from domain.envelope import Event
from domain.events import ViolationFound
from domain.frozen import replace
from domain.rules import rule
from domain.stream import Stream, name_of
from domain.working_time import deadline, local_day, parse_period

if TYPE_CHECKING:
    from domain.engine import Emit, Owe, Rejudge, Turn
    from domain.policy import BoundClause

KIND = "visit"


@dataclass(frozen=True)
class Visit:
    """What decisions need to know of a visit. Where plan and start differ, what was started counts."""

    customer: str | None = None
    manager: str | None = None
    branch: str | None = None
    mode: str | None = None
    date: date | None = None
    purpose: str = "routine"
    appointment: datetime | None = None
    planned: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None
    summarised: bool = False
    reported: bool = False


INITIAL = Visit()


def _planned(state: Visit, event: Event) -> Visit:
    data: Any = event.data
    return replace(
        state,
        customer=state.customer or data.customer,
        manager=state.manager or data.manager,
        mode=state.mode or data.mode,
        date=data.date,
        purpose=data.purpose or "routine",
        appointment=data.appointment,
        planned=True,
    )


def _started(state: Visit, event: Event) -> Visit:
    data: Any = event.data
    return replace(
        state,
        customer=data.customer or state.customer,
        manager=data.manager or state.manager,
        branch=data.branch or state.branch,
        mode=data.mode or state.mode,
        started_at=event.time,
    )


def _rescheduled(state: Visit, event: Event) -> Visit:
    """The appointment was for the old date; none is known for the new one."""
    data: Any = event.data
    return replace(state, date=data.date, appointment=None)


def _ended(state: Visit, event: Event) -> Visit:
    return replace(state, ended_at=event.time)


def _summarised(state: Visit, _event: Event) -> Visit:
    return replace(state, summarised=True)


def _reported(state: Visit, _event: Event) -> Visit:
    return replace(state, reported=True)


EVOLVE: dict[str, Callable[[Visit, Event], Visit]] = {
    "visit.planned": _planned,
    "visit.started": _started,
    "visit.rescheduled": _rescheduled,
    "visit.ended": _ended,
    "visit.summarised": _summarised,
    "visit.reported": _reported,
}


def may_begin_again(state: Visit, event: Event) -> bool:
    """A planned visit starts once; a plan learned after the start but dated before it is a late fact."""
    if event.type == "visit.started":
        return state.started_at is None
    return not state.planned and state.started_at is not None and event.time < state.started_at


def incomplete(state: Visit, event: Event) -> str | None:
    """The field that a visit nobody planned lacks: who visited whom, and how, must then be said."""
    if event.type != "visit.started" or state.planned:
        return None
    return next((name for name in ("customer", "manager", "mode") if getattr(event.data, name) is None), None)


# ---- 003 六.1: a manager's first planned on-site visit of the day starts by 08:30


def _arrived(state: Visit) -> bool:
    return state.started_at is not None and state.planned and state.mode == "on-site"


def _arrivals(stream: Stream, clause: BoundClause) -> str:
    """The link under which the planned on-site visits of a manager's day are found."""
    return f"first-arrivals/{stream.state.manager}/{local_day(stream.state.started_at, clause.calendar)}"


def first_arrival_link(stream: Stream, _event: Event) -> Iterator[tuple[str, str, Any]]:
    """Known once the visit has started; a plan learned late makes a visit that started a planned one."""
    if _arrived(stream.state):
        for clause in stream.policy.with_rule("first-arrival"):
            yield _arrivals(stream, clause), stream.subject, stream.state.started_at.isoformat()


def _starts(arrivals: Mapping[str, str], but: str) -> Iterator[tuple[datetime, str]]:
    """When the visits but one of them started; of two at one instant the lower id comes first."""
    return ((datetime.fromisoformat(start), visit) for visit, start in arrivals.items() if visit != but)


def _is_first(stream: Stream, arrivals: Mapping[str, str]) -> bool:
    own = stream.state.started_at, stream.subject
    return not any(other < own for other in _starts(arrivals, stream.subject))


@rule("first-arrival", "visit.started", judged=True)
def first_arrival(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """The manager's first planned on-site visit of the day started too late (003 六.1)."""
    from domain.engine import Emit

    if not _arrived(stream.state) or not _is_after(event.time, clause):
        return
    if _is_first(stream, turn.world.links(_arrivals(stream, clause))):
        detail = "late-first-arrival"
        yield Emit(
            ViolationFound(
                clause=clause.id,
                source=clause.cites,
                because=f"visit.started at {event.time.isoformat()}: {clause.row.text.en}",
                violation=f"{clause.id}:{detail}:{name_of(event)}",
                detail=detail,
            )
        )


def _is_after(at: datetime, clause: BoundClause) -> bool:
    hour, _, minute = clause.row.params["by"].partition(":")
    day = local_day(at, clause.calendar).toordinal()
    return at > clause.calendar.clock(day, int(hour) * 3600 + int(minute) * 60)


@rule("first-arrival", "visit.started", "visit.planned")
def no_longer_first(turn: Turn, stream: Stream, _event: Event, clause: BoundClause) -> Iterator[Rejudge]:
    """What is learned late may show that another visit was not the day's first."""
    from domain.engine import Rejudge

    if not _arrived(stream.state):
        return
    arrivals = turn.world.links(_arrivals(stream, clause))
    if _is_first(stream, arrivals) and (others := list(_starts(arrivals, stream.subject))):
        yield Rejudge(min(others)[1])


# ---- 003 五(一): the manager's day is summed up


@rule("day-summary", "visit.started")
def owe_day_summary(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Owe]:
    """The day's first visit makes its summary due, unless it was summed up before. The day is the one whose
    17:30 it is due at, so that a summary told by then can meet it."""
    from domain.engine import Owe

    day = clause.calendar.local(event.time).date()
    subject = f"staff/{stream.state.manager}"
    if not _summed_up(turn.world.stream(subject), day, event.time, clause):
        yield Owe(subject, of=day.isoformat())


def _summed_up(manager: Stream, day: date, before: datetime, clause: BoundClause) -> bool:
    """Whether the day was summed up by then; only what was told since its first instant is looked at."""
    start = clause.calendar.start_of(day.toordinal())
    for event in reversed(manager.story):
        if event.time <= start:
            return False
        if event.type == "day.summarised" and event.time <= before:
            return True
    return False


@rule("day-summary", "day.summarised")
def summed_up_before(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> None:
    """A summary told before the day's first visit, though learned after it, shows that none is owed."""
    from domain import obligations

    day = local_day(event.time, clause.calendar)
    duty = stream.duties.get(f"{clause.id}:{day.isoformat()}")
    if duty is not None and event.time <= duty.opened_at and duty.status in ("open", "breached"):
        obligations.withdraw(turn, stream, duty, event, turn.now)


# ---- 003 七: what is known of a visit is kept


@rule("retention")
def retention(_turn: Turn, _stream: Stream, _event: Event, _clause: BoundClause) -> None:
    """Asked by no event: erasure looks it up with `kept_until`."""


def kept_until(stream: Stream) -> datetime | None:
    """Until when nothing about a visit may be erased or expire; None where no rule of its policy says so."""
    if stream.kind != KIND or not stream.story:
        return None
    latest = stream.story[-1].time
    ends = [
        deadline(latest, parse_period(clause.row.params["for"]), clause.calendar).due_at
        for clause in stream.policy.with_rule("retention")
    ]
    return max(ends, default=None)
