"""Which days are worked, and within which hours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.calendars import china
from domain.working_time.periods import Period, PeriodError
from domain.working_time.zones import DAY_SECONDS, instant, localize, steady

Slots = tuple[tuple[int, int], ...]
ALL_DAY: Final[Slots] = ((0, DAY_SECONDS),)
MONDAY_TO_FRIDAY: Final = frozenset(range(5))
_MEMO_SIZE: Final = 20_000


@dataclass(frozen=True)
class Calendar:
    """A time zone's working days and business hours; days are `date` ordinals, hours are seconds.

    `published` are the years whose official schedule is known; None where the calendar needs none.
    `closing` ends periods of days, weeks and months at that time instead of 24:00 (Civil Code art. 203).
    """

    tz: ZoneInfo
    working_weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    holidays: Mapping[int, str] = field(default_factory=dict, hash=False)
    workdays: frozenset[int] = frozenset()
    published: frozenset[int] | None = None
    week: tuple[Slots, ...] | None = None
    overrides: Mapping[int, Slots] = field(default_factory=dict, hash=False)
    closing: time | None = None
    memo: dict[tuple[int, Period | str], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    offset: tzinfo | None = field(init=False, repr=False, compare=False)
    _steady: datetime | None = field(init=False, repr=False, compare=False)
    _openings: dict[int, tuple[tuple[datetime, datetime], ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Look up once whether the zone keeps one offset, and since when."""
        since = steady(self.tz)
        object.__setattr__(self, "_steady", since)
        object.__setattr__(self, "offset", since and since.tzinfo)

    def works(self, day: int) -> bool:
        """Whether a day is a working day; an override beats the schedule, the schedule the weekday."""
        if day in self.overrides:
            return bool(self.overrides[day])
        if day in self.workdays:
            return True
        return (day - 1) % 7 in self.working_weekdays and day not in self.holidays

    def slots(self, day: int) -> Slots:
        """The business hours of a day; a make-up day on a closed weekday has the first open weekday's."""
        if day in self.overrides:
            return self.overrides[day]
        if not self.works(day):
            return ()
        if self.week is None:
            return ALL_DAY
        return self.week[(day - 1) % 7] or next(filter(None, self.week), ())

    def openings(self, day: int) -> tuple[tuple[datetime, datetime], ...]:
        """The business hours of a day as instants, disjoint and in order, whatever the clock does."""
        found = self._openings.get(day)
        if found is None:
            found = self._openings[day] = _disjoint(
                (self.clock(day, a), self.clock(day, b)) for a, b in self.slots(day)
            )
        return found

    def clock(self, day: int, seconds: int) -> datetime:
        """A time of a day as an instant, in seconds after 00:00."""
        steady = self._steady
        if steady is not None and day >= (first := steady.toordinal()):
            return steady + timedelta(day - first, seconds)
        return instant(date.fromordinal(day), seconds, self.tz)

    def start_of(self, day: int) -> datetime:
        """00:00 of a day."""
        return self.clock(day, 0)

    def end_of(self, day: int) -> datetime:
        """24:00 of a day, written as 00:00 of the next."""
        return self.clock(day, DAY_SECONDS)

    def close_of(self, day: int) -> datetime:
        """The end of a period's last day: closing time where the calendar has one (art. 203), else 24:00."""
        if self.closing is not None:
            return self.clock(day, seconds_of(self.closing))
        if self.week is None or not self.slots(day):
            return self.end_of(day)
        return self.clock(day, self.slots(day)[-1][1])

    def local(self, at: datetime) -> datetime:
        """An instant as this calendar's clock shows it."""
        steady = self._steady
        if steady is not None and at.year > steady.year:
            return at if at.tzinfo is self.offset else at.astimezone(self.offset)
        return localize(at, self.tz)

    def starting_day(self, at: datetime) -> int:
        """The day an instant belongs to by day rules: written 00:00, it is 24:00 of the day before."""
        local = self.local(at)
        day = local.toordinal()
        if local.hour < 3 and local == self.start_of(day):
            return day - 1
        return day

    def provisional(self, first: int, last: int) -> bool:
        """Whether a year among these days has no published schedule."""
        if self.published is None:
            return False
        years = range(date.fromordinal(first).year, date.fromordinal(last).year + 1)
        return not self.published.issuperset(years)

    def why_closed(self, day: int) -> str:
        """The name of the day off."""
        return self.holidays.get(day, "weekend" if self.week is None else "closed")

    def remember(self, key: tuple[int, Period | str], value: Any) -> None:
        """Keep an answer that depends on the starting day and the period or kind of window alone; bounded."""
        if len(self.memo) >= _MEMO_SIZE:
            self.memo.clear()
        self.memo[key] = value


def _disjoint(spans: Iterable[tuple[datetime, datetime]]) -> tuple[tuple[datetime, datetime], ...]:
    """Drop what a skipped hour made empty or overlapping."""
    kept: list[tuple[datetime, datetime]] = []
    for start, end in spans:
        begin = max(start, kept[-1][1]) if kept else start
        if begin < end:
            kept.append((begin, end))
    return tuple(kept)


def seconds_of(clock: time) -> int:
    """Seconds since 00:00."""
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def _ordinals(days: Iterable[date]) -> frozenset[int]:
    return frozenset(day.toordinal() for day in days)


CN: Final = Calendar(
    tz=ZoneInfo("Asia/Shanghai"),
    holidays={day.toordinal(): name for day, name in china.holidays().items()},
    workdays=_ordinals(china.workdays()),
    published=china.published_years(),
)


def _outside(days: Iterable[int], year: int) -> frozenset[int]:
    return frozenset(day for day in days if date.fromordinal(day).year != year)


def with_schedule(
    calendar: Calendar, year: int, holidays: Iterable[date], workdays: Iterable[date]
) -> Calendar:
    """The calendar once the official schedule of a year is known, instead of what was computed for it.

    Dates of the neighbouring years count too: a New Year's schedule may have a day of December worked.
    """
    names = {date(year, month, day).toordinal(): name for month, day, name in china.FIXED_DAYS}
    kept = {day: calendar.holidays[day] for day in _outside(calendar.holidays, year)}
    known = {day: name for day, name in calendar.holidays.items() if day not in kept} | names
    off = {day: known.get(day, "holiday") for day in sorted(_ordinals(holidays))}
    worked = _ordinals(workdays)
    return replace(
        calendar,
        holidays={day: name for day, name in (kept | off).items() if day not in worked},
        workdays=_outside(calendar.workdays, year).difference(off).union(worked),
        published=None if calendar.published is None else calendar.published | {year},
    )


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """A time zone of the tz database."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError) as unknown:
        raise PeriodError(
            "calendar.timezone",
            f"{name!r} is not a time zone; write e.g. 'Asia/Shanghai'",
            f"{name!r} 不是时区；例如 'Asia/Shanghai'",
        ) from unknown
