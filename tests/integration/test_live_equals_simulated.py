"""The same facts give the same derived events, in the same order, live and simulated."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.ledger import Incoming, Ledger
from domain.policy import Policy
from domain.simulation import simulate
from storage.postgres import PostgresStorage
from tests.helpers.scenarios import Scenario, names, scenario

KNOWN_LATER = ("sequence", "recordedtime")
INSTANT = timedelta(microseconds=1)


class Live:
    """The ledger as its worker drives it: each fact a unit of work, each instant at which something is due
    another; `now` is a clock that never goes back."""

    def __init__(self, storage: PostgresStorage, policy: Policy) -> None:
        self.storage = storage
        self.policy = policy
        self.ledger = Ledger(storage, storage.recorder, policy)
        self.now = datetime(1900, 1, 1, tzinfo=UTC)

    def live(self, story: Scenario) -> list[bytes]:
        told = [line for raw in story.facts for line in self.tell(raw)]
        return told + self.wait(story.until)

    def tell(self, raw: bytes) -> list[bytes]:
        incoming = Incoming.read(raw)
        lines: list[bytes] = []
        if incoming.event is not None and incoming.event.time > self.now:
            lines = self.wait(incoming.event.time - INSTANT)
            self.now = incoming.event.time
        return lines + self.ledger.record([incoming], self.now).lines

    def wait(self, until: datetime) -> list[bytes]:
        lines: list[bytes] = []
        while (at := self.storage.next_due()) is not None and at <= until:
            self.now = max(self.now, at)
            lines += self.ledger.tick(self.now).lines
        self.now = max(self.now, until)
        return lines


class Forgetful(Live):
    """Restarted before every fact: all it knows, it has read."""

    def tell(self, raw: bytes) -> list[bytes]:
        self.ledger = Ledger(self.storage, self.storage.recorder, self.policy)
        return super().tell(raw)


def told(line: bytes) -> dict[str, Any]:
    return {name: value for name, value in json.loads(line).items() if name not in KNOWN_LATER}


@pytest.mark.parametrize("way", [Live, Forgetful])
@pytest.mark.parametrize("name", names())
def test_live_equals_simulated(name: str, way: type[Live], storage: PostgresStorage) -> None:
    story = scenario(name)
    lines = way(storage, story.policy()).live(story)
    simulated = simulate(story.facts, story.policy(), story.until)
    assert [told(line) for line in lines] == [told(line) for line in simulated]


def test_what_is_said_to_be_recorded_is_what_is_stored(storage: PostgresStorage) -> None:
    story = scenario("general-echo-and-reopen")
    lines = Live(storage, story.policy()).live(story)
    recorded = [line for line in lines if b'"type":"intake.' not in line]
    stored = storage.events_after(0, 1000)
    assert [state for *_, state in stored] == recorded
    assert [sequence for sequence, *_ in stored] == list(range(1, len(recorded) + 1))


def test_a_batch_says_the_same_as_its_facts_one_by_one(storage: PostgresStorage) -> None:
    """Learned at one instant; what falls due between facts is the clock's to find."""
    story = scenario("general-customer-file")
    incoming = [Incoming.read(fact) for fact in story.facts]
    at = max(message.event.time for message in incoming if message.event)
    batch = Ledger(storage, storage.recorder, story.policy()).record(incoming, at)
    alone = PostgresStorage(storage.url, "alone")
    alone.create()
    singly = Ledger(alone, alone.recorder, story.policy())
    one_by_one = [line for message in incoming for line in singly.record([message], at).lines]
    alone.close()
    assert batch.lines == one_by_one
