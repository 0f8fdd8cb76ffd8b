"""The whole story of a stream: its events and what they came to, who was alerted, who read it, and what
happened around it; all of it as things were at one instant, and as they were known at another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from eventsourcing.persistence import StoredEvent
from pydantic import BaseModel, Field

from api.around import Reference, around
from domain.envelope import Event
from domain.history import history, shown
from domain.mapper import EventMapper
from domain.messages import Alert, CloudEvent
from domain.policy import Policy
from domain.rebasing import version_of
from domain.story import Standing, standing
from projections.lifecycle import lifecycle
from projections.projection import Projector
from storage.postgres import PostgresStorage
from storage.proofs import SNAPSHOT, transaction
from streams.parts import policy_once

READ = "history.read"
"""The event that says that somebody read a history."""


class Alerted(Alert):
    """One change of an alert. | 告警的一次变化。"""

    channel: str
    sequence: int = Field(description="The event that it follows from | 所依据事件的序号")


class Reading(BaseModel):
    """Somebody read this history. | 有人查阅了本历史。"""

    time: datetime
    by: str | None = None
    purpose: str | None = None
    sequence: int | None = None


class Story(Standing):
    """A stream as it was, as far as it was known, with all that happened to it and around it.
    | 事件流当时的全貌：事件、状态、义务、告警、查阅与相关事项。"""

    subject: str
    kind: str
    as_of: datetime | None = None
    known_at: datetime | None = None
    policy: str | None = Field(default=None, description="The rules in force for it | 适用的规则版本")
    alerts: list[Alerted] = Field(description="Who was alerted when, who took it on | 告警及接手经过")
    reads: list[Reading] = Field(description="Who read it | 查阅记录")
    around: list[Reference] = Field(description="What happened around it, by reference | 相关事项（引用）")
    events: list[CloudEvent]


@dataclass(frozen=True)
class Asked:
    """Which story is wanted. `now` is how long a pause that still runs is told to have lasted."""

    now: datetime
    as_of: datetime | None = None
    known_at: datetime | None = None

    @property
    def moment(self) -> datetime:
        return min(at for at in (self.as_of, self.known_at, self.now) if at is not None)


def events_of(storage: PostgresStorage, subject: str) -> list[Event]:
    """The recorded events of a stream with their sequences, in the order recorded."""
    mapper = EventMapper()
    return [mapper.load(event, sequence) for sequence, event in storage.history(subject)]


_EVERY = b"""SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events
    WHERE originator_id LIKE %s ORDER BY originator_id, originator_version"""
AT_ONCE = 2_000


def every(storage: PostgresStorage, kind: str) -> Iterator[list[Event]]:
    """The events of each stream of a kind, stream by stream, all as of one snapshot."""
    mapper = EventMapper()
    with (
        transaction(storage.proofs.connections, SNAPSHOT) as beside,
        beside.connection.cursor("every", binary=True) as cursor,
    ):
        cursor.itersize = AT_ONCE
        cursor.execute(_EVERY, [f"{kind}/%"])
        for _, rows in groupby(cursor, key=itemgetter(1)):
            yield [mapper.load(StoredEvent(*row[1:]), row[0]) for row in rows]


def story(
    storage: PostgresStorage, policy: Policy, events: Sequence[Event], asked: Asked, personal: bool = False
) -> dict[str, Any]:
    """The story of a stream from all its events, as `Story` has it. `policy` is what is in force today, and
    stands in where the ledger has kept no text of the one that the stream began under."""
    told = history(events, asked.as_of, asked.known_at)
    version = version_of(told or events[:1]) or None
    mine = policy_named(storage, version, policy)
    found = standing(told, mine, asked.moment) if told else _nothing(events[0], mine)
    return {
        "subject": events[0].subject,
        "kind": events[0].kind,
        "as_of": asked.as_of,
        "known_at": asked.known_at,
        "policy": version if told else None,
        **found.model_dump(),
        "alerts": lifecycle(told, Projector.of(mine).context),
        "reads": [_reading(event) for event in told if event.type == READ],
        "around": _around(storage, events, told, asked) if told else [],
        "events": [shown(event, personal) for event in told],
    }


def _nothing(first: Event, policy: Policy) -> Standing:
    """Before it began: nothing had happened, or nothing was known."""
    return standing([], policy).model_copy(update={"state": {}})


def _around(
    storage: PostgresStorage, events: Sequence[Event], told: Sequence[Event], asked: Asked
) -> list[dict[str, Any]]:
    found = around(storage.proofs.connections, told, customer_of(events), asked.as_of, asked.known_at)
    return [one.model_dump() for one in found]


def customer_of(events: Sequence[Event]) -> str | None:
    """Whose story it is, as far as its events say."""
    first = events[0]
    if first.kind == "customer":
        return first.subject.partition("/")[2]
    own = events if first.kind in ("complaint", "visit") else ()
    named = (getattr(event.data, "customer", None) for event in own)
    about = (getattr(event.data, "about", None) or "" for event in events)
    files = (one.removeprefix("customer/") for one in about if one.startswith("customer/"))
    return next((str(name) for name in (*named, *files) if name), None)


def _reading(event: Event) -> dict[str, Any]:
    data: Any = event.data
    return {
        "time": event.time,
        "by": getattr(data, "by", None) or event.actor,
        "purpose": getattr(data, "purpose", None),
        "sequence": event.sequence,
    }


@lru_cache(maxsize=64)
def _parsed(_version: str, texts: tuple[tuple[str, str], ...]) -> Policy:
    return policy_once(dict(texts))


def policy_named(storage: PostgresStorage, version: str | None, policy: Policy) -> Policy:
    """The policy of a version: today's, or from the texts that the ledger kept of it."""
    if version is None or version == policy.version:
        return policy
    texts = storage.policy_texts(version)
    return _parsed(version, tuple(sorted(texts.items()))) if texts else policy
