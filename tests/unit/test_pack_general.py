"""What every organisation owes: each row has its consequence, and without the row it has not.

The rows about customer files are in test_customers.py, those about visits and handover in
test_pack_tobacco.py; approvals, access and documents have their edges in files of their own.
"""

from typing import Any, NamedTuple

import pytest

from domain.policy import check_examples, load_policy
from tests.helpers.complaints import (
    Fact,
    act,
    answered,
    closed,
    codes,
    feedback,
    promised,
    replied,
    resolved,
    settled,
)
from tests.helpers.scenario import fact, received, tell, without

GENERAL = "general"
MONDAY = "2026-03-09"
RECEIVED = received("C-1", f"{MONDAY} 09:00", accused="S-7")


class Story(NamedTuple):
    facts: list[Fact]
    until: str
    event: str
    expected: dict[str, Any]


def asked_for_file(customer: str = "K-1") -> list[Fact]:
    return [
        fact("customer.filed", f"customer/{customer}", f"{MONDAY} 09:00", by="S-1", department="sales"),
        fact(
            "approval.requested",
            "approval/A-1",
            f"{MONDAY} 10:00",
            kind="file-access",
            by="S-2",
            about=f"customer/{customer}",
        ),
        fact("approval.granted", "approval/A-1", f"{MONDAY} 11:00", by="S-9", role="department_head"),
        fact(
            "access.requested",
            f"customer/{customer}",
            f"{MONDAY} 12:00",
            by="S-2",
            department="sales",
            purpose="……",
        ),
    ]


def requested(kind: str, **data: Any) -> Fact:
    return fact("approval.requested", "approval/A-1", f"{MONDAY} 10:00", kind=kind, by="S-2", **data)


STORIES = {
    "general.echo": Story(
        [RECEIVED, resolved(f"{MONDAY} 10:00"), closed(f"{MONDAY} 11:00")],
        f"{MONDAY} 12:00",
        "intake.rejected",
        {"subject": "complaint/C-1", "code": "close-without-echo", "time": f"{MONDAY} 11:00"},
    ),
    "general.promise": Story(
        [RECEIVED, promised(f"{MONDAY} 10:00", f"{MONDAY} 16:00")],
        f"{MONDAY} 16:00",
        "obligation.breached",
        {"clause": "general.promise", "time": f"{MONDAY} 16:00"},
    ),
    "general.follow-up": Story(
        [RECEIVED, resolved(f"{MONDAY} 10:00")],
        "2026-03-17 00:00",
        "obligation.breached",
        {"clause": "general.follow-up", "time": "2026-03-17 00:00"},
    ),
    "general.until-satisfied": Story(
        [RECEIVED, resolved(f"{MONDAY} 10:00"), feedback(f"{MONDAY} 11:00", satisfied=False)],
        f"{MONDAY} 12:00",
        "complaint.reopened",
        {"clause": "general.until-satisfied", "time": f"{MONDAY} 11:00"},
    ),
    "general.accused": Story(
        [RECEIVED, act("assigned", f"{MONDAY} 10:00", handler="S-7")],
        f"{MONDAY} 12:00",
        "intake.rejected",
        {"code": "accused-may-not-handle", "field": "data.handler"},
    ),
    "general.key-account": Story(
        [
            fact("customer.filed", "customer/K-C-1", f"{MONDAY} 08:00", by="S-1", category="key"),
            RECEIVED,
            promised(f"{MONDAY} 10:00", f"{MONDAY} 16:00"),
        ],
        f"{MONDAY} 16:00",
        "escalation.raised",
        {"clause": "general.promise", "severity": "high"},
    ),
    "general.file-access": Story(
        asked_for_file(), f"{MONDAY} 12:00", "access.granted", {"subject": "customer/K-1", "by": "S-2"}
    ),
    "general.unregistered-expense": Story(
        [requested("expense", about="customer/K-1", amount=100)],
        f"{MONDAY} 12:00",
        "intake.rejected",
        {"code": "customer-not-registered", "field": "data.about"},
    ),
    "general.sample": Story(
        [requested("sample"), fact("approval.used", "approval/A-1", f"{MONDAY} 11:00")],
        f"{MONDAY} 12:00",
        "intake.rejected",
        {"code": "approval-incomplete"},
    ),
    "general.expense-cap": Story(
        [requested("visit-expense", amount=650.5)],
        f"{MONDAY} 12:00",
        "expense.capped",
        {"subject": "approval/A-1", "cap": 500, "own_account": 150.5},
    ),
    "general.confidentiality": Story(
        [
            fact("document.classified", "document/D-1", f"{MONDAY} 09:00", level="secret", owner="S-1"),
            fact(
                "access.requested", "document/D-1", f"{MONDAY} 10:00", by="S-1", department="x", purpose="…"
            ),
        ],
        f"{MONDAY} 12:00",
        "access.granted",
        {"subject": "document/D-1", "by": "S-1"},
    ),
    "general.declassify": Story(
        [
            fact(
                "document.classified",
                "document/D-1",
                f"{MONDAY} 09:00",
                level="secret",
                until="2026-06-01T00:00:00+08:00",
            )
        ],
        "2026-06-01 00:00",
        "document.declassified",
        {"subject": "document/D-1", "time": "2026-06-01 00:00"},
    ),
    "general.leak": Story(
        [
            fact("document.classified", "document/D-1", f"{MONDAY} 09:00", level="secret"),
            fact("document.leaked", "document/D-1", f"{MONDAY} 10:00"),
        ],
        f"{MONDAY} 12:00",
        "escalation.raised",
        {"severity": "critical", "to": ["company_leadership"], "level": 1, "time": f"{MONDAY} 10:00"},
    ),
    "general.reception-venue": Story(
        [
            fact("reception.opened", "reception/HALL", f"{MONDAY} 09:00", order=["S-1"]),
            fact("reception.hosted", "reception/HALL", f"{MONDAY} 10:00", class_="a", venue="商务室"),
        ],
        f"{MONDAY} 12:00",
        "violation.found",
        {"detail": "wrong-venue", "clause": "general.reception-venue"},
    ),
}


