"""Loyalty grades and retention: a quarter's look at each customer (001-15; all figures assumed).

A: mean score of at least 4 over 12 months, and at least two deals or a referral in that time; B: one of
the two; C: neither; D: the latest feedback is dissatisfied. Graded is who was active or gave feedback in
those 12 months, which end with the quarter. Active is who closed a deal, was visited or contacted.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from domain.working_time import Calendar, Window, window
from projections import records
from projections.batch import Batch, ReadModel
from projections.spans import ask, share
from projections.table import Row

ANSWER = records.records("answer", {"score": "integer", "satisfied": "boolean"}, "(subject)")
"""Feedback on complaints and visits; dimensions alone say nothing about the whole."""

TOLD: records.Told = {"feedback.given": records.fields("score", "satisfied")}

GOOD = 4.0
"""The mean score, of 5, from which on a customer is a satisfied one."""

DEALS = 2
MONTHS = 12
GRADES = ("A", "B", "C", "D")


def _fold(batch: Batch) -> None:
    records.write(batch, ANSWER, TOLD)


MODEL = ReadModel("loyalty", (ANSWER,), frozenset(TOLD), _fold)


# ---- asking

ACTIVE = """
    SELECT substr(subject, 10) AS customer, at FROM deal WHERE at IS NOT NULL
    UNION ALL SELECT substr(subject, 10), at FROM contact
    UNION ALL SELECT customer, started_at FROM visit WHERE started_at IS NOT NULL AND customer IS NOT NULL
"""

GRADED = f"""
WITH said AS (
    SELECT b.customer, a.at, a.sequence, a.score, a.satisfied, a.subject
    FROM answer a JOIN about b ON b.subject = a.subject
    WHERE b.customer IS NOT NULL AND (a.score IS NOT NULL OR a.satisfied IS NOT NULL) AND a.at <= %(ends)s
), latest AS (
    SELECT DISTINCT ON (customer) customer, at AS latest_at, subject AS latest_on,
        (satisfied IS FALSE OR score <= 2) IS TRUE AS dissatisfied
    FROM said ORDER BY customer, at DESC, sequence DESC
), scores AS (
    SELECT customer, count(score) AS scored, avg(score)::double precision AS mean
    FROM said WHERE at > %(since)s GROUP BY customer
), deals AS (
    SELECT substr(subject, 10) AS customer, count(*) AS deals FROM deal
    WHERE at > %(since)s AND at <= %(ends)s GROUP BY subject
), referrals AS (
    SELECT referred_by AS customer, count(DISTINCT subject) AS referrals FROM claim
    WHERE referred_by IS NOT NULL AND at > %(since)s AND at <= %(ends)s GROUP BY referred_by
), customers AS (
    SELECT customer FROM ({ACTIVE}) AS active WHERE at > %(since)s AND at <= %(ends)s
    UNION SELECT customer FROM scores UNION SELECT customer FROM referrals
)
SELECT customer, coalesce(scored, 0) AS scored, mean, coalesce(deals, 0) AS deals,
    coalesce(referrals, 0) AS referrals, latest_at, latest_on, coalesce(dissatisfied, false) AS dissatisfied
FROM customers LEFT JOIN latest USING (customer) LEFT JOIN scores USING (customer)
    LEFT JOIN deals USING (customer) LEFT JOIN referrals USING (customer)
WHERE %(customer)s::text IS NULL OR customer = %(customer)s
ORDER BY customer
"""


def grade(row: Row) -> str:
    """One customer's grade, from its parts."""
    if row["dissatisfied"]:
        return "D"
    satisfied = row["mean"] is not None and row["mean"] >= GOOD
    loyal = row["deals"] >= DEALS or row["referrals"] > 0
    return "A" if satisfied and loyal else "B" if satisfied or loyal else "C"


def loyalty(
    connection: Connection[Any], quarter: Window, *, calendar: Calendar, customer: str | None = None
) -> list[Row]:
    """Each customer's grade in a quarter with its parts, in the order of their ids."""
    values = {"since": _year_to(quarter, calendar), "ends": quarter.end, "customer": customer}
    return [{**row, "grade": grade(row)} for row in ask(connection, GRADED, values)]


def _year_to(quarter: Window, calendar: Calendar) -> Any:
    """The start of the 12 months that end with a quarter: of this quarter and the three before it."""
    first = quarter
    for _ in range(MONTHS // 3 - 1):
        first = window("quarter", first.start, calendar)
    return first.start


def retention(connection: Connection[Any], quarter: Window, *, calendar: Calendar) -> Row:
    """Who was active in the quarter before, and who of them still is; `lost` names those who are not."""
    before = window("quarter", quarter.start, calendar)
    query = f"""
        SELECT customer, bool_or(at <= %(starts)s) AS was, bool_or(at > %(starts)s) AS still
        FROM ({ACTIVE}) AS active WHERE at > %(before)s AND at <= %(ends)s GROUP BY customer ORDER BY customer
    """
    values = {"before": before.start, "starts": quarter.start, "ends": quarter.end}
    rows = ask(connection, query, values)
    was = [row for row in rows if row["was"]]
    kept = sum(row["still"] for row in was)
    return {
        "window": quarter.name,
        "before": before.name,
        "active_before": len(was),
        "kept": kept,
        "new": len(rows) - len(was),
        "active": sum(row["still"] for row in rows),
        "retention": share(kept, len(was)),
        "lost": [row["customer"] for row in was if not row["still"]],
    }
