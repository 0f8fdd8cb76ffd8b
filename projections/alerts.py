"""Alerts: one row a situation, and one outbox row a change of it, in the same transaction.

A situation has one key for ever and goes from firing over acknowledged to resolved; it fires again only
when the same thing happens again after it was over. What changes nothing writes nothing. The outbox's
positions follow the order of commits, as it is written under a lock, so that whoever has read up to a
position has missed nothing before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from psycopg import Connection
from psycopg.rows import tuple_row

from domain.envelope import Event
from domain.messages import Alert
from domain.pack import Words
from projections.batch import Batch, ReadModel, Situation
from projections.kpis import judged
from projections.paging import Listing, Page
from projections.sla import obligation_of
from projections.table import Row, Rows, Table

ESCALATIONS, SLA, SATISFACTION = "alerts.escalations", "alerts.sla", "alerts.satisfaction"

ALERT = Table(
    "alert",
    {
        "key": "text",
        "channel": "text NOT NULL",
        "status": "text NOT NULL",
        "severity": "text NOT NULL",
        "title": "text NOT NULL",
        "title_zh": "text",
        "subject": "text NOT NULL",
        "clause": "text",
        "source": "text",
        "due_at": "timestamptz",
        "provisional": "boolean",
        "recipients": "text[]",
        "raised_at": "timestamptz NOT NULL",
        "updated_at": "timestamptz NOT NULL",
        "level": "integer",
        "next_at": "timestamptz",
        "acknowledged_by": "text",
        "measured_in": "text",
        "value": "double precision",
        "threshold": "double precision",
        "at_least": "boolean",
        "sequence": "bigint NOT NULL",
    },
    key=("key",),
    indexes=("(raised_at, key)", "(subject)", "(raised_at, key) WHERE status <> 'resolved'"),
)

OUTBOX = """
    CREATE TABLE IF NOT EXISTS alert_outbox (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        channel text NOT NULL,
        key text NOT NULL,
        value bytea NOT NULL
    )
"""
"""`channel` is the topic's name without its prefix; `value` an alert as JSON. No part of a rebuild."""

WAKE = "huiyin_alerts"
"""PostgreSQL notification channel on which a transaction that wrote to the outbox says so."""

_IRRELEVANT = frozenset({"updated_at", "sequence"})
_SAYS = {
    "escalated": Words(en="{}: escalated to level {}", zh="{}：升级至第 {} 级"),
    "warned": Words(en="{}: due soon", zh="{}：即将到期"),
    "breached": Words(en="{}: overdue", zh="{}：已逾期"),
    "missed": Words(en="{}: missed in {}", zh="{}：{} 未达标"),
}

Fields = dict[str, Any]
Found = Iterator[tuple[str, Fields]]
"""Keys of alerts, and what becomes of them."""


