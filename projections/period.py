"""Which streams something happened on in a period, with the customers and staff that they are about.

For looking at a period again (`what if`): replayed from their first fact on, these streams decide as they
did, but for figures of all that somebody holds.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from psycopg import Connection

from projections.spans import ask

ACTIVE = """
WITH active AS (
    SELECT subject FROM complaint WHERE received_at > %(since)s AND received_at <= %(until)s
    UNION SELECT subject FROM visit WHERE started_at > %(since)s AND started_at <= %(until)s
    UNION SELECT subject FROM visit WHERE planned_for BETWEEN %(first)s AND %(last)s
    UNION SELECT subject FROM deal WHERE at > %(since)s AND at <= %(until)s
    UNION SELECT subject FROM obligation
        WHERE breached_at IS NOT NULL AND due_at > %(since)s AND due_at <= %(until)s
    UNION SELECT subject FROM contact WHERE at > %(since)s AND at <= %(until)s
), told AS (
    SELECT a.customer, a.handler FROM active JOIN about a ON a.subject = active.subject
)
SELECT subject FROM active
UNION SELECT 'customer/' || customer FROM told WHERE customer IS NOT NULL
UNION SELECT 'staff/' || handler FROM told WHERE handler IS NOT NULL
ORDER BY 1
"""


def active(
    connection: Connection[Any], since: datetime, until: datetime, first: date, last: date
) -> list[str]:
    """The subjects; `first` and `last` are the local days of the period."""
    values = {"since": since, "until": until, "first": first, "last": last}
    return [row["subject"] for row in ask(connection, ACTIVE, values)]
