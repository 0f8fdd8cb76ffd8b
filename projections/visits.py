"""Visits as they were planned and made, and what managers' visits come to in a window.

Source: 003 五-七. A visit belongs to the local day of its start; a plan to the day it was last set for.
Where plan and start differ, what was started counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from domain.envelope import Event
from domain.working_time import Calendar, Window
from projections import records
from projections.batch import Batch, ReadModel, change
from projections.spans import EACH_DAY, WINDOWS, ask, day_of, inside, parameters, share
from projections.table import Key, Row, Table

VISIT = Table(
    "visit",
    {
        "subject": "text",
        "customer": "text",
        "manager": "text",
        "branch": "text",
        "mode": "text",
        "purpose": "text",
        "planned": "boolean NOT NULL",
        "planned_for": "date",
        "planned_at": "timestamptz",
        "moves": "integer NOT NULL",
        "started_at": "timestamptz",
        "ended_at": "timestamptz",
        "excepted_at": "timestamptz",
        "photo": "boolean",
        "summarised_at": "timestamptz",
    },
    key=("subject",),
    indexes=("(started_at)", "(planned_for)", "(manager)", "(customer)"),
)
"""`planned_at`: when the day it is planned for was last said; `moves`: how often that changed."""

CHECK = records.records("visit_check", {"by": "text", "ok": "boolean"})

_NOTHING = {"planned": False, "moves": 0}

Fields = dict[str, Any]


def _planned(event: Event, row: Row) -> Fields:
    data: Any = event.data
    said = {name: row[name] or getattr(data, name) for name in ("customer", "manager", "mode")}
    return said | _set_for(event, row) | {"planned": True, "purpose": data.purpose or "routine"}


def _set_for(event: Event, row: Row) -> Fields:
    """The latest word by time counts; a plan learned late does not undo a later move."""
    data: Any = event.data
    if row["planned_at"] is not None and event.time < row["planned_at"]:
        return {}
    return {"planned_for": data.date, "planned_at": event.time}


def _moved(event: Event, row: Row) -> Fields:
    return _set_for(event, row) | {"moves": row["moves"] + 1}


def _started(event: Event, row: Row) -> Fields:
    data: Any = event.data
    names = ("customer", "manager", "branch", "mode")
    return {name: getattr(data, name) or row[name] for name in names} | {"started_at": event.time}


def _excepted(event: Event, row: Row) -> Fields:
    data: Any = event.data
    return _latest("excepted_at")(event, row) | {"photo": bool(row["photo"]) or data.photo is not None}


def _latest(column: str) -> Callable[[Event, Row], Fields]:
    return lambda event, row: {column: max(filter(None, (row[column], event.time)))}


CHANGES: Mapping[str, Callable[[Event, Row], Fields]] = {
    "visit.planned": _planned,
    "visit.rescheduled": _moved,
    "visit.started": _started,
    "visit.excepted": _excepted,
    "visit.ended": _latest("ended_at"),
    "visit.summarised": _latest("summarised_at"),
}

_CHECKS: records.Told = {"visit.spot_checked": records.fields("by", "ok")}


def _row_of(event: Event) -> Key | None:
    return (event.subject,) if event.type in CHANGES else None


def _fold(batch: Batch) -> None:
    change(batch, CHANGES, _NOTHING)
    records.write(batch, CHECK, _CHECKS)


MODEL = ReadModel("visits", (VISIT, CHECK), frozenset(CHANGES) | frozenset(_CHECKS), _fold, _row_of)


# ---- asking


def became(due: str) -> tuple[str, str, str]:
    """Whether a planned visit was made by the end of its day, was excused, or its day still runs."""
    made = f"v.started_at <= {due}"
    excused = f"v.excepted_at > v.planned_at AND v.excepted_at <= {due} AND ({made}) IS NOT TRUE"
    return made, excused, f"{due} > %(now)s AND ({made}) IS NOT TRUE AND ({excused}) IS NOT TRUE"


_MADE, _EXCUSED, _RUNS = became("d.ends")
_ENDED = "greatest(coalesce(v.ended_at, v.started_at), v.started_at)"

_MINE = "(%(manager)s::text IS NULL OR {} = %(manager)s)"

PLANS = f"""
    SELECT w.window_name, v.manager, count(*) AS planned, count(*) FILTER (WHERE {_MADE}) AS made,
        count(*) FILTER (WHERE {_EXCUSED}) AS excepted,
        count(*) FILTER (WHERE {_EXCUSED} AND NOT v.photo) AS without_photo,
        count(*) FILTER (WHERE {_RUNS}) AS running, count(*) FILTER (WHERE v.moves > 0) AS moved
    FROM {WINDOWS} JOIN {EACH_DAY} ON d.day BETWEEN w.first_day AND w.last_day
        JOIN visit v ON v.planned_for = d.day
    WHERE v.planned AND {_MINE.format("v.manager")} GROUP BY w.window_name, v.manager
