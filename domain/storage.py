"""What the ledger asks of its storage, which is handed to it from outside.

One unit of work is one transaction with one writer at a time: what a decision read cannot change before
what it decided is written. `domain.memory` keeps it in memory; the `storage` package in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from eventsourcing.persistence import StoredEvent

from domain.privacy import Key

Identity = tuple[str, str]
"""The (source, id) of a fact."""

STREAM, PARKED, WINDOW, AFTER_ALL = 0, 1, 2, 3
"""What falls due, in the order in which it does at one instant: timers of streams, the patience with
parked facts, the ends of KPI windows; nothing comes after all of them."""


class Known(NamedTuple):
    """What became of a fact that was taken before."""

    digest: str
    status: str
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """A fact that waits for its stream to begin."""

    subject: str
    source: str
    id: str
    message: bytes
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that leaves through the outbox: `channel` is a topic's name without its prefix."""

    channel: str
    key: str
    value: bytes


class Due(NamedTuple):
    """When something falls due; their order is the order in which they do."""

    at: datetime
    rank: int
    key: str


@dataclass(slots=True)
class Changes:
    """All that one unit of work writes, together or not at all."""

    events: list[StoredEvent] = field(default_factory=list)
    facts: dict[Identity, tuple[Known, int | None]] = field(default_factory=dict)
    """Facts by identity; the number is the place in `events` of a fact recorded here."""
    parked: list[Parked] = field(default_factory=list)
    unparked: list[Parked] = field(default_factory=list)
    forgotten: list[Identity] = field(default_factory=list)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    due: dict[tuple[int, str], datetime | None] = field(default_factory=dict)
    windows: dict[str, dict[str, Any]] = field(default_factory=dict)
    outgoing: list[Outgoing] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    destroyed: list[str] = field(default_factory=list)
    """Owners whose data keys are destroyed for ever."""


class Unit(Protocol):
    """One transaction."""

    def others_wrote(self, since: int) -> Collection[str] | None:
        """The streams that others wrote to since this ledger's last unit; None: too many to say."""

    def position(self) -> int:
        """The sequence of the last recorded event; 0 in an empty ledger."""

    def events(self, subjects: Collection[str]) -> Sequence[StoredEvent]:
        """The stored events of streams, each stream's in its own order."""

    def facts(self, identities: Collection[Identity]) -> Mapping[Identity, Known]: ...
    def parked(self, subject: str) -> Sequence[Parked]: ...
    def links(self, keys: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """By key, the members in the order in which they first came."""

    def window(self, key: str) -> dict[str, Any] | None: ...
    def due(self, until: datetime, limit: int) -> Sequence[Due]: ...
    def positions(self) -> Mapping[str, int]: ...
    def keys(self, owners: Collection[str]) -> Sequence[Key]:
        """The data keys of owners; not those that were destroyed."""

    def keys_by_id(self, ids: Collection[str]) -> Sequence[Key]:
        """Data keys by their ids; of those that were destroyed, only that they were."""

    def save(self, changes: Changes) -> Sequence[int]:
        """Writes everything, once; returns the sequences of the events, in their order."""


class Storage(Protocol):
    keeps_outgoing: bool
    """Whether receipts and dead letters go anywhere; where not, none are made."""

    def unit(self) -> AbstractContextManager[Unit]: ...
    def next_due(self) -> datetime | None: ...
    def remember_policy(self, version: str, texts: Mapping[str, str]) -> None: ...
    def policy_texts(self, version: str) -> Mapping[str, str] | None: ...
