"""The ledger's storage in memory, on eventsourcing's in-memory recorder: for `simulate` and unit tests.

What is recent lies in dictionaries. Where it is told to, it hands them over to a `domain.spill` whenever
they have grown large, so that a year of facts needs no more memory than a week; what is asked for is
then looked for in both.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from domain.privacy import Key
from domain.storage import Changes, Due, Identity, Known, Outgoing, Parked

if TYPE_CHECKING:
    from domain.spill import Spill


NONE: Mapping[str, Any] = MappingProxyType({})


class Recorder(POPOApplicationRecorder):
    """The library's recorder, whose older events may lie in a spill."""

    def __init__(self) -> None:
        super().__init__()
        self.spill: Spill | None = None

    @property
    def spilled(self) -> int:
        return self.spill.events if self.spill else 0

    @property
    def recent(self) -> Sequence[StoredEvent]:
        return self._stored_events

    def forget_recent(self) -> None:
        self._stored_events.clear()
        self._stored_events_index.clear()

    def recent_of(self, subject: str) -> Iterator[StoredEvent]:
        return (self._stored_events[place] for place in self._stored_events_index.get(subject, {}).values())

    def of_streams(self, subjects: Collection[str]) -> Iterator[StoredEvent]:
        """The events of streams, each stream's in its own order."""
        older = self.spill.of_streams(subjects) if self.spill else {}
        for subject in subjects:
            yield from older.get(subject, ())
            yield from self.recent_of(subject)

    def _update_table(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        first, index = len(self._stored_events), self._stored_events_index
        for place, event in enumerate(stored_events, first):
            index[str(event.originator_id)][event.originator_version] = place
        self._stored_events.extend(stored_events)
        return list(range(self.spilled + first + 1, self.spilled + len(self._stored_events) + 1))

    def select_events(
        self,
        originator_id: Any,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        events = [
            event
            for event in self.of_streams([str(originator_id)])
            if (gt is None or event.originator_version > gt)
            and (lte is None or event.originator_version <= lte)
        ]
        return list(islice(reversed(events) if desc else events, limit))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = max((start or 1) + (start is not None and not inclusive_of_start), 1)
        last = min(stop or first + limit, self.spilled + len(self.recent))
        found = (
            Notification(event.originator_id, event.originator_version, event.topic, event.state, sequence)
            for sequence, event in self._in_order(first, last)
            if not topics or event.topic in topics
        )
        return list(islice(found, limit))

    def _in_order(self, first: int, last: int) -> Iterator[tuple[int, StoredEvent]]:
        if self.spill and first <= self.spilled:
            yield from self.spill.in_order(first, last)
        for place in range(max(first, self.spilled + 1), last + 1):
            yield place, self.recent[place - self.spilled - 1]

    def max_notification_id(self) -> int | None:
        return (self.spilled + len(self.recent)) or None


class MemoryStorage:
    """Implements `domain.storage.Storage` and, being always alone, `Unit` as well.

    `spills_after`: how many events it keeps before it hands over what it has to a spill; None: it never does.
    """

    def __init__(self, *, keeps_outgoing: bool = False, spills_after: int | None = None) -> None:
        self.recorder = Recorder()
        self.keeps_outgoing = keeps_outgoing
        self.spills_after = spills_after
        self.outbox: list[Outgoing] = []
        self._facts: dict[Identity, Known] = {}
        self._parked: dict[str, list[Parked]] = {}
        self._links: dict[str, dict[str, Any]] = defaultdict(dict)
        self._older: dict[str, Mapping[str, Any]] = {}
        self._windows: dict[str, dict[str, Any]] = {}
        self._due: dict[tuple[int, str], datetime] = {}
        self._heap: list[Due] = []
        self._positions: dict[str, int] = {}
        self._policies: dict[str, Mapping[str, str]] = {}
        self._keys: dict[str, Key] = {}

    @contextmanager
    def unit(self) -> Iterator[MemoryStorage]:
        yield self

    def others_wrote(self, since: int) -> Collection[str]:
        later = self.recorder.select_notifications(since, 1_000_000, inclusive_of_start=False)
        return {str(event.originator_id) for event in later}

    def position(self) -> int:
        return self.recorder.max_notification_id() or 0

    def events(self, subjects: Collection[str]) -> Sequence[StoredEvent]:
        return list(self.recorder.of_streams(subjects))

    @property
    def _spill(self) -> Spill | None:
        return self.recorder.spill

    def facts(self, identities: Collection[Identity]) -> Mapping[Identity, Known]:
        found = dict(self._spill.facts(identities)) if self._spill else {}
        found.update((identity, self._facts[identity]) for identity in identities if identity in self._facts)
        return found

    def parked(self, subject: str) -> Sequence[Parked]:
        return self._parked.get(subject, ())

    def links(self, keys: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        if self._spill is None:
            return {key: self._links[key] for key in keys if key in self._links}
        unasked = [key for key in keys if key not in self._older]
        self._older.update(dict.fromkeys(unasked, NONE), **self._spill.links(unasked))
        return {key: self._linked(key) for key in keys}

    def _linked(self, key: str) -> Mapping[str, Any]:
        older, recent = self._older[key], self._links.get(key, NONE)
        return {**older, **recent} if older else recent

    def window(self, key: str) -> dict[str, Any] | None:
        if key in self._windows or self._spill is None:
            return self._windows.get(key)
        return self._spill.window(key)

    def positions(self) -> Mapping[str, int]:
        return self._positions

    def keys(self, owners: Collection[str]) -> Sequence[Key]:
        return [key for key in self._keys.values() if key.owner in owners and key.wrapped is not None]

    def keys_by_id(self, ids: Collection[str]) -> Sequence[Key]:
        return [self._keys[key_id] for key_id in ids if key_id in self._keys]

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
        self._forget(changes.forgotten)
        for identity, (known, place) in changes.facts.items():
            sequence = sequences[place] if place is not None else None
            self._facts[identity] = Known(known.digest, known.status, sequence)
        for parked in changes.unparked:
            self._unpark(parked)
        for parked in changes.parked:
            self._parked.setdefault(parked.subject, []).append(parked)
        for key, members in changes.links.items():
            self._links[key].update(members)
        for place_due, at in changes.due.items():
            self._schedule(place_due, at)
        self._windows.update(changes.windows)
        self._positions.update(changes.positions)
        self.outbox.extend(changes.outgoing)
        self._keys.update({key.id: key for key in changes.keys})
        self._keys.update({key.id: replace(key, wrapped=None) for key in self.keys(changes.destroyed)})
        if self.spills_after is not None and len(self.recorder.recent) >= self.spills_after:
            self._hand_over()
        return sequences

    def _forget(self, identities: Sequence[Identity]) -> None:
        older = [identity for identity in identities if self._facts.pop(identity, None) is None]
        if older and self._spill:
            self._spill.forget(older)

    def _unpark(self, parked: Parked) -> None:
        waiting = self._parked[parked.subject]
        waiting.remove(parked)
        if not waiting:
            del self._parked[parked.subject]

    def _hand_over(self) -> None:
        """All but what is due, parked or on its way out, which never is much."""
        from domain.spill import Spill

        spill = self.recorder.spill = self.recorder.spill or Spill()
        spill.take(self.recorder.recent, self._facts, self._links, self._windows)
        self.recorder.forget_recent()
        for kept in (self._facts, self._links, self._older, self._windows):
            kept.clear()

    def close(self) -> None:
        """Lets go of what was spilled."""
        if self._spill:
            self._spill.close()

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
