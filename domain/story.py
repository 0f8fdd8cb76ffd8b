"""What a stream comes to at one instant as known at another: its state, and what is owed, raised and found.

Folded from the events of `domain.history`, so that state and events of one asking always agree. Nothing is
decided again: due dates, verdicts and reasons are those that were recorded. Only why a due date is what it
is, stretch by stretch, is counted anew, and told where it leads to the date on record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from domain.envelope import Event
from domain.history import history
from domain.policy import BoundClause, Policy
from domain.stream import Alarm, Duty, Finding, Stream, name_of
from domain.working_time import Segment, deadline, parse_period, until

Span = tuple[datetime, datetime]


class Step(BaseModel):
    """One event in the life of an obligation, an escalation or a violation. | 义务、升级或违规的一个步骤。"""

    sequence: int | None = Field(description="Its place in the ledger | 在账本中的序号")
    type: str
    time: datetime
    recordedtime: datetime | None = Field(description="When it was learned | 获知时间")
    because: str | None = None
    cause: str | None = Field(description="Id of the event that caused it | 起因事件编号")
    cause_sequence: int | None = Field(
        default=None, description="Its place, where it is in this story | 起因事件的序号（若在本事件流中）"
    )
    due_at: datetime | None = None


class Stretch(BaseModel):
    """A stretch of time between start and due, and how it was treated. | 起算至到期之间的一段及其处理。"""

    start: datetime
    end: datetime
    kind: Literal["counted", "uncounted", "paused"]
    reason: str
    reason_zh: str


class Owed(BaseModel):
    """An obligation, from its opening to its end. | 一项义务的始末。"""

    obligation: str
    clause: str
    title: str
    title_zh: str
    source: str = Field(description="The written rule | 成文依据")
    status: Literal["open", "met", "breached", "withdrawn"]
    done_late: bool = Field(description="Breached, and done since | 逾期后已履行")
    within: str | None = Field(description="The period, as the rule writes it | 规定期限")
    opened_at: datetime
    due_at: datetime
    warn_at: datetime | None
    provisional: bool
    paused: bool = Field(description="Time stands still just then | 当时暂停计时")
    duty_of: str | None
    segments: list[Stretch] = Field(
        description="Counted, uncounted and paused, from start to due | 计入、不计入与暂停的各段"
    )
    steps: list[Step]


class Raised(BaseModel):
    """An escalation and the steps of its ladder. | 一项升级及其层级。"""

    escalation: str
    clause: str
    level: int
    severity: str
    status: Literal["firing", "acknowledged", "stood-down"]
    raised_at: datetime
    next_at: datetime | None
    steps: list[Step]


class Broken(BaseModel):
    """A violation that stands. | 有效的违规记录。"""

    violation: str
    clause: str
    detail: str
    source: str
    because: str
    found_at: datetime


class Found(Broken):
    """A violation, whether it stands or was withdrawn. | 一项违规（有效或已撤销）。"""

    stands: bool
    steps: list[Step]


class Standing(BaseModel):
    """A stream as it stood. | 事件流当时的状况。"""

    version: int = Field(description="How many of its events are told here | 所含事件数")
    state: dict[str, Any] = Field(description="What decisions know of it | 判定所用状态，不含个人信息")
    obligations: list[Owed]
    escalations: list[Raised]
    violations: list[Found]


def standing(events: Sequence[Event], policy: Policy, moment: datetime | None = None) -> Standing:
    """What the events of one stream, in the order recorded, come to under its policy. A pause that runs is
    told as running until `moment`."""
    stream = Stream.told(events[0].subject if events else "branch/", policy, events)
    steps = _steps(events)
    duties = sorted(stream.duties.values(), key=lambda duty: (duty.opened_at, duty.key))
    return Standing(
        version=stream.version,
        state=plain(stream.state),
        obligations=[_owed(stream, duty, steps.get(duty.key, []), moment) for duty in duties],
        escalations=[_raised(alarm, steps.get(alarm.key, [])) for alarm in stream.alarms.values()],
        violations=[_found(one, steps.get(key, [])) for key, one in stream.findings.items()],
    )


def standing_at(
    events: Sequence[Event], policy: Policy, as_of: datetime | None, known_at: datetime | None
) -> Standing:
    """A stream as it was at an instant, as far as it was known at another."""
    return standing(history(events, as_of, known_at), policy, as_of or known_at)


def plain(value: Any) -> Any:
    """A state as JSON can say it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, BaseModel):
        return plain(dict(value))
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(part) for part in value)
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


