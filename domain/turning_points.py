"""What closing, withdrawing, merging or unmerging a complaint does to what is owed, and so a pause's end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from domain import escalation, obligations
from domain.conditions import Situation
from domain.envelope import Event
from domain.stream import Duty, Stream, name_of
from domain.working_time import Deadline

if TYPE_CHECKING:
    from domain.engine import Turn
    from domain.policy import BoundClause


def follow(turn: Turn, stream: Stream, event: Event) -> None:
    """What a turning point changes beyond what the rows say of it."""
    if point := _TURNING_POINTS.get(event.type):
        point(turn, stream, event)


def _on_close(turn: Turn, stream: Stream, event: Event) -> None:
    """Closing withdraws what only made sense while the complaint ran, and ends a pause."""
    for duty in stream.running():
        clause = stream.policy.clauses.get(duty.clause)
        if clause is not None and clause.row.ends_on_close:
            obligations.withdraw(turn, stream, duty, event, event.time)
    obligations.recount(turn, stream, event)
    for alarm in stream.firing():
        clause = stream.policy.clauses.get(alarm.clause)
        if alarm.about is None or (clause is not None and clause.row.ends_on_close):
            escalation.stand_down(turn, stream, alarm.key, event, event.type)


def _on_drop(turn: Turn, stream: Stream, event: Event) -> None:
    """Withdrawing or merging a complaint withdraws all that is open and stands everything down."""
    for duty in stream.running():
        obligations.withdraw(turn, stream, duty, event, event.time)
    for alarm in stream.firing():
        escalation.stand_down(turn, stream, alarm.key, event, event.type)


def _on_unmerge(turn: Turn, stream: Stream, event: Event) -> None:
    """Opens again what the merge withdrew, with the old due dates; but for what came to its end meanwhile.

    A complaint may have been merged into one and then into another: what each merge withdrew is opened.
    """
    before = reversed(stream.story[:-1])
    told = list(takewhile(lambda one: one.type != "complaint.unmerged", before))[::-1]
    merges = {name_of(one): n for n, one in enumerate(told) if one.type == "complaint.merged"}
    for duty in list(stream.duties.values()) if merges else ():
        merge = merges.get(duty.ended_by or "") if duty.status == "withdrawn" else None
        if merge is not None and _is_owed_again(stream, duty, told[merge:]):
            _reopen(turn, stream, duty, event)


def _is_owed_again(stream: Stream, duty: Duty, told: Sequence[Event]) -> bool:
    """Whether what a merge withdrew, owed before it, did not come to its end in what was told from it on."""
    clause = stream.policy.clauses.get(duty.clause)
    if clause is None or duty.opened_at > told[0].time or not obligations.may_open(stream, clause):
        return False
    return not any(_ends(stream, clause, duty, one) for one in told)


def _ends(stream: Stream, clause: BoundClause, duty: Duty, told: Event) -> bool:
    """Whether what happened while nothing was owed did what is owed, or made it needless."""
    conditions = (*clause.met_by.get(told.type, ()), *clause.withdrawn_by.get(told.type, ()))
    if not conditions:
        return False
    return obligations.holds(conditions, Situation(told, stream.state_at(told.time), duty))


def _reopen(turn: Turn, stream: Stream, duty: Duty, event: Event) -> None:
    due = Deadline(duty.due_at, duty.warn_at, duty.provisional, ())
    opening = obligations.Opening(duty.key, duty.of, event, duty.opened_at, duty.within, due, duty.against)
    obligations.start(turn, stream, stream.policy.clauses[duty.clause], opening, event.time)


_TURNING_POINTS: Mapping[str, Callable[[Turn, Stream, Event], None]] = {
    "complaint.closed": _on_close,
    "complaint.withdrawn": _on_drop,
    "complaint.merged": _on_drop,
    "complaint.unmerged": _on_unmerge,
    "complaint.resumed": obligations.recount,
}
