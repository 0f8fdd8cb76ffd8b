"""Judging a stream again when something is learned late.

The story, with the late fact in its place, is told to a scratch copy of the stream as if everything had
been learned in time. What the scratch copy owes, found and raised is then compared with what is on
record, and the difference is recorded: breaches that are disproved are withdrawn, never deleted; what
was missed is opened and, if it was due, breached at its due date, with a ladder that starts now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain import escalation, obligations, rebasing
from domain.engine import Turn
from domain.envelope import Event
from domain.events import ConclusionWithdrawn, ObligationMet, ViolationWithdrawn
from domain.events.base import written
from domain.stream import REDERIVED, Alarm, Duty, Stream, is_system, name_of
from domain.working_time import Deadline


def judge_again(turn: Turn, stream: Stream, cause: Event) -> None:
    """Records how the verdicts on a stream change because of `cause`."""
    if not stream.began:
        return
    scratch = tell_again(turn, stream)
    _story(turn, stream, scratch, cause)
    stream.state = scratch.state
    for key in {**stream.duties, **scratch.duties}:
        _duty(turn, stream, scratch, key, cause)
    _findings(turn, stream, scratch, cause)
    for key in {**stream.alarms, **scratch.alarms}:
        _alarm(turn, stream, key, scratch.alarms.get(key), cause)


def tell_again(turn: Turn, stream: Stream) -> Stream:
    """The stream as it would be had everything been learned when it happened, up to the turn's now."""
    *_, began_under = rebasing.policies(turn.world, stream)
    scratch = Stream(stream.subject, began_under)
    again = Turn(turn.world, turn.now, lambda _stream, _event: None, scratch=True)
    owed = [duty for duty in stream.duties.values() if duty.external and duty.status != "withdrawn"]
    told = [event for event in stream.story if not _is_rederived(event)]
    for event in sorted([*(duty.opening for duty in owed), *told], key=lambda event: event.time):
        again.advance(scratch, event.time)
        scratch.evolve(event)
        if event.type != "obligation.opened":
            again.follow(scratch, event)
    again.advance(scratch, turn.now)
    return scratch


def _is_rederived(event: Event) -> bool:
    return is_system(event) and event.type in REDERIVED


def _derived(stream: Stream) -> set[tuple[str, str | None]]:
    """Which conclusions a story holds, and what each follows from."""
    return {(event.type, event.causationid) for event in stream.story if is_system(event)}


def _story(turn: Turn, stream: Stream, scratch: Stream, cause: Event) -> None:
    """Derived events that belong to the story: those that follow no more, and those that only the late fact
    makes follow."""
    follows = _derived(scratch)
    for event in list(stream.story):
        if _is_rederived(event) and (event.type, event.causationid) not in follows:
            _unconclude(turn, stream, event, scratch.state.status, cause)
    known = _derived(stream)
    for event in list(scratch.story):
        if is_system(event) and (event.type, event.causationid) not in known:
            told = next(told for told in stream.story if name_of(told) == event.causationid)
            turn.emit(stream, event.data, event.time, told)


def _unconclude(turn: Turn, stream: Stream, event: Event, status: str, cause: Event) -> None:
    """Takes a conclusion back, and says how the complaint stands without it."""
    concluded: Any = event.data
    data = ConclusionWithdrawn(
        clause=concluded.clause,
        source=concluded.source,
        because=f"{cause} shows otherwise",
        conclusion=name_of(event),
        status=status,
    )
    turn.emit(stream, data, turn.now, cause)


def _open(turn: Turn, stream: Stream, ideal: Duty, cause: Event) -> None:
    """Records an obligation that is learned of late, without the breach that may follow it."""
    clause = rebasing.clause_of(turn.world, stream, ideal.clause)
    due = Deadline(ideal.due_at, ideal.warn_at, ideal.provisional, ())
    opener = next((told for told in stream.story if name_of(told) == ideal.opening.causationid), cause)
    opening = obligations.Opening(
        ideal.key, ideal.of, opener, ideal.opened_at, ideal.within, due, ideal.against
    )
    obligations.announce(turn, stream, clause, opening, ideal.opening.time)


def _ender(stream: Stream, ideal: Duty, cause: Event) -> Event:
    """What met the obligation or withdrew it, as the whole story has it."""
    return next((told for told in stream.story if name_of(told) == ideal.ended_by), cause)


def _meet(turn: Turn, stream: Stream, ideal: Duty, cause: Event) -> None:
    """Records that it was met; where a breach was disproved before, its withdrawal has said so."""
    if stream.duties[ideal.key].was_breached:
        return
    act = _ender(stream, ideal, cause)
    because = f"{act}, due {written(ideal.due_at)}"
    duty = stream.duties[ideal.key]
    turn.emit(stream, ObligationMet(**obligations.about(stream, duty, because)), act.time, act)


def _breach(turn: Turn, stream: Stream, ideal: Duty, cause: Event) -> None:
    """Breached at its due date; the ladder starts now, and ends at once where what was owed has been done
    since: so that whoever watches the breach hears that it is over."""
    duty = stream.duties[ideal.key]
    time = max(ideal.due_at, ideal.opened_at)
    obligations.breach(turn, stream, duty, cause, time, turn.now)
    if ideal.done_late:
        reason = f"done, as {cause.type} shows"
        escalation.stand_down(turn, stream, f"breach:{ideal.key}", cause, reason, turn.now)


