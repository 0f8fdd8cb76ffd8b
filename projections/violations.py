"""Violations: where what happened broke a rule, and what a late fact has shown otherwise since."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from domain.envelope import Event
from projections.batch import Batch, ReadModel
from projections.paging import Listing, Page
from projections.table import Key, Table

VIOLATION = Table(
    "violation",
    {
        "subject": "text",
        "violation": "text",
        "clause": "text NOT NULL",
        "detail": "text NOT NULL",
        "missing": "text[]",
        "source": "text",
        "because": "text",
        "found_at": "timestamptz NOT NULL",
        "withdrawn_at": "timestamptz",
    },
    key=("subject", "violation"),
    indexes=("(found_at, subject, violation)", "(clause)"),
)

ON = frozenset({"violation.found", "violation.withdrawn"})


def _row_of(event: Event) -> Key:
    data: Any = event.data
    return event.subject, data.violation


def _fold(batch: Batch) -> None:
    rows = batch.rows
    for event, key in batch.touched:
        data: Any = event.data
        if event.type == "violation.withdrawn":
            if rows.get(*key) is not None:
                rows.change(key, withdrawn_at=event.time)
            continue
        rows.change(
            key,
            clause=data.clause,
            detail=data.detail,
            missing=list(data.missing),
            source=data.source,
            because=data.because,
            found_at=event.time,
            withdrawn_at=None,
        )
    rows.save(batch.cursor)


MODEL = ReadModel("violations", (VIOLATION,), ON, _fold, _row_of)

_WHOSE = "COALESCE(a.handler, CASE WHEN v.subject LIKE 'staff/%%' THEN substr(v.subject, 7) END)"

LISTING = Listing(
    f"""SELECT v.subject, v.violation, v.clause, v.detail, v.missing, v.source, v.because, v.found_at,
            v.withdrawn_at, {_WHOSE} AS handler, a.customer, a.branch, a.category
        FROM violation v LEFT JOIN about a ON a.subject = v.subject""",
    {
        "subject": "v.subject = %(subject)s",
        "kind": "split_part(v.subject, '/', 1) = %(kind)s",
        "clause": "v.clause = %(clause)s",
        "detail": "v.detail = %(detail)s",
        "handler": f"{_WHOSE} = %(handler)s",
        "branch": "a.branch = %(branch)s",
        "category": "a.category = %(category)s",
        "since": "v.found_at >= %(since)s",
        "until": "v.found_at < %(until)s",
        "withdrawn": "(v.withdrawn_at IS NOT NULL) = %(withdrawn)s",
    },
    (
        ("found_at", "v.found_at", "timestamptz"),
        ("subject", "v.subject", "text"),
        ("violation", "v.violation", "text"),
    ),
    descending=True,
)


def violations(
    connection: Connection[Any], *, limit: int = 50, cursor: str | None = None, **filters: Any
) -> Page:
    """Violations, the latest first.

    Filters: subject, kind (of stream), clause, detail, handler, branch, category, since, until (of
    `found_at`), withdrawn (bool).
    """
    return LISTING.page(connection, limit, cursor, **filters)
