"""One stream: what was told of it, what it is now, and what is owed.

`Stream.evolve` takes in any recorded event. It decides nothing and cannot fail: what was decided is in
the event. So the same function serves while deciding and when a stream is loaded from the ledger.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

from domain.envelope import SYSTEM, Event
from domain.events import DERIVED, Data

if TYPE_CHECKING:
    from domain.kinds import Kind
    from domain.pack import Severity
    from domain.policy import Policy

BOOKKEEPING = (
    "obligation.",
    "violation.",
    "conclusion.",
    "escalation.raised",
    "escalation.stood_down",
    "kpi.",
    "history.",
)
"""Derived events that follow from the story and are not part of it."""

REDERIVED = frozenset({"complaint.classified", "complaint.reopened"})
"""Derived events of the story that are worked out anew when the story is judged again."""

NOTHING = Data()

_time = attrgetter("time")


@dataclass(slots=True)
class Duty:
    """One obligation. `of` tells those of one clause apart (a day, a change, a person who left)."""

    key: str
    clause: str
    of: str | None
    opened_at: datetime
    due_at: datetime
    warn_at: datetime | None
    opening: Event
    pauses: bool = False
    against: str | None = None
    provisional: bool = False
    within: str | None = None
    status: str = "open"
    warned: bool = False
    done_late: bool = False
    was_breached: bool = False
    ended_by: str | None = None
    moved_at: datetime | None = None

    @property
    def learned_at(self) -> datetime:
        """When it was learned that this is owed by that time."""
        learned = self.opening.recordedtime or self.opened_at
        return learned if self.moved_at is None else max(learned, self.moved_at)

    @property
    def to_warn_at(self) -> datetime | None:
        """When it is still to be warned of; what was learned too late to be done in time is not."""
        return None if self.warned or self.learned_at >= self.due_at else self.warn_at

    @property
    def external(self) -> bool:
        """Whether it was opened by what happened in another stream."""
        return self.opening.correlationid not in (None, self.opening.subject)


@dataclass(slots=True)
class Alarm:
    """One escalation on its way up the ladder. `about` is the obligation it is about, if any."""

    key: str
    clause: str
    about: str | None
    level: int
    severity: Severity
    next_at: datetime | None
    raised_at: datetime
    status: str = "firing"


@dataclass(slots=True)
class Finding:
    """One violation, as it was found; `live` until it is withdrawn."""

    event: Event
    live: bool = True


def is_system(event: Event) -> bool:
    return event.source == SYSTEM


def name_of(event: Event) -> str:
    """What an event is called inside the ledger: ids are unique only within their source."""
    return event.id if event.source == SYSTEM else f"{event.source}#{event.id}"


_BOOKS = frozenset(name for name in DERIVED if name.startswith(BOOKKEEPING))


def is_story(event: Event) -> bool:
    """Whether the event says what happened (rather than what is owed for it)."""
    return event.type not in _BOOKS or event.source != SYSTEM


def _nature(kind: str) -> Kind:
    """The kind of stream that goes by this name; the kinds' own rules look at streams, so it comes late."""
    from domain.kinds import KINDS

    return KINDS[kind]


