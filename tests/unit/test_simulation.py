"""Simulating much: what is old leaves the memory, and nothing that is said changes by it."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from weakref import ref

import pytest

import benchmarks.simulate as benchmark
from domain.ledger import Batch, Incoming
from domain.memory import MemoryStorage
from domain.policy import load_policy
from domain.simulation import Simulation, simulate
from domain.spill import Spill
from domain.storage import Changes, Known
from tests.helpers.scenario import at, fact, received
from tests.helpers.scenarios import Scenario, names, scenario

NEVER = None


def told(story: Scenario, *, cache: int, spills_after: int | None) -> list[bytes]:
    """A story told fact by fact, so that between any two of them the memory may be emptied."""
    simulation = Simulation(story.policy(), cache=cache, spills_after=spills_after)
    lines = [line for raw in story.facts for line in simulation.tell([raw], story.until)]
    return [*lines, *simulation.wait(story.until)]


@pytest.mark.parametrize("name", names())
def test_a_story_is_the_same_whether_its_past_is_in_memory_or_not(name: str) -> None:
    story = scenario(name)
    assert told(story, cache=0, spills_after=1) == told(story, cache=10_000, spills_after=NEVER)


@pytest.mark.parametrize("name", names())
def test_a_story_is_the_same_in_however_many_units_of_work(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = scenario(name)
    at_once = list(simulate(story.facts, story.policy(), story.until))
    monkeypatch.setattr("domain.simulation.AT_ONCE", 1)
    monkeypatch.setattr("domain.simulation.ENOUGH", 0)
    assert list(simulate(story.facts, story.policy(), story.until)) == at_once


def test_what_falls_due_at_one_instant_keeps_its_order_over_units_of_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    facts = [json.dumps(told).encode() for told in (*STORY, received("3", "2026-03-02 10:00"))]
    facts += [
        json.dumps(fact("complaint.resolved", f"complaint/{n}", "2026-03-04 09:00", resolution="…")).encode()
        for n in (3, 1, 2)
    ]
    until, policy = at("2026-04-30 00:00"), load_policy(["general"])
    at_once = list(simulate(facts, policy, until))
    monkeypatch.setattr("domain.simulation.AT_ONCE", 2)
    assert list(simulate(facts, policy, until)) == at_once
    assert sum(b"general.follow-up" in line for line in at_once) >= 12


def simulation_of(*facts: dict[str, object], spills_after: int | None = 1) -> Simulation:
    simulation = Simulation(load_policy(["general"]), cache=0, spills_after=spills_after)
    for told in facts:
        simulation.tell([json.dumps(told).encode()])
    return simulation


STORY = (
    received("1", "2026-03-02 09:00"),
    fact("complaint.promised", "complaint/1", "2026-03-02 09:05", answer_by="2026-03-04T10:00:00+08:00"),
    received("2", "2026-03-02 10:00"),
    fact("complaint.replied", "complaint/1", "2026-03-03 09:00", text="……"),
)


def test_the_recorder_says_the_same_of_what_was_spilled() -> None:
    recent = simulation_of(*STORY, spills_after=NEVER).storage.recorder
    spilled = simulation_of(*STORY).storage.recorder
    assert spilled.spilled == spilled.max_notification_id() == recent.max_notification_id()
    assert spilled.select_notifications(1, 100) == recent.select_notifications(1, 100)
    assert spilled.select_notifications(2, 2) == recent.select_notifications(2, 2)
    assert spilled.select_notifications(2, 9, 3, inclusive_of_start=False) == [
        *recent.select_notifications(3, 1)
    ]
    assert spilled.select_notifications(None, 9, topics=["complaint.received"]) == [
        *recent.select_notifications(None, 9, topics=["complaint.received"])
    ]
    assert spilled.select_events("complaint/1", gt=1, desc=True, limit=2) == [
        *recent.select_events("complaint/1", gt=1, desc=True, limit=2)
    ]


def test_sequences_go_on_after_what_was_spilled() -> None:
    simulation = simulation_of(*STORY)
    message = Incoming.read(json.dumps(received("3", "2026-03-03 10:00")).encode())
    outcome = simulation.ledger.record([message], at("2026-03-03 10:00"))
    assert outcome.sequences == [simulation.storage.recorder.spilled]


def test_a_unit_of_work_goes_at_once_when_it_is_over() -> None:
    told = (*STORY, fact("complaint.replied", "complaint/1", "2026-03-02 09:10"), {"id": "refused"})
    messages = [Incoming.read(json.dumps(one).encode()) for one in told]
    simulation, batches = simulation_of(), []

    def work(batch: Batch) -> None:
        batches.append(ref(batch))
        batch.know(messages)
        for message in messages:
            batch.take(message)

    gc.disable()
    try:
        outcome = simulation.ledger.work(work, at("2026-03-03 09:00"))
        assert sorted({receipt.status for receipt in outcome.receipts}) == ["recorded", "rejected"]
        del outcome, messages[:]
        assert batches[0]() is None
    finally:
        gc.enable()


def test_a_fact_that_was_spilled_and_forgotten_is_unknown() -> None:
    storage = MemoryStorage(spills_after=0)
    storage.save(Changes(facts={("s", "1"): (Known("00", "parked"), None)}))
    assert storage.facts([("s", "1"), ("s", "2")]) == {("s", "1"): Known("00", "parked")}
    storage.save(Changes(forgotten=[("s", "1")]))
    assert storage.facts([("s", "1")]) == {}


def test_a_link_keeps_its_place_when_its_value_changes() -> None:
    storage = MemoryStorage(spills_after=0)
    storage.save(Changes(links={"k": {"a": 1, "b": None}}))
    storage.save(Changes(links={"k": {"c": [1]}}))
    storage.spills_after = None
    storage.save(Changes(links={"k": {"a": 2}}))
    assert list(storage.links(["k"])["k"].items()) == [("a", 2), ("b", None), ("c", [1])]


def test_the_latest_of_a_spilled_window_counts() -> None:
    storage = MemoryStorage(spills_after=0)
    for value in (1, 2):
        storage.save(Changes(windows={"w": {"parts": {"v": value}, "said": {}}}))
    assert storage.window("w") == {"parts": {"v": 2}, "said": {}}
    assert storage.window("x") is None


def test_many_keys_are_asked_for_in_parts() -> None:
    spill = Spill()
    facts = {("s", str(number)): Known("00", "recorded", number) for number in range(1_201)}
    spill.take([], facts, {}, {})
    assert dict(spill.facts(facts)) == facts
    assert spill.links(map(str, range(1_201))) == {}


def test_what_was_spilled_is_let_go_of_however_a_simulation_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    def close(storage: MemoryStorage) -> None:
        closed.append(storage)

    monkeypatch.setattr(MemoryStorage, "close", close)

    def interrupted() -> Iterator[bytes]:
        yield json.dumps(STORY[0]).encode()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(simulate(interrupted(), load_policy(["general"])))
    next(left := simulate([json.dumps(STORY[0]).encode()], load_policy(["general"])))
    left.close()  # type: ignore[attr-defined]
    assert len(closed) == 2


def test_a_spill_has_no_name_in_the_file_system() -> None:
    (main,) = Spill()._database.execute("PRAGMA database_list")
    assert main == (0, "main", "")


# ---- the facts that the benchmark is made of


def test_the_benchmark_tells_facts_in_order_and_all_are_recorded() -> None:
    facts = list(islice(benchmark.visits(), benchmark.MANAGERS * benchmark.CUSTOMERS + 60))
    times = [json.loads(fact)["time"] for fact in facts]
    assert times == sorted(times)
    lines = list(simulate(facts[-60:], load_policy(["tobacco-xuzhou"])))
    assert not any(b'"intake.' in line for line in lines)


def test_the_benchmark_visits_on_working_days() -> None:
    week = list(islice(benchmark.days(), 6))
    assert week[5] - week[0] == timedelta(days=7)
