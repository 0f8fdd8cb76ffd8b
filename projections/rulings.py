"""How deals were divided of late, and which wait for the manager's word, whoever's customers they are."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from projections.paging import Listing, Page
from projections.spans import ask
from projections.table import Row

VERDICTS = Listing(
    """SELECT v.subject, v.record, v.deal, v.at, v.rule, v.performance, v.commission, v.source, v.because,
            d.amount, d.received_by, r.at AS reversed_at, r.because AS reversed_because
        FROM verdict v LEFT JOIN deal d ON d.subject = v.subject AND d.deal = v.deal
            LEFT JOIN reversal r ON r.subject = v.subject AND r.adjudication = v.adjudication""",
    {
        "rule": "v.rule = %(rule)s",
        "staff": "(v.performance ? %(staff)s OR v.commission ? %(staff)s)",
        "reversed": "(r.at IS NOT NULL) = %(reversed)s",
        "since": "v.at >= %(since)s",
        "until": "v.at < %(until)s",
    },
    (("at", "v.at", "timestamptz"), ("subject", "v.subject", "text"), ("record", "v.record", "text")),
    descending=True,
)

AWAITED = """
    SELECT subject, deal, at, amount, received_by, judged_at, source, because, reversals FROM deal
    WHERE state = 'ruling-needed' ORDER BY judged_at, subject, deal LIMIT %(limit)s
"""

RULES = "SELECT rule, count(*) AS verdicts FROM verdict GROUP BY 1 ORDER BY 2 DESC, 1"


def verdicts(
    connection: Connection[Any], *, limit: int = 50, cursor: str | None = None, **filters: Any
) -> Page:
    """Adjudications, the latest first; those undone since say when and why.

    Filters: rule (the row that matched), staff (who has a share), reversed (bool), since, until.
    """
    return VERDICTS.page(connection, limit, cursor, **filters)


def awaited(connection: Connection[Any], limit: int = 50) -> list[Row]:
    """Deals that the rules leave to the manager, the longest waiting first."""
    return ask(connection, AWAITED, {"limit": limit})


def rules(connection: Connection[Any]) -> list[Row]:
    """Which rows of the table divided how many deals."""
    return ask(connection, RULES, {})