class Stream:
    """The state of one subject. Changed by `evolve` alone."""

    __slots__ = (
        "alarms",
        "duties",
        "findings",
        "fired",
        "kind",
        "live",
        "looked_up",
        "nature",
        "policy",
        "state",
        "story",
        "subject",
        "version",
        "void",
    )

    def __init__(self, subject: str, policy: Policy) -> None:
        self.subject = subject
        self.kind = subject.partition("/")[0]
        self.policy = policy
        self.version = 0
        self.story: list[Event] = []
        self.nature = _nature(self.kind)
        self.state: Any = self.nature.initial
        self.duties: dict[str, Duty] = {}
        self.live: dict[str, Duty] = {}
        self.alarms: dict[str, Alarm] = {}
        self.findings: dict[str, Finding] = {}
        self.fired: datetime | None = None
        self.void: set[str] = set()
        self.looked_up: tuple[int, Any, datetime | None] = (-1, None, None)

    @classmethod
    def told(cls, subject: str, policy: Policy, events: Iterable[Event]) -> Self:
        """A stream as these events of it, in the order recorded, leave it."""
        stream = cls(subject, policy)
        for event in events:
            stream.evolve(event)
        return stream

    @property
    def began(self) -> bool:
        return bool(self.story)

    def is_late(self, event: Event) -> bool:
        """Whether the event happened before something that is already on record here."""
        if self.story and event.time < self.story[-1].time:
            return True
        return self.fired is not None and event.time <= self.fired

    def evolve(self, event: Event) -> None:
        """Takes in one recorded event."""
        self.version += 1
        handler = _BOOKKEEPERS.get(event.type)
        if handler is not None:
            handler(self, event)
        if is_story(event):
            self._tell(event)

    def _tell(self, event: Event) -> None:
        story = self.story
        if not story or event.time >= story[-1].time:
            story.append(event)
            self.state = self.nature.evolve(self.state, event)
        else:
            story.insert(bisect_right(story, event.time, key=_time), event)
            self.state = self._fold(story)

    def _fold(self, events: list[Event]) -> Any:
        state = self.nature.initial
        for event in events:
            state = self.nature.evolve(state, event)
        return state

    def state_at(self, moment: datetime) -> Any:
        """What was so at `moment`, by all that is known now."""
        if not self.story or self.story[-1].time <= moment:
            return self.state
        return self._fold(self.story[: bisect_right(self.story, moment, key=_time)])

    def running(self) -> list[Duty]:
        return [duty for duty in self.live.values() if duty.status == "open"]

    def overdue(self) -> list[Duty]:
        """Breached, and not done since."""
        return [duty for duty in self.live.values() if duty.status == "breached"]

    def find_running(self, clause: str, of: str | None) -> Duty | None:
        return next((duty for duty in self.running() if duty.clause == clause and duty.of == of), None)

    def firing(self) -> list[Alarm]:
        return [alarm for alarm in self.alarms.values() if alarm.status != "stood-down"]

    def is_paused(self, duty: Duty) -> bool:
        """Whether time stands still for it; what was due before the pause began was due all the same."""
        since = self.state.__dict__.get("paused_since") if duty.pauses else None
        return since is not None and since <= duty.due_at

    def next_due(self) -> datetime | None:
        """When time alone will next make something follow here; looked up once for each state of affairs."""
        version, state, found = self.looked_up
        if version != self.version or state is not self.state:
            found = min(self._times(), default=None) if self._waits else None
            self.looked_up = (self.version, self.state, found)
        return found

    @property
    def _waits(self) -> bool:
        """Whether time alone may make something follow here: in most streams nothing is owed."""
        return bool(self.live or self.alarms or self.nature.has_timers)

    def _times(self) -> Iterator[datetime]:
        yield from self.nature.timers(self)
        for duty in self.live.values():
            if duty.status == "open" and not self.is_paused(duty):
                yield duty.to_warn_at or duty.due_at
        for alarm in self.alarms.values():
            if alarm.next_at is not None and alarm.status == "firing":
                yield alarm.next_at


def _opening(stream: Stream, event: Event) -> Event:
    """The opening as the obligation keeps it: with its data only where the story does not tell it."""
    own = event.correlationid in (None, event.subject)
    return event.saying(NOTHING) if own else event


def _opened(stream: Stream, event: Event) -> None:
    data: Any = event.data
    stream.live[data.obligation] = stream.duties[data.obligation] = Duty(
        data.obligation,
        data.clause,
        data.of,
        data.opened_at or event.time,
        data.due_at,
        data.warn_at,
        _opening(stream, event),
        bool(data.pauses),
        data.duty_of,
        bool(data.provisional),
        data.within,
    )


