"""The working days of the PRC: the State Council's yearly schedule, and what stands in until it is out.

A published year has its holidays and make-up working days (调休). A year that is not published has the fixed
statutory days only (Regulation on Public Holidays, State Council Order 795, in force from 1 January 2025):
nobody guesses which weekends will be worked. What is computed from such a year is provisional.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from chinese_calendar.constants import holidays as _holidays
from chinese_calendar.constants import workdays as _workdays

from domain.calendars.lunar import lunar_festivals

HOLIDAY_NAMES_ZH: Mapping[str, str] = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}
FIXED_DAYS: tuple[tuple[int, int, str], ...] = (
    (1, 1, "New Year's Day"),
    (5, 1, "Labour Day"),
    (5, 2, "Labour Day"),
    (10, 1, "National Day"),
    (10, 2, "National Day"),
    (10, 3, "National Day"),
)
# Days of each lunar festival, counted from its date: New Year's Eve to the third day, and one day each.
LUNAR_DAYS: tuple[tuple[str, range], ...] = (
    ("Spring Festival", range(-1, 3)),
    ("Tomb-sweeping Day", range(1)),
    ("Dragon Boat Festival", range(1)),
    ("Mid-autumn Festival", range(1)),
)


def statutory_days(year: int, festivals: Iterable[date]) -> dict[date, str]:
    """The 13 statutory days of a year; fewer when a festival falls on a fixed day."""
    lunar = {
        day + timedelta(days=offset): name
        for day, (name, offsets) in zip(festivals, LUNAR_DAYS, strict=True)
        for offset in offsets
    }
    return lunar | {date(year, month, day): name for month, day, name in FIXED_DAYS}


def published_years() -> frozenset[int]:
    """The years whose schedule the chinesecalendar data holds (2004 to 2026 in 1.11.0)."""
    return frozenset(day.year for day in _holidays)


def holidays() -> dict[date, str]:
    """Every day off by schedule, and the statutory days of the years that have no schedule yet."""
    published = published_years()
    computed: dict[date, str] = {}
    for year, festivals in lunar_festivals().items():
        if year not in published:
            computed |= statutory_days(year, festivals)
    return computed | dict(_holidays)


def workdays() -> frozenset[date]:
    """The weekend days that the schedules declare worked."""
    return frozenset(_workdays)
