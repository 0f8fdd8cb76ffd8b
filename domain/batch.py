"""One unit of work of the ledger: facts taken in, time let pass, and all of it written together."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from domain import admission, kpi
from domain.engine import Turn
from domain.envelope import Event, Rejected, identity, read, write
from domain.incoming import Incoming, claims, dead_letter, fact_in, receipt_to_send, unnamed
from domain.links import LINKS, Link, links_near, links_of, streams_near
from domain.messages import Receipt
from domain.privacy import owner_of
from domain.rebasing import REBASED
from domain.storage import AFTER_ALL, PARKED, STREAM, WINDOW, Changes, Due, Known, Parked, Unit
from domain.stream import Stream

if TYPE_CHECKING:
    from domain.ledger import Ledger
    from domain.policy import Policy

PATIENCE = timedelta(hours=24)
"""How long a fact waits for its stream to begin."""


@dataclass
class Outcome:
    """What came of a unit of work: the receipts, and all that was learned, in the order learned."""

    answers: Sequence[tuple[dict[str, Any], int | None]]
    sequences: Sequence[int]
    learned: Sequence[bytes | dict[str, Any]]

    @cached_property
    def receipts(self) -> list[Receipt]:
        """One for each fact, in their order; a recorded one has its sequence in the ledger."""
        return [
            Receipt.model_construct(**fields, sequence=self.sequences[place])
            if place is not None
            else Receipt.model_construct(**fields)
            for fields, place in self.answers
        ]

    @property
    def lines(self) -> list[bytes]:
        """Recorded events, and refused and parked facts as `intake.rejected` and `intake.parked`."""
        return [line if isinstance(line, bytes) else orjson.dumps(line) for line in self.learned]


class Batch:
    """One unit of work; the `World` of its turns and the `Windows` of its KPIs."""

    def __init__(self, ledger: Ledger, unit: Unit, now: datetime) -> None:
        self.ledger = ledger
        self.unit = unit
        self.now = now
        self.policy = ledger.policy
        self.changes = Changes()
        self.privacy = ledger.keyring.within(unit, self.changes)
        self.lines: list[Any] = []
        self.receipts: list[tuple[dict[str, Any], int | None]] = []
        self.last = 0
        self._links: dict[str, dict[str, Any]] = {}
        self._windows: dict[str, kpi.Document | None] = {}
        self._touched: dict[str, Stream] = {}
        self._observed: list[tuple[Stream, Event]] = []
        self._known: dict[tuple[str, str], Known] = {}
        self._parked: dict[str, list[Parked]] = {}
        self._agenda: list[Due] = []
        self._moment, self._turn = now, Turn(self, now, self.put)

    # ---- what decisions may look at

    def stream(self, subject: str) -> Stream:
        streams = self.ledger.streams
        if subject not in streams:
            self.ledger.load(self.unit, [subject])
        streams.move_to_end(subject)
        return streams[subject]

    def policy_named(self, version: str) -> Policy:
        return self.ledger.policy_named(version)

    def links(self, key: str) -> Mapping[str, Any]:
        if key not in self._links:
            self._know_links([key])
        return self._links[key]

    def _know_links(self, keys: Sequence[str]) -> None:
        """What the storage has under these keys, and what this unit of work has put there since."""
        found, new = self.unit.links(keys) if keys else {}, self.changes.links
        self._links.update((key, {**found.get(key, {}), **new.get(key, {})}) for key in keys)

    def window(self, key: str) -> kpi.Document | None:
        if key not in self._windows:
            self._windows[key] = self.unit.window(key)
        return self._windows[key]

    def keep(self, key: str, document: kpi.Document, due: datetime | None) -> None:
        self._windows[key] = self.changes.windows[key] = document
        self._schedule(WINDOW, key, due)

    # ---- recording

    def put(self, stream: Stream, event: Event) -> None:
        """One recorded event, fact or derived, with all that is kept beside it."""
        if stream.version == 1 or event.type == REBASED:
            version = event.data.__dict__.get("version", stream.policy.version)
            event = event.under(version)
        stored = self.ledger.events_mapper.store(event, stream.version)
        self.changes.events.append(stored)
        self.lines.append(stored.state)
        self._touched[stream.subject] = stream
        if stream.policy.kpis_on(event.type):
            self._observed.append((stream, event))
        if event.type in LINKS:
            self._put_links(links_of(stream, event))

    def _put_links(self, links: Iterable[Link]) -> None:
        for key, member, value in links:
            self.changes.links.setdefault(key, {})[member] = value
            if key in self._links:
                self._links[key][member] = value

    def turn(self) -> Turn:
        """The turn of this moment: it keeps nothing but what the moment is."""
        if self._moment is not self.now:
            self._moment, self._turn = self.now, Turn(self, self.now, self.put)
        return self._turn

    def settle(self) -> None:
        """After each fact or timer: the figures it changed, and when its streams are due next."""
        while self._observed:
            observed, self._observed = self._observed, []
            for stream, event in observed:
                kpi.observe(self.turn(), self, stream, event)
        for subject, stream in self._touched.items():
            self._schedule(STREAM, subject, stream.next_due())
        self._touched.clear()

    def _schedule(self, rank: int, key: str, at: datetime | None) -> None:
        if at is not None and self.changes.due.get((rank, key)) != at:
            heapq.heappush(self._agenda, Due(at, rank, key))
        self.changes.due[rank, key] = at

    # ---- facts

    def know(self, incoming: Sequence[Incoming]) -> None:
        """Brings into memory what taking these facts in will need, in few questions to the storage."""
        events = [message.event for message in incoming if message.event is not None]
        self._known.update(self.unit.facts([identity(event) for event in events]))
        subjects = [subject for event in events for subject in streams_near(event)]
        self.ledger.load(self.unit, subjects)
        self._know_links([key for event in events for key in links_near(event, self.policy)])
        self.privacy.know(owner_of(event, self.stream(event.subject).state) for event in events)

    def take(self, message: Incoming) -> None:
        """One fact, to its receipt."""
        event = message.event
        if event is None:
            assert message.rejected is not None
            self._reject(message, message.rejected)
            return
        try:
            if (known := self._known.get(identity(event))) is not None:
                admission.check_same(self.privacy.is_same(event, known.digest))
                self._answer(event, "duplicate", sequence=known.sequence)
                return
            admission.check_not_ahead(event, self.now)
            self._accept(event, message)
        except Rejected as rejection:
            self._reject(message, rejection)

    def _accept(self, event: Event, message: Incoming) -> None:
        stream = self.stream(event.subject)
        if admission.must_wait(stream, event):
            self._park(event, message)
            return
        admission.check(self, stream, event)
        begins = not stream.began
        if begins:
            stream.policy = self.policy.for_branch(event.data.__dict__.get("branch"))
        place, owner = len(self.changes.events), owner_of(event, stream.state)
        self.turn().tell(stream, self.privacy.seal(owner, event).recorded(self.now))
        self._remember(event, "recorded", place, owner)
        self._answer(event, "recorded", place=place)
        self.settle()
        if begins:
            self._release(event.subject)

    # ---- parking

    def _parked_of(self, subject: str) -> list[Parked]:
        if subject not in self._parked:
            self._parked[subject] = list(self.unit.parked(subject))
        return self._parked[subject]

    def _park(self, event: Event, message: Incoming) -> None:
        waiting = self._parked_of(event.subject)
        sealed = write(self.privacy.seal(event.subject, event))
        parked = Parked(event.subject, event.source, event.id, sealed, self.now)
        waiting.append(parked)
        self.changes.parked.append(parked)
        self._remember(event, "parked", None, event.subject)
        reason = f"{event.subject} is not known yet; the fact waits up to 24 hours for it to begin."
        self._answer(event, "parked", code="unknown-stream", reason=reason)
        self._line(
            "intake.parked", event.subject, event.time, "unknown-stream", reason, "subject", write(event)
        )
        self._schedule(PARKED, event.subject, waiting[0].parked_at + PATIENCE)

    def _release(self, subject: str) -> None:
        """A stream began: what waited for it is taken in, in the order it came."""
        if waiting := self._parked_of(subject):
            for parked in list(waiting):
                self._unpark(parked)
                self.take(self._opened(parked))
            self._schedule(PARKED, subject, None)

    def _opened(self, parked: Parked) -> Incoming:
        """A parked fact as it came; whose it is was not known, so the key of its stream opens it."""
        return Incoming.read(write(self.privacy.open(read(parked.message))))

    def _unpark(self, parked: Parked) -> None:
        self._parked_of(parked.subject).remove(parked)
        if parked in self.changes.parked:
            self.changes.parked.remove(parked)
        else:
            self.changes.unparked.append(parked)
        self._known.pop((parked.source, parked.id), None)
        self.changes.facts.pop((parked.source, parked.id), None)
        self.changes.forgotten.append((parked.source, parked.id))

    def _expire_parked(self, subject: str, at: datetime) -> None:
        for parked in [parked for parked in self._parked_of(subject) if parked.parked_at + PATIENCE <= at]:
            self._unpark(parked)
            reason = f"{subject} did not begin within 24 hours; send its beginning, then replay this fact."
            zh = f"{subject} 在 24 小时内未开始；请先提交其起始事实，再重放本事实。"
            rejection = Rejected("never-began", reason, "subject", zh)
            self._reject(self._opened(parked), rejection, parked.parked_at + PATIENCE)
        waiting = self._parked_of(subject)
        self._schedule(PARKED, subject, waiting[0].parked_at + PATIENCE if waiting else None)

    # ---- answers

    def _remember(self, event: Event, status: str, place: int | None, owner: str) -> None:
        known, name = Known(self.privacy.digest(owner, event), status), identity(event)
        self._known[name] = known
        self.changes.facts[name] = (known, place)
        if name in self.changes.forgotten:
            self.changes.forgotten.remove(name)

    def _answer(self, event: Event, status: str, *, place: int | None = None, **more: Any) -> None:
        fields = {"id": event.id, "source": event.source, "subject": event.subject, "status": status, **more}
        self.receipts.append((fields, place))

    def _reject(self, message: Incoming, rejection: Rejected, at: datetime | None = None) -> None:
        claimed = claims(message)
        fields = {
            **{name: claimed.get(name) for name in ("id", "source", "subject")},
            "status": "rejected",
            "code": rejection.code,
            "reason": rejection.reason,
            "reason_zh": rejection.reason_zh or None,
            "field": rejection.field,
            **unnamed(claimed, message.origin),
        }
        self.receipts.append((fields, None))
        subject, time = claimed.get("subject"), at or claimed.get("time")
        self._line(
            "intake.rejected", subject, time, rejection.code, rejection.reason, rejection.field, message.raw
        )
        if self.ledger.storage.keeps_outgoing:
            sealed = self.privacy.seal_refused(message, self.stream)
            self.changes.outgoing.append(dead_letter(message, rejection, self.now, *sealed))

    def _line(
        self, kind: str, subject: Any, time: Any, code: str, reason: str, field_name: str | None, raw: bytes
    ) -> None:
        data = {"code": code, "reason": reason, "field": field_name, "fact": fact_in(raw)}
        self.lines.append({"type": kind, "subject": subject, "time": time, "data": data})

    # ---- time

    def let_expire(self, until: datetime, limit: int = 500, *, virtual: bool = False) -> bool:
        """What is due by `until`, in the order of its time, and whether that was all: `limit` of it is.

        On a virtual clock, now moves with it, and so what is beyond the limit has to wait for its turn.
        """
        stored = deque(self.unit.due(until, limit))
        all_of_it = len(stored) < limit
        last = Due(until, AFTER_ALL, "") if all_of_it or not virtual else stored[-1]
        if stored:
            self.ledger.load(self.unit, [due.key for due in stored if due.rank == STREAM])
        while (due := self._next_due(stored, last)) is not None:
            if virtual and due.at > self.now:
                self.now = due.at
            _EXPIRE[due.rank](self, due.key, due.at)
            self.settle()
        return all_of_it

    def is_due_before(self, at: datetime) -> bool:
        """Whether anything may be due before an instant: before most facts nothing is."""
        if self._agenda and self._agenda[0].at < at:
            return True
        stored = self.ledger.storage.next_due()
        return stored is not None and stored < at

    def _next_due(self, stored: deque[Due], last: Due) -> Due | None:
        """What is due first: planned in this unit of work, or before it and not planned anew since."""
        planned = self._agenda
        while planned and self.changes.due.get(planned[0][1:]) != planned[0].at:
            heapq.heappop(planned)
        while stored and stored[0][1:] in self.changes.due:
            stored.popleft()
        first = planned[0] if planned and planned[0] <= last else None
        if stored and (first is None or stored[0] < first):
            return stored.popleft()
        return heapq.heappop(planned) if first is not None else None

    def _fire(self, subject: str, at: datetime) -> None:
        stream = self.stream(subject)
        if stream.next_due() == at:
            self.turn().fire(stream, at)
        self._touched[subject] = stream

    def _end_window(self, key: str, at: datetime) -> None:
        self._schedule(WINDOW, key, None)
        kpi.expire(self.turn(), self, self.policy, key)

    # ---- the end

    def save(self) -> Outcome:
        """Writes all of it; the receipts then know the sequences of what they answer."""
        made = self.ledger.storage.keeps_outgoing
        if made:
            self.changes.outgoing.extend(receipt_to_send(fields) for fields, _ in self.receipts)
        sequences = self.unit.save(self.changes)
        self.last = sequences[-1] if sequences else 0
        del self._turn  # which knows this batch: without it both go at once, and not when the collector comes
        return Outcome(self.receipts, sequences, self.lines)


_EXPIRE: dict[int, Callable[[Batch, str, datetime], None]] = {
    STREAM: Batch._fire,
    PARKED: Batch._expire_parked,
    WINDOW: Batch._end_window,
}