def _moved(stream: Stream, event: Event) -> None:
    data: Any = event.data
    if duty := stream.duties.get(data.obligation):
        duty.due_at, duty.warn_at = data.due_at, data.warn_at
        duty.moved_at = event.recordedtime
        duty.within = data.within or duty.within
        duty.provisional = bool(data.provisional)


def _ended(status: str) -> Callable[[Stream, Event], None]:
    def end(stream: Stream, event: Event) -> None:
        data: Any = event.data
        if duty := stream.duties.get(data.obligation):
            duty.status = status
            duty.ended_by = event.causationid
            stream.live.pop(duty.key, None)

    return end


def _withdrawn(stream: Stream, event: Event) -> None:
    """A breach that is withdrawn because the time was not up yet leaves an obligation that runs."""
    data: Any = event.data
    if not data.runs_on:
        _end_withdrawn(stream, event)
    elif duty := stream.duties.get(data.obligation):
        duty.status, duty.warned, duty.was_breached = "open", False, False
        stream.live[duty.key] = duty


_end_withdrawn = _ended("withdrawn")


def _breached(stream: Stream, event: Event) -> None:
    data: Any = event.data
    _fired(stream, event)
    if duty := stream.duties.get(data.obligation):
        duty.status, duty.was_breached, duty.done_late = "breached", True, False
        stream.live[duty.key] = duty


def _warned(stream: Stream, event: Event) -> None:
    data: Any = event.data
    _fired(stream, event)
    if duty := stream.duties.get(data.obligation):
        duty.warned = True


def _fired(stream: Stream, event: Event) -> None:
    stream.fired = event.time if stream.fired is None else max(stream.fired, event.time)


def _found(stream: Stream, event: Event) -> None:
    data: Any = event.data
    stream.findings[data.violation] = Finding(event)


def _unfound(stream: Stream, event: Event) -> None:
    data: Any = event.data
    if finding := stream.findings.get(data.violation):
        finding.live = False


def _unconcluded(stream: Stream, event: Event) -> None:
    """What turned out not to follow is no part of the story any more."""
    data: Any = event.data
    stream.void.add(data.conclusion)
    stream.story = [told for told in stream.story if name_of(told) != data.conclusion]
    stream.state = stream._fold(stream.story)


def _raised(stream: Stream, event: Event) -> None:
    data: Any = event.data
    _fired(stream, event)
    key = data.escalation
    about = key.removeprefix("breach:") if key.startswith("breach:") else None
    raised_at = stream.alarms[key].raised_at if data.level > 1 and key in stream.alarms else event.time
    stream.alarms[key] = Alarm(key, data.clause, about, data.level, data.severity, data.next_at, raised_at)


def _stood_down(stream: Stream, event: Event) -> None:
    data: Any = event.data
    if alarm := stream.alarms.get(data.escalation):
        alarm.status = "stood-down"
        if alarm.about and (duty := stream.duties.get(alarm.about)):
            duty.done_late = True
            if duty.status == "breached":
                stream.live.pop(duty.key, None)


def _acknowledged(stream: Stream, event: Event) -> None:
    """Nobody takes on what was not raised yet, however late it is learned that they took something on."""
    data: Any = event.data
    for alarm in stream.alarms.values():
        raised = alarm.status == "firing" and alarm.raised_at <= event.time
        if raised and data.clause in (None, alarm.clause):
            alarm.status = "acknowledged"


_BOOKKEEPERS: dict[str, Callable[[Stream, Event], None]] = {
    "obligation.opened": _opened,
    "obligation.moved": _moved,
    "obligation.warned": _warned,
    "obligation.met": _ended("met"),
    "obligation.breached": _breached,
    "obligation.withdrawn": _withdrawn,
    "violation.found": _found,
    "violation.withdrawn": _unfound,
    "conclusion.withdrawn": _unconcluded,
    "escalation.raised": _raised,
    "escalation.stood_down": _stood_down,
    "escalation.acknowledged": _acknowledged,
}
