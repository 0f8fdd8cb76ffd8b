"""The sales office's tables of calls and visits: visitors, callers, new and returning, deals, conversion.

Source: 001-3 (三)6-8. A contact is a `customer.contacted`; a customer is new in the window that holds their
first one with anybody. Deals count for who received them; `performance` is what adjudications give each
member of staff. Conversion is of the customers in contact in the window: those who also closed a deal in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from psycopg import Connection

from domain.working_time import Calendar, Window
from projections.spans import WINDOWS, ask, inside, parameters, share
from projections.table import Row

Per = Literal["total", "staff"]

VISITING = ("visit", "walk-in", "on-site", "reception", "showroom", "来访", "到访")
CALLING = ("phone", "call", "telephone", "hotline", "group-call-centre", "来电", "电话")
"""Channels through which somebody comes, and those through which somebody calls; others are told as such."""

_WHO = {"total": "''", "staff": "{column}"}

CONTACTS = f"""
WITH first AS (SELECT subject, min(at) AS at FROM contact WHERE kind = 'contacted' GROUP BY subject)
SELECT w.window_name, {{who}} AS staff, count(*) AS contacts,
    count(*) FILTER (WHERE c.channel = ANY(%(visiting)s)) AS visitors,
    count(*) FILTER (WHERE c.channel = ANY(%(calling)s)) AS callers,
    count(DISTINCT c.subject) AS customers,
    count(DISTINCT c.subject) FILTER (WHERE f.at > w.starts) AS new,
    count(DISTINCT c.subject) FILTER (WHERE EXISTS (
        SELECT 1 FROM deal d WHERE d.subject = c.subject AND {inside("d.at")})) AS converted
FROM {WINDOWS} JOIN contact c ON c.kind = 'contacted' AND {inside("c.at")}
    JOIN first f ON f.subject = c.subject
GROUP BY 1, 2
"""

DEALS = f"""
SELECT w.window_name, {{who}} AS staff, count(*) AS deals, sum(d.amount) AS amount
FROM {WINDOWS} JOIN deal d ON {inside("d.at")} GROUP BY 1, 2
"""

PERFORMANCE = f"""
SELECT w.window_name, {{who}} AS staff, sum(p.value::double precision) AS performance
FROM {WINDOWS} JOIN deal d ON {inside("d.at")}
    CROSS JOIN jsonb_each_text(CASE WHEN d.performance IS NULL THEN '{{{{}}}}' ELSE d.performance END) AS p
GROUP BY 1, 2
"""

QUERIES: tuple[tuple[str, str], ...] = (
    (CONTACTS, "c.staff"),
    (DEALS, "d.received_by"),
    (PERFORMANCE, "p.key"),
)
"""Each part of the table, and the column that says whose row a thing counts in."""

COUNTS = (
    "contacts",
    "visitors",
    "callers",
    "customers",
    "new",
    "converted",
    "deals",
    "amount",
    "performance",
)


def office(
    connection: Connection[Any], windows: Sequence[Window], *, calendar: Calendar, per: Per = "total"
) -> list[Row]:
    """Each window's table, in all or by member of staff; where nothing happened there is no row."""
    values = {**parameters(windows, calendar), "visiting": list(VISITING), "calling": list(CALLING)}
    found: dict[tuple[str, str], Row] = {}
    for query, column in QUERIES:
        who = _WHO[per].format(column=column)
        for row in ask(connection, query.format(who=who), values):
            found.setdefault((row["window_name"], row["staff"]), {}).update(row)
    return [_completed(*key, found[key]) for key in sorted(found)]


def _completed(window_name: str, staff: str, found: Row) -> Row:
    row = {name: found.get(name) or 0 for name in COUNTS}
    return {
        "window": window_name,
        "staff": staff or None,
        **row,
        "others": row["contacts"] - row["visitors"] - row["callers"],
        "returning": row["customers"] - row["new"],
        "conversion": share(row["converted"], row["customers"]),
    }
