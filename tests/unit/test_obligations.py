"""How an obligation lives: opened, warned of, met, breached, moved, withdrawn, opened again."""

import json
from typing import Any

import pytest

from domain.simulation import simulate
from tests.helpers.complaints import (
    act,
    answered,
    closed,
    feedback,
    life,
    merged,
    replied,
    resolved,
    unmerged,
    when,
)
from tests.helpers.house import policy
from tests.helpers.scenario import at, fact, received, tell, without

GENERAL, LAB, PROPERTY = "general", "laboratory", "property"
MONDAY, TUESDAY = "2026-03-09", "2026-03-10"
RECEIVED = received("C-1", f"{MONDAY} 09:00", category="fees")
DUE = "2026-03-11 00:00"
"""When a first reply to the complaint is due: one working day."""


# ---- opening


def test_an_obligation_says_what_is_owed_since_when_until_when_and_why() -> None:
    (line,) = tell(PROPERTY, RECEIVED).all("obligation.opened")
    said: dict[str, Any] = line["data"]
    assert (said["clause"], at(said["due_at"]), at(line["time"])) == (
        "property.first-reply",
        at(DUE),
        at(f"{MONDAY} 09:00"),
    )
    assert "客户投诉答复" in said["source"]
    assert "1 working day" in said["because"] and "complaint.received" in said["because"]
    assert line["causationid"] == f"/test#{RECEIVED['id']}"
    assert line["correlationid"] == "complaint/C-1"


def test_a_figure_that_the_standard_leaves_open_is_shown_as_assumed_where_the_reason_shows_it() -> None:
    told = tell(f"{GENERAL},tobacco-xuzhou", RECEIVED, resolved(f"{MONDAY} 10:00"))
    why = {line["data"]["clause"]: line["data"]["because"] for line in told.all("obligation.opened")}
    assert why["general.follow-up"].startswith("7 days (assumed) from")
    assert why["xuzhou.first-responder"].startswith("3 working days from")


def test_while_it_runs_the_opening_fact_again_changes_nothing() -> None:
    told = tell(GENERAL, RECEIVED, resolved(f"{MONDAY} 10:00"), resolved(f"{TUESDAY} 10:00"))
    assert told.count("obligation.opened", clause="general.follow-up") == 1


@pytest.mark.parametrize("first", ["met", "breached"])
def test_once_met_or_breached_the_opening_fact_opens_another(first: str) -> None:
    done = [feedback(f"{MONDAY} 11:00", score=5)] if first == "met" else []
    told = tell(GENERAL, RECEIVED, resolved(f"{MONDAY} 10:00"), *done, resolved("2026-03-18 10:00"))
    assert told.count("obligation.opened", clause="general.follow-up") == 2
    assert told.has("obligation.opened", clause="general.follow-up", due_at="2026-03-26 00:00")


def test_one_act_meets_the_running_one_and_ends_the_escalation_of_the_breached_one() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        resolved(f"{MONDAY} 10:00"),
        resolved("2026-03-18 10:00"),
        feedback("2026-03-18 11:00", score=5),
    )
    assert told.count("obligation.met", clause="general.follow-up") == 1
    assert told.count("escalation.stood_down", clause="general.follow-up") == 1


# ---- warned, met, breached


def test_a_breach_is_warned_of_then_found_at_its_due_instant() -> None:
    told = tell(PROPERTY, RECEIVED, until="2026-03-20 00:00")
    assert life(told, "property.first-reply") == [
        ("opened", when(f"{MONDAY} 09:00")),
        ("warned", when(f"{TUESDAY} 19:12")),
        ("breached", when(DUE)),
    ]


def test_what_is_done_before_the_warning_is_not_warned_of() -> None:
    told = tell(PROPERTY, RECEIVED, replied(f"{MONDAY} 10:00"), until="2026-03-20 00:00")
    assert [step for step, _ in life(told, "property.first-reply")] == ["opened", "met"]


def test_at_one_instant_facts_come_before_what_falls_due() -> None:
    told = tell(PROPERTY, RECEIVED, replied(DUE), until="2026-03-20 00:00")
    assert [step for step, _ in life(told, "property.first-reply")] == ["opened", "warned", "met"]


def test_an_act_after_the_breach_meets_nothing_and_ends_the_escalation() -> None:
    told = tell(PROPERTY, RECEIVED, replied("2026-03-11 00:00:01"), until="2026-03-20 00:00")
    assert life(told, "property.first-reply")[-1] == ("breached", when(DUE))
    assert told.count("escalation.raised", clause="property.first-reply") == 1
    assert told.has("escalation.stood_down", clause="property.first-reply", time="2026-03-11 00:00:01")


def test_a_second_act_meets_nothing_twice() -> None:
    told = tell(PROPERTY, RECEIVED, replied(f"{MONDAY} 10:00"), replied(f"{MONDAY} 11:00"))
    assert told.count("obligation.met", clause="property.first-reply") == 1


