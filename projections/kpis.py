"""Figures that missed their threshold in a window, and what late facts made of them."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from domain.envelope import Event
from projections.batch import Batch, ReadModel
from projections.paging import Listing, Page
from projections.table import Key, Row, Table

KPI = Table(
    "kpi",
    {
        "subject": "text",
        "kpi": "text",
        "window_name": "text",
        "dimension": "text",
        "value": "double precision NOT NULL",
        "threshold": "double precision",
        "at_least": "boolean",
        "missed": "boolean NOT NULL",
        "source": "text",
        "because": "text",
        "missed_at": "timestamptz",
        "restated_at": "timestamptz",
    },
    key=("subject", "kpi", "window_name", "dimension"),
    indexes=("(missed_at, subject, kpi, window_name, dimension)",),
)
"""`dimension` is empty where the figure has none. `at_least`: whether the threshold is a floor."""

ON = frozenset({"kpi.missed", "kpi.restated"})


def key_of(event: Event) -> Key:
    data: Any = event.data
    return event.subject, data.kpi, data.window, data.dimension or ""


def still_missed(value: float, threshold: float | None, at_least: bool | None) -> bool:
    """Whether a restated figure misses its threshold; which side is wrong is known from the miss."""
    if threshold is None or at_least is None:
        return True
    return value < threshold if at_least else value > threshold


def judged(event: Event, before: Row | None) -> Row:
    """What an event says of a figure: its value, its threshold, and whether it misses it."""
    data: Any = event.data
    if event.type == "kpi.missed":
        at_least = data.value < data.threshold
        return {"value": data.value, "threshold": data.threshold, "at_least": at_least, "missed": True}
    known = before or {"threshold": None, "at_least": None}
    threshold = known["threshold"] if data.threshold is None else data.threshold
    missed = before is not None and still_missed(data.value, threshold, known["at_least"])
    return {"value": data.value, "threshold": threshold, "missed": missed}


def _fold(batch: Batch) -> None:
    rows = batch.rows
    for event, key in batch.touched:
        data: Any = event.data
        at = "missed_at" if event.type == "kpi.missed" else "restated_at"
        fields = {**judged(event, rows.get(*key)), at: event.time}
        rows.change(key, **fields, source=data.source, because=data.because)
    rows.save(batch.cursor)


MODEL = ReadModel("kpis", (KPI,), ON, _fold, key_of)

LISTING = Listing(
    """SELECT subject, kpi, window_name AS "window", NULLIF(dimension, '') AS dimension, value, threshold,
            missed, source, because, missed_at, restated_at,
            COALESCE(missed_at, restated_at) AS at, dimension AS dimension_key
        FROM kpi""",
    {
        "subject": "subject = %(subject)s",
        "kpi": "kpi = %(kpi)s",
        "window": "window_name = %(window)s",
        "missed": "missed = %(missed)s",
        "since": "COALESCE(missed_at, restated_at) >= %(since)s",
        "until": "COALESCE(missed_at, restated_at) < %(until)s",
    },
    (
        ("at", "COALESCE(missed_at, restated_at)", "timestamptz"),
        ("subject", "subject", "text"),
        ("kpi", "kpi", "text"),
        ("window", "window_name", "text"),
        ("dimension_key", "dimension", "text"),
    ),
    descending=True,
)


def kpis(connection: Connection[Any], *, limit: int = 50, cursor: str | None = None, **filters: Any) -> Page:
    """Figures that were missed, the latest first; `missed` says whether they still are.

    Filters: subject, kpi, window (2026-03), missed (bool), since, until.
    """
    return LISTING.page(connection, limit, cursor, **filters)
