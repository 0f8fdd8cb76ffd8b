"""The quarterly ranking of managers, from what the other read models hold (003 七.3).

Satisfaction is of the answers about the manager's complaints, visits and themselves; completion of their
planned visits; breaches and violations are those that stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg import Connection

from domain.policy import Policy
from domain.ranking import Record, rank
from domain.working_time import Calendar, Window
from projections.satisfaction import rollups
from projections.spans import days
from projections.table import Row
from projections.visits import RANKED, compliance


def weights_of(policy: Policy) -> Mapping[str, float]:
    """The weights that the policy gives the parts: those of the last pack that has any."""
    return next((pack.ranking for pack in reversed(policy.packs) if pack.ranking), {})


def ranking(
    connection: Connection[Any],
    quarter: Window,
    weights: Mapping[str, float],
    *,
    calendar: Calendar,
    now: datetime,
    branch: str | None = None,
) -> list[Row]:
    """The managers in order, the best first, each with the parts of the score and their denominators."""
    made = compliance(connection, (quarter,), calendar=calendar, now=now, branch=branch, measured=RANKED)
    answers = {
        rollup.value: rollup
        for rollup in rollups(connection, "staff", "quarter", *days(quarter, calendar), calendar=calendar)
    }
    rows = {row["manager"]: row for row in made}
    records = [
        Record(
            staff,
            answers[staff].satisfied_share if staff in answers else None,
            row["completion"],
            row["breaches"],
            row["violations"],
        )
        for staff, row in rows.items()
    ]
    return [
        {
            "window": quarter.name,
            "rank": one.rank,
            "staff": one.staff,
            "branch": rows[one.staff]["branch"],
            "score": one.score,
            "parts": dict(one.parts),
            "satisfied": answers[one.staff].satisfied if one.staff in answers else 0,
            "rated": answers[one.staff].rated if one.staff in answers else 0,
            "made": rows[one.staff]["made"],
            "planned": rows[one.staff]["planned"] - rows[one.staff]["running"],
            "breaches": one.record.breaches,
            "violations": one.record.violations,
        }
        for one in rank(records, weights)
    ]