@pytest.mark.parametrize("row", STORIES)
def test_a_row_has_its_consequence(row: str) -> None:
    story = STORIES[row]
    assert tell(GENERAL, *story.facts, until=story.until).count(story.event, **story.expected) == 1


@pytest.mark.parametrize("row", STORIES)
def test_without_the_row_there_is_no_such_consequence(row: str) -> None:
    story = STORIES[row]
    told = tell(without(GENERAL, row), *story.facts, until=story.until)
    assert not told.has(story.event, **story.expected)


def test_every_derived_event_names_its_clause_its_source_and_why() -> None:
    told = tell(GENERAL, *STORIES["general.promise"].facts, until="2026-03-20 00:00")
    derived = [line["data"] for line in told.lines if line["type"].startswith(("obligation.", "escalation."))]
    assert derived
    assert all(data["clause"] == "general.promise" for data in derived)
    assert all("001-14" not in data["source"] and "客户投诉答复" in data["source"] for data in derived)
    assert all(data["because"] for data in derived)


def test_worked_examples_are_right() -> None:
    assert check_examples(load_policy([GENERAL])) == []


# ---- general.echo


@pytest.mark.parametrize(
    "before",
    [
        [],
        [resolved(f"{MONDAY} 10:00")],
        [answered(f"{MONDAY} 10:00")],
        [resolved(f"{MONDAY} 10:00"), replied(f"{MONDAY} 10:30")],
        [resolved(f"{MONDAY} 10:00"), replied(f"{MONDAY} 10:30", final=False, written=True)],
    ],
)
def test_nothing_is_closed_that_was_not_resolved_and_answered_for_good(before: list[Fact]) -> None:
    told = tell(GENERAL, RECEIVED, *before, closed(f"{MONDAY} 11:00"))
    assert codes(told) == ["close-without-echo"]
    assert not told.has("complaint.closed")


@pytest.mark.parametrize("order", [1, -1])
def test_resolution_and_answer_come_in_any_order_and_at_the_very_instant(order: int) -> None:
    done = [resolved(f"{MONDAY} 11:00"), answered(f"{MONDAY} 11:00")][::order]
    assert tell(GENERAL, RECEIVED, *done, closed(f"{MONDAY} 11:00")).has("complaint.closed")


def test_each_cycle_needs_its_own_resolution_and_answer() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        *settled(MONDAY),
        act("reopened", "2026-03-10 09:00", reason="……"),
        closed("2026-03-10 10:00"),
        resolved("2026-03-10 11:00"),
        closed("2026-03-10 12:00"),
        answered("2026-03-10 13:00"),
        closed("2026-03-10 14:00"),
    )
    assert codes(told) == ["close-without-echo", "close-without-echo"]
    assert told.count("complaint.closed") == 2


def test_a_closing_typed_in_late_is_judged_by_what_was_done_when_it_happened() -> None:
    done = [resolved(f"{MONDAY} 10:00"), answered("2026-03-10 10:00")]
    assert codes(tell(GENERAL, RECEIVED, *done, closed(f"{MONDAY} 12:00"))) == ["close-without-echo"]
    late = [resolved("2026-03-10 10:00"), closed("2026-03-10 12:00"), answered("2026-03-10 09:00")]
    again = closed("2026-03-10 12:00")
    told = tell(GENERAL, RECEIVED, *late, again)
    assert codes(told) == ["close-without-echo"]
    assert told.has("complaint.closed", id=again["id"])


# ---- general.promise


