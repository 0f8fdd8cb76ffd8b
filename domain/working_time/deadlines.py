"""When something is due, and when it is time to warn: PRC Civil Code, art. 200 to 204."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from domain.working_time.calendars import Calendar
from domain.working_time.periods import ALL_SECONDS, BUSINESS_SECONDS, DAYS, SECONDS, Period, PeriodError
from domain.working_time.segments import Segment, day_segments, hour_segments, span_segments
from domain.working_time.spans import Pauses, Span, consume, lost, merged, openings, without

# Days looked at beyond the period itself before it is said that there are too few working days.
HORIZON: Final = 3_660


class Deadline(NamedTuple):
    """When it is due and warned of, in the calendar's zone; an act at `due_at` itself is in time.

    `provisional`: a day consulted lies in a year whose official schedule is not published yet.
    """

    due_at: datetime
    warn_at: datetime | None
    provisional: bool = False
    segments: tuple[Segment, ...] = ()


class Request(NamedTuple):
    """What a way of counting needs to know."""

    start: datetime
    period: Period
    calendar: Calendar
    pauses: Pauses
    explain: bool


def deadline(
    start: datetime,
    period: Period,
    calendar: Calendar,
    pauses: Sequence[Span] = (),
    *,
    explain: bool = False,
) -> Deadline:
    """The due date of a period that starts at an instant; `segments` say why, only when asked to explain."""
    if start.tzinfo is None:
        raise PeriodError("start", "has no offset; write e.g. +08:00", "没有时区偏移；例如 +08:00")
    try:
        if pauses or explain:
            return _COUNTING[period.unit](Request(start, period, calendar, merged(pauses), explain))
        return _quickly(start, period, calendar)
    except OverflowError as beyond:
        raise PeriodError("period", f"{period} ends after year 9999", f"{period} 超出公元9999年") from beyond


def _quickly(start: datetime, period: Period, calendar: Calendar) -> Deadline:
    """Without pauses and reasons: hours are a sum, days hang on the starting day alone and are remembered."""
    if period.unit in SECONDS:
        (length, warned), local = _lengths(period), calendar.local(start)
        if local.tzinfo is calendar.offset:
            return Deadline(local + length, local + warned)
        return Deadline(calendar.local(local + length), calendar.local(local + warned))
    if period.unit not in _BY_DAY:
        return _COUNTING[period.unit](Request(start, period, calendar, (), False))
    key = (calendar.starting_day(start), period)
    found: Deadline | None = calendar.memo.get(key)
    if found is None:
        found = _COUNTING[period.unit](Request(start, period, calendar, (), False))
        calendar.remember(key, found)
    return found


@lru_cache(maxsize=1024)
def _lengths(period: Period) -> tuple[timedelta, timedelta]:
    """The time to use up, and 80 % of it."""
    length = timedelta(seconds=period.amount * ALL_SECONDS[period.unit])
    return length, length * 4 / 5


def until(start: datetime, due: datetime, calendar: Calendar, *, explain: bool = False) -> Deadline:
    """A target on the clock (a promise's answer_by, 24:00 of a date): warned at 80 % of the span to it."""
    due_at = calendar.local(due)
    if due_at <= start:
        return Deadline(due_at, None)
    warn_at = calendar.local(start + (due_at - start) * 4 / 5)
    return Deadline(due_at, warn_at, False, span_segments(start, due_at, calendar) if explain else ())


def end_of_date(day: date, calendar: Calendar) -> datetime:
    """24:00 of a date, written as 00:00 of the next day."""
    return calendar.end_of(day.toordinal())


def _hours(request: Request) -> Deadline:
    """Hours run from the moment (art. 201); what a pause covers is not counted."""
    from_now_on = (request.start, datetime.max.replace(tzinfo=request.start.tzinfo))
    return _consumed(request, lambda: iter((from_now_on,)), "hours")


def _business(request: Request) -> Deadline:
    """Business hours, minutes and seconds: from outside the hours counting starts at the next opening."""
    return _consumed(request, lambda: openings(request.start, request.calendar), "business hours")


def _consumed(request: Request, spans: Callable[[], Iterator[Span]], reason: str) -> Deadline:
    """Use up a length of time within the spans, pauses left out; 80 % of it is the warning."""
    start, period, calendar, pauses, explain = request
    due, warn = (consume(without(spans(), pauses), length) for length in _lengths(period))
    first, last = (calendar.local(at).toordinal() for at in (start, due))
    provisional = reason == "business hours" and calendar.provisional(first, last)
    segments = hour_segments(start, due, spans(), request, reason) if explain else ()
    return Deadline(calendar.local(due), calendar.local(warn), provisional, segments)


def _days(request: Request) -> Deadline:
    """Days and weeks: 24:00 of the last day, or of the next working day after a day off (art. 201, 203)."""
    first = request.calendar.starting_day(request.start)
    return _counted(request, first, request.period.amount * DAYS[request.period.unit])


def _months(request: Request) -> Deadline:
    """Months end on the corresponding day of the last month, or on its last day (art. 202)."""
    first = request.calendar.starting_day(request.start)
    return _counted(request, first, _same_day_of_month(first, request.period.amount) - first)


def _working_days(request: Request) -> Deadline:
    """Only working days count, make-up days included; 24:00 of the last of them."""
    return _counted(request, request.calendar.starting_day(request.start), request.period.amount)


def _same_day_of_month(first: int, months: int) -> int:
    day = date.fromordinal(first)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return min(_ordinal(year, month + 1, 1) + day.day - 1, _ordinal(year, month + 2, 1) - 1)


def _ordinal(year: int, month: int, day: int) -> int:
    """A date's ordinal; a thirteenth month is the next January. Past 9999 it overflows, as dates do."""
    if year + month // 13 > 9999:
        raise OverflowError(year)
    return date(year + month // 13, (month - 1) % 12 + 1, day).toordinal()


def _counted(request: Request, first: int, amount: int) -> Deadline:
    """Count days after the first, roll over where the period does, and warn when 80 % of them are used up."""
    calendar, working = request.calendar, request.period.unit == "working days"
    counted = _counting_days(request, first, amount, working)
    last = next(_open_days(request, counted[-1], request.calendar.works))
    due = calendar.close_of(last)
    warn = min(_used_up(counted, calendar), due)
    provisional = calendar.provisional(first + 1 if working else counted[-1], last)
    segments = day_segments(request, first, counted, last, due) if request.explain else ()
    return Deadline(due, warn, provisional, segments)


def _counting_days(request: Request, first: int, amount: int, working: bool) -> Sequence[int]:
    """The days that count: all, or the working ones, but for those lost to a pause."""
    if not working and not request.pauses:
        return range(first + 1, first + amount + 1)
    test = request.calendar.works if working else _always
    return tuple(islice(_open_days(request, first + 1, test, amount * 9), amount))


def _always(_: int) -> bool:
    return True


def _open_days(request: Request, first: int, test: Callable[[int], bool], within: int = 0) -> Iterator[int]:
    """Days from the first on that pass the test and at whose 24:00 the clause was not paused."""
    calendar, pauses = request.calendar, request.pauses
    for day in range(first, first + within + HORIZON):
        if test(day) and not (pauses and lost(day, calendar, pauses)):
            yield day
    raise PeriodError(
        "calendar",
        f"has too few working days for {request.period} within {(within + HORIZON) // 365} years",
        f"工作日不足以计算 {request.period}",
    )


def _used_up(counted: Sequence[int], calendar: Calendar) -> datetime:
    """Where 80 % of the counted days end: 24:00 of one of them, or part of the way through the next."""
    whole, fifths = divmod(len(counted) * 4, 5)
    if not fifths:
        return calendar.end_of(counted[whole - 1])
    start, end = calendar.start_of(counted[whole]), calendar.end_of(counted[whole])
    return calendar.local(start + (end - start) * fifths / 5)


def _same_day(request: Request) -> Deadline:
    """A time of the day it starts on; it may have passed already."""
    day = request.calendar.local(request.start).toordinal()
    due = request.calendar.clock(day, request.period.amount * 60)
    return until(request.start, due, request.calendar, explain=request.explain)


def _next_day(request: Request) -> Deadline:
    """24:00 of the next calendar day, whatever day it is."""
    day = request.calendar.starting_day(request.start) + 1
    return until(request.start, request.calendar.end_of(day), request.calendar, explain=request.explain)


def _next_working_day(request: Request) -> Deadline:
    """24:00 of the next working day."""
    first = request.calendar.starting_day(request.start) + 1
    day = next(_open_days(request._replace(pauses=()), first, request.calendar.works))
    found = until(request.start, request.calendar.end_of(day), request.calendar, explain=request.explain)
    return Deadline(found.due_at, found.warn_at, request.calendar.provisional(first, day), found.segments)


def _end_of(months: int) -> Callable[[Request], Deadline]:
    """24:00 of the last day of the month or quarter on the local calendar."""

    def counting(request: Request) -> Deadline:
        today = request.calendar.local(request.start)
        last_month = -(-today.month // months) * months
        last = _ordinal(today.year, last_month + 1, 1) - 1
        return until(request.start, request.calendar.end_of(last), request.calendar, explain=request.explain)

    return counting


_BY_DAY: Final = frozenset((*DAYS, "months", "working days"))
_COUNTING: Final[Mapping[str, Callable[[Request], Deadline]]] = {
    **dict.fromkeys(SECONDS, _hours),
    **dict.fromkeys(BUSINESS_SECONDS, _business),
    **dict.fromkeys(DAYS, _days),
    "months": _months,
    "working days": _working_days,
    "same day": _same_day,
    "next day": _next_day,
    "next working day": _next_working_day,
    "end of month": _end_of(1),
    "end of quarter": _end_of(3),
}
