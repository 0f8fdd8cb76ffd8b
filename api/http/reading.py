"""What routes share that read: a page of a list, or the rows of a table, each held to its row's model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.http.answers import json_answer, page_answer
from api.http.params import Paged
from api.http.services import services_of
from projections.paging import Page

Item = TypeVar("Item")
Rows = Iterable[Mapping[str, Any]]


class PageOf(BaseModel, Generic[Item]):
    """Rows of a list. | 列表的一页。"""

    items: list[Item]
    next: str | None = Field(
        description="Cursor of the next page; null on the last | 下一页游标，末页为 null"
    )


class Table(BaseModel, Generic[Item]):
    """Rows of a table, in the order of time. | 表格各行。"""

    items: list[Item]


def shown(row: type[BaseModel], items: Rows) -> list[dict[str, Any]]:
    """The columns that the row's model names, and no other."""
    return [{name: item[name] for name in row.model_fields} for item in items]


def page_of(request: Request, reader: Callable[..., Page], asked: Paged, row: type[BaseModel]) -> Response:
    """A page of what a reading function finds."""

    services = services_of(request)
    filters = asked.filters(services.parts.policy.calendar)

    def query(connection: Any) -> Page:
        return reader(connection, limit=asked.limit, cursor=asked.cursor, **filters)

    page = services.read(query)
    return page_answer(request, Page(shown(row, page.items), page.next))


def table_of(request: Request, reader: Callable[..., Any], *given: Any, **more: Any) -> Response:
    """The rows that a reading function finds, by the policy's calendar."""
    services = services_of(request)
    calendar = services.parts.policy.calendar
    found = services.read(lambda connection: reader(connection, *given, calendar=calendar, **more))
    return json_answer({"items": found})