# ---- late facts


LATER = received("C-2", "2026-03-12 09:00", category="fees")
"""Something else that happens later, so that the clock has gone on."""


def test_a_late_fact_that_disproves_a_breach_withdraws_it_and_meets_nothing() -> None:
    told = tell(PROPERTY, RECEIVED, LATER, replied(DUE), until="2026-03-12 09:00")
    assert [step for step, _ in life(told, "property.first-reply")][:4] == [
        "opened",
        "warned",
        "breached",
        "opened",
    ]
    assert told.count("obligation.withdrawn", subject="complaint/C-1", time="2026-03-12 09:00") == 1
    assert not told.has("obligation.met")


def test_a_late_fact_that_was_late_even_then_disproves_nothing() -> None:
    told = tell(PROPERTY, RECEIVED, LATER, replied("2026-03-11 00:00:01"))
    assert not told.has("obligation.withdrawn", subject="complaint/C-1")
    assert told.count("escalation.stood_down", subject="complaint/C-1") == 1


def test_a_late_withdrawal_takes_back_the_breaches_that_came_after_it() -> None:
    told = tell(PROPERTY, RECEIVED, LATER, act("withdrawn", f"{MONDAY} 12:00", reason="……"))
    assert told.count("obligation.withdrawn", subject="complaint/C-1", clause="property.first-reply") == 1


URGENT = received("C-1", f"{MONDAY} 09:00", kind="appeal", written=True, urgent=True)
"""A decision is due in three working days: on Thursday at 24:00."""
AWAITING = act("awaiting", f"{TUESDAY} 10:00", whom="customer")
RESUMED = act("resumed", "2026-03-12 10:00")
"""Tuesday and Wednesday do not count: due on Monday at 24:00."""
FRIDAY_AFTER = received("C-2", "2026-03-13 09:00", kind="inquiry")


def test_a_breach_that_a_pause_learned_late_disproves_is_withdrawn_and_the_obligation_runs_on() -> None:
    told = tell(LAB, URGENT, FRIDAY_AFTER, AWAITING, RESUMED, until="2026-03-17 00:00")
    assert life(told, "lab.decision") == [
        ("opened", when(f"{MONDAY} 09:00")),
        ("warned", when("2026-03-12 09:36")),
        ("breached", when("2026-03-13 00:00")),
        ("withdrawn", when("2026-03-13 09:00")),
        ("moved", when("2026-03-12 10:00")),
        ("warned", when("2026-03-16 09:36")),
        ("breached", when("2026-03-17 00:00")),
    ]
    (withdrawn,) = told.all("obligation.withdrawn", clause="lab.decision")
    assert withdrawn["data"]["runs_on"] is True
    assert told.has("obligation.moved", previous_due_at=when("2026-03-13 00:00"), due_at="2026-03-17 00:00")
    assert told.count("escalation.raised", clause="lab.decision", level=1) == 2


def test_what_runs_on_after_its_breach_was_withdrawn_is_met_by_an_act_in_time() -> None:
    decided = answered("2026-03-16 10:00", written=True)
    told = tell(LAB, URGENT, FRIDAY_AFTER, AWAITING, RESUMED, decided, until="2026-04-30 00:00")
    assert told.count("obligation.met", clause="lab.decision", due_at="2026-03-17 00:00") == 1
    assert told.count("obligation.breached", clause="lab.decision") == 1


def test_a_breach_is_withdrawn_by_a_pause_that_runs_still_and_the_due_date_moves_when_it_ends() -> None:
    told = tell(LAB, URGENT, FRIDAY_AFTER, AWAITING, until="2026-04-30 00:00")
    assert [step for step, _ in life(told, "lab.decision")] == ["opened", "warned", "breached", "withdrawn"]
    later = act("resumed", "2026-03-17 10:00")
    told = tell(LAB, URGENT, FRIDAY_AFTER, AWAITING, later, until="2026-03-17 10:00")
    assert told.has("obligation.moved", clause="lab.decision", due_at="2026-03-20 00:00")


def test_merged_and_unmerged_as_learned_later_it_is_opened_again_when_it_was_unmerged() -> None:
    told = tell(
        PROPERTY, RECEIVED, received("C-2", f"{MONDAY} 20:00", category="fees"), merged(f"{MONDAY} 10:00"),
        unmerged(f"{MONDAY} 11:00"),
    )  # fmt: skip
    assert told.has("obligation.opened", subject="complaint/C-1", time=f"{MONDAY} 11:00", due_at=DUE)


def test_a_late_opening_whose_due_date_has_passed_is_breached_then_and_climbs_from_now() -> None:
    told = tell(PROPERTY, LATER, RECEIVED, until="2026-03-14 00:00")
    assert told.has("obligation.breached", subject="complaint/C-1", time=DUE, due_at=DUE)
    assert not told.has("obligation.warned", subject="complaint/C-1")
    assert [line["time"] for line in told.all("escalation.raised", subject="complaint/C-1")] == [
        when("2026-03-12 09:00"),
        when("2026-03-14 00:00"),
    ]


