"""Escalations: raised by a breach or by a rule, climbing the ladder until somebody acknowledges.

Level 1 is raised at once; the next one when nobody acknowledged within the step's time (the pack's
`step`, by default 1 working day; 30 minutes where the severity is critical).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from domain.envelope import Event
from domain.events import EscalationRaised, EscalationStoodDown
from domain.events.base import role, written
from domain.pack import SEVERITIES, Ladder, Severity
from domain.stream import Alarm, Duty, Stream, name_of
from domain.working_time import deadline

if TYPE_CHECKING:
    from domain.engine import Turn
    from domain.policy import BoundClause, Step


def at_least(severity: Severity, floor: Severity) -> Severity:
    return max(severity, floor, key=SEVERITIES.index)


def severity_of(turn: Turn, stream: Stream, severity: Severity) -> Severity:
    """Every escalation about a key customer's complaint is at least high (clause general.key-account)."""
    customer = stream.state.__dict__.get("customer")
    if stream.kind != "complaint" or customer is None:
        return severity
    for clause in stream.policy.with_rule("key-account"):
        if turn.world.stream(f"customer/{customer}").state.category == clause.row.params["category"]:
            severity = at_least(severity, clause.row.params["severity"])
    return severity


def raise_for_breach(turn: Turn, stream: Stream, duty: Duty, breach: Event, at: datetime) -> None:
    clause = stream.policy.clauses.get(duty.clause)
    if clause is not None:
        severity = severity_of(turn, stream, "warning")
        reason = f"{duty.clause} was due {written(duty.due_at)}"
        _raise(turn, stream, clause, (f"breach:{duty.key}", 1, severity, clause.ladder), at, breach, reason)


def raise_by_rule(turn: Turn, stream: Stream, event: Event, step: Step) -> None:
    """What a rule raises at once; about what is learned late, when it is learned: nobody could act before."""
    clause = step.clause
    severity = severity_of(turn, stream, step.says.severity)
    key = f"{clause.id}:{name_of(event) if not step.clause.row.once else 'once'}"
    if key in stream.alarms or getattr(stream.state, "status", "open") in ("withdrawn", "merged"):
        return
    ladder = step.says.ladder or clause.ladder
    reason = clause.row.text.en
    at = max(event.time, event.recordedtime or event.time)
    _raise(turn, stream, clause, (key, 1, severity, ladder), at, event, reason)


def raise_late(turn: Turn, stream: Stream, ideal: Alarm, cause: Event) -> None:
    """What a rule would have raised, had the late fact been known: its ladder starts now."""
    clause = stream.policy.clauses[ideal.clause]
    rung = (ideal.key, 1, ideal.severity, _ladder(clause, ideal))
    _raise(turn, stream, clause, rung, turn.now, cause, clause.row.text.en)


def _raise(
    turn: Turn,
    stream: Stream,
    clause: BoundClause,
    alarm: tuple[str, int, Severity, Ladder],
    at: datetime,
    cause: Event,
    reason: str,
) -> None:
    key, level, severity, ladder = alarm
    said = {
        "clause": clause.id,
        "source": clause.cites,
        "because": f"{reason}; level {level} of {len(ladder)}",
        "escalation": key,
        "level": level,
        "severity": severity,
        "to": tuple(map(role, ladder[level - 1])),
        "reason": reason,
        "next_at": _next(clause, severity, at) if level < len(ladder) else None,
    }
    turn.emit(stream, EscalationRaised.made(said), at.astimezone(clause.calendar.tz), cause)


def _next(clause: BoundClause, severity: str, at: datetime) -> datetime:
    period = clause.critical_step if severity == "critical" else clause.step
    return deadline(at, period, clause.calendar).due_at


def _ladder(clause: BoundClause, alarm: Alarm) -> Ladder:
    if alarm.about is None:
        return next((row.ladder for row in clause.row.escalates if row.ladder), clause.ladder)
    return clause.ladder


def climb(turn: Turn, stream: Stream, at: datetime) -> None:
    """Raises the next level of what nobody acknowledged in time."""
    for alarm in stream.firing():
        if alarm.status == "firing" and alarm.next_at is not None and alarm.next_at <= at:
            clause = stream.policy.clauses[alarm.clause]
            reason = f"{alarm.clause}: level {alarm.level} was not acknowledged"
            ladder = _ladder(clause, alarm)
            severity = severity_of(turn, stream, alarm.severity)
            rung = (alarm.key, min(alarm.level + 1, len(ladder)), severity, ladder)
            _raise(turn, stream, clause, rung, alarm.next_at, _latest(stream, alarm), reason)


def _latest(stream: Stream, alarm: Alarm) -> Event:
    """What a stream that climbs last heard of; one on which nothing was told owes for another's fact."""
    return stream.story[-1] if stream.story else stream.duties[str(alarm.about)].opening


def stand_down(
    turn: Turn, stream: Stream, key: str, cause: Event, reason: str, at: datetime | None = None
) -> None:
    """Ends an escalation whose matter is met, closed or withdrawn; one that is over stays as it is."""
    alarm = stream.alarms.get(key)
    if alarm is None or alarm.status == "stood-down":
        return
    clause = stream.policy.clauses.get(alarm.clause)
    said = {
        "clause": alarm.clause,
        "source": clause.cites if clause else alarm.clause,
        "because": f"{reason} at {written(cause.time)}",
        "escalation": key,
        "reason": reason,
    }
    turn.emit(stream, EscalationStoodDown.made(said), at or cause.time, cause)
