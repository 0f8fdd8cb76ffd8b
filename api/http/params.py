"""What stands in addresses: instants, names, pages. Unknown parameters are refused, as typing errors are."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, WithJsonSchema

from domain.events.base import instant

_UNESCAPED = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:\d\d)\Z")
"""A `+` that was not escaped as %2B arrives as a space; between a time and its offset it can only be that."""


def _instant(value: object) -> datetime:
    return instant(_UNESCAPED.sub(r"\1+\2", value) if isinstance(value, str) else value)


Instant = Annotated[
    datetime,
    PlainValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-04T09:30:00+08:00"]}),
]
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]


Cursor = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
"""Longer than a name: it holds the last row's order, names of streams among it."""


class Query(BaseModel):
    """Query parameters; those not declared are refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False, frozen=True)


class Paged(Query):
    """The part of a list that is wanted."""

    limit: int = Field(default=50, ge=1, le=500, description="Rows on a page | 每页行数")
    cursor: Cursor | None = Field(default=None, description="The `next` of the page before | 上一页的 next")

    def filters(self) -> dict[str, Any]:
        """What narrows the list; a parameter not given narrows nothing."""
        return self.model_dump(exclude={"limit", "cursor"}, exclude_none=True)


class Period(Paged):
    """A list of what lies in a period."""

    since: Instant | None = Field(default=None, alias="from", description="From this instant on | 自该时刻起")
    until: Instant | None = Field(default=None, alias="to", description="Before this instant | 早于该时刻")