"""

VISITS = f"""
    SELECT window_name, manager, sum(visits)::bigint AS visits, sum(on_site)::bigint AS on_site,
        sum(phone)::bigint AS phone, sum(network)::bigint AS network, sum(summarised)::bigint AS summarised,
        count(customer) AS customers, count(customer) FILTER (WHERE unplanned) AS unplanned_customers,
        count(customer) FILTER (WHERE on_site > 0) AS on_site_customers
    FROM (
        SELECT w.window_name, v.manager, v.customer, count(*) AS visits,
            count(*) FILTER (WHERE v.mode = 'on-site') AS on_site,
            count(*) FILTER (WHERE v.mode = 'phone') AS phone,
            count(*) FILTER (WHERE v.mode = 'network') AS network,
            count(v.summarised_at) AS summarised, bool_or(NOT v.planned) AS unplanned
        FROM {WINDOWS} JOIN visit v ON {inside("v.started_at")}
        WHERE {_MINE.format("v.manager")} GROUP BY w.window_name, v.manager, v.customer
    ) AS whom GROUP BY window_name, manager
"""
"""By customer first: distinct ones counted by sorting take twice as long."""

DAYS = f"""
    SELECT window_name, manager, count(*) AS market_days,
        sum(extract(epoch FROM until - since))::double precision / 3600 AS market_hours
    FROM (
        SELECT w.window_name, v.manager, min(v.started_at) AS since, max({_ENDED}) AS until
        FROM {WINDOWS} JOIN visit v ON {inside("v.started_at")}
        WHERE v.mode = 'on-site' AND {_MINE.format("v.manager")}
        GROUP BY w.window_name, v.manager, {day_of("v.started_at")}
    ) AS day GROUP BY window_name, manager
"""

CHECKS = f"""
    SELECT w.window_name, v.manager, count(*) AS checks, count(*) FILTER (WHERE NOT c.ok) AS checks_failed
    FROM {WINDOWS} JOIN visit_check c ON {inside("c.at")} JOIN visit v ON v.subject = c.subject
    WHERE {_MINE.format("v.manager")} GROUP BY w.window_name, v.manager
"""

HELD = f"""
    SELECT window_name, manager, count(*) AS held FROM (
        SELECT DISTINCT w.window_name, h.staff AS manager, h.subject
        FROM {WINDOWS} JOIN (
            SELECT subject, staff, at AS since, lead(at) OVER story AS until
            FROM holder WINDOW story AS (PARTITION BY subject ORDER BY at, sequence)
        ) AS h ON h.since <= w.ends AND (h.until IS NULL OR h.until > w.starts AND h.until > h.since)
        WHERE {_MINE.format("h.staff")}
    ) AS whom GROUP BY window_name, manager
