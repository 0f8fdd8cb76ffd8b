"""The ledger: every fact, and beside it, in the same transaction, what must follow from it.

An `eventsourcing` application whose storage is handed in. `record` answers each fact with one receipt;
`tick` lets time alone have its effects. Neither reads a clock: `now` comes in.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import orjson
from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, IntegrityError
from eventsourcing.utils import Environment

from domain import kpi
from domain.conditions import Situation
from domain.engine import Turn
from domain.envelope import Event, Rejected, digest, identity, parse_message, write
from domain.frozen import replace
from domain.kinds import KINDS
from domain.links import links_near, links_of, streams_near
from domain.mapper import EventMapper, Privacy
from domain.messages import Receipt
from domain.policy import Policy
from domain.rejected import malformed
from domain.rules import REFUSALS
from domain.storage import PARKED, STREAM, WINDOW, Changes, Due, Known, Outgoing, Parked, Storage, Unit
from domain.stream import Stream

AHEAD = timedelta(minutes=5)
"""How far in the future a fact may be dated: clocks are never quite the same."""

PATIENCE = timedelta(hours=24)
"""How long a fact waits for its stream to begin."""

TRIES = 5
"""How often a unit of work is decided anew when somebody else wrote first."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came: the fact in it, or why it holds none. `origin` says where it came from."""

    raw: bytes
    event: Event | None
    rejected: Rejected | None = None
    headers: Mapping[str, bytes] = field(default_factory=dict)
    origin: str = ""

    @classmethod
    def read(cls, raw: bytes, headers: Mapping[str, bytes] | None = None, origin: str = "") -> Incoming:
        try:
            return cls(raw, parse_message(headers or {}, raw), None, headers or {}, origin)
        except Rejected as rejection:
            return cls(raw, None, rejection, headers or {}, origin)


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


class Ledger(Application[str]):
    """Facts in, receipts out; one writer at a time."""

    def __init__(
        self,
        storage: Storage,
        recorder: ApplicationRecorder,
        policy: Policy,
        *,
        privacy: Privacy | None = None,
        load_policy: Callable[[Mapping[str, str]], Policy] | None = None,
        cache: int = 50_000,
    ) -> None:
        self._own_recorder = recorder
        self._own_mapper = EventMapper(privacy)
        super().__init__()
        self.storage = storage
        self.policy = policy
        self.cache = cache
        self.streams: OrderedDict[str, Stream] = OrderedDict()
        self.position = 0
        self._load_policy = load_policy
        self._policies: dict[str, Policy] = {}
        self.know_policy(policy)

    def construct_env(self, name: str, env: Any = None) -> Environment:
        """Nothing is read from the process environment."""
        return Environment(name, env)

    def construct_mapper(self) -> EventMapper:
        return self._own_mapper

    def construct_recorder(self) -> ApplicationRecorder:
        return self._own_recorder

    def know_policy(self, policy: Policy) -> None:
        """Keeps the texts of a policy: streams that began under it keep to it for ever."""
        self._policies[policy.version] = policy
        self.storage.remember_policy(policy.version, policy.texts)

    def policy_named(self, version: str) -> Policy:
        if version not in self._policies:
            texts = self.storage.policy_texts(version)
            if texts is None or self._load_policy is None:
                return self.policy
            self._policies[version] = self._load_policy(texts)
        return self._policies[version]

    def record(
        self, incoming: Sequence[Incoming], now: datetime, positions: Mapping[str, int] | None = None
    ) -> Outcome:
        """Takes facts in, in order, in one transaction; `positions` are kept with them.

        Raises:
            OperationalError: the storage cannot be reached; nothing was recorded.
        """

        def work(batch: Batch) -> None:
            batch.know(incoming)
            for message in incoming:
                batch.take(message)
            batch.changes.positions.update(positions or {})

        return self.work(work, now)

    def tick(self, now: datetime, limit: int = 500) -> Outcome:
        """What is due by now, in the order of its time; at most about `limit` subjects at a time."""
        return self.work(lambda batch: batch.let_expire(now, limit), now)

    def work(self, work: Callable[[Batch], None], now: datetime) -> Outcome:
        """One unit of work, decided anew where somebody else wrote first."""
        for attempt in range(TRIES):
            try:
                return self._try(work, now)
            except IntegrityError:
                self.forget()
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _try(self, work: Callable[[Batch], None], now: datetime) -> Outcome:
        done = False
        try:
            with self.storage.unit() as unit:
                self._catch_up(unit)
                batch = Batch(self, unit, now)
                work(batch)
                outcome = batch.save()
            self.position = max(self.position, batch.last)
            done = True
        finally:
            if not done:
                self.forget()
        self._trim()
        return outcome

    def _catch_up(self, unit: Unit) -> None:
        """Drops from memory what others wrote to since."""
        position = unit.position()
        if position != self.position:
            changed = unit.others_wrote(self.position)
            for subject in list(self.streams) if changed is None else changed:
                self.streams.pop(subject, None)
            self.position = position

    def forget(self) -> None:
        """Drops all that is remembered; what is asked for next is read from the ledger."""
        self.streams.clear()

    def _trim(self) -> None:
        while len(self.streams) > self.cache:
            self.streams.popitem(last=False)

    def load(self, unit: Unit, subjects: Sequence[str]) -> None:
        """Brings streams into memory; one without events is there as one that did not begin."""
        missing = [subject for subject in dict.fromkeys(subjects) if subject not in self.streams]
        for stored in unit.events(missing) if missing else ():
            event = self._own_mapper.load(stored)
            stream = self.streams.get(event.subject)
            if stream is None:
                policy = self.policy_named(str(event.extensions.get("policy", "")))
                policy = policy.for_branch(getattr(event.data, "branch", None))
                stream = self.streams[event.subject] = Stream(event.subject, policy)
            stream.evolve(event)
        for subject in missing:
            if subject not in self.streams:
                self.streams[subject] = Stream(subject, self.policy.for_branch(None))