# ---- steps

_KEYS = ("obligation", "violation", "escalation")


def _steps(events: Sequence[Event]) -> dict[str, list[Step]]:
    """By the key of what they are about."""
    names = {name_of(event): event.sequence for event in events}
    found: dict[str, list[Step]] = {}
    for event in events:
        for key in _about(event):
            found.setdefault(key, []).append(_step(event, names))
    return found


def _about(event: Event) -> Iterator[str]:
    family = event.type.partition(".")[0]
    if family in _KEYS and (key := getattr(event.data, family, None)) is not None:
        yield key


def _step(event: Event, names: dict[str, int | None]) -> Step:
    return Step(
        sequence=event.sequence,
        type=event.type,
        time=event.time,
        recordedtime=event.recordedtime,
        because=getattr(event.data, "because", None),
        cause=event.causationid,
        cause_sequence=names.get(event.causationid or ""),
        due_at=getattr(event.data, "due_at", None),
    )


# ---- what is owed, raised and found


def _owed(stream: Stream, duty: Duty, steps: list[Step], moment: datetime | None) -> Owed:
    clause = stream.policy.clauses.get(duty.clause)
    return Owed(
        obligation=duty.key,
        clause=duty.clause,
        title=clause.row.title.en if clause else duty.clause,
        title_zh=clause.row.title.zh if clause else duty.clause,
        source=clause.cites if clause else duty.clause,
        status=duty.status,  # type: ignore[arg-type]
        done_late=duty.done_late and duty.status == "breached",
        within=duty.within,
        opened_at=duty.opened_at,
        due_at=duty.due_at,
        warn_at=duty.warn_at,
        provisional=duty.provisional,
        paused=stream.is_paused(duty) and duty.status == "open",
        duty_of=duty.against,
        segments=[_stretch(one) for one in _segments(stream, duty, clause, moment)],
        steps=steps,
    )


def _segments(
    stream: Stream, duty: Duty, clause: BoundClause | None, moment: datetime | None
) -> Sequence[Segment]:
    """Why it is due when it is: as many of the pauses as lead to the due date on record. None, where the
    calendar has changed since and nothing leads there any more."""
    if clause is None:
        return ()
    if duty.within is None:
        return until(duty.opened_at, duty.due_at, clause.calendar, explain=True).segments
    period = parse_period(duty.within)
    for pauses in _pauses(stream, duty):
        found = deadline(duty.opened_at, period, clause.calendar, pauses, explain=True)
        if found.due_at == duty.due_at:
            return _still_paused(stream, duty, found.segments, moment)
    return ()


def _pauses(stream: Stream, duty: Duty) -> Iterator[Sequence[Span]]:
    """All that the stream knows, then without the latest ones, which may have come after its end."""
    known: Sequence[Span] = getattr(stream.state, "pauses", ()) if duty.pauses else ()
    for many in range(len(known), -1, -1):
        yield known[:many]


def _still_paused(
    stream: Stream, duty: Duty, segments: Sequence[Segment], moment: datetime | None
) -> Sequence[Segment]:
    """A pause that runs moves the due date when it ends; until then it is told after what was counted."""
    if moment is None or duty.status != "open" or not stream.is_paused(duty):
        return segments
    since: datetime = stream.state.paused_since
    before = [segment for segment in segments if segment.start < since]
    cut = [Segment(one.start, min(one.end, since), one.kind, one.reason) for one in before]
    return [*cut, Segment(since, max(moment, since), "paused", "paused")]


def _stretch(segment: Segment) -> Stretch:
    return Stretch(
        start=segment.start,
        end=segment.end,
        kind=segment.kind,
        reason=segment.reason,
        reason_zh=segment.reason_zh,
    )


def _raised(alarm: Alarm, steps: list[Step]) -> Raised:
    return Raised(
        escalation=alarm.key,
        clause=alarm.clause,
        level=alarm.level,
        severity=alarm.severity,
        status=alarm.status,  # type: ignore[arg-type]
        raised_at=alarm.raised_at,
        next_at=alarm.next_at if alarm.status == "firing" else None,
        steps=steps,
    )


def broken(finding: Finding) -> Broken:
    data: Any = finding.event.data
    return Broken(
        violation=data.violation,
        clause=data.clause,
        detail=data.detail,
        source=data.source,
        because=data.because,
        found_at=finding.event.time,
    )


def _found(finding: Finding, steps: list[Step]) -> Found:
    return Found(**dict(broken(finding)), stands=finding.live, steps=steps)
