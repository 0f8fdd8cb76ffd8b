"""Answers in pages: filters from a fixed table, and a cursor that says where the next page begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, DataError
from psycopg.rows import dict_row

from projections import cursors
from projections.table import Row

MOST = 500
"""Rows on one page, at most."""


class BadQuery(ValueError):
    """A filter or cursor that cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor of the next page; None on the last."""

    items: list[Row]
    next: str | None


@dataclass(frozen=True)
class Listing:
    """A list that can be filtered and paged: its SELECT … FROM …, its filters and its total order.

    `order` are columns of the result with their SQL expression and type, all in one direction; together
    they tell any two rows apart.
    """

    select: str
    filters: Mapping[str, str]
    order: Sequence[tuple[str, str, str]]
    descending: bool = False

    def page(
        self, connection: Connection[Any], limit: int = 50, cursor: str | None = None, **wanted: Any
    ) -> Page:
        """One page of the rows that pass all filters given; a filter of None is not given.

        Raises:
            BadQuery: no such filter, or a cursor of another list.
        """
        limit = max(1, min(limit, MOST))
        rows = rows_of(connection, *self.statement(limit + 1, cursor, **wanted))
        more = len(rows) > limit
        return Page(rows[:limit], cursors.encode(self.order, rows[limit - 1]) if more else None)

    def statement(
        self, limit: int | None, cursor: str | None = None, **wanted: Any
    ) -> tuple[str, dict[str, Any]]:
        """The query of that many rows after the cursor, or of all, and its parameters.

        Raises:
            BadQuery: no such filter, or a cursor of another list.
        """
        given = {name: value for name, value in wanted.items() if value is not None}
        if unknown := given.keys() - self.filters.keys():
            raise BadQuery(f"no filter {sorted(unknown)[0]!r}; there are {', '.join(self.filters)}")
        where = [self.filters[name] for name in given]
        if cursor is not None:
            where.append(self._after())
            given |= self._values(cursor)
        return self._query(where), {**given, "limit": limit}

    def _query(self, where: Sequence[str]) -> str:
        way = " DESC" if self.descending else ""
        order = ", ".join(f"{expression}{way}" for _, expression, _ in self.order)
        conditions = f" WHERE {' AND '.join(where)}" if where else ""
        return f"{self.select}{conditions} ORDER BY {order} LIMIT %(limit)s"

    def _after(self) -> str:
        columns = ", ".join(expression for _, expression, _ in self.order)
        values = ", ".join(f"%(after_{name})s::{kind}" for name, _, kind in self.order)
        return f"({columns}) {'<' if self.descending else '>'} ({values})"

    def _values(self, cursor: str) -> dict[str, Any]:
        try:
            values = cursors.decode(self.order, cursor)
        except cursors.BadCursor as error:
            raise BadQuery("the cursor is none of this list; leave it out to start anew") from error
        return {f"after_{name}": value for name, value in values.items()}


def rows_of(connection: Connection[Any], query: str, values: Mapping[str, Any]) -> list[Row]:
    """The rows of a query of a list.

    Raises:
        BadQuery: a value is of another kind than its filter.
    """
    with connection.cursor(row_factory=dict_row, binary=True) as cursor:
        try:
            # planned for these filters each time: one plan for all values reads whole tables for rare ones
            return cursor.execute(query, values, prepare=False).fetchall()
        except DataError as error:
            raise BadQuery("a filter or the cursor has a value of another kind") from error
