"""Visits one by one: what was planned, what became of it, and what was made: the rows behind compliance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection

from domain.working_time import Calendar
from projections.paging import Listing, Page
from projections.visits import EXCUSED, MADE, RUNS

BECAME = ("made", "excepted", "running", "missed", "unplanned")

_BECAME = f"""CASE WHEN NOT v.planned OR v.planned_for IS NULL THEN 'unplanned' WHEN {MADE} THEN 'made'
    WHEN {EXCUSED} THEN 'excepted' WHEN {RUNS} THEN 'running' ELSE 'missed' END"""
_AT = "coalesce(v.started_at, v.planned_for::timestamp AT TIME ZONE %(zone)s, 'epoch')"

LISTING = Listing(
    f"""SELECT v.subject, v.customer, v.manager, s.branch, v.mode, v.purpose, v.planned, v.planned_for,
            v.moves, v.started_at, v.ended_at, v.excepted_at, v.photo, v.summarised_at, {_BECAME} AS became,
            {_AT} AS at
        FROM visit v LEFT JOIN about s ON s.subject = 'staff/' || v.manager""",
    {
        "now": "%(now)s::timestamptz IS NOT NULL",
        "zone": "%(zone)s::text IS NOT NULL",
        "manager": "v.manager = %(manager)s",
        "branch": "s.branch = %(branch)s",
        "customer": "v.customer = %(customer)s",
        "mode": "v.mode = %(mode)s",
        "became": f"({_BECAME}) = %(became)s",
        "over": f"(({_BECAME}) <> 'running') = %(over)s",
        "planned": "v.planned = %(planned)s",
        "moved": "(v.moves > 0) = %(moved)s",
        "photo": "coalesce(v.photo, false) = %(photo)s",
        "summarised": "(v.summarised_at IS NOT NULL) = %(summarised)s",
        "planned_from": "v.planned AND v.planned_for >= %(planned_from)s",
        "planned_to": "v.planned AND v.planned_for <= %(planned_to)s",
        "since": "v.started_at >= %(since)s",
        "until": "v.started_at < %(until)s",
    },
    (("at", _AT, "timestamptz"), ("subject", "v.subject", "text")),
    descending=True,
)
"""`became`: of a planned visit whether it was made on its day, excepted, missed, or its day still runs."""


def listed(
    connection: Connection[Any],
    *,
    calendar: Calendar,
    now: datetime,
    limit: int = 50,
    cursor: str | None = None,
    **filters: Any,
) -> Page:
    """Visits, the latest first.

    Filters: manager, branch (where the manager joined), customer, mode, became (one of `BECAME`), over (bool:
    its planned day is), planned, moved, photo, summarised (bool), planned_from and planned_to (local days),
    since and until (of the start).
    """
    return LISTING.page(connection, limit, cursor, now=now, zone=calendar.tz.key, **filters)
