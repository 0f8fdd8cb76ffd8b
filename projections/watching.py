"""Alerts as those who act on them look at them: the gravest first, by whom, where, and how many of each.

The reading side only: what an alert is, is decided where it is folded.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from projections.alerts import as_alert
from projections.paging import Listing, Page

BRANCH = "COALESCE(a.branch, CASE WHEN al.subject LIKE 'branch/%%' THEN substr(al.subject, 8) END)"
HANDLER = "COALESCE(a.handler, CASE WHEN al.subject LIKE 'staff/%%' THEN substr(al.subject, 7) END)"
TAKEN = "(al.status = 'acknowledged')::int::bigint"
RANK = "array_position(ARRAY['critical', 'high', 'warning', 'info'], al.severity)::bigint"
LATEST = "(-extract(epoch FROM al.raised_at) * 1000000)::bigint"

_FROM = "FROM alert al LEFT JOIN about a ON a.subject = al.subject"
_SELECT = f"""
    SELECT al.*, {BRANCH} AS branch, {HANDLER} AS handler, a.category,
        {TAKEN} AS taken, {RANK} AS rank, {LATEST} AS latest {_FROM}
"""
_FILTERS = {
    "current": "(al.status <> 'resolved') = %(current)s",
    "status": "al.status = %(status)s",
    "channel": "al.channel = %(channel)s",
    "severity": "al.severity = %(severity)s",
    "branch": f"{BRANCH} = %(branch)s",
    "branches": f"{BRANCH} = ANY(%(branches)s)",
    "role": "%(role)s = ANY(al.recipients)",
    "staff": f"(al.acknowledged_by = %(staff)s OR {HANDLER} = %(staff)s)",
}

GRAVEST = Listing(
    _SELECT,
    _FILTERS,
    (
        ("taken", TAKEN, "bigint"),
        ("rank", RANK, "bigint"),
        ("latest", LATEST, "bigint"),
        ("key", "al.key", "text"),
    ),
)
LATEST_FIRST = Listing(
    _SELECT,
    _FILTERS,
    (("raised_at", "al.raised_at", "timestamptz"), ("key", "al.key", "text")),
    descending=True,
)
"""For those that are over, of which there may be many."""


def watched(
    connection: Connection[Any], *, limit: int = 50, cursor: str | None = None, **filters: Any
) -> Page:
    """Alerts with their branch, handler and category; those that nobody took on first, the gravest of them
    first, the latest of equals first. Those that are resolved: the latest first.

    Filters: current (bool), status, channel, severity, branch, branches (any of them), role (told), staff
    (handles it or acknowledged it).
    """
    listing = LATEST_FIRST if filters.get("status") == "resolved" else GRAVEST
    page = listing.page(connection, limit, cursor, **filters)
    more = ("channel", "branch", "handler", "category")
    return Page([{**as_alert(row), **{name: row[name] for name in more}} for row in page.items], page.next)


def tallies(connection: Connection[Any], branches: list[str] | None = None) -> dict[tuple[str, str], int]:
    """How many alerts are open, by severity and channel."""
    where = " AND " + _FILTERS["branches"] if branches else ""
    query = (
        f"SELECT al.severity, al.channel, count(*) {_FROM} WHERE al.status <> 'resolved'{where} GROUP BY 1, 2"
    )
    rows = connection.execute(query.encode(), {"branches": branches}).fetchall()
    return {(severity, channel): count for severity, channel, count in rows}


def choices(connection: Connection[Any], branches: list[str] | None = None) -> dict[str, list[str]]:
    """The branches and roles that open alerts name, to choose among."""
    query = f"""
        SELECT array_agg(DISTINCT {BRANCH}) FILTER (WHERE {BRANCH} IS NOT NULL) AS branch,
            (SELECT array_agg(DISTINCT told) FROM alert x, unnest(x.recipients) AS told
             WHERE x.status <> 'resolved') AS role
        {_FROM} WHERE al.status <> 'resolved'
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query.encode(), {}).fetchone() or {}
    found = {name: sorted(row.get(name) or ()) for name in ("branch", "role")}
    return found | ({"branch": [each for each in found["branch"] if each in branches]} if branches else {})
