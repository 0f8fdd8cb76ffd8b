"""Situations that ops watch: what each event makes of the alerts it touches.

A situation has one key for ever and goes from firing over acknowledged to resolved; it fires again only
when the same thing happens again after it was over. What changes nothing is no change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from domain.envelope import Event
from domain.pack import Words
from projections.batch import Batch, Situation
from projections.kpis import judged, still_missed
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
        for key, fields in CHANGES[event.type](self, event):
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
        """The escalation of a breach is due when what it is about was."""
        data: Any = event.data
        breached = self.rows.get(sla_key(event))
        yield (
            f"escalation:{event.subject}:{data.escalation}",
            {
                "channel": ESCALATIONS,
                "status": "firing",
                "severity": data.severity,
                "clause": data.clause,
                "source": data.source,
                "recipients": list(data.to),
                "level": data.level,
                "due_at": breached and breached["due_at"],
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
        figure, before = judged(event, row), still_missed(row["value"], row["threshold"], row["at_least"])
        began = "firing" if not before else row["status"]
        yield (
            row["key"],
            {
                "status": began if figure["missed"] else "resolved",
                "value": float(figure["value"]),
                "threshold": figure["threshold"],
            },
        )

    def recovered(self, event: Event) -> Found:
        """A window in order: those that missed the figure before it are over."""
        for key in kpi_keys(event):
            yield from self.over(key)

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
    return next(kpi_keys(event))


def kpi_keys(event: Event) -> Iterator[str]:
    """One for each window that missed the figure."""
    data: Any = event.data
    for window in data.windows if event.type == "kpi.recovered" else (data.window,):
        yield ":".join(filter(None, ("kpi", data.kpi, event.subject, window, data.dimension)))


CHANGES: Mapping[str, Callable[[Fold, Event], Found]] = {
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
    "kpi.recovered": Fold.recovered,
}


def keys_of(event: Event) -> Iterator[str]:
    """The alerts that an event may touch, as far as it names them."""
    data: Any = event.data
    if event.type in ("escalation.raised", "escalation.stood_down"):
        yield f"escalation:{event.subject}:{data.escalation}"
        yield sla_key(event)
    if event.type.startswith("obligation."):
        yield sla_key(event)
    if event.type.startswith("kpi."):
        yield from kpi_keys(event)


def load(batch: Batch, events: Sequence[Event]) -> Rows:
    keys = {(key,) for event in events for key in keys_of(event)}
    rows = ALERT.load(batch.cursor, keys | {(situation.key,) for situation in batch.situations})
    subjects = list({event.subject for event in events if event.type == "escalation.acknowledged"})
    if subjects:
        batch.cursor.execute("SELECT * FROM alert WHERE status = 'firing' AND subject = ANY(%s)", [subjects])
        rows.add(batch.cursor.fetchall())
    return rows
