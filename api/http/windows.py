"""Windows in addresses: a kind with a first and a last local day, or one quarter by its name."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field, WithJsonSchema

from api.http.params import YEARS, Day, Name, Query
from api.http.problems import Problem
from api.http.services import Services
from domain.working_time import Window, window, window_named
from domain.working_time.periods import PeriodError
from domain.working_time.windows import WindowKind, local_day
from projections.spans import windows

BACK: dict[str, int] = {"day": 30, "week": 7 * 12, "month": 365, "quarter": 730}
"""How many days are shown when no `from` is given, by kind of window."""

LONGEST = timedelta(days=3660)
MOST = 400
"""Windows in one answer, at most: a year of days, and some."""

OF_EVERYBODY = 62
"""Windows of all managers in one answer, at most: two months of days. Of one manager there may be more."""


Quarter = Annotated[
    Name,
    WithJsonSchema({"type": "string", "pattern": r"^(19|20|21)[0-9]{2}-Q[1-4]$", "examples": ["2026-Q1"]}),
]


class WindowsQuery(Query):
    """Which windows are wanted."""

    window: WindowKind = "month"
    since: Day | None = Field(
        default=None,
        alias="from",
        description="Local day; default: some windows back | 当地日期；默认回溯若干时间窗",
    )
    until: Day | None = Field(
        default=None, alias="to", description="Local day, included; default: today | 当地日期（含）；默认今天"
    )


class QuarterQuery(Query):
    """Which quarter is wanted."""

    quarter: Quarter | None = Field(default=None, description="Default: the quarter that it is | 默认本季度")


def days_of(services: Services, asked: WindowsQuery) -> tuple[date, date]:
    """The first and the last local day asked for.

    Raises:
        Problem: they are the wrong way round, or further apart than anybody reads.
    """
    until = asked.until or local_day(services.now(), services.parts.policy.calendar)
    since = asked.since or until - timedelta(days=BACK[asked.window])
    if not timedelta() <= until - since <= LONGEST:
        en = f"from must not lie after to ({until}), nor more than ten years before it."
        raise Problem("bad-parameter", en, f"from 不得晚于 to（{until}），也不得早于其十年以上。", "from")
    return since, until


def spans_of(services: Services, asked: WindowsQuery, most: int = MOST) -> tuple[Window, ...]:
    """The windows asked for, in order.

    Raises:
        Problem: they end before they begin, or are more than anybody reads.
    """
    found = windows(asked.window, *days_of(services, asked), services.parts.policy.calendar)
    if len(found) > most:
        en = f"from and to hold {len(found)} windows; ask for {most} at most, or for longer ones."
        zh = f"from 至 to 含 {len(found)} 个统计区间；请不超过 {most} 个，或改用更长的区间。"
        raise Problem("bad-parameter", en, zh, "from")
    return found


def quarter_of(services: Services, name: str | None) -> Window:
    """The quarter of a name, else the one that it is.

    Raises:
        Problem: the name is no quarter's.
    """
    calendar = services.parts.policy.calendar
    if name is None:
        return window("quarter", services.now(), calendar)
    try:
        found = window_named(name, calendar)
        return _quarter(found, window("quarter", found.end, calendar))
    except (PeriodError, ValueError, OverflowError):
        raise Problem(
            "bad-parameter",
            "quarter must be one such as 2026-Q1.",
            "quarter 须为季度，如 2026-Q1。",
            "quarter",
        ) from None


def _quarter(found: Window, quarter: Window) -> Window:
    """The window, if it is a quarter of a year that calendars know."""
    if found != quarter or found.start.year + 1 not in YEARS:
        raise ValueError(found.name)
    return quarter
