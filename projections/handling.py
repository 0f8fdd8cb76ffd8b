"""How complaints of a window were handled, and what was owed for them (001-10 2.8, 003 七).

Of the complaints received in the window, as they stand now. Inquiries and withdrawn complaints are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from psycopg import Connection

from domain.working_time import Calendar, Window
from projections.spans import WINDOWS, ask, inside, parameters, share
from projections.table import Row

Cut = Literal["total", "category", "channel", "handler", "branch", "root_cause"]

CUTS: Mapping[Cut, str] = {
    "total": "''",
    "category": "a.category",
    "channel": "a.channel",
    "handler": "a.handler",
    "branch": "a.branch",
    "root_cause": "c.root_cause",
}
"""What complaints are counted by, and the column that says it."""

COUNTS = f"""
    SELECT w.window_name AS "window", {{cut}} AS name, count(*) AS received,
        count(*) FILTER (WHERE c.major) AS major, count(*) FILTER (WHERE c.urgent) AS urgent,
        count(c.resolved_at) AS resolved, count(*) FILTER (WHERE c.status = 'closed') AS closed,
        count(*) FILTER (WHERE c.status = 'open') AS open,
        count(*) FILTER (WHERE c.status = 'merged') AS merged,
        count(*) FILTER (WHERE c.cycle > 1) AS reopened,
        count(*) FILTER (WHERE EXISTS (
            SELECT 1 FROM obligation o WHERE o.subject = c.subject AND o.state = 'breached')) AS overdue,
        avg(extract(epoch FROM c.resolved_at - c.received_at))::double precision / 3600 AS hours,
        sum(s.rated)::bigint AS rated, sum(s.satisfied)::bigint AS satisfied
    FROM {WINDOWS} JOIN complaint c ON {inside("c.received_at")} LEFT JOIN about a ON a.subject = c.subject
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE score IS NOT NULL OR satisfied IS NOT NULL) AS rated,
            count(*) FILTER (WHERE score >= 4 OR satisfied) AS satisfied
        FROM answer WHERE answer.subject = c.subject
    ) AS s
    WHERE c.kind <> 'inquiry' AND c.status <> 'withdrawn'
    GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
"""

DUTIES = f"""
    SELECT o.clause, count(*) AS due, count(*) FILTER (WHERE o.state = 'met') AS met,
        count(*) FILTER (WHERE o.state = 'done-late') AS late,
        count(*) FILTER (WHERE o.state = 'breached') AS breached,
        count(*) FILTER (WHERE o.state = 'open') AS open
    FROM {WINDOWS} JOIN obligation o ON {inside("o.due_at")}
    WHERE o.state <> 'withdrawn' GROUP BY 1 ORDER BY 1
"""

MAJOR = f"""
    SELECT c.subject, c.received_at, c.status, c.resolved_at, c.closed_at, a.handler, a.branch, a.category,
        (SELECT count(*) FROM obligation o WHERE o.subject = c.subject AND o.state = 'breached') AS overdue
    FROM {WINDOWS} JOIN complaint c ON {inside("c.received_at")} LEFT JOIN about a ON a.subject = c.subject
    WHERE c.major AND c.kind <> 'inquiry' AND c.status <> 'withdrawn' ORDER BY c.received_at, c.subject
"""

FOUND = f"""
    SELECT x.clause, x.detail, a.handler, count(*) AS violations
    FROM {WINDOWS} JOIN violation x ON {inside("x.found_at")} LEFT JOIN about a ON a.subject = x.subject
    WHERE x.withdrawn_at IS NULL GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3
"""

MISSED = f"""
    SELECT k.subject, k.kpi, k.window_name AS "window", NULLIF(k.dimension, '') AS dimension, k.value,
        k.threshold, k.at_least
    FROM {WINDOWS} JOIN kpi k ON {inside("coalesce(k.missed_at, k.restated_at)")}
    WHERE k.missed ORDER BY k.subject, k.kpi, k.window_name, k.dimension
"""


def counts(
    connection: Connection[Any], windows: Sequence[Window], cut: Cut, *, calendar: Calendar
) -> list[Row]:
    """Complaints of each window by what they are cut by, the most first; `hours` is the mean to resolve."""
    rows = ask(connection, COUNTS.format(cut=CUTS[cut]), parameters(windows, calendar))
    return [
        {
            **row,
            "resolved_share": share(row["resolved"], row["received"]),
            "satisfied_share": share(row["satisfied"], row["rated"]),
        }
        for row in rows
    ]


def duties(connection: Connection[Any], span: Window, *, calendar: Calendar) -> list[Row]:
    """By clause, what was due in the window: done in time, late, or not yet; `in_time` is of what is over."""
    rows = ask(connection, DUTIES, parameters((span,), calendar))
    return [
        {
            **row,
            "over": (over := row["met"] + row["late"] + row["breached"]),
            "in_time": share(row["met"], over),
        }
        for row in rows
    ]


def major(connection: Connection[Any], span: Window, *, calendar: Calendar) -> list[Row]:
    """Major complaints received in the window, the first first."""
    return ask(connection, MAJOR, parameters((span,), calendar))


def found(connection: Connection[Any], span: Window, *, calendar: Calendar) -> list[Row]:
    """Violations that stand, by clause, code and whose they are."""
    return ask(connection, FOUND, parameters((span,), calendar))


def missed(connection: Connection[Any], span: Window, *, calendar: Calendar) -> list[Row]:
    """Figures that are missed, by when they were; those of windows that end in this one."""
    return ask(connection, MISSED, parameters((span,), calendar))
