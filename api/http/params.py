"""What stands in addresses: instants, names, pages. Unknown parameters are refused, as typing errors are."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, get_origin

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, WithJsonSchema
from starlette.requests import Request

from api.http.problems import Problem
from domain.events.base import day, instant, problem
from domain.working_time import Calendar

_UNESCAPED = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:\d\d)\Z")
"""A `+` that was not escaped as %2B arrives as a space; between a time and its offset it can only be that."""


def _instant(value: object) -> datetime:
    return instant(_UNESCAPED.sub(r"\1+\2", value) if isinstance(value, str) else value)


Instant = Annotated[
    datetime,
    PlainValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-04T09:30:00+08:00"]}),
]
YEARS = range(1900, 2200)
"""Years that anybody asks for; calendars reach a window beyond each end."""


def _day(value: object) -> date:
    found = day(value)
    if found.year not in YEARS:
        first, last = YEARS[0], YEARS[-1]
        raise problem("date", f"must be a day of {first} to {last}", f"须为 {first} 至 {last} 年的日期")
    return found


Day = Annotated[date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


@dataclass(frozen=True)
class Edge:
    """Where a local day begins or ends. What happens at 00:00 is of the day before, as in all figures: so a
    list from a day to a day holds what the figures of these days counted."""

    day: date
    ends: bool

    def at(self, calendar: Calendar) -> datetime:
        number = self.day.toordinal()
        edge = calendar.end_of(number) if self.ends else calendar.start_of(number)
        return edge.replace(microsecond=1)


_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_BOUND_SCHEMA = WithJsonSchema(
    {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}],
        "examples": ["2026-03-04T09:30:00+08:00", "2026-03-04"],
    }
)


def _bound(value: object, ends: bool) -> datetime | Edge:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return Edge(_day(value), ends)
    if isinstance(value, str) and not _DATE.match(value):
        time = "2026-03-04T09:30:00+08:00"
        en = f"must be a date such as 2026-03-04, or an RFC 3339 date and time such as {time}"
        zh = f"须为日期，如 2026-03-04，或 RFC 3339 日期时间，如 {time}"
        raise problem("time", en, zh)
    return _instant(value)


From = Annotated[datetime | Edge, PlainValidator(partial(_bound, ends=False)), _BOUND_SCHEMA]
To = Annotated[datetime | Edge, PlainValidator(partial(_bound, ends=True)), _BOUND_SCHEMA]
"""Bounds of a list: instants, or local days as figures take them, the last included."""

Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]


async def once(request: Request) -> None:
    """A parameter stands once, unless it takes several values: which of two counts, nobody could tell."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    twice = next((name for name, times in given.items() if times > 1 and name not in _lists(request)), None)
    if twice is not None:
        twice = twice[:60]
        raise Problem("bad-parameter", f"{twice} is given twice.", f"{twice} 出现了两次。", twice)


def _lists(request: Request) -> set[str]:
    """The parameters of this route that take several values."""
    fields = request.scope["route"].dependant.query_params
    models = [annotation.model_fields for field in fields if (annotation := field.field_info.annotation)]
    entries = ((entry.alias or name, entry.annotation) for model in models for name, entry in model.items())
    return {name for name, annotation in entries if get_origin(annotation) in (list, tuple)}


Cursor = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
"""Longer than a name: it holds the last row's order, names of streams among it."""


class Query(BaseModel):
    """Query parameters; those not declared are refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False, frozen=True)


class Paged(Query):
    """The part of a list that is wanted."""

    limit: int = Field(default=50, ge=1, le=500, description="Rows on a page | 每页行数")
    cursor: Cursor | None = Field(default=None, description="The `next` of the page before | 上一页的 next")

    def filters(self, calendar: Calendar) -> dict[str, Any]:
        """What narrows the list, its days by this calendar; a parameter not given narrows nothing."""
        return {
            name: value.at(calendar) if isinstance(value, Edge) else value
            for name, value in self
            if value is not None and name not in ("limit", "cursor")
        }


class Period(Paged):
    """A list of what lies in a period."""

    since: From | None = Field(
        default=None, alias="from", description="From this instant or local day on | 自该时刻或当地日期起"
    )
    until: To | None = Field(
        default=None,
        alias="to",
        description="Before this instant, or to the end of this local day "
        "| 早于该时刻，或至该当地日期结束（含）",
    )