class Fold:
    """The alerts that a batch touches, and the changes of them in order."""

    def __init__(self, batch: Batch, rows: Rows) -> None:
        self.batch = batch
        self.rows = rows
        self.changes: list[Row] = []

    def tell(self, event: Event) -> None:
        for key, fields in _CHANGES[event.type](self, event):
            self._set(event, key, fields)

    def _set(self, event: Event, key: str, fields: Fields) -> None:
        """A change that changes nothing is none; one that begins (again) says since when."""
        before = self.rows.get(key)
        fresh = before is None or (before["status"] == "resolved" and fields.get("status") == "firing")
        row = {
            **(before or self.rows.begin((key,))),
            **({"subject": event.subject, "raised_at": event.time, "acknowledged_by": None} if fresh else {}),
            **fields,
            "updated_at": (event.recordedtime or event.time).astimezone(UTC),
            "sequence": event.sequence or 0,
        }
        if before is None or any(row[name] != before[name] for name in row if name not in _IRRELEVANT):
            self.changes.append(self.rows.put(row))

    def title(self, clause: str, says: str, *more: Any) -> Fields:
        """What it is, in one line of each language: the clause's title and what became of it."""
        words = self.batch.context.titles.get(clause) or Words(en=clause, zh=clause)
        text = _SAYS[says]
        return {"title": text.en.format(words.en, *more), "title_zh": text.zh.format(words.zh, *more)}

    # ---- what is said of each event

    def raised(self, event: Event) -> Found:
        data: Any = event.data
        key = f"escalation:{event.subject}:{data.escalation}"
        yield (
            key,
            {
                "channel": ESCALATIONS,
                "status": "firing",
                "severity": data.severity,
                "clause": data.clause,
                "source": data.source,
                "recipients": list(data.to),
                "level": data.level,
                "next_at": data.next_at,
                **self.title(data.clause, "escalated", data.level),
            },
        )

    def acknowledged(self, event: Event) -> Found:
        data: Any = event.data
        for row in list(self.rows):
            mine = row["subject"] == event.subject and row["channel"] == ESCALATIONS
            if mine and row["status"] == "firing" and data.clause in (None, row["clause"]):
                yield row["key"], {"status": "acknowledged", "acknowledged_by": data.by, "next_at": None}

    def stood_down(self, event: Event) -> Found:
        """What it was about is done, or over; if that was an obligation, its breach alerts no more."""
        data: Any = event.data
        yield from self.over(f"escalation:{event.subject}:{data.escalation}")
        if (obligation := obligation_of(event)) is not None:
            yield from self.over(f"sla:{event.subject}:{obligation}")

    def over(self, key: str) -> Found:
        row = self.rows.get(key)
        if row is not None:
            yield key, {"status": "resolved", "next_at": None}

    def warned(self, event: Event) -> Found:
        yield self._sla(event, "warning", "warned")

    def breached(self, event: Event) -> Found:
        yield self._sla(event, "high", "breached")

    def _sla(self, event: Event, severity: str, says: str) -> tuple[str, Fields]:
        data: Any = event.data
        return sla_key(event), {
            "channel": SLA,
            "status": "firing",
            "severity": severity,
            "clause": data.clause,
            "source": data.source,
            "due_at": data.due_at,
            **self.title(data.clause, says),
        }

    def ended(self, event: Event) -> Found:
        """Met, withdrawn, or moved: what was warned of, or breached, is not so any more."""
        data: Any = event.data
        key = sla_key(event)
        for found, fields in self.over(key):
            yield found, {**fields, "due_at": data.due_at}

    def missed(self, event: Event) -> Found:
        data: Any = event.data
        figure = judged(event, None)
        yield (
            kpi_key(event),
            {
                "channel": SATISFACTION,
                "status": "firing",
                "severity": "warning",
                "clause": data.clause or data.kpi,
                "source": data.source,
                "measured_in": data.window,
                "value": float(figure["value"]),
                "threshold": float(figure["threshold"]),
                "at_least": figure["at_least"],
                **self.title(data.kpi, "missed", data.window),
            },
        )

    def restated(self, event: Event) -> Found:
        row = self.rows.get(kpi_key(event))
        if row is None:
            return
        figure = judged(event, row)
        status = row["status"] if figure["missed"] else "resolved"
        yield (
            row["key"],
            {
                "status": "firing" if figure["missed"] and status == "resolved" else status,
                "value": float(figure["value"]),
                "threshold": figure["threshold"],
            },
        )

    def fell(self, situation: Situation) -> None:
        """A rollup began to fall, or ceased to."""
        said: Fields = {
            "channel": SATISFACTION,
            "status": "firing" if situation.firing else "resolved",
            "measured_in": situation.window,
            "value": situation.value,
            "threshold": situation.threshold,
        }
        if situation.firing:
            said |= {
                "subject": situation.subject,
                "severity": "warning",
                "at_least": True,
                "source": "客户满意度与忠诚度 (002)",
                "title": situation.title.en,
                "title_zh": situation.title.zh,
            }
        if situation.firing or self.rows.get(situation.key) is not None:
            self._set(situation.event, situation.key, said)


def sla_key(event: Event) -> str:
    return f"sla:{event.subject}:{obligation_of(event)}"


def kpi_key(event: Event) -> str:
    data: Any = event.data
    return ":".join(filter(None, ("kpi", data.kpi, event.subject, data.window, data.dimension)))


_CHANGES: Mapping[str, Callable[[Fold, Event], Found]] = {
    "escalation.raised": Fold.raised,
    "escalation.acknowledged": Fold.acknowledged,
    "escalation.stood_down": Fold.stood_down,
    "obligation.warned": Fold.warned,
    "obligation.breached": Fold.breached,
    "obligation.met": Fold.ended,
    "obligation.withdrawn": Fold.ended,
    "obligation.moved": Fold.ended,
    "kpi.missed": Fold.missed,
    "kpi.restated": Fold.restated,
}


def _keys(event: Event) -> Iterator[str]:
    """The alerts that an event may touch, as far as it names them."""
    data: Any = event.data
    if event.type.startswith("escalation.") and event.type != "escalation.acknowledged":
        yield f"escalation:{event.subject}:{data.escalation}"
    if event.type.startswith("obligation.") or event.type == "escalation.stood_down":
        yield sla_key(event)
    if event.type.startswith("kpi."):
        yield kpi_key(event)


def _load(batch: Batch, events: Sequence[Event]) -> Rows:
    keys = {(key,) for event in events for key in _keys(event)}
    rows = ALERT.load(batch.cursor, keys | {(situation.key,) for situation in batch.situations})
    subjects = list({event.subject for event in events if event.type == "escalation.acknowledged"})
    if subjects:
        batch.cursor.execute("SELECT * FROM alert WHERE status = 'firing' AND subject = ANY(%s)", [subjects])
        rows.add(batch.cursor.fetchall())
    return rows


def _fold(batch: Batch) -> None:
    events = batch.of(_CHANGES)
    fold = Fold(batch, _load(batch, events))
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
    with batch.cursor.copy("COPY alert_outbox (channel, key, value) FROM STDIN") as copy:
        for row in changes:
            copy.write_row((row["channel"], row["key"], message(row)))
    batch.cursor.execute("SELECT pg_notify(%s, '')", [WAKE])


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


MODEL = ReadModel("alerts", (ALERT,), frozenset(_CHANGES), _fold, built_with=("satisfaction", "about"))


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