def test_a_late_opening_past_four_fifths_is_warned_of_when_it_is_learned() -> None:
    told = tell(
        PROPERTY, received("C-2", f"{TUESDAY} 20:00", category="fees"), RECEIVED, until=f"{TUESDAY} 20:00"
    )
    assert told.has("obligation.warned", subject="complaint/C-1", time=f"{TUESDAY} 20:00")


def test_what_was_withdrawn_is_breached_when_it_turns_out_to_have_been_due_before() -> None:
    told = tell(
        "auto-4s",
        received("C-1", f"{MONDAY} 09:00"),
        received("C-2", "2026-03-20 09:00", customer="K-2"),
        act("prewarned", "2026-03-14 12:00", to=["legal", "brand_division"]),
        merged("2026-03-12 12:00"),
        act("prewarned", f"{TUESDAY} 12:00", to=["legal", "brand_division"]),
    )
    verdicts = [line for line in told.lines if line["type"].startswith("obligation.")]
    last = [line for line in verdicts if line["data"]["clause"] == "auto.report-up"][-1]
    assert (last["type"], at(last["time"])) == ("obligation.breached", at("2026-03-11 12:00"))


# ---- a pause


def test_only_what_pauses_waits() -> None:
    waits = act("awaiting", f"{MONDAY} 10:00", whom="customer")
    told = tell(PROPERTY, RECEIVED, waits, until="2026-03-12 00:00")
    assert told.has("obligation.breached", clause="property.first-reply", time=DUE)


def test_a_moved_due_date_keeps_the_old_one_on_record() -> None:
    appeal = received("C-1", f"{MONDAY} 09:00", kind="appeal", written=True)
    pause = [act("awaiting", f"{TUESDAY} 10:00", whom="customer"), act("resumed", "2026-03-12 10:00")]
    (line,) = tell(LAB, appeal, *pause).all("obligation.moved", clause="lab.decision")
    assert at(line["data"]["previous_due_at"]) == at("2026-03-25 00:00")
    assert at(line["data"]["due_at"]) == at("2026-03-27 00:00")


# ---- years whose schedule is unknown


def test_a_due_date_in_a_year_not_yet_scheduled_is_provisional() -> None:
    told = tell(PROPERTY, received("C-1", "2027-12-31 09:00", category="fees"))
    assert told.has("obligation.opened", provisional=True)
    assert not tell(PROPERTY, RECEIVED).has("obligation.opened", provisional=True)


# ---- elsewhere


def test_an_obligation_on_one_stream_for_what_happened_on_another() -> None:
    told = tell(
        GENERAL,
        fact("customer.filed", "customer/K-1", f"{MONDAY} 08:00", by="S-1"),
        fact("staff.left", "staff/S-1", f"{MONDAY} 09:00", reason="transfer"),
        until="2026-03-13 00:00",
    )
    assert told.has("obligation.opened", subject="customer/K-1", clause="general.handover", of="S-1")
    assert told.has("obligation.breached", subject="customer/K-1", clause="general.handover")


def test_what_two_packs_say_is_owed_by_each() -> None:
    told = tell("laboratory,property", RECEIVED, answered(f"{MONDAY} 10:00", written=True))
    assert {line["data"]["clause"] for line in told.all("obligation.opened")} == {
        "property.first-reply",
        "lab.written-feedback",
    }


def test_a_row_taken_out_owes_nothing_and_takes_nothing_else_with_it() -> None:
    told = tell(without("laboratory,property", "property.first-reply"), RECEIVED, answered(f"{MONDAY} 10:00"))
    assert {line["data"]["clause"] for line in told.all("obligation.opened")} == {"lab.written-feedback"}


def test_closing_at_the_due_instant_withdraws() -> None:
    told = tell(without(PROPERTY, "general.echo"), RECEIVED, closed(DUE), until="2026-03-20 00:00")
    assert [step for step, _ in life(told, "property.first-reply")] == ["opened", "warned", "withdrawn"]


# ---- due by a field of the fact


@pytest.mark.parametrize(
    ("said", "opened"), [({}, 0), ({"report_received_at": "2026-03-10T09:00:00+08:00"}, 1)]
)
def test_a_time_that_a_fact_may_leave_out_and_did_asks_for_nothing(said: dict[str, Any], opened: int) -> None:
    told = received("C-1", f"{MONDAY} 09:00", **said)
    lines = list(
        simulate([json.dumps(told).encode()], policy("1", ("reports", 'due = "report_received_at"')))
    )
    types = [json.loads(line)["type"] for line in lines]
    assert types == ["complaint.received", *["obligation.opened"] * opened]
