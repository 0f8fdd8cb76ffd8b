"""KPIs: figures measured over windows, missed at the window's end or at once when they cannot be saved.

A measure turns recorded events into parts of a window's document, and a document into the figure. A part
has a name, so that a late fact can correct it. Windows are of the pack's local calendar, and what
happens at 24:00 of a window's last day belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from domain.envelope import Event
from domain.events import KpiMissed, KpiRestated
from domain.working_time import Window, window

if TYPE_CHECKING:
    from domain.engine import Turn
    from domain.policy import BoundKpi
    from domain.stream import Stream

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One contribution to a window's figure; a value of None takes it back."""

    subject: str
    at: datetime
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Measure:
    """How a figure is made: the events that contribute, and the figure of all parts (None: nothing to
    measure). `at_once`: whether it can only get worse, so that it may be lost before its window ends."""

    on: tuple[str, ...]
    parts: Callable[[Stream, Event, BoundKpi], Iterator[Part]]
    figure: Callable[[Mapping[str, Any]], float | None]
    at_once: bool = False


def _breaches(stream: Stream, event: Event, kpi: BoundKpi) -> Iterator[Part]:
    """Breaches of one clause, counted against whom they count."""
    data: Any = event.data
    if data.clause == kpi.row.params["clause"] and data.duty_of:
        at = max(data.due_at, data.opened_at or data.due_at)
        value = 1 if event.type == "obligation.breached" else None
        yield Part(f"staff/{data.duty_of}", at, f"{stream.subject} {data.obligation}", value)


def count(parts: Mapping[str, Any]) -> float | None:
    return len(parts)


MEASURES: dict[str, Measure] = {
    "breaches": Measure(("obligation.breached", "obligation.withdrawn"), _breaches, count, at_once=True),
}


def window_key(kpi: BoundKpi, subject: str, name: str) -> str:
    return f"{kpi.row.id} {subject} {name}"


class Windows(Protocol):
    """What the KPI engine needs of the ledger: documents by key, kept with the events."""

    def window(self, key: str) -> Document | None: ...
    def keep(self, key: str, document: Document, due: datetime | None) -> None: ...


def observe(turn: Turn, windows: Windows, stream: Stream, event: Event) -> None:
    """Takes a recorded event into the figures it contributes to."""
    for kpi in stream.policy.kpis_on(event.type):
        measure = MEASURES[kpi.row.measure]
        for part in measure.parts(stream, event, kpi):
            _contribute(turn, windows, kpi, part, event)


def _contribute(turn: Turn, windows: Windows, kpi: BoundKpi, part: Part, cause: Event) -> None:
    span = window(kpi.row.window, part.at, kpi.calendar)
    key = window_key(kpi, part.subject, span.name)
    before = windows.window(key) or {"parts": {}, "missed": None}
    parts = {**before["parts"], part.name: part.value}
    document = {**before, "parts": {name: value for name, value in parts.items() if value is not None}}
    document["missed"] = _state(turn, kpi, part.subject, span, document, cause)
    ended = span.end < turn.now
    measure = MEASURES[kpi.row.measure]
    windows.keep(key, document, None if ended or measure.at_once else span.end)


def _state(
    turn: Turn, kpi: BoundKpi, subject: str, span: Window, document: Document, cause: Event
) -> float | None:
    """The figure last said to be missed, after saying what there is to say now; None: nothing was."""
    measure, said = MEASURES[kpi.row.measure], document["missed"]
    ended = turn.now > span.end
    if not (ended or measure.at_once):
        return said
    figure = measure.figure(document["parts"])
    missed = figure is not None and kpi.row.missed(figure)
    if said is None and missed:
        return _miss(turn, kpi, subject, span, figure, cause, span.end if ended else cause.time)
    if said is not None and figure != said and (ended or not missed):
        return _restate(turn, kpi, subject, span, figure, cause, missed)
    return said


def expire(turn: Turn, windows: Windows, kpi: BoundKpi, subject: str, at: datetime) -> None:
    """The end of a window: the figure is measured."""
    span = window(kpi.row.window, at, kpi.calendar)
    key = window_key(kpi, subject, span.name)
    document = windows.window(key)
    if document is None:
        return
    figure = MEASURES[kpi.row.measure].figure(document["parts"])
    if document["missed"] is None and figure is not None and kpi.row.missed(figure):
        missed = _miss(turn, kpi, subject, span, figure, None, span.end)
        windows.keep(key, {**document, "missed": missed}, None)
    else:
        windows.keep(key, document, None)


def _fields(kpi: BoundKpi, span: Window, figure: float, because: str) -> dict[str, Any]:
    return {
        "clause": kpi.row.id,
        "source": kpi.cites,
        "because": because,
        "kpi": kpi.row.id,
        "window": span.name,
        "value": figure,
        "threshold": kpi.row.threshold,
    }


def _miss(
    turn: Turn, kpi: BoundKpi, subject: str, span: Window, figure: float | None, cause: Event | None, at: datetime
) -> float:
    assert figure is not None
    limit = "at least" if kpi.row.at_least is not None else "at most"
    because = f"{figure:g} in {span.name}, {limit} {kpi.row.threshold:g}"
    target = turn.world.stream(subject)
    turn.emit(target, KpiMissed(**_fields(kpi, span, figure, because)), at, cause)
    return figure


def _restate(
    turn: Turn, kpi: BoundKpi, subject: str, span: Window, figure: float | None, cause: Event, missed: bool
) -> float | None:
    value = 0 if figure is None else figure
    because = f"{cause.type} of {cause.time.isoformat()} changed the figure to {value:g}"
    target = turn.world.stream(subject)
    turn.emit(target, KpiRestated(**_fields(kpi, span, value, because)), turn.now, cause)
    return value if missed else None