@pytest.mark.parametrize(
    ("time", "event"), [("16:00:00", "obligation.met"), ("16:00:01", "obligation.breached")]
)
def test_an_answer_at_the_promised_instant_keeps_it_and_one_second_later_does_not(
    time: str, event: str
) -> None:
    facts = [RECEIVED, promised(f"{MONDAY} 10:00", f"{MONDAY} 16:00"), replied(f"{MONDAY} {time}")]
    told = tell(GENERAL, *facts, until="2026-03-10 00:00")
    ends = [line["type"] for line in told.lines if line["type"] in ("obligation.met", "obligation.breached")]
    assert ends == [event]


def test_each_promise_is_owed_by_itself_and_any_reply_keeps_them() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        promised(f"{MONDAY} 10:00", f"{MONDAY} 16:00"),
        promised(f"{MONDAY} 11:00", "2026-03-10 16:00"),
        replied(f"{MONDAY} 15:00"),
        until="2026-03-11 00:00",
    )
    assert told.count("obligation.opened", clause="general.promise") == 2
    assert told.count("obligation.met", clause="general.promise") == 2


def test_a_promise_for_a_time_gone_by_is_broken_when_it_is_made() -> None:
    told = tell(GENERAL, RECEIVED, promised(f"{MONDAY} 10:00", f"{MONDAY} 09:30"))
    assert told.has("obligation.breached", time=f"{MONDAY} 10:00", due_at=f"{MONDAY} 09:30")


def test_a_promise_is_warned_of_at_four_fifths_of_its_span() -> None:
    told = tell(GENERAL, RECEIVED, promised(f"{MONDAY} 10:00", f"{MONDAY} 15:00"), until=f"{MONDAY} 14:00")
    assert told.has("obligation.warned", clause="general.promise", time=f"{MONDAY} 14:00")


def test_closing_ends_a_running_promise_and_leaves_a_broken_one_broken() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        promised(f"{MONDAY} 09:10", f"{MONDAY} 09:30"),
        *settled(MONDAY)[:2],
        promised(f"{MONDAY} 11:30", f"{MONDAY} 18:00"),
        closed(f"{MONDAY} 12:00"),
        until="2026-03-12 00:00",
    )
    assert told.count("obligation.breached", clause="general.promise", due_at=f"{MONDAY} 09:30") == 1
    assert told.count("obligation.withdrawn", clause="general.promise", due_at=f"{MONDAY} 18:00") == 1


# ---- general.follow-up


@pytest.mark.parametrize(
    "done", [act("followed_up", "2026-03-17 00:00", by="S-2"), feedback("2026-03-16 09:00", score=5)]
)
def test_a_call_or_the_customers_word_is_a_follow_up_also_after_closing(done: Fact) -> None:
    told = tell(GENERAL, RECEIVED, *settled(MONDAY), done, until="2026-04-01 00:00")
    assert told.has("obligation.met", clause="general.follow-up", due_at="2026-03-17 00:00")
    assert not told.has("obligation.breached", clause="general.follow-up")


def test_a_follow_up_after_the_breach_only_stands_the_escalation_down() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        *settled(MONDAY),
        act("followed_up", "2026-03-17 00:01", by="S-2"),
        until="2026-04-01 00:00",
    )
    assert told.has("escalation.stood_down", clause="general.follow-up", time="2026-03-17 00:01")
    assert not told.has("obligation.met", clause="general.follow-up")
    assert told.count("escalation.raised", clause="general.follow-up") == 1


def test_a_second_resolution_owes_a_second_follow_up_only_once_the_first_is_over() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        resolved(f"{MONDAY} 10:00"),
        resolved(f"{MONDAY} 11:00"),
        act("followed_up", f"{MONDAY} 12:00", by="S-2"),
        resolved(f"{MONDAY} 13:00"),
    )
    assert told.count("obligation.opened", clause="general.follow-up") == 2


# ---- general.until-satisfied


@pytest.mark.parametrize(
    ("said", "reopens"),
    [
        ({"score": 2}, True),
        ({"score": 1, "satisfied": True}, True),
        ({"score": 5, "satisfied": False}, True),
        ({"score": 3}, False),
        ({"satisfied": True}, False),
        ({"comment": "……"}, False),
    ],
)
def test_a_customer_who_is_not_satisfied_reopens(said: dict[str, Any], reopens: bool) -> None:
    for done in ([resolved(f"{MONDAY} 10:00")], settled(MONDAY)):
        told = tell(GENERAL, RECEIVED, *done, feedback("2026-03-10 09:00", **said))
        assert told.has("complaint.reopened", clause="general.until-satisfied") is reopens


def test_dissatisfaction_before_anything_was_resolved_reopens_nothing() -> None:
    told = tell(GENERAL, RECEIVED, answered(f"{MONDAY} 10:00"), feedback(f"{MONDAY} 11:00", score=1))
    assert not told.has("complaint.reopened")


