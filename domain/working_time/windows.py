"""The windows that KPIs and rollups are measured over: 2026-03-04, 2026-W10, 2026-03, 2026-Q1."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from domain.working_time.calendars import Calendar
from domain.working_time.periods import PeriodError

WindowKind = Literal["day", "week", "month", "quarter"]


@dataclass(frozen=True, slots=True)
class Window:
    """A named stretch of local days; what happens at `end` (24:00 of its last day) still belongs to it."""

    name: str
    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        """Whether an instant belongs to the window: after 00:00 of its first day, up to 24:00 of its last."""
        return self.start < at <= self.end


def local_day(at: datetime, calendar: Calendar) -> date:
    """The day an instant belongs to; written 00:00, it is 24:00 of the day before."""
    return date.fromordinal(calendar.starting_day(at))


def window(kind: WindowKind, at: datetime, calendar: Calendar) -> Window:
    """The window of a kind that an instant belongs to."""
    day = calendar.starting_day(at)
    found: Window | None = calendar.memo.get((day, kind))
    if found is None:
        found = _made(*_KINDS[kind](date.fromordinal(day)), calendar)
        calendar.remember((day, kind), found)
    return found


def _made(name: str, first: date, last: date, calendar: Calendar) -> Window:
    return Window(name, calendar.start_of(first.toordinal()), calendar.end_of(last.toordinal()))


def window_named(name: str, calendar: Calendar) -> Window:
    """The window of a name."""
    for pattern, kind, read in _NAMES:
        match = pattern.fullmatch(name)
        if match:
            day = _read(name, read, *map(int, match.groups()))
            return _made(*_KINDS[kind](day), calendar)
    raise _unknown(name)


def _read(name: str, read: Callable[..., date], *numbers: int) -> date:
    try:
        return read(*numbers)
    except ValueError as wrong:
        raise _unknown(name) from wrong


def _unknown(name: str) -> PeriodError:
    examples = "2026-03-04, 2026-W10, 2026-03, 2026-Q1"
    return PeriodError(
        "window",
        f"{name!r} is not a window; write e.g. {examples}",
        f"{name!r} 不是统计区间；例如 {examples}",
    )


def _day(day: date) -> tuple[str, date, date]:
    return day.isoformat(), day, day


def _week(day: date) -> tuple[str, date, date]:
    """ISO 8601: weeks start on Monday, and the year is that of their Thursday."""
    year, week, weekday = day.isocalendar()
    monday = day - timedelta(days=weekday - 1)
    return f"{year:04}-W{week:02}", monday, monday + timedelta(days=6)


def _month(day: date) -> tuple[str, date, date]:
    return f"{day:%Y-%m}", day.replace(day=1), _last_day(day.year, day.month)


def _quarter(day: date) -> tuple[str, date, date]:
    quarter = (day.month + 2) // 3
    return f"{day.year:04}-Q{quarter}", date(day.year, quarter * 3 - 2, 1), _last_day(day.year, quarter * 3)


def _last_day(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


_KINDS: Final[Mapping[WindowKind, Callable[[date], tuple[str, date, date]]]] = {
    "day": _day,
    "week": _week,
    "month": _month,
    "quarter": _quarter,
}
_NAMES: Final[tuple[tuple[re.Pattern[str], WindowKind, Callable[..., date]], ...]] = (
    (re.compile(r"(\d{4})-(\d{2})-(\d{2})"), "day", date),
    (re.compile(r"(\d{4})-W(\d{2})"), "week", lambda year, week: date.fromisocalendar(year, week, 1)),
    (re.compile(r"(\d{4})-(\d{2})"), "month", lambda year, month: date(year, month, 1)),
    (re.compile(r"(\d{4})-Q(\d)"), "quarter", lambda year, quarter: date(year, quarter * 3 - 2, 1)),
)
