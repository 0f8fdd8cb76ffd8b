"""Why something is due when it is: the stretches from start to due, counted, not counted and paused."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal

from domain.calendars.china import HOLIDAY_NAMES_ZH
from domain.working_time.calendars import Calendar
from domain.working_time.spans import Span, lost, within, without

if TYPE_CHECKING:
    from domain.working_time.deadlines import Request

Kind = Literal["counted", "uncounted", "paused"]
REASONS_ZH: Final = {
    "hours": "小时",
    "business hours": "营业时间",
    "day": "日",
    "working day": "工作日",
    "make-up working day": "调休工作日",
    "clock time": "钟点",
    "starting day": "起算日不计入",
    "weekend": "周末",
    "closed": "非营业时间",
    "holiday": "节假日",
    "roll-over": "末日顺延",
    "paused": "暂停",
    **HOLIDAY_NAMES_ZH,
}


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time between start and due, in the calendar's zone, and how it was treated."""

    start: datetime
    end: datetime
    kind: Kind
    reason: str

    @property
    def reason_zh(self) -> str:
        """The reason in Chinese; a holiday that a pack named stays as it was named."""
        return REASONS_ZH.get(self.reason, self.reason)


def span_segments(start: datetime, due: datetime, calendar: Calendar) -> tuple[Segment, ...]:
    """A target on the clock counts all the time to it."""
    return (Segment(calendar.local(start), due, "counted", "clock time"),)


def day_segments(
    request: "Request", first: int, counted: Sequence[int], last: int, due: datetime
) -> tuple[Segment, ...]:
    """The starting day, then the days alike in kind and reason as one stretch each, to the due instant."""
    calendar, begin = request.calendar, request.calendar.end_of(first)
    labels = _labels(request, first, counted, last)
    segments = [Segment(calendar.local(request.start), begin, "uncounted", "starting day")]
    for (kind, reason), days in groupby(labels, key=lambda label: label[1]):
        end = min(calendar.end_of([day for day, _ in days][-1]), due)
        segments.append(Segment(begin, end, kind, reason))
        begin = end
    return tuple(segment for segment in segments if segment.start < segment.end)


def _labels(
    request: "Request", first: int, counted: Sequence[int], last: int
) -> Iterator[tuple[int, tuple[Kind, str]]]:
    """Each day after the first with how it was treated; after the last counted day it is roll-over."""
    counting, working = frozenset(counted), request.period.unit == "working days"
    for day in range(first + 1, last + 1):
        if day in counting:
            yield day, ("counted", _counted_reason(day, request.calendar) if working else "day")
        elif working and not request.calendar.works(day):
            yield day, ("uncounted", request.calendar.why_closed(day))
        elif lost(day, request.calendar, request.pauses):
            yield day, ("paused", "paused")
        else:
            yield day, ("uncounted", "roll-over")


def _counted_reason(day: int, calendar: Calendar) -> str:
    return "make-up working day" if day in calendar.workdays else "working day"


def hour_segments(
    start: datetime, due: datetime, spans: Iterable[Span], request: "Request", reason: str
) -> tuple[Segment, ...]:
    """The open time up to due, split by the pauses, and what lies between as closed."""
    calendar, at, segments = request.calendar, start, list[Segment]()
    for opening, closing in within(spans, due):
        segments.append(_segment(calendar, at, opening, "uncounted", "closed"))
        segments.extend(_split(opening, closing, request, reason))
        at = closing
    return tuple(segment for segment in segments if segment.start < segment.end)


def _split(opening: datetime, closing: datetime, request: "Request", reason: str) -> Iterator[Segment]:
    """An open stretch in its counted and paused parts."""
    at = opening
    for begin, end in without(((opening, closing),), request.pauses):
        yield _segment(request.calendar, at, begin, "paused", "paused")
        yield _segment(request.calendar, begin, end, "counted", reason)
        at = end
    yield _segment(request.calendar, at, closing, "paused", "paused")


def _segment(calendar: Calendar, start: datetime, end: datetime, kind: Kind, reason: str) -> Segment:
    return Segment(calendar.local(start), calendar.local(end), kind, reason)
