"""A report put together: which sections a period has, from which read models, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.pq import TransactionStatus

from api.reports import complaints, office, standing, visits
from api.reports.asked import Asked
from api.reports.model import Links, Report, Section
from api.reports.periods import Period
from domain.policy import Policy
from domain.working_time.windows import WindowKind

EVERY: tuple[WindowKind, ...] = ("week", "month", "quarter")


@dataclass(frozen=True, slots=True)
class Part:
    """A section, the periods that have it, and the packs that want it even where there is nothing to tell."""

    make: Callable[[Asked], Section]
    kinds: Sequence[WindowKind] = EVERY
    packs: frozenset[str] = frozenset()


PARTS: tuple[Part, ...] = (
    Part(complaints.section, packs=frozenset({"auto-4s", "general"})),
    Part(visits.section, packs=frozenset({"tobacco-xuzhou", "tobacco-field"})),
    Part(office.section, packs=frozenset({"real-estate-sales"})),
    Part(standing.ranked, ("quarter",), frozenset({"tobacco-xuzhou"})),
    Part(standing.concentration, ("month", "quarter")),
    Part(standing.loyal, ("quarter",)),
)
"""In the order of the report."""


def build(connection: Connection[Any], policy: Policy, period: Period, *, now: datetime, base: str) -> Report:
    """The report of a period; everything in it is read at one instant."""
    assert connection.info.transaction_status == TransactionStatus.IDLE
    packs = [pack.id for pack in policy.packs]
    asked = Asked(connection, policy, period, now, Links(base.rstrip("/"), period))
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        made = [(part, part.make(asked)) for part in PARTS if period.kind in part.kinds]
    sections = [section for part, section in made if not section.empty or part.packs & set(packs)]
    return Report(period, now, policy.calendar.tz, packs, sections)
