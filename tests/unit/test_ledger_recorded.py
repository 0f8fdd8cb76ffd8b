"""What the ledger answers to a fact that it records, or has; in any batches, and after a restart."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from domain.incoming import Incoming
from domain.ledger import Outcome
from tests.helpers.complaints import Fact, act, closed, replied, settled
from tests.helpers.receipts import (
    CLOSED,
    MONDAY,
    NOON,
    RECEIVED,
    REPLIED,
    TUESDAY,
    again,
    answer,
    ledger,
    record,
)
from tests.helpers.scenario import at, fact, tell


def lines(outcome: Outcome) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outcome.lines]


# ---- recorded


def test_a_recorded_fact_is_answered_with_its_place_in_the_ledger() -> None:
    receipts = record(ledger(), RECEIVED, REPLIED)
    assert [receipt.status for receipt in receipts] == ["recorded", "recorded"]
    assert [receipt.sequence for receipt in receipts] == [1, 2]
    assert [(receipt.id, receipt.source) for receipt in receipts] == [
        (RECEIVED["id"], "/test"),
        (REPLIED["id"], "/test"),
    ]


def test_sequences_go_on_over_derived_events_and_later_batches() -> None:
    book = ledger()
    promise = act("promised", f"{MONDAY} 10:00", answer_by=at(f"{MONDAY} 18:00").isoformat())
    first = record(book, RECEIVED, promise)
    second = record(book, replied(f"{MONDAY} 11:00"))
    assert [receipt.sequence for receipt in (*first, *second)] == [1, 2, 4]


def test_when_it_was_learned_is_the_ledgers_own_time() -> None:
    (line,) = lines(ledger().record([Incoming.read(json.dumps(RECEIVED).encode())], at(NOON)))
    assert at(line["recordedtime"]) == at(NOON)
    assert at(line["time"]) == at(f"{MONDAY} 09:00")


# ---- duplicate and conflict


def test_the_same_fact_again_is_a_duplicate_of_what_is_on_record() -> None:
    book = ledger()
    in_one_batch = record(book, REPLIED, RECEIVED, RECEIVED)[-1]
    later = record(book, RECEIVED)[-1]
    assert [in_one_batch.status, later.status] == ["duplicate", "duplicate"]
    assert later.sequence == 1
    assert book.position == 2


def test_a_duplicate_prints_nothing() -> None:
    assert len(tell("general", RECEIVED, RECEIVED).lines) == 1


@pytest.mark.parametrize(
    "same",
    [
        {"time": "2026-03-09T01:00:00Z"},
        {"data": dict(reversed(list(RECEIVED["data"].items())))},
        {"sequence": 99, "recordedtime": "2026-03-09T09:00:00+08:00"},
    ],
)
def test_the_same_content_written_otherwise_is_a_duplicate(same: Fact) -> None:
    assert answer(RECEIVED, again(RECEIVED, **same)).status == "duplicate"


@pytest.mark.parametrize(
    "other",
    [
        {"time": "2026-03-09T09:00:01+08:00"},
        {"data": {**RECEIVED["data"], "category": "fees"}},
        {"subject": "complaint/C-2"},
        {"actor": "S-1"},
    ],
)
def test_the_same_identity_with_other_content_is_a_conflict(other: Fact) -> None:
    receipt = answer(RECEIVED, again(RECEIVED, **other))
    assert (receipt.status, receipt.code, receipt.field) == ("rejected", "conflict", "id")


def test_ids_are_unique_only_within_their_source() -> None:
    other = again(RECEIVED, source="/other", subject="complaint/C-2")
    assert answer(RECEIVED, other).status == "recorded"


def planned(time: str, day: str = TUESDAY) -> Fact:
    data = {"customer": "K-1", "manager": "S-1", "date": day, "mode": "on-site"}
    return fact("visit.planned", "visit/V-1", time, **data)


def started(time: str, **data: Any) -> Fact:
    return fact("visit.started", "visit/V-1", time, **data)


DROPPED_IN = {"customer": "K-1", "manager": "S-1", "mode": "on-site"}

# ---- visits


def test_a_visit_that_nobody_planned_says_how_it_was_made() -> None:
    receipt = answer(started(f"{MONDAY} 09:00", customer="K-1", manager="S-1"))
    assert (receipt.status, receipt.code, receipt.field) == ("rejected", "malformed", "data.mode")
    assert answer(started(f"{MONDAY} 09:00", **DROPPED_IN)).status == "recorded"


def test_a_planned_visit_starts_without_saying_it_again_and_only_once() -> None:
    receipts = record(
        ledger(), planned(f"{MONDAY} 08:00"), started(f"{MONDAY} 09:00"), started(f"{MONDAY} 10:00")
    )
    assert [(receipt.status, receipt.code) for receipt in receipts] == [
        ("recorded", None),
        ("recorded", None),
        ("rejected", "already-exists"),
    ]


@pytest.mark.parametrize(
    ("time", "code"), [("08:59", None), ("09:00", "already-exists"), ("09:01", "already-exists")]
)
def test_a_plan_learned_after_the_start_counts_if_it_was_made_before(time: str, code: str | None) -> None:
    receipt = answer(started(f"{MONDAY} 09:00", **DROPPED_IN), planned(f"{MONDAY} {time}"))
    assert receipt.code == code


def test_a_visit_is_planned_once() -> None:
    assert answer(planned(f"{MONDAY} 08:00"), planned(f"{MONDAY} 07:00")).code == "already-exists"


def split(facts: list[Fact], size: int) -> Iterable[list[Fact]]:
    return (facts[place : place + size] for place in range(0, len(facts), size))


# ---- batches and restarts


@pytest.mark.parametrize("size", [1, 2, 5])
def test_how_facts_are_split_into_batches_changes_nothing(size: int) -> None:
    promise = act("promised", f"{MONDAY} 09:30", answer_by=at(f"{MONDAY} 10:00").isoformat())
    facts = [REPLIED, RECEIVED, promise, *settled(MONDAY), closed(f"{MONDAY} 11:00"), RECEIVED]
    whole, parts = ledger(), ledger()
    expected = [receipt.status for receipt in record(whole, *facts)]
    got = [receipt.status for batch in split(facts, size) for receipt in record(parts, *batch)]
    assert got == expected
    assert parts.position == whole.position


def test_what_is_forgotten_is_read_again_from_the_ledger() -> None:
    book = ledger()
    record(book, *CLOSED)
    book.forget()
    assert record(book, replied(f"{TUESDAY} 09:00"), now=f"{TUESDAY} 12:00")[0].code == "closed"
