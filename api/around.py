"""What happened around a stream, by reference: the customer's other complaints and visits, what was
decided about the customer, and the approvals about any of it. A reference says what, when and which, and
nothing personal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from eventsourcing.persistence import StoredEvent
from pydantic import BaseModel, Field

from domain.envelope import Event
from domain.events import TYPES
from domain.events.base import Data
from domain.glossary import label
from domain.history import history
from domain.mapper import EventMapper
from storage.connections import Connections

MOST_STREAMS = 200
"""Streams that are looked into: those of the customer that changed last."""

MOST = 300
"""References that are told: the latest."""

LANDMARKS: Mapping[str, tuple[str, ...]] = {
    "complaint.received": ("kind", "category", "channel", "handler"),
    "complaint.classified": ("signals",),
    "complaint.merged": ("into",),
    "complaint.unmerged": (),
    "complaint.compensated": ("amount", "currency", "approval"),
    "complaint.closed": ("by",),
    "complaint.reopened": (),
    "complaint.withdrawn": (),
    "visit.planned": ("date", "mode", "purpose", "manager"),
    "visit.started": ("mode", "manager"),
    "visit.excepted": (),
    "visit.ended": (),
    "visit.rescheduled": ("date",),
    "feedback.given": ("score", "satisfied"),
    "approval.requested": ("kind", "amount", "by"),
    "approval.granted": ("by", "role"),
    "approval.refused": ("by", "role"),
    "approval.used": (),
    "customer.filed": ("manager", "category"),
    "customer.reassigned": ("from_", "to"),
    "customer.erased": ("by",),
    "ownership.claimed": ("staff", "basis"),
    "ownership.disputed": ("staff",),
    "ownership.ruled": ("by", "shares"),
    "ownership.adjudicated": ("rule", "performance"),
    "ownership.reversed": ("adjudication",),
    "ownership.ruling_needed": (),
    "deal.closed": ("received_by",),
    "dispute.settled": ("shares",),
    "access.requested": ("by", "purpose"),
    "access.granted": ("by", "approval"),
    "access.denied": ("by",),
}
"""The events that are told of another stream, each with the fields that are said of it: ids, codes and
figures, never a text that somebody wrote."""


class Reference(BaseModel):
    """An event of another stream. | 其他事件流中的一个事件。"""

    subject: str = Field(description="The stream | 事件流")
    type: str
    id: str
    time: datetime
    recordedtime: datetime | None = None
    sequence: int | None = None
    line: str = Field(description="What it was, in one line | 一行说明")
    line_zh: str


_OF_CUSTOMER = "SELECT subject FROM about WHERE customer = %s ORDER BY at DESC LIMIT %s"
_ABOUT = "SELECT member FROM link WHERE key = ANY(%s) ORDER BY position DESC LIMIT %s"
_EVENTS = """WITH found AS MATERIALIZED (
        SELECT notification_id, originator_id, originator_version, topic, state
        FROM unnest(%s::text[]) AS asked (subject) JOIN stored_events ON originator_id = subject
        WHERE topic = ANY(%s))
    SELECT * FROM found ORDER BY notification_id DESC LIMIT %s"""
"""Stream by stream, whatever the planner thinks of the newest first."""


def around(
    connections: Connections,
    events: Sequence[Event],
    customer: str | None,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> list[Reference]:
    """References to what happened around the stream that these events are of, in the order recorded; as
    things were, and as they were known, as the stream's own events."""
    subject = events[0].subject
    streams = [one for one in _streams(connections, events, customer) if one != subject]
    if not streams:
        return []
    mapper = EventMapper()
    rows = connections.read(_EVENTS, [streams, list(LANDMARKS), MOST])
    found = [mapper.load(StoredEvent(*row[1:]), row[0]) for row in reversed(rows)]
    return [_reference(event) for event in history(found, as_of, known_at)]


def _streams(connections: Connections, events: Sequence[Event], customer: str | None) -> list[str]:
    """The customer's own stream and those about the customer, the approvals, and what the events name."""
    own = events[0].subject
    near = [own, *_named(events)]
    if customer is not None:
        near.append(f"customer/{customer}")
        if connections.read("SELECT to_regclass('about') IS NOT NULL")[0][0]:
            near += [row[0] for row in connections.read(_OF_CUSTOMER, [customer, MOST_STREAMS])]
    keys = [f"approvals-about/{one}" for one in dict.fromkeys(near)]
    near += [row[0] for row in connections.read(_ABOUT, [keys, MOST_STREAMS])]
    return list(dict.fromkeys(near))


_NAMES: Mapping[str, str] = {
    "into": "complaint",
    "complaint_against": "complaint",
    "approval": "approval",
    "referred_by": "customer",
    "family_of": "customer",
}
"""Fields that name another stream, and of which kind it is."""


def _named(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        for name, kind in _NAMES.items():
            if (value := getattr(event.data, name, None)) is not None:
                yield f"{kind}/{str(value).removeprefix(f'{kind}/')}"
        if event.type == "approval.requested" and (about := getattr(event.data, "about", None)):
            yield about


def _reference(event: Event) -> Reference:
    en, zh = said(event)
    return Reference(
        subject=event.subject,
        type=event.type,
        id=event.id,
        time=event.time,
        recordedtime=event.recordedtime,
        sequence=event.sequence,
        line=en,
        line_zh=zh,
    )


def said(event: Event) -> tuple[str, str]:
    """An event in one line of each language: what its type means, and what it names."""
    en, _, zh = (TYPES[event.type].__doc__ or event.type).partition(" | ")
    told = [(name, getattr(event.data, name, None)) for name in LANDMARKS.get(event.type, ())]
    words = [(name.rstrip("_"), _written(value)) for name, value in told if value not in (None, (), {}, "")]
    if not words:
        return en, zh
    english = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in words)
    chinese = "，".join(f"{label(event.type, name)}：{value}" for name, value in words)
    return f"{en.rstrip('.')} ({english}).", f"{zh.rstrip('。')}（{chinese}）。"


def _written(value: Any) -> str:
    match value:
        case bool():
            return "✓" if value else "✗"
        case Data():
            return _written(dict(value))
        case Mapping():
            return " ".join(f"{name} {_written(part)}" for name, part in value.items())
        case list() | tuple() | frozenset():
            return " ".join(map(_written, value))
    return str(value)