"""

_WHOSE = "coalesce(a.handler, CASE WHEN x.subject LIKE 'staff/%%' THEN substr(x.subject, 7) END)"
_BLAMED = f"coalesce(x.duty_of, {_WHOSE})"

VIOLATIONS = f"""
    SELECT w.window_name, {_WHOSE} AS manager, count(*) AS violations
    FROM {WINDOWS} JOIN violation x ON {inside("x.found_at")} LEFT JOIN about a ON a.subject = x.subject
    WHERE x.withdrawn_at IS NULL AND {_WHOSE} IS NOT NULL AND {_MINE.format(_WHOSE)} GROUP BY 1, 2
"""

BREACHES = f"""
    SELECT w.window_name, {_BLAMED} AS manager, count(*) AS breaches
    FROM {WINDOWS} JOIN obligation x ON {inside("x.breached_at")} LEFT JOIN about a ON a.subject = x.subject
    WHERE x.state <> 'withdrawn' AND {_BLAMED} IS NOT NULL AND {_MINE.format(_BLAMED)} GROUP BY 1, 2
"""

MEASURED = (PLANS, VISITS, DAYS, CHECKS, HELD)
"""Whoever one of these finds is a manager; breaches and violations of others are none of visits."""

SEEN = f"""
    SELECT DISTINCT w.window_name, v.manager FROM {WINDOWS} JOIN visit v ON {inside("v.started_at")}
    WHERE {_MINE.format("v.manager")}
"""

RANKED = (PLANS, SEEN, CHECKS, HELD)
"""The same managers, with no more of their visits than a ranking goes by."""

COUNTED = (VIOLATIONS, BREACHES)

COUNTS = (
    *("held", "planned", "made", "excepted", "without_photo", "running", "moved"),
    *("visits", "on_site", "phone", "network", "summarised", "customers", "unplanned_customers"),
    *("on_site_customers", "market_days", "market_hours", "checks", "checks_failed"),
    *("violations", "breaches"),
)


def compliance(
    connection: Connection[Any],
    windows: Sequence[Window],
    *,
    calendar: Calendar,
    now: datetime,
    manager: str | None = None,
    branch: str | None = None,
    measured: Sequence[str] = MEASURED,
) -> list[Row]:
    """What each manager's visits come to in each window, every share beside what it is a share of.

    A planned visit is made when it started by 24:00 of its day; `running` are those whose day is not over.
    `branch` is where the manager joined; managers are who holds a customer in the window, or has a visit
    planned or made in it.
    """
    values = {**parameters(windows, calendar), "now": now, "manager": manager}
    found: dict[tuple[str, str], Row] = {}
    for query in measured:
        for row in ask(connection, query, values):
            found.setdefault((row["window_name"], row["manager"]), {}).update(row)
    for query in COUNTED:
        for row in ask(connection, query, values):
            if (key := (row["window_name"], row["manager"])) in found:
                found[key].update(row)
    branches = _branches(connection)
    rows = [_completed(found[key], branches) for key in sorted(found)]
    return [row for row in rows if branch in (None, row["branch"])]


def _branches(connection: Connection[Any]) -> dict[str, str | None]:
    query = "SELECT substr(subject, 7) AS staff, branch FROM about WHERE subject LIKE 'staff/%%'"
    return {row["staff"]: row["branch"] for row in ask(connection, query, {})}


def _completed(found: Row, branches: Mapping[str, str | None]) -> Row:
    """The row with zeros where nothing was found, and the shares (003 六-七)."""
    row = {name: found.get(name) or 0 for name in COUNTS}
    due = row["planned"] - row["running"]
    return {
        "window": found["window_name"],
        "manager": found["manager"],
        "branch": branches.get(found["manager"]),
        **row,
        "missed": due - row["made"] - row["excepted"],
        "completion": share(row["made"], due),
        "unplanned_share": share(row["unplanned_customers"], row["customers"]),
        "on_site_share": share(row["on_site_customers"], row["held"]),
        "check_share": share(row["checks"], row["visits"]),
        "hours_per_day": share(row["market_hours"], row["market_days"]),
    }
