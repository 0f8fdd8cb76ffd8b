"""Visits one by one: what was planned, what became of it, and what was made: the rows behind compliance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from domain.working_time import Calendar, Window
from projections.paging import Listing, Page
from projections.spans import EACH_DAY, WINDOWS, ask, end_of, parameters
from projections.table import Row
from projections.visits import became

BECAME = ("made", "excepted", "running", "missed", "unplanned")

_MADE, _EXCUSED, _RUNS = became(end_of("v.planned_for"))
_BECAME = f"""CASE WHEN NOT v.planned OR v.planned_for IS NULL THEN 'unplanned' WHEN {_MADE} THEN 'made'
    WHEN {_EXCUSED} THEN 'excepted' WHEN {_RUNS} THEN 'running' ELSE 'missed' END"""
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


_MADE_THAT_DAY, _, _RUNS_THAT_DAY = became("d.ends")

COURSE = f"""
    SELECT w.window_name AS "window", count(*) AS planned, count(*) FILTER (WHERE {_MADE_THAT_DAY}) AS made,
        count(*) FILTER (WHERE {_RUNS_THAT_DAY}) AS running
    FROM {WINDOWS} JOIN {EACH_DAY} ON d.day BETWEEN w.first_day AND w.last_day
        JOIN visit v ON v.planned_for = d.day AND v.planned
    WHERE (%(manager)s::text IS NULL OR v.manager = %(manager)s) AND (%(branch)s::text IS NULL OR EXISTS (
        SELECT FROM about s WHERE s.subject = 'staff/' || v.manager AND s.branch = %(branch)s))
    GROUP BY 1
"""
"""Plans and what became of them, as compliance counts them."""


def course(
    connection: Connection[Any],
    windows: Sequence[Window],
    *,
    calendar: Calendar,
    now: datetime,
    manager: str | None = None,
    branch: str | None = None,
) -> dict[str, Row]:
    """By window the plans of everybody, a manager or a branch, those made, and those that still run."""
    values = {**parameters(windows, calendar), "now": now, "manager": manager, "branch": branch}
    return {row["window"]: row for row in ask(connection, COURSE, values)}
