"""What the ledger answers to each fact: recorded, duplicate, parked or rejected, and why."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from domain.events import FACTS
from domain.incoming import Incoming
from domain.ledger import Ledger, Outcome
from domain.memory import MemoryStorage
from domain.messages import Receipt
from domain.policy import load_policy
from tests.helpers.complaints import Fact, act, answered, closed, codes, replied, resolved, settled
from tests.helpers.scenario import at, fact, received, tell

GENERAL = load_policy(["general"])
MONDAY, TUESDAY = "2026-03-09", "2026-03-10"
NOON = f"{MONDAY} 12:00"
RECEIVED = received("C-1", f"{MONDAY} 09:00")
REPLIED = replied(f"{MONDAY} 10:00")


def ledger() -> Ledger:
    storage = MemoryStorage(keeps_outgoing=True)
    return Ledger(storage, storage.recorder, GENERAL)


def record(book: Ledger, *facts: Fact | bytes, now: str = NOON) -> list[Receipt]:
    raw = (one if isinstance(one, bytes) else json.dumps(one).encode() for one in facts)
    return book.record([Incoming.read(one) for one in raw], at(now)).receipts


def answer(*facts: Fact | bytes, now: str = NOON) -> Receipt:
    """The receipt of the last fact, when all are told to an empty ledger."""
    return record(ledger(), *facts, now=now)[-1]


def lines(outcome: Outcome) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outcome.lines]


def again(one: Fact, **changes: Any) -> Fact:
    return {**one, **changes}


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


# ---- rejected


def test_a_fact_that_is_malformed_says_where() -> None:
    wrong = received("C-1", f"{MONDAY} 09:00", urgent="yes")
    receipt = answer(wrong)
    assert (receipt.status, receipt.code, receipt.field) == ("rejected", "malformed", "data.urgent")
    assert receipt.reason and receipt.reason_zh


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b"null", b'{"id": 1}'])
def test_bytes_that_hold_no_fact_are_malformed(raw: bytes) -> None:
    assert answer(raw).code == "malformed"


def test_an_unknown_type_is_answered_with_the_nearest() -> None:
    receipt = answer(again(RECEIVED, type="complaint.recieved"))
    assert receipt.code == "unknown-type"
    assert "complaint.received" in str(receipt.reason)


def test_what_the_system_derives_is_no_fact_to_send() -> None:
    derived = fact("obligation.breached", "complaint/C-1", NOON, clause="general.promise")
    assert answer(RECEIVED, derived).status == "rejected"


@pytest.mark.parametrize(("time", "status"), [("12:05:00", "recorded"), ("12:05:01", "rejected")])
def test_five_minutes_ahead_of_the_clock_are_forgiven(time: str, status: str) -> None:
    receipt = answer(received("C-1", f"{MONDAY} {time}"))
    assert receipt.status == status
    assert (receipt.code, receipt.field) == ((None, None) if status == "recorded" else ("future", "time"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (RECEIVED, received("C-1", f"{MONDAY} 09:30")),
        (
            fact("approval.requested", "approval/A-1", f"{MONDAY} 09:00", kind="copy", by="S-1"),
            fact("approval.requested", "approval/A-1", f"{MONDAY} 09:30", kind="copy", by="S-1"),
        ),
    ],
)
def test_a_complaint_and_an_approval_begin_once(first: Fact, second: Fact) -> None:
    receipt = answer(first, second)
    assert (receipt.code, receipt.field) == ("already-exists", "subject")


@pytest.mark.parametrize(
    "first",
    [
        fact("reception.opened", "reception/HALL", f"{MONDAY} 09:00", order=["S-1"]),
        fact("document.classified", "document/D-1", f"{MONDAY} 09:00", level="secret"),
        fact("customer.filed", "customer/K-1", f"{MONDAY} 09:00", by="S-1"),
        fact("staff.joined", "staff/S-1", f"{MONDAY} 09:00", role="finance", department="x"),
    ],
)
def test_days_at_the_desk_classifications_files_and_staff_begin_again(first: Fact) -> None:
    assert answer(first, again(first, id="second", time="2026-03-09T10:00:00+08:00")).status == "recorded"


AFTER_CLOSE: dict[str, dict[str, Any]] = {
    "verified": {"by": "S-1", "matches": True},
    "assigned": {"handler": "S-1"},
    "promised": {"answer_by": "2026-03-11T09:00:00+08:00"},
    "replied": {"text": "……"},
    "investigated": {"findings": "……", "reasonable": True},
    "reinspected": {"inspectors": ["S-1"], "original_sample": True, "original_correct": True},
    "handed_over": {"to": "office", "reason": "……"},
    "awaiting": {"whom": "customer"},
    "resumed": {},
    "resolved": {"resolution": "……"},
    "closed": {"by": "S-1"},
    "withdrawn": {"reason": "……"},
}
STILL: dict[str, dict[str, Any]] = {
    "report_corrected": {"authorised_by": "S-1", "recalled": True, "voided": True},
    "signalled": {"signal": "loud"},
    "prewarned": {"to": ["legal"]},
    "reported_up": {"to": ["ceo"]},
    "crisis_met": {"chaired_by": "ceo", "attendees": []},
    "compensated": {"amount": 1},
    "result_fed_back": {"to": "market_manager"},
    "feedback_solicited": {},
    "followed_up": {"by": "S-1"},
    "merged": {"into": "C-9"},
    "unmerged": {},
    "reopened": {"reason": "……"},
    "archived": {"by": "S-1"},
}
CLOSED = [RECEIVED, *settled(MONDAY)]


@pytest.mark.parametrize("name", AFTER_CLOSE)
def test_a_closed_complaint_is_worked_on_no_more(name: str) -> None:
    receipt = answer(*CLOSED, act(name, f"{TUESDAY} 09:00", **AFTER_CLOSE[name]), now=f"{TUESDAY} 12:00")
    assert (receipt.status, receipt.code, receipt.field) == ("rejected", "closed", "type")


@pytest.mark.parametrize("name", STILL)
def test_what_follows_a_closing_is_recorded(name: str) -> None:
    one = act(name, f"{TUESDAY} 09:00", **STILL[name])
    assert answer(*CLOSED, one, now=f"{TUESDAY} 12:00").status == "recorded"


def test_every_act_on_a_complaint_is_one_or_the_other() -> None:
    acts = {name.partition(".")[2] for name in FACTS if name.startswith("complaint.")}
    assert acts == AFTER_CLOSE.keys() | STILL.keys() | {"received"}


def test_what_happened_before_the_closing_is_recorded_however_late_it_is_learned() -> None:
    assert answer(*CLOSED, replied(f"{MONDAY} 11:59")).status == "recorded"
    assert answer(*CLOSED, replied(NOON)).code == "closed"


def test_a_closed_complaint_that_is_merged_is_closed_still() -> None:
    merged = act("merged", f"{TUESDAY} 09:00", into="C-9")
    assert answer(*CLOSED, merged, replied(f"{TUESDAY} 10:00"), now=f"{TUESDAY} 12:00").code == "closed"


def test_a_reopened_complaint_is_worked_on_again() -> None:
    reopened = act("reopened", f"{TUESDAY} 09:00", reason="……")
    assert answer(*CLOSED, reopened, replied(f"{TUESDAY} 10:00"), now=f"{TUESDAY} 12:00").status == "recorded"


def test_a_fact_larger_than_a_message_may_be_is_refused() -> None:
    assert answer(received("C-1", f"{MONDAY} 09:00", summary="大" * 400_000)).code == "too-large"


def test_a_refused_fact_goes_to_the_dead_letters_with_its_bytes() -> None:
    book = ledger()
    record(book, b"{", RECEIVED)
    assert isinstance(book.storage, MemoryStorage)
    (letter,) = [json.loads(out.value) for out in book.storage.outbox if out.channel == "dead-letters"]
    assert letter["code"] == "malformed"
    assert letter["raw_base64"] == "ew=="


def test_every_fact_has_one_receipt_on_its_way_out() -> None:
    book = ledger()
    record(book, b"{", RECEIVED, RECEIVED, replied(f"{MONDAY} 10:00", of="C-2"))
    assert isinstance(book.storage, MemoryStorage)
    sent = [json.loads(out.value)["status"] for out in book.storage.outbox if out.channel == "receipts"]
    assert sent == ["rejected", "recorded", "duplicate", "parked"]


def test_a_refused_fact_that_is_sent_again_is_judged_anew() -> None:
    book = ledger()
    closing = closed(f"{MONDAY} 11:30")
    assert [receipt.code for receipt in record(book, RECEIVED, closing)] == [None, "close-without-echo"]
    (*_, last) = record(book, answered(f"{MONDAY} 10:00"), resolved(f"{MONDAY} 11:00"), closing)
    assert last.status == "recorded"


def test_a_refused_facts_identity_is_free() -> None:
    book = ledger()
    wrong = received("C-1", f"{MONDAY} 09:00", urgent="yes")
    mended = again(wrong, data={**wrong["data"], "urgent": True})
    assert [receipt.status for receipt in record(book, wrong, mended)] == ["rejected", "recorded"]


def test_one_bad_fact_stops_none_of_its_batch() -> None:
    receipts = record(ledger(), RECEIVED, b"\x00", REPLIED)
    assert [receipt.status for receipt in receipts] == ["recorded", "rejected", "recorded"]


# ---- parked


def test_a_fact_that_overtook_its_streams_beginning_waits_for_it() -> None:
    receipt = answer(REPLIED)
    assert (receipt.status, receipt.code) == ("parked", "unknown-stream")


@pytest.mark.parametrize(
    "one",
    [
        REPLIED,
        fact("visit.ended", "visit/V-1", f"{MONDAY} 10:00"),
        fact("approval.used", "approval/A-1", f"{MONDAY} 10:00"),
        fact("reception.arrived", "reception/HALL", f"{MONDAY} 10:00", customer="K-1"),
        fact("document.leaked", "document/D-1", f"{MONDAY} 10:00"),
        fact("access.requested", "document/D-1", f"{MONDAY} 10:00", by="S-1", department="x", purpose="…"),
        fact("feedback.given", "visit/V-1", f"{MONDAY} 10:00", score=3),
        fact("escalation.acknowledged", "complaint/C-1", f"{MONDAY} 10:00", by="S-1"),
    ],
)
def test_what_has_a_beginning_waits_for_it(one: Fact) -> None:
    assert answer(one).status == "parked"


@pytest.mark.parametrize(
    "one",
    [
        fact("customer.contacted", "customer/K-1", f"{MONDAY} 10:00", staff="S-1", channel="phone"),
        fact("staff.left", "staff/S-1", f"{MONDAY} 10:00", reason="transfer"),
        fact("feedback.given", "staff/S-1", f"{MONDAY} 10:00", score=3),
    ],
)
def test_customers_and_staff_begin_with_whatever_comes_first(one: Fact) -> None:
    assert answer(one).status == "recorded"


def test_parked_facts_are_released_in_the_order_they_came_and_judged_by_their_time() -> None:
    first, second = replied(f"{MONDAY} 11:00"), replied(f"{MONDAY} 10:00")
    told = tell("general", first, second, RECEIVED)
    assert [line["type"] for line in told.lines] == [
        "intake.parked",
        "intake.parked",
        "complaint.received",
        "complaint.replied",
        "complaint.replied",
    ]
    assert [line["id"] for line in told.lines[3:]] == [first["id"], second["id"]]


def test_a_released_fact_gets_its_receipt_in_a_later_batch_as_well() -> None:
    book = ledger()
    record(book, REPLIED)
    receipts = record(book, RECEIVED)
    assert [(receipt.id, receipt.status) for receipt in receipts] == [
        (RECEIVED["id"], "recorded"),
        (REPLIED["id"], "recorded"),
    ]


def test_a_released_fact_may_be_refused() -> None:
    told = tell("general", closed(f"{MONDAY} 10:00"), RECEIVED)
    assert codes(told) == ["close-without-echo"]


def test_a_parked_fact_sent_again_is_a_duplicate_and_other_content_a_conflict() -> None:
    other = again(REPLIED, data={"text": "other"})
    receipts = record(ledger(), REPLIED, REPLIED, other)
    assert [(receipt.status, receipt.code) for receipt in receipts] == [
        ("parked", "unknown-stream"),
        ("duplicate", None),
        ("rejected", "conflict"),
    ]


def test_a_released_fact_sent_again_is_a_duplicate() -> None:
    assert answer(REPLIED, RECEIVED, REPLIED).status == "duplicate"


def test_the_intake_line_of_a_parked_fact_has_the_facts_time_and_content() -> None:
    (line,) = tell("general", REPLIED).lines
    assert (line["type"], line["subject"], at(line["time"])) == (
        "intake.parked",
        "complaint/C-1",
        at(REPLIED["time"]),
    )
    assert line["data"]["code"] == "unknown-stream"
    assert line["data"]["fact"]["id"] == REPLIED["id"]


def test_after_twenty_four_hours_a_parked_fact_never_began() -> None:
    before = tell("general", REPLIED, until=f"{TUESDAY} 09:59:59")
    assert codes(before) == []
    told = tell("general", REPLIED, until=f"{TUESDAY} 10:00")
    (line,) = told.all("intake.rejected", code="never-began")
    assert at(line["time"]) == at(f"{TUESDAY} 10:00")
    assert line["data"]["fact"]["id"] == REPLIED["id"]


def test_a_beginning_at_the_very_instant_still_releases() -> None:
    told = tell("general", REPLIED, received("C-1", f"{TUESDAY} 10:00"))
    assert told.has("complaint.replied")
    told = tell("general", REPLIED, received("C-1", f"{TUESDAY} 10:00:01"))
    assert codes(told) == ["never-began"]
    assert not told.has("complaint.replied")


def test_each_parked_fact_has_its_own_patience() -> None:
    told = tell("general", REPLIED, replied(f"{MONDAY} 15:00"), until=f"{TUESDAY} 12:00")
    assert codes(told) == ["never-began"]
    told = tell("general", REPLIED, replied(f"{MONDAY} 15:00"), until="2026-03-11 00:00")
    assert [line["time"] for line in told.all("intake.rejected")] == [
        f"{TUESDAY}T10:00:00+08:00",
        f"{TUESDAY}T15:00:00+08:00",
    ]


def test_a_fact_that_expired_may_be_sent_again() -> None:
    book = ledger()
    record(book, REPLIED)
    expired = book.tick(at(NOON) + timedelta(hours=24)).receipts
    assert [receipt.code for receipt in expired] == ["never-began"]
    late = f"{TUESDAY} 12:01"
    assert record(book, REPLIED, now=late)[0].status == "parked"
    assert [receipt.status for receipt in record(book, RECEIVED, now=late)] == ["recorded", "recorded"]


def test_patience_counts_from_when_it_was_learned() -> None:
    book = ledger()
    record(book, REPLIED)
    assert book.tick(at(NOON) + timedelta(hours=24, seconds=-1)).receipts == []


# ---- visits


def planned(time: str, day: str = TUESDAY) -> Fact:
    data = {"customer": "K-1", "manager": "S-1", "date": day, "mode": "on-site"}
    return fact("visit.planned", "visit/V-1", time, **data)


def started(time: str, **data: Any) -> Fact:
    return fact("visit.started", "visit/V-1", time, **data)


DROPPED_IN = {"customer": "K-1", "manager": "S-1", "mode": "on-site"}


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


# ---- batches and restarts


def split(facts: list[Fact], size: int) -> Iterable[list[Fact]]:
    return (facts[place : place + size] for place in range(0, len(facts), size))


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
