"""Stretches of time on the line of instants: opening hours, pauses, and what one takes from the other."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.working_time.calendars import Calendar
from domain.working_time.periods import PeriodError

Span = tuple[datetime, datetime]
Pauses = tuple[Span, ...]
NOTHING: Final = timedelta()
# Days without a single opening after which a search for business hours gives up.
LONGEST_CLOSURE: Final = 3_660


def merged(spans: Iterable[Span]) -> Pauses:
    """The same time as disjoint spans in order; empty and reversed spans hold none."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def openings(start: datetime, calendar: Calendar) -> Iterator[Span]:
    """The business hours from an instant on."""
    day, closed = calendar.local(start).toordinal() - 1, 0
    while closed < LONGEST_CLOSURE:
        hours = [(max(a, start), b) for a, b in calendar.openings(day) if b > start]
        closed = 0 if hours else closed + 1
        yield from hours
        day += 1
    raise PeriodError("calendar", "has no more business hours", "没有更多的营业时间")


def without(spans: Iterable[Span], pauses: Sequence[Span]) -> Iterator[Span]:
    """What the pauses (disjoint, in order) leave of the spans."""
    for start, end in spans:
        at = start
        for begin, resumed in pauses:
            if begin >= end:
                break
            if at < begin:
                yield at, begin
            at = max(at, resumed)
        if at < end:
            yield at, end


def consume(spans: Iterable[Span], length: timedelta) -> datetime:
    """The instant at which a length is used up; used up exactly at a span's end, it is that end."""
    for start, end in spans:
        if end - start >= length:
            return start + length
        length -= end - start
    raise OverflowError(length)


def lost(day: int, calendar: Calendar, pauses: Iterable[Span]) -> bool:
    """Whether the clause was paused at 24:00 of a day: from a pause's start on, until before its end."""
    end = calendar.end_of(day)
    return any(begin <= end < resumed for begin, resumed in pauses)


def within(spans: Iterable[Span], end: datetime) -> Iterator[Span]:
    """The spans up to an instant."""
    for start, stop in spans:
        if start >= end:
            return
        yield start, min(stop, end)


def elapsed(start: datetime, end: datetime, calendar: Calendar, pauses: Sequence[Span] = ()) -> float:
    """Business minutes between two instants, pauses left out; negative when the end comes first.

    Where the calendar has no business hours, working days count around the clock.
    """
    if end < start:
        return -elapsed(end, start, calendar, pauses)
    hours = (span for day in _days(start, end, calendar) for span in calendar.openings(day))
    clipped = ((max(a, start), min(b, end)) for a, b in hours if a < end and b > start)
    counted = sum((b - a for a, b in without(clipped, merged(pauses))), NOTHING)
    return counted / timedelta(minutes=1)


def _days(start: datetime, end: datetime, calendar: Calendar) -> range:
    return range(calendar.local(start).toordinal() - 1, calendar.local(end).toordinal() + 1)
