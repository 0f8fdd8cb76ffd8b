"""The ledger's storage in memory, on eventsourcing's in-memory recorder: for `simulate` and unit tests."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from domain.storage import Changes, Due, Identity, Known, Outgoing, Parked


class MemoryStorage:
    """Implements `domain.storage.Storage` and, being always alone, `Unit` as well."""

    def __init__(self, *, keeps_outgoing: bool = False) -> None:
        self.recorder = POPOApplicationRecorder()
        self.keeps_outgoing = keeps_outgoing
        self.outbox: list[Outgoing] = []
        self._facts: dict[Identity, Known] = {}
        self._parked: dict[str, list[Parked]] = {}
        self._links: dict[str, dict[str, Any]] = defaultdict(dict)
        self._windows: dict[str, dict[str, Any]] = {}
        self._due: dict[tuple[int, str], datetime] = {}
        self._heap: list[Due] = []
        self._positions: dict[str, int] = {}
        self._policies: dict[str, Mapping[str, str]] = {}

    @contextmanager
    def unit(self) -> Iterator[MemoryStorage]:
        yield self

    def others_wrote(self, since: int) -> Collection[str]:
        later = self.recorder.select_notifications(since, 1_000_000, inclusive_of_start=False)
        return {str(event.originator_id) for event in later}

    def position(self) -> int:
        return self.recorder.max_notification_id() or 0

    def events(self, subjects: Collection[str]) -> Sequence[StoredEvent]:
        return [event for subject in subjects for event in self.recorder.select_events(subject)]

    def facts(self, identities: Collection[Identity]) -> Mapping[Identity, Known]:
        return {identity: known for identity in identities if (known := self._facts.get(identity))}

    def parked(self, subject: str) -> Sequence[Parked]:
        return self._parked.get(subject, ())

    def links(self, keys: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        return {key: self._links[key] for key in keys if key in self._links}

    def window(self, key: str) -> dict[str, Any] | None:
        return self._windows.get(key)

    def positions(self) -> Mapping[str, int]:
        return self._positions

    def next_due(self) -> datetime | None:
        while self._heap and self._stale(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0].at if self._heap else None

    def due(self, until: datetime, limit: int) -> Sequence[Due]:
        """Takes out what is due: whoever asks plans it anew, or not."""
        found: list[Due] = []
        while (at := self.next_due()) is not None and at <= until and len(found) < limit:
            due = heapq.heappop(self._heap)
            del self._due[due.rank, due.key]
            found.append(due)
        return found

    def _stale(self, due: Due) -> bool:
        return self._due.get((due.rank, due.key)) != due.at

    def save(self, changes: Changes) -> Sequence[int]:
        sequences = self.recorder.insert_events(changes.events) or []
        for identity in changes.forgotten:
            self._facts.pop(identity, None)
        for identity, (known, place) in changes.facts.items():
            sequence = sequences[place] if place is not None else None
            self._facts[identity] = Known(known.digest, known.status, sequence)
        for parked in changes.unparked:
            self._parked[parked.subject].remove(parked)
        for parked in changes.parked:
            self._parked.setdefault(parked.subject, []).append(parked)
        for key, members in changes.links.items():
            self._links[key].update(members)
        for place_due, at in changes.due.items():
            self._schedule(place_due, at)
        self._windows.update(changes.windows)
        self._positions.update(changes.positions)
        self.outbox.extend(changes.outgoing)
        return sequences

    def _schedule(self, place: tuple[int, str], at: datetime | None) -> None:
        if at is None:
            self._due.pop(place, None)
        elif self._due.get(place) != at:
            self._due[place] = at
            heapq.heappush(self._heap, Due(at, *place))

    def remember_policy(self, version: str, texts: Mapping[str, str]) -> None:
        self._policies.setdefault(version, texts)

    def policy_texts(self, version: str) -> Mapping[str, str] | None:
        return self._policies.get(version)
