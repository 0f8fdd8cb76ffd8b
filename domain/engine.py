"""What must follow: the engine that puts a policy's rows to one stream at a time.

A :class:`Turn` works out one fact or one tick. In order, it takes the event in and asks each row what
follows. A late fact is judged by its time: the whole story is told again to a scratch copy of the
stream (`domain.judgement`), and what differs is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain import escalation, obligations, rebasing, turning_points
from domain.conditions import Situation
from domain.envelope import SYSTEM, Event
from domain.events import Data, ViolationFound
from domain.policy import BoundClause, Policy, Step
from domain.stream import REDERIVED, Stream, is_story, name_of


class World(Protocol):
    """What a decision may look at beyond its own stream. Everything read here is locked with it."""

    policy: Policy

    def stream(self, subject: str) -> Stream: ...
    def links(self, key: str) -> Mapping[str, Any]: ...
    def policy_named(self, version: str) -> Policy: ...


@dataclass(frozen=True, slots=True)
class Emit:
    """What a rule wants recorded: on its own stream, at its event's time, unless it says otherwise."""

    data: Data
    subject: str | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Owe:
    """What a rule wants owed once on another stream; `of` keeps the obligations of one clause apart."""

    subject: str
    of: str


@dataclass(frozen=True, slots=True)
class Rejudge:
    """A stream whose story another stream's fact may have changed the meaning of."""

    subject: str


def _id(stream: Stream, data: Data, cause: Event | None) -> str:
    """A derived event's id: its place in its stream. What is derived again when the story is judged again
    goes by what caused it instead, so that it is the same event then."""
    if cause is not None and data.type in REDERIVED:
        found = f"{stream.subject}:{data.type}:{name_of(cause)}"
        return found if found not in stream.void else f"{found}@{stream.version + 1}"
    return f"{stream.subject}@{stream.version + 1}"


class Turn:
    """One fact or tick being worked out. `now` is when it is learned, never when it is run."""

    def __init__(
        self,
        world: World,
        now: datetime,
        record: Callable[[Stream, Event], None],
        *,
        scratch: bool = False,
    ) -> None:
        self.world = world
        self.now = world.policy.calendar.local(now)
        self.record = record
        self.scratch = scratch

    def emit(self, stream: Stream, data: Data, time: datetime, cause: Event | None) -> Event:
        """Records a derived event on a stream; its id is its place there, so a repeat cannot double it.

        Only time causes an event without a `cause`: the end of a window.
        """
        event = Event(
            _id(stream, data, cause),
            SYSTEM,
            data.type,
            stream.subject,
            time,
            data,
            recordedtime=self.now,
            correlationid=(cause.correlationid or cause.subject) if cause else stream.subject,
            causationid=name_of(cause) if cause else None,
        )
        stream.evolve(event)
        self.record(stream, event)
        return event

    def tell(self, stream: Stream, event: Event) -> None:
        """Takes in a fact and lets everything follow from it."""
        late = stream.is_late(event)
        if not late:
            self.advance(stream, event.time)
        stream.evolve(event)
        self.record(stream, event)
        if late:
            self.judge_again(stream, event)
            self.decide(stream, event)
        else:
            self.follow(stream, event)

    def judge_again(self, stream: Stream, cause: Event) -> None:
        from domain.judgement import judge_again

        judge_again(self, stream, cause)

    def advance(self, stream: Stream, before: datetime) -> None:
        """Lets time alone have its effects on a stream, up to but not including `before`."""
        while (at := stream.next_due()) is not None and at < before:
            self.fire(stream, at)

    def fire(self, stream: Stream, at: datetime) -> None:
        """What falls due in a stream at one instant: warnings, breaches, the next step of a ladder."""
        obligations.fire(self, stream, at)
        escalation.climb(self, stream, at)
        for effect in stream.nature.expire(stream, at):
            self.take(stream, self.emit(stream, effect.data, effect.time or at, stream.story[-1]))

    def follow(self, stream: Stream, event: Event) -> None:
        """Everything that follows from an event of the stream's story."""
        situation = Situation(event, stream.state)
        obligations.settle(self, stream, event, situation)
        turning_points.follow(self, stream, event)
        if event.type == rebasing.REBASED:
            rebasing.follow(self, stream, event)
        handlers = stream.policy.handlers(event.type)
        for step in handlers.violates:
            if step.condition is None or step.condition(situation):
                self.find(stream, event, step)
        for clause, rule in handlers.rules:
            if rule.judged or not self.scratch:
                self.apply(stream, event, clause, rule.apply(self, stream, event, clause))
        obligations.open_all(self, stream, event, handlers.opens, situation)
        for step in handlers.escalates:
            if step.condition is None or step.condition(situation):
                escalation.raise_by_rule(self, stream, event, step)

    def decide(self, stream: Stream, event: Event) -> None:
        """The decisions that a late fact still needs: those that are made once and not judged again."""
        for clause, rule in stream.policy.handlers(event.type).rules:
            if not rule.judged:
                self.apply(stream, event, clause, rule.apply(self, stream, event, clause))

    def apply(self, stream: Stream, cause: Event, clause: BoundClause, effects: Any) -> None:
        for effect in effects or ():
            match effect:
                case Emit(data, subject, time):
                    target = self.world.stream(subject) if subject else stream
                    self.take(target, self.emit(target, data, time or cause.time, cause))
                case Owe(subject, of):
                    self.owe(self.world.stream(subject), clause, of, cause)
                case Rejudge(subject):
                    self.judge_again(self.world.stream(subject), cause)

    def owe(self, stream: Stream, clause: BoundClause, of: str, cause: Event) -> None:
        """Once; what was withdrawn is owed anew when it is learned to have been owed from an earlier time."""
        key = f"{clause.id}:{of}"
        known = stream.duties.get(key)
        if known is None or (known.status == "withdrawn" and cause.time < known.opened_at):
            obligations.owe(self, stream, clause, key, of, cause)

    def take(self, stream: Stream, event: Event) -> None:
        """What follows from a derived event; one dated before what is on record is judged by its time."""
        if not is_story(event):
            return
        if event.time < stream.story[-1].time and not self.scratch:
            self.judge_again(stream, event)
            self.decide(stream, event)
        else:
            self.follow(stream, event)

    def find(self, stream: Stream, event: Event, step: Step) -> None:
        """Records a violation beside the fact that broke the rule."""
        row, clause = step.says, step.clause
        key = f"{clause.id}:{row.detail}:{name_of(event)}"
        given = getattr(stream.state, row.given) if row.given else ()
        missing = tuple(name for name in row.expects if name not in given)
        if key in stream.findings or (row.expects and not missing):
            return
        data = ViolationFound(
            clause=clause.id,
            source=clause.cites,
            because=f"{event}: {clause.row.text.en}",
            violation=key,
            detail=row.detail,
            missing=missing,
        )
        self.emit(stream, data, event.time, event)
