"""Where problems concentrate: complaints, breaches and violations per manager and per root cause (000 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

from psycopg import Connection

from domain.concentration import concentration
from domain.working_time import Calendar, Window
from projections.spans import WINDOWS, ask, inside, parameters
from projections.table import Row

Of = Literal["complaints", "breaches", "violations"]
Per = Literal["manager", "root-cause"]

UNKNOWN = "unknown"
"""Where nobody said whose it was or what caused it."""

_WHOSE = "coalesce(a.handler, CASE WHEN x.subject LIKE 'staff/%%' THEN substr(x.subject, 7) END)"
_ABOUT = "LEFT JOIN about a ON a.subject = x.subject LEFT JOIN complaint c ON c.subject = x.subject"
_ITSELF = "CROSS JOIN LATERAL (SELECT x.handler, x.branch) AS a CROSS JOIN LATERAL (SELECT x.root_cause) AS c"

PROBLEMS: Mapping[Of, tuple[str, str, str]] = {
    "complaints": (
        f"complaint x ON {inside('x.received_at')} {_ITSELF}",
        "x.kind <> 'inquiry' AND x.status <> 'withdrawn'",
        _WHOSE,
    ),
    "breaches": (
        f"obligation x ON {inside('x.breached_at')} {_ABOUT}",
        "x.state <> 'withdrawn'",
        f"coalesce(x.duty_of, {_WHOSE})",
    ),
    "violations": (f"violation x ON {inside('x.found_at')} {_ABOUT}", "x.withdrawn_at IS NULL", _WHOSE),
}
"""Of each kind of problem: where it is found with what it is about, which count, and whose they are. What a
complaint is about it says itself."""

CAUSED = "x.subject LIKE 'complaint/%%'"
"""Only complaints have a root cause; nothing else is counted where causes are asked for."""


def concentrated(
    connection: Connection[Any],
    windows: tuple[Window, ...],
    *,
    calendar: Calendar,
    of: Of = "complaints",
    per: Per = "manager",
    branch: str | None = None,
) -> list[Row]:
    """The largest first, each with its share of all and the running total; `vital` are the few of Pareto."""
    source, counted, whose = PROBLEMS[of]
    name, limit = (whose, "TRUE") if per == "manager" else ("c.root_cause", CAUSED)
    query = (
        f"SELECT {name} AS name, count(*) AS count FROM {WINDOWS} JOIN {source}"
        f" WHERE {counted} AND {limit} AND (%(branch)s::text IS NULL OR a.branch = %(branch)s) GROUP BY 1"
    )
    rows = ask(connection, query, {**parameters(windows, calendar), "branch": branch})
    names = [row["name"] for row in rows for _ in range(row["count"])]
    whole = len(names)
    return [{**asdict(one), "of": whole} for one in concentration(names, UNKNOWN)]
