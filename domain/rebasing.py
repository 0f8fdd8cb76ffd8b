"""Re-basing (规则换版): a running stream passes from the policy it began under to the one in force.

A new version of a pack is for the streams that begin after it. One that runs keeps its own until it is
re-based, explicitly and on record: from that moment on the new rows are asked, and what is still owed is
counted by them, from its own beginning but never to a time before the re-basing. Verdicts stand: what was met
or breached stays so, and what is learned late of the time before is judged by the policy of that time. What
the new policy does not ask for is owed no more; what it asks for anew begins with the facts that follow.

Source: rules, "the policy version in force when the stream began stays with it".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from domain import escalation, obligations
from domain.conditions import Situation
from domain.envelope import Event
from domain.events import PolicyRebased
from domain.stream import Duty, Stream, name_of

if TYPE_CHECKING:
    from domain.batch import Batch
    from domain.engine import Turn, World
    from domain.ledger import Ledger
    from domain.policy import BoundClause, Policy

REBASED = PolicyRebased.type
SOURCE = "huiyin rebase"


class Unknown(Exception):
    """Nothing is on record of such a stream."""


class Rebased(NamedTuple):
    """How many streams were re-based, and how many of their obligations moved or are owed no more."""

    streams: int
    moved: int
    withdrawn: int


def version_of(events: Sequence[Event]) -> str:
    """The policy that a stream with these events, as recorded, is under; empty where none is said."""
    said: Any = next((event.data for event in reversed(events) if event.type == REBASED), None)
    return str(said.version if said else events[0].extensions.get("policy", ""))


def branch_of(stream: Stream) -> str | None:
    """Whose branch's packs a stream is under: that of its beginning."""
    begins = (event for event in stream.story if event.type in stream.nature.begins_with)
    first = next(begins, stream.story[0])
    branch: str | None = first.data.__dict__.get("branch")
    return branch


def policies(world: World, stream: Stream) -> Iterator[Policy]:
    """The policies that a stream was under, the present one first."""
    yield stream.policy
    told: list[Any] = [event.data for event in stream.story if event.type == REBASED]
    for data in reversed(told):
        yield world.policy_named(data.previous).for_branch(branch_of(stream))


def clause_of(world: World, stream: Stream, name: str) -> BoundClause:
    """A clause as the last policy has it that knew it."""
    return next(policy.clauses[name] for policy in policies(world, stream) if name in policy.clauses)


def rebase(
    ledger: Ledger, subjects: Iterable[str], reason: str, now: datetime, by: str | None = None
) -> Rebased:
    """Brings streams under the ledger's policy, in one transaction; those that are under it stay as they are.

    Raises:
        Unknown: one of them has not begun; nothing was changed.
    """
    found: list[str] = []

    def work(batch: Batch) -> None:
        found.clear()
        for subject in subjects:
            stream = batch.stream(subject)
            if not stream.began:
                raise Unknown(subject)
            if stream.policy.version != batch.policy.version:
                _rebase(batch, stream, reason, now, by)
                batch.settle()
        found.extend(event.topic for event in batch.changes.events)

    ledger.work(work, now)
    return Rebased(*(found.count(of) for of in (REBASED, "obligation.moved", "obligation.withdrawn")))


def _rebase(batch: Batch, stream: Stream, reason: str, now: datetime, by: str | None) -> None:
    version, previous = batch.policy.version, stream.policy.version
    data = PolicyRebased(
        version=version,
        previous=previous,
        reason=reason,
        by=by,
        source=SOURCE,
        because=f"the stream passes from {previous} to {version}",
    )
    turn = batch.turn()
    turn.advance(stream, now)
    turn.take(stream, turn.emit(stream, data, now, None))


# ---- what follows, when it happens and whenever it is told again


def follow(turn: Turn, stream: Stream, event: Event) -> None:
    data: Any = event.data
    stream.policy = turn.world.policy_named(data.version).for_branch(branch_of(stream))
    for duty in stream.running():
        _count_anew(turn, stream, duty, event)
    for alarm in stream.firing():
        if alarm.clause not in stream.policy.clauses:
            escalation.stand_down(turn, stream, alarm.key, event, f"withdrawn by {event.type}")


def _count_anew(turn: Turn, stream: Stream, duty: Duty, event: Event) -> None:
    clause, opener = stream.policy.clauses.get(duty.clause), _opener(stream, duty)
    if clause is None:
        obligations.withdraw(turn, stream, duty, event, event.time)
    elif opener is not None and _opens(clause, opener):
        situation = Situation(opener, stream.state_at(opener.time))
        within, due = obligations.reckon(stream, opener, clause, situation)
        later = due._replace(due_at=max(due.due_at, event.time))
        obligations.move(turn, stream, duty, later, event, within=within)


def _opens(clause: BoundClause, opener: Event) -> bool:
    return opener.type in {one.on for one in clause.row.opens} and obligations.says_when(opener, clause)


def _opener(stream: Stream, duty: Duty) -> Event | None:
    """The fact that an obligation counts from; None where another stream's fact opened it."""
    return next((told for told in stream.story if name_of(told) == duty.opening.causationid), None)
