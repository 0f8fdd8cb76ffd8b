"""Obligations: opened by a fact, warned of, met, breached, moved or withdrawn, for any stream.

Source of the rules: "How a rule plays out". All times are instants; due dates are in the pack's zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from domain import escalation
from domain.conditions import Condition, Situation
from domain.envelope import Event
from domain.events import (
    ObligationBreached,
    ObligationMet,
    ObligationMoved,
    ObligationOpened,
    ObligationWarned,
    ObligationWithdrawn,
)
from domain.events.base import written
from domain.stream import Duty, Stream, name_of
from domain.working_time import Deadline, deadline, end_of_date, parse_period, until

if TYPE_CHECKING:
    from domain.engine import Turn
    from domain.policy import BoundClause, Step


def holds(conditions: Sequence[Condition | None], situation: Situation) -> bool:
    return any(condition is None or condition(situation) for condition in conditions)


def settle(turn: Turn, stream: Stream, event: Event, situation: Situation) -> None:
    """What the event does to what is already owed: meets it or withdraws it. What happened before it was
    owed, by a fact of another stream, does nothing to it."""
    for duty in (*stream.running(), *stream.overdue()) if stream.live else ():
        clause = stream.policy.clauses.get(duty.clause)
        if clause is None or not (event.type in clause.met_by or event.type in clause.withdrawn_by):
            continue
        if event.time < duty.opened_at:
            continue
        seen = Situation(event, situation.state, duty)
        if holds(clause.met_by.get(event.type, ()), seen):
            do(turn, stream, duty, event)
        elif holds(clause.withdrawn_by.get(event.type, ()), seen):
            end(turn, stream, duty, event)


def do(turn: Turn, stream: Stream, duty: Duty, event: Event) -> None:
    """What is owed was done: in time it is met; after the breach it only stands the escalation down."""
    if duty.status == "open":
        because = f"{event}, due {written(duty.due_at)}"
        turn.emit(stream, ObligationMet.made(about(stream, duty, because)), event.time, event)
    escalation.stand_down(turn, stream, f"breach:{duty.key}", event, f"done by {event.type}")


def end(turn: Turn, stream: Stream, duty: Duty, event: Event) -> None:
    """What is owed is owed no more. A breach stays; only its escalation ends."""
    if duty.status == "open":
        withdraw(turn, stream, duty, event, event.time)
    else:
        escalation.stand_down(turn, stream, f"breach:{duty.key}", event, f"ended by {event.type}")


def withdraw(
    turn: Turn, stream: Stream, duty: Duty, cause: Event, time: datetime, *, runs_on: bool = False
) -> None:
    """Takes back an open obligation, or a breach that a late fact disproves; `runs_on`, the breach alone."""
    said = about(stream, duty, str(cause)) | ({"runs_on": True} if runs_on else {})
    turn.emit(stream, ObligationWithdrawn.made(said), time, cause)
    reason = f"withdrawn by {cause.type}"
    escalation.stand_down(turn, stream, f"breach:{duty.key}", cause, reason, time)


def open_all(turn: Turn, stream: Stream, event: Event, steps: Sequence[Step], situation: Situation) -> None:
    for step in steps:
        if step.condition is None or step.condition(situation):
            _open(turn, stream, event, step.clause, situation)


def _open(turn: Turn, stream: Stream, event: Event, clause: BoundClause, situation: Situation) -> None:
    if not may_open(stream, clause) or not says_when(event, clause):
        return
    of = getattr(event.data, clause.row.per) if clause.row.per else None
    key = _key(clause, of, event)
    if key in stream.duties if clause.row.once else _runs(stream, clause, of):
        return
    term, due = reckon(stream, event, clause, situation)
    against = getattr(stream.state, clause.row.counts_against) if clause.row.counts_against else None
    start(turn, stream, clause, Opening(key, of, event, event.time, term, due, against))


def says_when(event: Event, clause: BoundClause) -> bool:
    """Whether what is owed has a time: a field that may be left out, and was, asks for nothing."""
    return clause.row.due is None or getattr(event.data, clause.row.due) is not None


def may_open(stream: Stream, clause: BoundClause) -> bool:
    """Nothing is owed for a complaint that was withdrawn or merged, nor, once it is closed, what only
    made sense while it ran."""
    status = stream.state.__dict__.get("status", "open")
    return status == "open" or (status == "closed" and not clause.row.ends_on_close)


def _runs(stream: Stream, clause: BoundClause, of: str | None) -> bool:
    return bool(stream.live) and not clause.row.each and stream.find_running(clause.id, of) is not None


def _key(clause: BoundClause, of: str | None, event: Event) -> str:
    if clause.row.once:
        return clause.id
    name = name_of(event)
    return f"{clause.id}:{of}:{name}" if of else f"{clause.id}:{name}"


def reckon(
    stream: Stream, event: Event, clause: BoundClause, situation: Situation
) -> tuple[str | None, Deadline]:
    """The period that counts and when it ends; a pause that still runs is counted when it ends."""
    if clause.row.due is not None:
        target = getattr(event.data, clause.row.due)
        if not isinstance(target, datetime):
            target = end_of_date(target, clause.calendar)
        return None, until(event.time, target, clause.calendar)
    for condition, text, period in clause.terms:
        if condition is None or condition(situation):
            pauses = getattr(stream.state, "pauses", ()) if clause.row.pauses else ()
            return text, deadline(event.time, period, clause.calendar, pauses)
    raise AssertionError(f"{clause.id}: no term applies; packs are checked for this on load")


class Opening(NamedTuple):
    """An obligation about to be opened."""

    key: str
    of: str | None
    event: Event
    at: datetime
    within: str | None
    due: Deadline
    against: str | None = None


def start(
    turn: Turn, stream: Stream, clause: BoundClause, opening: Opening, time: datetime | None = None
) -> None:
    """Opens an obligation; one that was due before it opened is breached at once, unless it is paused.

    `time` is when it opens, where that is not when it counts from (what a merge withdrew runs again).
    """
    time = time or opening.at
    announce(turn, stream, clause, opening, time)
    duty = stream.duties[opening.key]
    if duty.due_at < time and not stream.is_paused(duty):
        breach(turn, stream, duty, opening.event, time, time)


def announce(turn: Turn, stream: Stream, clause: BoundClause, opening: Opening, time: datetime) -> None:
    """Records that an obligation opened, and nothing that follows from it."""
    due, period = opening.due, f"{opening.within or 'due'}{clause.assumed}"
    said = {
        "clause": clause.id,
        "source": clause.cites,
        "because": f"{period} from {written(opening.at)}: {opening.event.type}",
        "obligation": opening.key,
        "of": opening.of,
        "due_at": due.due_at,
        "warn_at": due.warn_at,
        "opened_at": opening.at,
        "within": opening.within,
        "duty_of": opening.against,
        "pauses": clause.row.pauses,
        "provisional": due.provisional or None,
    }
    turn.emit(stream, ObligationOpened.made(said), time, opening.event)


def term(clause: BoundClause, cause: Event) -> Deadline:
    """When what is owed for something that happened in another stream is due."""
    return deadline(cause.time, clause.terms[0][2], clause.calendar)


def owe(turn: Turn, stream: Stream, clause: BoundClause, key: str, of: str, cause: Event) -> None:
    """Opens an obligation on a stream for what happened in another one."""
    late = stream.is_late(cause)
    opening = Opening(key, of, cause, cause.time, clause.terms[0][1], term(clause, cause))
    start(turn, stream, clause, opening)
    if late:
        turn.judge_again(stream, cause)


def breach(turn: Turn, stream: Stream, duty: Duty, cause: Event, time: datetime, raised_at: datetime) -> None:
    """Records a breach, and from `raised_at` on its escalation."""
    because = f"not done by {written(duty.due_at)}"
    event = turn.emit(stream, ObligationBreached.made(about(stream, duty, because)), time, cause)
    escalation.raise_for_breach(turn, stream, duty, event, raised_at)


def warn(turn: Turn, stream: Stream, duty: Duty, time: datetime) -> None:
    because = f"80 % of the time is used up, due {written(duty.due_at)}"
    turn.emit(stream, ObligationWarned.made(about(stream, duty, because)), time, duty.opening)


def fire(turn: Turn, stream: Stream, at: datetime) -> None:
    """Warns of and breaches what is due at this instant, unless it is paused.

    What was learned late is warned of when it is learned, unless it is breached by then; a breach keeps
    its time, and its ladder starts when it was learned.
    """
    confirm(turn, stream, at)
    for duty in stream.running():
        if stream.is_paused(duty):
            continue
        if (warn_at := duty.to_warn_at) is not None and warn_at <= at:
            warn(turn, stream, duty, max(warn_at, duty.learned_at))
        if duty.due_at <= at:
            time = max(duty.due_at, duty.opened_at)
            breach(turn, stream, duty, duty.opening, time, max(time, duty.learned_at))


def about(stream: Stream, duty: Duty, because: str) -> dict[str, Any]:
    clause = stream.policy.clauses.get(duty.clause)
    return {
        "clause": duty.clause,
        "source": clause.cites if clause else duty.clause,
        "because": because,
        "obligation": duty.key,
        "of": duty.of,
        "due_at": duty.due_at,
        "opened_at": duty.opened_at,
        "duty_of": duty.against,
    }


def recount(turn: Turn, stream: Stream, event: Event) -> None:
    """A pause ended: what it did not count moves the due dates."""
    for duty in stream.running():
        if duty.pauses and duty.within is not None:
            clause = stream.policy.clauses[duty.clause]
            due = deadline(duty.opened_at, parse_period(duty.within), clause.calendar, stream.state.pauses)
            move(turn, stream, duty, due, event)


def confirm(turn: Turn, stream: Stream, at: datetime) -> None:
    """What was due by a schedule nobody had published yet is moved once the schedule is known."""
    for duty in stream.running():
        clause = stream.policy.clauses.get(duty.clause)
        if duty.provisional and duty.within is not None and clause is not None:
            pauses = getattr(stream.state, "pauses", ()) if duty.pauses else ()
            due = deadline(duty.opened_at, parse_period(duty.within), clause.calendar, pauses)
            if not due.provisional:
                move(turn, stream, duty, due, duty.opening, at)


def move(
    turn: Turn,
    stream: Stream,
    duty: Duty,
    due: Deadline,
    cause: Event,
    at: datetime | None = None,
    within: str | None = None,
) -> None:
    """Records a new due date; `within` is the period that counts from now on, where that changes."""
    if due.due_at == duty.due_at and within in (None, duty.within):
        return
    because = "the official schedule is known" if at else str(cause)
    said = {
        **about(stream, duty, because),
        "due_at": due.due_at,
        "previous_due_at": duty.due_at,
        "within": within,
        "warn_at": due.warn_at,
        "provisional": due.provisional or None,
    }
    turn.emit(stream, ObligationMoved.made(said), at or cause.time, cause)
