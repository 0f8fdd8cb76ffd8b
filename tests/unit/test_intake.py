"""Messages of the intake topic into the ledger: each once, and none lost when the topic is another one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest

from domain.ledger import Batch, Ledger
from domain.memory import MemoryStorage
from domain.policy import load_policy
from streams.intake import Intake, Message
from streams.standing import BrokerAway, Standing
from tests.helpers.scenario import at, received

NOW = at("2026-03-09 12:00")
THERE = Standing("first", {0: 1_000, 1: 1_000})


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage(keeps_outgoing=True)


def ledger(storage: MemoryStorage, kind: type[Ledger] = Ledger) -> Ledger:
    return kind(storage, storage.recorder, load_policy(["general"]))


def asking(*answers: Standing) -> Callable[[str], Standing]:
    """A broker that answers so, one after the other, and then as the last time."""
    told = list(answers)
    return lambda _topic: told.pop(0) if len(told) > 1 else told[0]


def messages(*names: str, since: int = 0, partition: int = 0) -> list[Message]:
    return [Message("in", partition, since + place, _fact(name), {}) for place, name in enumerate(names)]


def _fact(name: str) -> bytes:
    return json.dumps({**received(name, "2026-03-09 09:00"), "id": name}).encode()


def answers(storage: MemoryStorage) -> list[str]:
    said = [json.loads(sent.value) for sent in storage.outbox if sent.channel == "receipts"]
    return [f"{answer['id']} {answer['status']}" for answer in said]


def positions(storage: MemoryStorage) -> Mapping[str, int]:
    with storage.unit() as unit:
        return dict(unit.positions())


def test_what_kafka_delivers_again_is_passed_over(storage: MemoryStorage) -> None:
    intake = Intake(ledger(storage), asking(THERE))
    assert intake.take(messages("C-1", "C-2"), NOW) == 2
    assert intake.take(messages("C-1", "C-2", "C-3"), NOW) == 1
    assert answers(storage) == ["C-1 recorded", "C-2 recorded", "C-3 recorded"]
    assert positions(storage) == {"in#first/0": 3}


def test_another_worker_passes_it_over_as_well(storage: MemoryStorage) -> None:
    assert Intake(ledger(storage), asking(THERE)).take(messages("C-1"), NOW) == 1
    assert Intake(ledger(storage), asking(THERE)).take(messages("C-1"), NOW) == 0


@pytest.mark.parametrize(
    "now_there",
    [
        pytest.param(Standing("second", {0: 2}), id="made anew"),
        pytest.param(Standing("first", {0: 2}), id="cut short"),
    ],
)
def test_a_topic_that_lost_its_messages_is_taken_from_its_first(
    now_there: Standing, storage: MemoryStorage
) -> None:
    """What is known is a duplicate, what is not is recorded, and from then on positions count again."""
    intake = Intake(ledger(storage), asking(THERE, now_there))
    intake.take(messages("C-1", "C-2", "C-3"), NOW)
    assert intake.take(messages("C-1", "C-4"), NOW) == 2
    assert answers(storage)[3:] == ["C-1 duplicate", "C-4 recorded"]
    assert positions(storage)[now_there.source("in", 0)] == 2
    assert intake.take(messages("C-1", "C-4"), NOW) == 0


def test_of_several_partitions_only_the_one_that_was_cut_short_is_taken_again(storage: MemoryStorage) -> None:
    intake = Intake(ledger(storage), asking(THERE, Standing("first", {0: 1, 1: 2})))
    intake.take([*messages("C-1", "C-2"), *messages("C-3", "C-4", partition=1)], NOW)
    assert intake.take([*messages("C-5"), *messages("C-3", "C-4", partition=1)], NOW) == 1
    assert answers(storage)[4:] == ["C-5 recorded"]


@pytest.mark.parametrize(
    ("kept", "lost"),
    [
        pytest.param({}, False, id="nothing was taken in yet"),
        pytest.param({"in#first/0": 1_000, "in#first/1": 7}, False, id="as it was"),
        pytest.param({"in#first/0": 1_001}, True, id="cut short"),
        pytest.param({"in#earlier/0": 5}, True, id="made anew"),
        pytest.param({"in#earlier/0": 5, "in#first/0": 1}, False, id="made anew, and taken in since"),
        pytest.param({"other.in#earlier/0": 5}, False, id="another installation's"),
    ],
)
def test_a_topic_that_lost_what_was_taken_in_is_told_from_one_that_did_not(
    kept: dict[str, int], lost: bool
) -> None:
    assert THERE.lost("in", kept) is lost


def test_while_the_broker_cannot_be_asked_nothing_is_taken_or_passed_over(storage: MemoryStorage) -> None:
    def away(_topic: str) -> Standing:
        raise BrokerAway("no answer")

    with pytest.raises(OSError, match="no answer"):
        Intake(ledger(storage), away).take(messages("C-1"), NOW)
    assert answers(storage) == []


class Breaking(Ledger):
    """A ledger that fails on one fact, as an error of ours would make it."""

    def work(self, work: Any, now: datetime) -> Any:
        def checked(batch: Batch) -> None:
            taken = batch.take

            def take(message: Any) -> None:
                if message.event is not None and message.event.subject == "complaint/C-bad":
                    raise KeyError("an error of ours")
                taken(message)

            batch.take = take  # type: ignore[method-assign]
            work(batch)

        return super().work(checked, now)


def test_a_fact_that_breaks_the_ledger_is_refused_and_the_others_are_recorded(storage: MemoryStorage) -> None:
    intake = Intake(ledger(storage, Breaking), asking(THERE))
    batch: Sequence[Message] = messages("C-1", "C-bad", "C-2")
    assert intake.take(batch, NOW) == 3
    said = [json.loads(sent.value) for sent in storage.outbox if sent.channel == "receipts"]
    assert [(answer["status"], answer.get("code")) for answer in said] == [
        ("recorded", None),
        ("rejected", "internal"),
        ("recorded", None),
    ]
    assert intake.take(batch, NOW) == 0