def test_a_second_no_in_the_same_cycle_reopens_nothing_more() -> None:
    noes = [feedback(f"2026-03-1{day} 09:00", score=1) for day in range(3)]
    assert tell(GENERAL, RECEIVED, *settled(MONDAY), *noes).count("complaint.reopened") == 1


def test_a_withdrawn_complaint_is_not_reopened_by_what_the_customer_says() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        resolved(f"{MONDAY} 10:00"),
        act("withdrawn", f"{MONDAY} 11:00", reason="……"),
        feedback("2026-03-10 09:00", score=1),
    )
    assert not told.has("complaint.reopened")


def test_what_was_said_in_time_and_learned_late_reopens_when_it_was_said() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        resolved(f"{MONDAY} 10:00"),
        received("C-2", "2026-03-11 09:00"),
        feedback(f"{MONDAY} 15:00", score=1),
        answered("2026-03-11 10:00"),
        closed("2026-03-11 11:00"),
    )
    assert told.has("complaint.reopened", subject="complaint/C-1", time=f"{MONDAY} 15:00")
    assert codes(told) == ["close-without-echo"]


# ---- general.accused


def test_the_accused_is_neither_given_nor_handed_the_complaint() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        act("assigned", f"{MONDAY} 10:00", handler="S-7"),
        act("handed_over", f"{MONDAY} 10:10", to="S-7", reason="……"),
        act("assigned", f"{MONDAY} 10:20", handler="S-8"),
        act("handed_over", f"{MONDAY} 10:30", to="office", reason="……"),
    )
    assert [line["data"]["field"] for line in told.all("intake.rejected")] == ["data.handler", "data.to"]
    assert told.count("complaint.assigned") == told.count("complaint.handed_over") == 1


@pytest.mark.parametrize(
    "done",
    [
        replied(f"{MONDAY} 10:00", by="S-7"),
        resolved(f"{MONDAY} 10:00", by="S-7"),
        act("investigated", f"{MONDAY} 10:00", findings="……", reasonable=True, by="S-7"),
    ],
)
def test_what_the_accused_did_is_on_record_with_its_violation(done: Fact) -> None:
    told = tell(GENERAL, RECEIVED, done)
    assert told.has(done["type"])
    assert told.count("violation.found", clause="general.accused", detail="accused-handles") == 1


def test_the_accused_as_handler_at_receipt_is_a_violation_and_nobody_accused_is_none() -> None:
    told = tell(GENERAL, received("C-1", f"{MONDAY} 09:00", accused="S-7", handler="S-7"))
    assert told.has("violation.found", detail="accused-handles", subject="complaint/C-1")
    told = tell(
        GENERAL,
        received("C-1", f"{MONDAY} 09:00"),
        replied(f"{MONDAY} 10:00"),
        resolved(f"{MONDAY} 11:00", by="S-7"),
    )
    assert not told.has("violation.found")


# ---- general.key-account


def test_other_customers_complaints_keep_the_severity_of_their_rule() -> None:
    filed = fact("customer.filed", "customer/K-C-1", f"{MONDAY} 08:00", by="S-1", category="ordinary")
    facts = [filed, RECEIVED, promised(f"{MONDAY} 10:00", f"{MONDAY} 16:00")]
    told = tell(GENERAL, *facts, until="2026-03-11 00:00")
    assert {line["data"]["severity"] for line in told.all("escalation.raised")} == {"warning"}


def test_what_is_owed_to_a_key_customer_beside_complaints_is_no_complaint() -> None:
    facts = [
        fact("customer.filed", "customer/K-1", f"{MONDAY} 08:00", by="S-1", category="key"),
        fact("customer.changed", "customer/K-1", f"{MONDAY} 09:00", what="……"),
    ]
    told = tell(GENERAL, *facts, until="2026-03-17 00:00")
    assert told.has("escalation.raised", clause="general.change-notice", severity="warning")


@pytest.mark.parametrize(("class_", "venue"), [("a", "文化苑"), ("b", "商务室"), ("c", "休闲厅")])
def test_each_class_of_guests_has_its_own_venue(class_: str, venue: str) -> None:
    opened = fact("reception.opened", "reception/HALL", f"{MONDAY} 09:00", order=["S-1"])
    venues = ("文化苑", "商务室", "休闲厅", "门厅")
    hosted = [
        fact("reception.hosted", "reception/HALL", f"{MONDAY} 1{n}:00", class_=class_, venue=name)
        for n, name in enumerate(venues)
    ]
    told = tell(GENERAL, opened, *hosted)
    wrong = [line["time"][11:13] for line in told.all("violation.found", detail="wrong-venue")]
    assert wrong == [f"1{n}" for n, name in enumerate(venues) if name != venue]
