"""Facts that wait for the beginning of their stream."""

from datetime import timedelta

import pytest

from tests.helpers.complaints import Fact, closed, codes, replied
from tests.helpers.receipts import MONDAY, NOON, RECEIVED, REPLIED, TUESDAY, again, answer, ledger, record
from tests.helpers.scenario import at, fact, received, tell


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
