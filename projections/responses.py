"""What satisfaction is counted from: each time somebody was asked, and each answer, with whom it counts for.

A row says what was known when it was recorded, as the counters do, so that a list of rows is what a counter
counted. Kept by the satisfaction model. No comments of customers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg import Connection

from domain.envelope import Event
from projections import records
from projections.paging import BadQuery, Listing, Page
from projections.table import Row

CUTS = ("staff", "branch", "category", "channel", "survey", "stage")

RESPONSE = records.records(
    "response",
    {
        "asked": "integer NOT NULL",
        "answered": "boolean NOT NULL",
        "score": "integer",
        "satisfied": "boolean",
        "customer": "text",
        **dict.fromkeys(CUTS, "text"),
    },
)
"""`asked`: how many customers were asked; 0 for an answer."""


def row_of(event: Event, counted: Row, about: Row | None, cuts: Iterator[tuple[str, str]]) -> Row:
    """The row of an event that asks or answers."""
    told = {"score": getattr(event.data, "score", None), "satisfied": getattr(event.data, "satisfied", None)}
    return RESPONSE.new(
        subject=event.subject,
        record=records.identity(event),
        at=event.time,
        sequence=event.sequence or 0,
        asked=counted.get("asked", 0),
        answered=bool(counted.get("answered")),
        customer=(about or {}).get("customer"),
        **told,
        **{per: value for per, value in cuts if per in CUTS},
    )


# ---- asking

_GOOD = "(score >= 4 OR satisfied IS TRUE) IS TRUE"
_BAD = "(score <= 2 OR satisfied IS FALSE) IS TRUE"
_RATED = "(score IS NOT NULL OR satisfied IS NOT NULL)"

COUNTED = {
    "asked": "asked > 0",
    "answered": "answered",
    "scored": "score IS NOT NULL",
    "rated": _RATED,
    "satisfied": _GOOD,
    "dissatisfied": _BAD,
}
"""By counter, the rows it counts."""

LISTING = Listing(
    f"""SELECT subject, record, at, asked, answered, score, {_GOOD} AS satisfied, {_BAD} AS dissatisfied,
            customer, staff, branch, category, channel, survey, stage FROM response""",
    {
        **{name: f"{name} = %({name})s" for name in CUTS},
        "subject": "subject = %(subject)s",
        **{f"_{name}": f"{rows} AND %(_{name})s" for name, rows in COUNTED.items()},
        "since": "at >= %(since)s",
        "until": "at < %(until)s",
    },
    (("at", "at", "timestamptz"), ("subject", "subject", "text"), ("record", "record", "text")),
    descending=True,
)


def responses(
    connection: Connection[Any],
    *,
    limit: int = 50,
    cursor: str | None = None,
    counted: str = "answered",
    **filters: Any,
) -> Page:
    """The rows that a counter counted, the latest first.

    Filters: staff, branch, category, channel, survey, stage, subject, since, until (of when it was).

    Raises:
        BadQuery: `counted` is no counter.
    """
    if counted not in COUNTED:
        raise BadQuery(f"counted must be one of {', '.join(COUNTED)}")
    return LISTING.page(connection, limit, cursor, **{f"_{counted}": True}, **filters)
