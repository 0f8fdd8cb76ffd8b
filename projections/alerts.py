"""Alerts: one row a situation, and one outbox row a change of it, in the same transaction.

The outbox's positions follow the order of commits, as it is written under a lock, so that whoever has
read up to a position has missed nothing before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from psycopg import Connection
from psycopg.rows import tuple_row

from domain.envelope import Event
from domain.messages import Alert
from projections.batch import Batch, ReadModel, Situation
from projections.paging import Listing, Page
from projections.situations import ALERT, CHANGES, Fold, load
from projections.table import Row
from storage.statements import do, inserting, many

OUTBOX = """
    CREATE TABLE IF NOT EXISTS alert_outbox (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        channel text NOT NULL,
        key text NOT NULL,
        value bytea NOT NULL
    )
"""
"""`channel` is the topic's name without its prefix; `value` an alert as JSON. No part of a rebuild."""

_INSERT = inserting("alert_outbox", {"channel": "text", "key": "text", "value": "bytea"})

WAKE = "huiyin_alerts"
"""PostgreSQL notification channel on which a transaction that wrote to the outbox says so."""


def _fold(batch: Batch) -> None:
    events = batch.of(CHANGES)
    fold = Fold(batch, load(batch, events))
    told: list[Event | Situation] = [*events, *batch.situations]
    for item in sorted(told, key=_sequence):
        fold.fell(item) if isinstance(item, Situation) else fold.tell(item)
    fold.rows.save(batch.cursor)
    if fold.changes and batch.publish:
        _publish(batch, fold.changes)


def _sequence(item: Event | Situation) -> int:
    event = item.event if isinstance(item, Situation) else item
    return event.sequence or 0


def _publish(batch: Batch, changes: Sequence[Row]) -> None:
    batch.lock()
    told = [(row["channel"], row["key"], message(row)) for row in changes]
    many(batch.cursor, _INSERT, told)
    do(batch.cursor, "SELECT pg_notify(%s, '')", [WAKE])


_SHARED = tuple(name for name in Alert.model_fields if name in ALERT.columns)


def as_alert(row: Row) -> dict[str, Any]:
    """An alert as the contract has it; what is not known is left out."""
    subject = row["subject"]
    fields = {
        **{name: row[name] for name in _SHARED},
        "to": list(row["recipients"] or ()),
        "window": row["measured_in"],
        "history_url": f"/streams/{subject}/history" if _is_stream(row) else None,
    }
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in fields.items()
        if value is not None
    }


def _is_stream(row: Row) -> bool:
    return not row["key"].startswith("rollup:") or row["subject"].partition("/")[0] in ("staff", "branch")


def message(row: Row) -> bytes:
    return orjson.dumps(as_alert(row))


MODEL = ReadModel("alerts", (ALERT,), frozenset(CHANGES), _fold, built_with=("satisfaction", "about"))


# ---- asking

LISTING = Listing(
    "SELECT * FROM alert",
    {
        "key": "key = %(key)s",
        "status": "status = %(status)s",
        "current": "(status <> 'resolved') = %(current)s",
        "channel": "channel = %(channel)s",
        "severity": "severity = %(severity)s",
        "subject": "subject = %(subject)s",
        "clause": "clause = %(clause)s",
        "since": "raised_at >= %(since)s",
        "until": "raised_at < %(until)s",
    },
    (("raised_at", "raised_at", "timestamptz"), ("key", "key", "text")),
    descending=True,
)


def alerts(
    connection: Connection[Any], *, limit: int = 50, cursor: str | None = None, **filters: Any
) -> Page:
    """Alerts as the contract has them, the latest raised first.

    Filters: status, current (bool: firing or acknowledged), channel, severity, subject, clause, since,
    until (of `raised_at`).
    """
    page = LISTING.page(connection, limit, cursor, **filters)
    return Page([{**as_alert(row), "channel": row["channel"]} for row in page.items], page.next)


def alert(connection: Connection[Any], key: str) -> dict[str, Any] | None:
    """One alert by its key."""
    return next(iter(alerts(connection, limit=1, key=key).items), None)


def outbox_after(
    connection: Connection[Any], position: int, limit: int = 500
) -> list[tuple[int, str, str, bytes]]:
    """Changes of alerts after a position, in order: (position, channel, key, alert as JSON)."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(
            "SELECT position, channel, key, value FROM alert_outbox WHERE position > %s"
            " ORDER BY position LIMIT %s",
            [position, limit],
        ).fetchall()


def forget_outbox(connection: Connection[Any], up_to: int) -> int:
    """Removes what was published long ago; returns how many rows."""
    return connection.execute("DELETE FROM alert_outbox WHERE position <= %s", [up_to]).rowcount
