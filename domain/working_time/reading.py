"""Read a calendar as packs and requests write it: `"cn"`, or {timezone, week, holidays, overrides, …}."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from typing import Any, Final

from domain.working_time.calendars import (
    CN,
    MONDAY_TO_FRIDAY,
    Calendar,
    Slots,
    with_schedule,
    zone,
)
from domain.working_time.periods import PeriodError
from domain.working_time.zones import DAY_SECONDS

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"(\d\d?):(\d\d)(?::(\d\d))?")


def calendar(spec: str | Mapping[str, Any]) -> Calendar:
    """A calendar from its name or its fields; every error names the field.

    `schedule: "cn"` takes the working days of the State Council's schedule, with the hours of `week`;
    `schedules` adds what was published later, by year. The time zone defaults to Asia/Shanghai.
    """
    if isinstance(spec, str):
        return _named("calendar", spec)
    if not isinstance(spec, Mapping):
        raise PeriodError("calendar", "must be 'cn' or a table", "应为 'cn' 或一个表")
    for key in spec:
        if key not in _FIELDS:
            known = ", ".join(_FIELDS)
            raise PeriodError(f"calendar.{key}", f"unknown; known are {known}", f"未知字段；可用 {known}")
    return _build({key: read(f"calendar.{key}", spec[key]) for key, read in _FIELDS.items() if key in spec})


def _build(parts: Mapping[str, Any]) -> Calendar:
    base: Calendar = parts.get("schedule", Calendar(tz=CN.tz))
    for year, (off, worked) in parts.get("schedules", {}).items():
        base = with_schedule(base, year, off, worked)
    week: tuple[Slots, ...] | None = parts.get("week")
    return replace(
        base,
        tz=parts.get("timezone", base.tz),
        working_weekdays=_weekdays(week, scheduled="schedule" in parts),
        holidays={**base.holidays, **parts.get("holidays", {})},
        workdays=base.workdays.difference(parts.get("holidays", ())).union(parts.get("workdays", ())),
        week=week,
        overrides=parts.get("overrides", {}),
        closing=parts.get("closing"),
    )


def _weekdays(week: tuple[Slots, ...] | None, *, scheduled: bool) -> frozenset[int]:
    """The weekdays with hours; by the State Council's schedule, of Monday to Friday only what has hours."""
    if week is None:
        return MONDAY_TO_FRIDAY
    open_days = frozenset(day for day, slots in enumerate(week) if slots)
    return (open_days & MONDAY_TO_FRIDAY) or open_days if scheduled else open_days


def _named(field: str, value: Any) -> Calendar:
    if value == "cn":
        return CN
    raise PeriodError(
        field, f"{value!r} is not a known calendar; write 'cn'", f"{value!r} 不是已知日历；应为 'cn'"
    )


def _week(field: str, value: Any) -> tuple[Slots, ...]:
    days = _mapping(field, value)
    for key in days:
        if key not in WEEKDAYS:
            raise PeriodError(
                f"{field}.{key}",
                f"is not a weekday; write {', '.join(WEEKDAYS)}",
                f"不是星期；可用 {'、'.join(WEEKDAYS)}",
            )
    return tuple(_slots(f"{field}.{key}", days.get(key, ())) for key in WEEKDAYS)


def _slots(field: str, value: Any) -> Slots:
    """Opening and closing times of a day, sorted; slots that touch or overlap become one, empty ones none."""
    slots = (_slot(f"{field}[{n}]", slot) for n, slot in enumerate(_list(field, value)))
    merged: list[tuple[int, int]] = []
    for opening, closing in sorted(slot for slot in slots if slot[0] < slot[1]):
        if merged and opening <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closing))
        else:
            merged.append((opening, closing))
    return tuple(merged)


def _slot(field: str, value: Any) -> tuple[int, int]:
    pair = _list(field, value)
    if len(pair) != 2:
        raise PeriodError(field, "must be [opening, closing]", "应为 [开始, 结束]")
    opening, closing = (_seconds(field, clock) for clock in pair)
    if opening <= closing:
        return opening, closing
    raise PeriodError(
        field,
        f"{pair[0]} to {pair[1]} runs backwards; split hours past midnight at 24:00",
        f"{pair[0]} 至 {pair[1]} 颠倒；跨夜时段请在 24:00 处拆开",
    )


def _seconds(field: str, value: Any) -> int:
    match = _CLOCK.fullmatch(str(value))
    if match:
        hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
        total = hours * 3600 + minutes * 60 + seconds
        if minutes < 60 and seconds < 60 and total <= DAY_SECONDS:
            return total
    raise PeriodError(
        field, f"{value!r} is not a time; write 00:00 to 24:00", f"{value!r} 不是时刻；应为 00:00 至 24:00"
    )


def _closing(field: str, value: Any) -> time | None:
    """Closing time; 24:00 is the same as none."""
    seconds = _seconds(field, value)
    return None if seconds == DAY_SECONDS else time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def _dates(field: str, value: Any) -> dict[int, str]:
    """Dates, as a list or as a table of date to name."""
    if isinstance(value, Mapping):
        return {_day(f"{field}.{day}", day): str(name) for day, name in value.items()}
    return {_day(f"{field}[{n}]", day): "holiday" for n, day in enumerate(_list(field, value))}


def _overrides(field: str, value: Any) -> dict[int, Slots]:
    return {
        _day(f"{field}.{day}", day): _slots(f"{field}.{day}", slots or ())
        for day, slots in _mapping(field, value).items()
    }


def _schedules(field: str, value: Any) -> dict[int, tuple[list[date], list[date]]]:
    """Schedules published later: {"2027": {holidays, workdays}}."""
    return {
        _year(f"{field}.{year}", year): (
            _published(f"{field}.{year}.holidays", days, "holidays"),
            _published(f"{field}.{year}.workdays", days, "workdays"),
        )
        for year, days in _mapping(field, value).items()
    }


def _published(field: str, days: Any, key: str) -> list[date]:
    return [date.fromordinal(day) for day in _dates(field, _mapping(field, days).get(key, ()))]


def _year(field: str, value: Any) -> int:
    return date.fromordinal(_day(field, f"{value}-01-01")).year


def _day(field: str, value: Any) -> int:
    try:
        return date.fromisoformat(str(value)).toordinal()
    except ValueError as wrong:
        raise PeriodError(
            field, f"{value!r} is not a date; write YYYY-MM-DD", f"{value!r} 不是日期；应为 YYYY-MM-DD"
        ) from wrong


def _mapping(field: str, value: Any) -> Mapping[Any, Any]:
    if isinstance(value, Mapping):
        return value
    raise PeriodError(field, "must be a table", "应为一个表")


def _list(field: str, value: Any) -> Sequence[Any]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    raise PeriodError(field, "must be a list", "应为列表")


_FIELDS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "timezone": lambda _, name: zone(str(name)),
    "schedule": _named,
    "week": _week,
    "holidays": _dates,
    "workdays": _dates,
    "overrides": _overrides,
    "closing": _closing,
    "schedules": _schedules,
}
