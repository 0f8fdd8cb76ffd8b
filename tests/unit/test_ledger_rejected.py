"""Facts that the ledger rejects, and why."""

import json
from typing import Any

import pytest

from domain.events import FACTS
from domain.incoming import Incoming
from domain.memory import MemoryStorage
from domain.messages import DeadLetter, Receipt
from tests.helpers.complaints import Fact, act, answered, closed, replied, resolved
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
from tests.helpers.scenario import at, fact, received


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


def test_what_is_sent_of_a_refused_fact_is_what_the_schemas_say() -> None:
    book = ledger()
    unnamed = Incoming.read(b"{}", {**BINARY, "ce_id": b"\xff"}, "huiyin.intake/0@7")
    unheard = Incoming.read(json.dumps({**RECEIVED, "id": "e\0", "x\0": 1}).encode(), {}, "huiyin.intake/0@8")
    book.record([unnamed, unheard], at(NOON))
    assert isinstance(book.storage, MemoryStorage)
    by_channel: dict[str, list[bytes]] = {"receipts": [], "dead-letters": []}
    for out in book.storage.outbox:
        by_channel[out.channel].append(out.value)
    receipts = [Receipt.model_validate_json(value) for value in by_channel["receipts"]]
    letters = [DeadLetter.model_validate_json(value) for value in by_channel["dead-letters"]]
    assert [receipt.origin for receipt in receipts] == ["huiyin.intake/0@7", None]
    assert [letter.origin for letter in letters] == ["huiyin.intake/0@7", "huiyin.intake/0@8"]


BINARY = {
    "ce_specversion": b"1.0",
    "ce_id": b"b-1",
    "ce_source": b"/hotline",
    "ce_type": b"complaint.received",
    "ce_subject": b"complaint/C-1",
    "ce_time": b"2026-03-09T09:00:00+08:00",
}


def sent(headers: dict[str, bytes], body: bytes = b"{}") -> Receipt:
    (receipt,) = ledger().record([Incoming.read(body, headers, "huiyin.intake/0@7")], at(NOON)).receipts
    return receipt


def test_a_refused_fact_in_binary_mode_is_named_by_its_headers() -> None:
    receipt = sent(BINARY, b'{"id": "another", "customer": 5}')
    assert (receipt.status, receipt.id, receipt.source) == ("rejected", "b-1", "/hotline")
    assert receipt.subject == "complaint/C-1"
    assert receipt.origin is None


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({**BINARY, "ce_id": b"\xff"}, b"{}"),
        ({name: value for name, value in BINARY.items() if name != "ce_source"}, b"{}"),
        ({}, b"no JSON"),
        ({}, json.dumps({**RECEIVED, "id": "i" * 201}).encode()),
        ({}, json.dumps(received("C-1", NOON, summary="x" * 300_000)).encode()),
    ],
    ids=["an id that is no text", "no source", "no JSON", "a long id", "too large"],
)
def test_a_message_that_cannot_be_named_is_known_by_its_place(headers: dict[str, bytes], body: bytes) -> None:
    assert sent(headers, body).origin == "huiyin.intake/0@7"


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