def _breach_still(turn: Turn, stream: Stream, ideal: Duty, cause: Event) -> None:
    """What seemed done late, and was not, is breached still: said again, so that somebody takes it on."""
    if stream.duties[ideal.key].done_late and not ideal.done_late:
        _breach(turn, stream, ideal, cause)


def _let_breach(turn: Turn, stream: Stream, ideal: Duty, cause: Event) -> None:
    """What is open and overdue is breached when time next passes, as all that falls due: at one instant
    facts come first, and the next one may show that it was met. What has been done late since is breached
    here, as nothing is left to escalate."""
    if ideal.done_late:
        _breach(turn, stream, ideal, cause)


def _withdraw(turn: Turn, stream: Stream, ideal: Duty, cause: Event) -> None:
    """Withdrawn by a merge, though learned of later, it opens again when that is undone."""
    ender = _ender(stream, ideal, cause) if ideal.status == "withdrawn" else cause
    obligations.withdraw(turn, stream, stream.duties[ideal.key], ender, turn.now)


def _run_on(turn: Turn, stream: Stream, ideal: Duty, cause: Event) -> None:
    """Breached, though its time was not up yet: the breach is withdrawn, and what is owed runs on."""
    obligations.withdraw(turn, stream, stream.duties[ideal.key], cause, turn.now, runs_on=True)


def _move(turn: Turn, stream: Stream, ideal: Duty, cause: Event) -> None:
    due = Deadline(ideal.due_at, ideal.warn_at, ideal.provisional, ())
    obligations.move(turn, stream, stream.duties[ideal.key], due, cause)


def _warn(turn: Turn, stream: Stream, ideal: Duty, cause: Event) -> None:
    duty = stream.duties[ideal.key]
    if ideal.warned and not duty.warned:
        obligations.warn(turn, stream, duty, turn.now)


_Act = Callable[[Turn, Stream, Duty, Event], None]
_CHANGES: dict[tuple[str, str], tuple[_Act, ...]] = {
    ("none", "open"): (_open, _warn),
    ("none", "met"): (_open, _meet),
    ("none", "breached"): (_open, _let_breach),
    ("none", "withdrawn"): (_open, _withdraw),
    ("open", "none"): (_withdraw,),
    ("open", "open"): (_move, _warn),
    ("open", "met"): (_meet,),
    ("open", "breached"): (_move, _let_breach),
    ("open", "withdrawn"): (_withdraw,),
    ("breached", "none"): (_withdraw,),
    ("breached", "met"): (_withdraw,),
    ("breached", "open"): (_run_on, _move, _warn),
    ("breached", "withdrawn"): (_withdraw,),
    ("breached", "breached"): (_move, _breach_still),
    ("met", "none"): (_withdraw,),
    ("met", "open"): (_open, _warn),
    ("met", "breached"): (_move, _breach),
    ("withdrawn", "open"): (_open, _warn),
    ("withdrawn", "met"): (_meet,),
    ("withdrawn", "breached"): (_move, _breach),
}
"""What to record where the record says the first and the story, told again, says the second."""


def _duty(turn: Turn, stream: Stream, scratch: Stream, key: str, cause: Event) -> None:
    recorded, ideal = stream.duties.get(key), scratch.duties.get(key)
    change = (recorded.status if recorded else "none", ideal.status if ideal else "none")
    for act in _CHANGES.get(change, ()):
        act(turn, stream, ideal or stream.duties[key], cause)
    if recorded is not None and ideal is not None and ideal.done_late:
        reason = f"done, as {cause.type} shows"
        escalation.stand_down(turn, stream, f"breach:{key}", cause, reason, turn.now)


def _findings(turn: Turn, stream: Stream, scratch: Stream, cause: Event) -> None:
    for key, finding in scratch.findings.items():
        known = stream.findings.get(key)
        if known is None or not known.live:
            turn.emit(stream, finding.event.data, finding.event.time, cause)
    for key, finding in list(stream.findings.items()):
        if finding.live and key not in scratch.findings:
            _unfind(turn, stream, key, cause)


def _unfind(turn: Turn, stream: Stream, key: str, cause: Event) -> None:
    finding = stream.findings[key]
    found: Any = finding.event.data
    data = ViolationWithdrawn(
        clause=found.clause,
        source=found.source,
        because=f"{cause} shows otherwise",
        violation=key,
        detail=found.detail,
    )
    turn.emit(stream, data, turn.now, cause)


def _alarm(turn: Turn, stream: Stream, key: str, ideal: Alarm | None, cause: Event) -> None:
    known = stream.alarms.get(key)
    if ideal is None or ideal.status == "stood-down":
        escalation.stand_down(turn, stream, key, cause, f"{cause.type} shows it is over", turn.now)
    elif ideal.about is None and (known is None or _fires_still(known, ideal)):
        escalation.raise_late(turn, stream, ideal, cause)


def _fires_still(known: Alarm, ideal: Alarm) -> bool:
    """Whether it was stood down for something that turned out not to end it."""
    return (known.status, ideal.status) == ("stood-down", "firing")
