"""What pages are asked for: a window and its neighbours, choices, and links that keep the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from api.http.params import Name
from api.http.problems import Problem
from api.http.services import Services
from api.reports.model import just_after
from domain.working_time import Window, window, window_named
from domain.working_time.periods import PeriodError
from domain.working_time.windows import WindowKind

KINDS: tuple[WindowKind, ...] = ("day", "week", "month", "quarter")


class PageQuery(BaseModel):
    """What stands in the address of a page; what a page does not know it leaves alone, as `lang`."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class WindowPage(PageQuery):
    """A page of one window: its kind, and its name where it is not the present one."""

    window: WindowKind = "month"
    at: Annotated[Name | None, Field(description="Such as 2026-03 or 2026-W12")] = None


class Choice(NamedTuple):
    """One of several that can be chosen."""

    value: str
    words: str
    href: str
    chosen: bool


class Shown(NamedTuple):
    """A window with the ways to its neighbours; `after` is None where that has not begun."""

    kind: WindowKind
    span: Window
    before: str
    after: str | None


def address(path: str, /, **given: Any) -> str:
    """A path with those parameters that are given."""
    told = {name.rstrip("_"): value for name, value in given.items() if value not in (None, "")}
    return f"{path}?{urlencode(told)}" if told else path


def choices(
    path: str, name: str, options: Iterable[tuple[str, str]], chosen: str, kept: Mapping[str, Any]
) -> list[Choice]:
    """A parameter's values as links that keep the rest of the address."""
    return [
        Choice(value, words, address(path, **{**kept, name: value}), value == chosen)
        for value, words in options
    ]


def shown_window(services: Services, path: str, asked: WindowPage, kept: Mapping[str, Any]) -> Shown:
    """The window asked for, else the present one.

    Raises:
        Problem: its name is none of its kind.
    """
    calendar, now = services.parts.policy.calendar, services.now()
    present = window(asked.window, now, calendar)
    span = present if asked.at is None else _named(services, asked.window, asked.at)
    around = {"window": asked.window, **kept}
    before = window(asked.window, span.start, calendar).name
    later = None
    if span.end < now:
        following = window(asked.window, just_past(span.end), calendar).name
        later = address(path, **around, at=following)
    return Shown(asked.window, span, address(path, **around, at=before), later)


def just_past(at: datetime) -> datetime:
    """An instant within the window after the one that ends there."""
    return at.replace(microsecond=1)


def _named(services: Services, kind: WindowKind, name: str) -> Window:
    """The window of a kind that a name stands for; of another kind's window, the one now or at its end."""
    try:
        found = window_named(name, services.parts.policy.calendar)
        return window(kind, _within(found, services.now()), services.parts.policy.calendar)
    except (PeriodError, ValueError, OverflowError):
        en = "at must be a window such as 2026-03-04, 2026-W10, 2026-03 or 2026-Q1."
        zh = "at 须为统计区间，如 2026-03-04、2026-W10、2026-03 或 2026-Q1。"
        raise Problem("bad-parameter", en, zh, "at") from None


def _within(span: Window, now: datetime) -> datetime:
    """Now, where the window holds it, else its end."""
    return now if span.holds(now) else span.end


def within(span: Window) -> dict[str, str]:
    """The window as lists take it: from included, to excluded; the window excludes its start."""
    return {"from": just_after(span.start), "to": just_after(span.end)}
