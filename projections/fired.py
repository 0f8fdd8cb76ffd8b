"""Where rules fired in a window: by clause, how many obligations, breaches, violations, misses and so on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from domain.working_time import Calendar, Window
from projections.spans import WINDOWS, ask, inside, parameters

COUNTS: Mapping[str, tuple[str, str, str, str]] = {
    "opened": ("obligation", "clause", "opened_at", "TRUE"),
    "breached": ("obligation", "clause", "breached_at", "x.state <> 'withdrawn'"),
    "violations": ("violation", "clause", "found_at", "x.withdrawn_at IS NULL"),
    "escalations": (
        "alert",
        "clause",
        "raised_at",
        "x.channel = 'alerts.escalations' AND x.clause IS NOT NULL",
    ),
    "missed": ("kpi", "kpi", "missed_at", "x.missed"),
    "verdicts": ("verdict", "rule", "at", "TRUE"),
}
"""By what is counted: its table, the columns that name the clause and say when, and which rows count."""


def _count(name: str) -> str:
    table, clause, at, which = COUNTS[name]
    return (
        f"SELECT x.{clause} AS clause, '{name}' AS what, count(*) AS times"
        f" FROM {WINDOWS} JOIN {table} x ON {inside(f'x.{at}')} WHERE {which} GROUP BY 1"
    )


QUERY = " UNION ALL ".join(_count(name) for name in COUNTS)


def fired(connection: Connection[Any], span: Window, *, calendar: Calendar) -> dict[str, dict[str, int]]:
    """By clause or figure, by what is counted, how often; what did not happen is not there."""
    found: dict[str, dict[str, int]] = {}
    for row in ask(connection, QUERY, parameters((span,), calendar)):
        found.setdefault(row["clause"], {})[row["what"]] = row["times"]
    return found
