"""The period of a report: an ISO week, a month or a quarter by its name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from api.i18n import Text
from domain.working_time import Calendar, Window, window, window_named
from domain.working_time.periods import PeriodError
from domain.working_time.windows import WindowKind
from projections.spans import before, days

EXAMPLES: dict[WindowKind, str] = {"week": "2026-W03", "month": "2026-01", "quarter": "2026-Q1"}


class BadPeriod(ValueError):
    """No such period, or none that has begun; `text` says which and what would be right."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Period:
    """A window of a kind, the window before it, and how it stands at the time of the report."""

    kind: WindowKind
    span: Window
    before: Window
    first_day: date
    last_day: date
    running: bool

    @property
    def name(self) -> str:
        return self.span.name


def period(kind: WindowKind, name: str, now: datetime, calendar: Calendar) -> Period:
    """The period of a kind and a name.

    Raises:
        BadPeriod: there is none of that name, or it has not begun yet.
    """
    span = _named(kind, name, calendar)
    if span.start >= now:
        raise BadPeriod(Text(f"{name} has not begun yet.", f"{name} 尚未开始。"))
    first, last = days(span, calendar)
    return Period(kind, span, before(kind, span, calendar), first, last, span.end > now)


def _named(kind: WindowKind, name: str, calendar: Calendar) -> Window:
    try:
        span = window_named(name, calendar)
        if window(kind, span.end, calendar) == span:
            return span
    except (PeriodError, ValueError, OverflowError):
        pass
    example = EXAMPLES[kind]
    raise BadPeriod(
        Text(
            f"--{kind}: {name!r} is no {kind}; write e.g. {example}.",
            f"--{kind}：{name!r} 不是有效的{NAMES[kind].zh}；例如 {example}。",
        )
    )


NAMES: dict[WindowKind, Text] = {
    "day": Text("day", "日"),
    "week": Text("week", "周"),
    "month": Text("month", "月份"),
    "quarter": Text("quarter", "季度"),
}
