"""Complaints by words of their summaries: those that have the words' marks, and then the summary itself.

Two ways lead to the marks, and how common the words are says which one is short. Where many complaints have
them, the complaints are walked, the latest first, until there are enough. Where few have them, the index of
marks knows which. The first complaints that are walked tell how common they are: PostgreSQL would take marks
to be independent of each other, which those of one word never are, and read a hundred times too much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from psycopg import Connection

from projections.cursors import encode
from projections.paging import MOST, Listing, Page, rows_of
from projections.table import Row
from projections.texts import Opener, summaries
from projections.words import Wanted

LOOKED_AT = 1_000
"""Complaints that are opened for one page, at most."""

LEAST = 100
"""And at once, at least."""

NEAR, FAR = 2_000, 6_000
"""Complaints that are walked at first; and at once, where enough of those had the marks."""

_PLACE = "SELECT c.subject, c.received_at FROM complaint c"

_WALKED = """SELECT subject, received_at, place, fits FROM (
        SELECT c.subject, c.received_at,
            row_number() OVER (ORDER BY c.received_at DESC, c.subject DESC) AS place,
            (SELECT m.marks @> %(marks)s::smallint[] FROM complaint_words m
                WHERE m.subject = c.subject) AS fits
        FROM ({complaints}) c
    ) AS walked
    WHERE fits OR place = %(limit)s ORDER BY received_at DESC, subject DESC LIMIT %(most)s"""
"""Those with the marks among the next complaints, and the last of these complaints."""

_MARKED = Listing(
    "SELECT m.subject, m.received_at FROM complaint_words m",
    {
        "marks": "m.marks @> %(marks)s::smallint[]",
        "customer": "m.customer = %(customer)s",
        "since": "m.received_at >= %(since)s",
        "until": "m.received_at < %(until)s",
    },
    (("received_at", "m.received_at", "timestamptz"), ("subject", "m.subject", "text")),
    descending=True,
)


_WITH = " JOIN complaint c ON c.subject = m.subject"
"""Where other filters ask for what the marks' table has not."""


class Marked:
    """The complaints of a list that have some marks."""

    def __init__(
        self, connection: Connection[Any], listing: Listing, marks: list[int], filters: Mapping[str, Any]
    ) -> None:
        self.connection = connection
        self.places = replace(listing, select=_PLACE)
        self.conditions = {**listing.filters, **_MARKED.filters}
        self.marks = marks
        self.filters = {name: value for name, value in filters.items() if value is not None}

    def after(self, cursor: str | None) -> Iterator[Row]:
        """In the list's order, as far as somebody reads on."""
        many, most = NEAR, LEAST
        while True:
            walked = self._walked(cursor, many, most)
            found = [row for row in walked if row["fits"]]
            yield from found
            if len(found) < most and not (walked and walked[-1]["place"] == many):
                return
            cursor = encode(self.places.order, walked[-1])
            if len(found) * FAR < LEAST * walked[-1]["place"]:
                break
            many, most = FAR, MOST
        while found := self._indexed(cursor):
            yield from found
            if len(found) < LOOKED_AT:
                return
            cursor = encode(self.places.order, found[-1])

    def _walked(self, cursor: str | None, many: int, most: int) -> list[Row]:
        complaints, values = self.places.statement(many, cursor, **self.filters)
        values |= {"marks": self.marks, "most": most}
        return rows_of(self.connection, _WALKED.format(complaints=complaints), values)

    def _indexed(self, cursor: str) -> list[Row]:
        """What the index of marks can narrow itself it does, before anything is looked up."""
        marked = _MARKED
        if self.filters.keys() - _MARKED.filters.keys():
            marked = replace(_MARKED, select=_MARKED.select + _WITH, filters=self.conditions)
        query = marked.statement(LOOKED_AT, cursor, marks=self.marks, **self.filters)
        return rows_of(self.connection, *query)


def page(
    connection: Connection[Any],
    listing: Listing,
    wanted: Wanted,
    texts: Opener,
    limit: int,
    cursor: str | None,
    filters: Mapping[str, Any],
) -> Page:
    """A page of the list with what the marks find, and the summary itself has. It may hold fewer rows than
    asked for, or none, and still have a next one."""
    with connection.cursor() as secret:
        marks = wanted.marks(texts.secret(secret))
    rows = Marked(connection, listing, marks, filters).after(cursor)
    limit, looked, held = min(limit, MOST), 0, list[Row]()
    while part := list(islice(rows, min(max(LEAST, looked), LOOKED_AT - looked))):
        held += _holding(connection, wanted, texts, part)
        looked += len(part)
        if len(held) > limit:
            return Page(_shown(connection, listing, held[:limit]), encode(listing.order, held[limit - 1]))
        cursor = encode(listing.order, part[-1])
    return Page(_shown(connection, listing, held), cursor if looked == LOOKED_AT else None)


def _holding(connection: Connection[Any], wanted: Wanted, texts: Opener, rows: list[Row]) -> list[Row]:
    with connection.cursor(binary=True) as cursor:
        read = summaries(cursor, texts, [row["subject"] for row in rows])
    return [row for row in rows if wanted.within(read.get(row["subject"], ""))]


def _shown(connection: Connection[Any], listing: Listing, held: list[Row]) -> list[Row]:
    subjects = [row["subject"] for row in held]
    return listing.page(connection, MOST, _subjects=subjects).items if subjects else []
