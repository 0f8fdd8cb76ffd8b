"""The ledger: every fact, and beside it, in the same transaction, what must follow from it.

An `eventsourcing` application whose storage is handed in. `record` answers each fact with one receipt;
`tick` lets time alone have its effects. Neither reads a clock: `now` comes in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, IntegrityError
from eventsourcing.utils import Environment

from domain.batch import Batch, Outcome
from domain.incoming import Incoming
from domain.mapper import EventMapper
from domain.policy import Policy
from domain.rebasing import REBASED, branch_of, version_of
from domain.sealing import Keyring, NoKeyring
from domain.storage import Storage, Unit
from domain.stream import Stream

__all__ = ["Batch", "Incoming", "Ledger", "Outcome"]

TRIES = 5
"""How often a unit of work is decided anew when somebody else wrote first."""


class Ledger(Application[str]):
    """Facts in, receipts out; one writer at a time."""

    def __init__(
        self,
        storage: Storage,
        recorder: ApplicationRecorder,
        policy: Policy,
        *,
        keyring: Keyring | None = None,
        load_policy: Callable[[Mapping[str, str]], Policy] | None = None,
        cache: int = 50_000,
    ) -> None:
        self._own_recorder = recorder
        self.events_mapper = EventMapper()
        self.keyring = keyring or NoKeyring()
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
        return self.events_mapper

    def construct_recorder(self) -> ApplicationRecorder:
        return self._own_recorder

    def know_policy(self, policy: Policy) -> None:
        """Keeps the texts of a policy: streams that began under it keep to it, unless they are re-based."""
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

    def work(self, work: Callable[[Batch], object], now: datetime) -> Outcome:
        """One unit of work, decided anew where somebody else wrote first."""
        for attempt in range(TRIES):
            try:
                return self._try(work, now)
            except IntegrityError:
                self.forget()
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _try(self, work: Callable[[Batch], object], now: datetime) -> Outcome:
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
            self.keyring.forget(changed)
            self.position = position

    def forget(self) -> None:
        """Drops all that is remembered; what is asked for next is read from the ledger."""
        self.streams.clear()
        self.keyring.forget()

    def _trim(self) -> None:
        while len(self.streams) > self.cache:
            self.streams.popitem(last=False)

    def load(self, unit: Unit, subjects: Sequence[str]) -> None:
        """Brings streams into memory; one without events is there as one that did not begin."""
        missing = [subject for subject in dict.fromkeys(subjects) if subject not in self.streams]
        for stored in unit.events(missing) if missing else ():
            event = self.events_mapper.load(stored)
            stream = self.streams.get(event.subject)
            if stream is None:
                policy = self.policy_named(str(event.extensions.get("policy", "")))
                policy = policy.for_branch(getattr(event.data, "branch", None))
                stream = self.streams[event.subject] = Stream(event.subject, policy)
            stream.evolve(event)
            if event.type == REBASED:
                stream.policy = self.policy_named(version_of([event])).for_branch(branch_of(stream))
        for subject in missing:
            if subject not in self.streams:
                self.streams[subject] = Stream(subject, self.policy.for_branch(None))
