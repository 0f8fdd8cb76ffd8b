"""What the sections of a report are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from psycopg import Connection

from api.i18n import Text
from api.reports.model import Links, Row
from api.reports.periods import Period
from domain.policy import Policy
from domain.working_time import Calendar, Window
from domain.working_time.windows import WindowKind
from projections.spans import windows

SMALLER: dict[WindowKind, WindowKind] = {"week": "day", "month": "day", "quarter": "week"}
"""The windows that a period is shown in over time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One report: the read models, the rules, the period, the time it is made at, and where links lead."""

    connection: Connection[Any]
    policy: Policy
    period: Period
    now: datetime
    links: Links

    @property
    def calendar(self) -> Calendar:
        return self.policy.calendar

    @property
    def span(self) -> Window:
        return self.period.span

    def within(self, kind: WindowKind) -> tuple[Window, ...]:
        """The windows of a kind that the period touches."""
        return windows(kind, self.period.first_day, self.period.last_day, self.calendar)

    def parts(self) -> tuple[Window, ...]:
        """The smaller windows that the period is made of, cut where it begins and ends."""
        return tuple(
            Window(one.name, max(one.start, self.span.start), min(one.end, self.span.end))
            for one in self.within(SMALLER[self.period.kind])
        )

    def title(self, name: str) -> Text:
        """What a clause or figure is called; one that the policy does not know by its id."""
        known = self.policy.clauses.get(name) or self.policy.kpis.get(name)
        return Text(known.row.title.en, known.row.title.zh) if known else Text(name, name)


Made = Callable[[Row], str | None]


def leads(to: Callable[..., str | None], /, *columns: str, **fixed: str) -> Made:
    """A link to a list narrowed by a row's own columns (`filter=column` or both alike) and fixed values."""
    pairs = [column.partition("=") for column in columns]
    named = {(name): (column or name) for name, _, column in pairs}
    return partial(_led, to, named, fixed)


def _led(to: Callable[..., str | None], named: dict[str, str], fixed: dict[str, str], row: Row) -> str | None:
    return to(**fixed, **{name: row[column] for name, column in named.items()})
