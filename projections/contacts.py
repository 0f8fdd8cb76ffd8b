"""Contacts with customers: by topic over time, and by whom and through which channel.

Source: 002, closed loop: every contact counts, and a topic's falling rate shows that a fix worked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from domain.envelope import Event
from domain.working_time import Calendar, Window
from domain.working_time.windows import WindowKind
from projections import records, spans
from projections.batch import Batch, ReadModel
from projections.spans import WINDOWS, ask, inside, parameters, share
from projections.table import Row

CONTACT = records.records(
    "contact",
    {"kind": "text NOT NULL", "channel": "text", "topic": "text", "staff": "text"},
    "(subject, at)",
)
"""`kind`: contacted (`customer.contacted`, by a member of staff) or recorded (`contact.recorded`)."""


def _contacted(event: Event) -> Row:
    data: Any = event.data
    return {"kind": "contacted", "channel": data.channel, "staff": data.staff}


def _recorded(event: Event) -> Row:
    data: Any = event.data
    return {"kind": "recorded", "channel": data.channel, "topic": data.topic}


TOLD: records.Told = {"customer.contacted": _contacted, "contact.recorded": _recorded}


def _fold(batch: Batch) -> None:
    records.write(batch, CONTACT, TOLD)


MODEL = ReadModel("contacts", (CONTACT,), frozenset(TOLD), _fold)

TOPICS = f"""
    SELECT w.window_name AS "window", c.topic, count(*) AS contacts, count(DISTINCT c.subject) AS customers
    FROM {WINDOWS} JOIN contact c ON c.kind = 'recorded' AND {inside("c.at")}
    GROUP BY w.window_name, c.topic
"""

CAUSES = f"""
    SELECT w.window_name AS "window", c.root_cause AS topic, count(*) AS contacts,
        count(DISTINCT a.customer) AS customers
    FROM {WINDOWS} JOIN complaint c ON {inside("c.received_at")} LEFT JOIN about a ON a.subject = c.subject
    WHERE c.kind <> 'inquiry' AND c.status <> 'withdrawn' AND c.root_cause IS NOT NULL
    GROUP BY w.window_name, c.root_cause
"""


def topics(
    connection: Connection[Any], kind: WindowKind, windows: Sequence[Window], calendar: Calendar
) -> list[Row]:
    """Contacts of each topic in each window: how many, of how many in all, and against the window before.

    `trend` is the topic's share of all contacts minus that in the window before; None where either has none.
    """
    return _over_time(connection, TOPICS, kind, windows, calendar)


def root_causes(
    connection: Connection[Any], kind: WindowKind, windows: Sequence[Window], calendar: Calendar
) -> list[Row]:
    """Complaints of each root cause in each window, counted and compared as topics are; those without a
    known cause are left out."""
    return _over_time(connection, CAUSES, kind, windows, calendar)


def _over_time(
    connection: Connection[Any],
    query: str,
    kind: WindowKind,
    windows: Sequence[Window],
    calendar: Calendar,
) -> list[Row]:
    if not windows:
        return []
    earlier = spans.before(kind, windows[0], calendar)
    told = ask(connection, query, parameters((earlier, *windows), calendar))
    counts = {(row["window"], row["topic"]): row for row in told}
    names = sorted({row["topic"] for row in told})
    rows = []
    for before, span in zip((earlier, *windows), windows, strict=False):
        rows += [
            _row(counts, before, span, topic) for topic in names if _spoken_of(counts, before, span, topic)
        ]
    return rows


def _spoken_of(counts: dict[tuple[str, str], Row], before: Window, span: Window, topic: str) -> bool:
    """A topic that nobody speaks of any more is shown once with nothing: that is the news."""
    return (span.name, topic) in counts or (before.name, topic) in counts


def _row(counts: dict[tuple[str, str], Row], before: Window, span: Window, topic: str) -> Row:
    now, was = (counts.get((one.name, topic), {}).get("contacts", 0) for one in (span, before))
    whole, earlier = (_whole(counts, one) for one in (span, before))
    part, part_before = share(now, whole), share(was, earlier)
    return {
        "window": span.name,
        "topic": topic,
        "contacts": now,
        "customers": counts.get((span.name, topic), {}).get("customers", 0),
        "of": whole,
        "share": part,
        "before": was,
        "of_before": earlier,
        "trend": None if part is None or part_before is None else part - part_before,
    }


def _whole(counts: dict[tuple[str, str], Row], span: Window) -> int:
    return sum(row["contacts"] for (name, _), row in counts.items() if name == span.name)