class Batch:
    """One unit of work; the `World` of its turns and the `Windows` of its KPIs."""

    def __init__(self, ledger: Ledger, unit: Unit, now: datetime) -> None:
        self.ledger = ledger
        self.unit = unit
        self.now = now
        self.policy = ledger.policy
        self.changes = Changes()
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

    # ---- what decisions may look at

    def stream(self, subject: str) -> Stream:
        streams = self.ledger.streams
        if subject not in streams:
            self.ledger.load(self.unit, [subject])
        return streams[subject]

    def links(self, key: str) -> Mapping[str, Any]:
        if key not in self._links:
            self._know_links([key])
        return self._links[key]

    def _know_links(self, keys: Sequence[str]) -> None:
        found = self.unit.links(keys) if keys else {}
        self._links.update((key, dict(found.get(key, ()))) for key in keys)

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
        if stream.version == 1:
            event = replace(event, extensions={**event.extensions, "policy": stream.policy.version})
        stored = self.ledger._own_mapper.store(event, stream.version)
        self.changes.events.append(stored)
        self.lines.append(stored.state)
        self._touched[stream.subject] = stream
        if stream.policy.kpis_on(event.type):
            self._observed.append((stream, event))
        for key, member, value in links_of(stream, event):
            self.links(key)
            self._links[key][member] = value
            self.changes.links.setdefault(key, {})[member] = value

    def turn(self) -> Turn:
        return Turn(self, self.now, self.put)

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
        self._know_links([key for event in events for key in links_near(event)])

    def take(self, message: Incoming) -> None:
        """One fact, to its receipt."""
        event = message.event
        try:
            if event is None:
                assert message.rejected is not None
                raise message.rejected
            if (known := self._known.get(identity(event))) is not None:
                self._again(event, known)
                return
            if event.time > self.now + AHEAD:
                raise Rejected(
                    "future",
                    f"time is more than 5 minutes after {self.now.isoformat()}; check the sender's clock.",
                    "time",
                    f"time 比 {self.now.isoformat()} 晚 5 分钟以上，请检查发送方时钟。",
                )
            self._accept(event, message)
        except Rejected as rejection:
            self._reject(message, rejection)

    def _again(self, event: Event, known: Known) -> None:
        if known.digest != digest(event):
            raise Rejected(
                "conflict",
                "The same source and id came before with other content; send a new id for a new fact.",
                "id",
                "相同的 source 和 id 曾以不同内容提交；新事实请使用新的 id。",
            )
        self._answer(event, "duplicate", sequence=known.sequence)

    def _accept(self, event: Event, message: Incoming) -> None:
        stream = self.stream(event.subject)
        if self._must_wait(stream, event):
            self._park(event, message)
            return
        self._check(stream, event)
        begins = not stream.began
        if begins:
            stream.policy = self.policy.for_branch(getattr(event.data, "branch", None))
        place = len(self.changes.events)
        self.turn().tell(stream, replace(event, recordedtime=self.now))
        self._remember(event, "recorded", place)
        self._answer(event, "recorded", place=place)
        self.settle()
        if begins:
            self._release(event.subject)

    def _must_wait(self, stream: Stream, event: Event) -> bool:
        begins_with = KINDS[stream.kind].begins_with
        return bool(begins_with) and not stream.began and event.type not in begins_with

    def _check(self, stream: Stream, event: Event) -> None:
        """Refuses what cannot be a fact here, judged by when it happened."""
        kind = KINDS[stream.kind]
        if stream.began and event.type in kind.begins_with and not kind.may_begin_again(stream.state, event):
            raise Rejected(
                "already-exists",
                f"{event.subject} began before; a stream begins once.",
                "subject",
                f"{event.subject} 已存在，不能再次开始。",
            )
        if (absent := kind.incomplete(stream.state, event)) is not None:
            raise malformed(f"data.{absent}", f"of {event.type} is required here", "在此处必填")
        state = stream.state_at(event.time)
        if event.type in kind.refused_after_close and state.closed:
            raise Rejected(
                "closed",
                f"{event.subject} was closed; reopen it first.",
                "type",
                f"{event.subject} 已结案，请先重新打开。",
            )
        self._ask_rows(stream, event, state)

    def _ask_rows(self, stream: Stream, event: Event, state: Any) -> None:
        situation = Situation(event, state)
        for step in stream.policy.handlers(event.type).refuses:
            row, check = step.says, REFUSALS.get(step.says.check or "")
            applies = step.condition is None or step.condition(situation)
            if applies and (check is None or check(self, stream, event, step.clause, state)):
                field_name = f"data.{row.field}" if row.field else "type"
                text = step.clause.row.text
                raise Rejected(
                    row.code,
                    f"{row.code}: {text.en} ({step.clause.id}).",
                    field_name,
                    f"{row.code}：{text.zh}（{step.clause.id}）。",
                )

    # ---- parking

    def _parked_of(self, subject: str) -> list[Parked]:
        if subject not in self._parked:
            self._parked[subject] = list(self.unit.parked(subject))
        return self._parked[subject]

    def _park(self, event: Event, message: Incoming) -> None:
        waiting = self._parked_of(event.subject)
        parked = Parked(event.subject, event.source, event.id, write(event), self.now)
        waiting.append(parked)
        self.changes.parked.append(parked)
        self._remember(event, "parked", None)
        reason = f"{event.subject} is not known yet; the fact waits up to 24 hours for it to begin."
        self._answer(event, "parked", code="unknown-stream", reason=reason)
        self._line(
            "intake.parked", event.subject, event.time, "unknown-stream", reason, "subject", write(event)
        )
        self._schedule(PARKED, event.subject, waiting[0].parked_at + PATIENCE)

    def _release(self, subject: str) -> None:
        """A stream began: what waited for it is taken in, in the order it came."""
        waiting = self._parked_of(subject)
        for parked in list(waiting):
            self._unpark(parked)
            self.take(Incoming.read(parked.message))
        self._schedule(PARKED, subject, None)

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
            self._reject(Incoming.read(parked.message), rejection, parked.parked_at + PATIENCE)
        waiting = self._parked_of(subject)
        self._schedule(PARKED, subject, waiting[0].parked_at + PATIENCE if waiting else None)

    # ---- answers

    def _remember(self, event: Event, status: str, place: int | None) -> None:
        known = Known(digest(event), status)
        self._known[identity(event)] = known
        self.changes.facts[identity(event)] = (known, place)
        with suppress(ValueError):
            self.changes.forgotten.remove(identity(event))

    def _answer(self, event: Event, status: str, *, place: int | None = None, **more: Any) -> None:
        fields = {"id": event.id, "source": event.source, "subject": event.subject, "status": status, **more}
        self.receipts.append((fields, place))

    def _reject(self, message: Incoming, rejection: Rejected, at: datetime | None = None) -> None:
        claimed = _claims(message)
        fields = {
            **{name: claimed.get(name) for name in ("id", "source", "subject")},
            "status": "rejected",
            "code": rejection.code,
            "reason": rejection.reason,
            "reason_zh": rejection.reason_zh or None,
            "field": rejection.field,
        }
        self.receipts.append((fields, None))
        subject, time = claimed.get("subject"), at or claimed.get("time")
        self._line(
            "intake.rejected", subject, time, rejection.code, rejection.reason, rejection.field, message.raw
        )
        if self.ledger.storage.keeps_outgoing:
            self.changes.outgoing.append(dead_letter(message, rejection, self.now))

    def _line(
        self, kind: str, subject: Any, time: Any, code: str, reason: str, field_name: str | None, raw: bytes
    ) -> None:
        data = {"code": code, "reason": reason, "field": field_name, "fact": _fact(raw)}
        self.lines.append({"type": kind, "subject": subject, "time": time, "data": data})

    # ---- time

    def let_expire(self, until: datetime, limit: int = 500, *, virtual: bool = False) -> None:
        """All that is due by `until`, in the order of its time. On a virtual clock, now moves with it."""
        stored = deque(self.unit.due(until, limit))
        self.ledger.load(self.unit, [due.key for due in stored if due.rank == STREAM])
        while (due := self._next_due(stored, until)) is not None:
            if virtual and due.at > self.now:
                self.now = due.at
            _EXPIRE[due.rank](self, due.key, due.at)
            self.settle()

    def _next_due(self, stored: deque[Due], until: datetime) -> Due | None:
        """What is due first: planned in this unit of work, or before it and not planned anew since."""
        planned = self._agenda
        while planned and self.changes.due.get(planned[0][1:]) != planned[0].at:
            heapq.heappop(planned)
        while stored and stored[0][1:] in self.changes.due:
            stored.popleft()
        first = planned[0] if planned and planned[0].at <= until else None
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
            self.changes.outgoing.extend(_to_send(fields) for fields, _ in self.receipts)
        sequences = self.unit.save(self.changes)
        self.last = sequences[-1] if sequences else 0
        return Outcome(self.receipts, sequences, self.lines)


_EXPIRE: dict[int, Callable[[Batch, str, datetime], None]] = {
    STREAM: Batch._fire,
    PARKED: Batch._expire_parked,
    WINDOW: Batch._end_window,
}


def _fact(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "replace")


def _claims(message: Incoming) -> dict[str, Any]:
    """What a message says it is, as far as that can be read: enough to answer it."""
    if message.event is not None:
        event = message.event
        return {"id": event.id, "source": event.source, "subject": event.subject, "time": event.time}
    said = _fact(message.raw) if len(message.raw) <= 262_144 else None
    if not isinstance(said, dict):
        said = {}
    return {
        name: said[name]
        for name in ("id", "source", "subject", "time")
        if isinstance(said.get(name), str) and len(said[name]) <= 200
    }


def _to_send(fields: Mapping[str, Any]) -> Outgoing:
    said = {name: value for name, value in fields.items() if value is not None}
    return Outgoing("receipts", str(said.get("subject") or said.get("id") or ""), orjson.dumps(said))


def dead_letter(message: Incoming, rejection: Rejected, now: datetime) -> Outgoing:
    """A refused message with the reason, and its bytes and headers as they came."""
    from base64 import b64encode

    claimed = _claims(message)
    letter = {
        "code": rejection.code,
        "reason": rejection.reason,
        "reason_zh": rejection.reason_zh or None,
        "field": rejection.field,
        "raw_base64": b64encode(message.raw).decode(),
        "headers": {name: b64encode(value).decode() for name, value in message.headers.items()},
        "origin": message.origin or None,
        "refused_at": now,
    }
    said = {name: value for name, value in letter.items() if value is not None}
    return Outgoing("dead-letters", str(claimed.get("subject") or ""), orjson.dumps(said))
