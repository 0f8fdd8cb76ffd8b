"""Escalations climb their ladder until somebody takes them on or the matter is over."""

from typing import Any

import pytest

from tests.helpers.complaints import (
    Fact,
    act,
    answered,
    closed,
    feedback,
    levels,
    promised,
    replied,
    resolved,
    settled,
    when,
)
from tests.helpers.scenario import fact, received, tell

AUTO, PROPERTY, XUZHOU = "auto-4s", "property", "tobacco-xuzhou"
FRIDAY = "2026-03-06"
RECEIVED = received("C-1", f"{FRIDAY} 09:00", category="fees")
DUE = "2026-03-10 00:00"
FIRST, SECOND = ["department_manager"], ["general_manager"]


def taken_on(time: str, clause: str | None = None, of: str = "complaint/C-1") -> Fact:
    return fact("escalation.acknowledged", of, time, by="S-9", clause=clause)


def climbed(*facts: Fact, until: str = "2026-03-31 00:00") -> list[tuple[int, list[str], str]]:
    return levels(tell(PROPERTY, RECEIVED, *facts, until=until), clause="property.first-reply")


# ---- the ladder


def test_the_first_level_is_raised_at_once_and_the_next_after_a_working_day() -> None:
    assert climbed() == [(1, FIRST, when(DUE)), (2, SECOND, when("2026-03-11 00:00"))]


def test_a_step_of_a_working_day_leaves_the_weekend_out() -> None:
    told = tell(
        PROPERTY,
        received("C-1", "2026-03-05 09:00", category="fees"),
        until="2026-03-31 00:00",
    )
    assert levels(told, clause="property.first-reply") == [
        (1, FIRST, when("2026-03-07 00:00")),
        (2, SECOND, when("2026-03-10 00:00")),
    ]


def test_each_clause_climbs_the_ladder_of_the_pack_that_it_is_written_in() -> None:
    told = tell(XUZHOU, RECEIVED, promised(f"{FRIDAY} 10:00", f"{FRIDAY} 12:00"), until="2026-04-30 00:00")
    assert [step[1] for step in levels(told, clause="general.promise")] == [FIRST, SECOND]
    assert [step[1] for step in levels(told, clause="xuzhou.first-responder")] == [
        ["market_manager"],
        ["service_section"],
        ["marketing_centre"],
    ]


def test_the_top_of_the_ladder_is_its_end() -> None:
    told = tell(PROPERTY, RECEIVED, until="2027-01-01 00:00")
    assert told.count("escalation.raised", clause="property.first-reply") == 2


def test_an_escalation_says_how_grave_it_is_whom_it_goes_to_and_why() -> None:
    (line,) = tell(PROPERTY, RECEIVED, until=DUE).all("escalation.raised")
    said: dict[str, Any] = line["data"]
    assert (said["level"], said["severity"], said["to"]) == (1, "warning", FIRST)
    assert "property.first-reply" in said["reason"]
    assert "level 1 of 2" in said["because"]


# ---- taking on


@pytest.mark.parametrize("clause", [None, "property.first-reply"])
def test_who_takes_it_on_stops_it(clause: str | None) -> None:
    assert climbed(taken_on("2026-03-10 23:59", clause)) == [(1, FIRST, when(DUE))]


def test_taken_on_at_the_very_instant_of_the_next_step_it_stops() -> None:
    assert len(climbed(taken_on("2026-03-11 00:00"))) == 1
    assert len(climbed(taken_on("2026-03-11 00:00:01"))) == 2


def test_taking_on_another_clauses_escalation_stops_nothing_here() -> None:
    assert len(climbed(taken_on("2026-03-10 12:00", "general.promise"))) == 2


@pytest.mark.parametrize(("clause", "climbing"), [(None, set()), ("general.promise", {"lab.hard-case"})])
def test_one_clauses_escalation_is_taken_on_or_all_of_the_stream(
    clause: str | None, climbing: set[str]
) -> None:
    told = tell(
        "laboratory",
        RECEIVED,
        act("handed_over", f"{FRIDAY} 10:00", to="office", reason="……"),
        promised(f"{FRIDAY} 10:00", "2026-03-13 12:00"),
        taken_on("2026-03-14 12:00", clause),
        until="2026-03-31 00:00",
    )
    assert {line["data"]["clause"] for line in told.all("escalation.raised", level=2)} == climbing


def test_taking_on_one_complaints_escalation_leaves_anothers() -> None:
    other = received("C-2", f"{FRIDAY} 09:00", category="fees")
    told = tell(PROPERTY, RECEIVED, other, taken_on("2026-03-10 12:00"), until="2026-03-31 00:00")
    assert len(levels(told, subject="complaint/C-1")) == 1
    assert len(levels(told, subject="complaint/C-2")) == 2


def test_what_is_raised_after_the_taking_on_fires_again() -> None:
    told = tell(
        PROPERTY,
        RECEIVED,
        taken_on("2026-03-10 12:00"),
        promised("2026-03-10 13:00", "2026-03-10 14:00"),
        until="2026-03-31 00:00",
    )
    assert [level for level, _, _ in levels(told, clause="general.promise")] == [1, 2]


def test_a_taking_on_typed_in_late_stops_only_what_was_raised_by_then() -> None:
    told = tell(
        PROPERTY,
        RECEIVED,
        promised("2026-03-10 10:00", "2026-03-10 11:00"),
        received("C-2", "2026-03-10 12:00", category="fees"),
        taken_on("2026-03-10 10:30"),
        until="2026-03-31 00:00",
    )
    assert [level for level, _, _ in levels(told, clause="general.promise")] == [1, 2]


def test_what_was_taken_on_and_then_done_is_stood_down() -> None:
    told = tell(PROPERTY, RECEIVED, taken_on("2026-03-10 12:00"), replied("2026-03-10 13:00"))
    assert told.count("escalation.stood_down", clause="property.first-reply", time="2026-03-10 13:00") == 1


# ---- standing down


@pytest.mark.parametrize(
    "end",
    [
        replied("2026-03-10 10:00"),
        act("withdrawn", "2026-03-10 10:00", reason="……"),
        act("merged", "2026-03-10 10:00", into="C-9"),
    ],
)
def test_an_escalation_ends_with_its_matter(end: Fact) -> None:
    told = tell(PROPERTY, RECEIVED, end, until="2026-03-31 00:00")
    assert told.count("escalation.stood_down", clause="property.first-reply", time="2026-03-10 10:00") == 1
    assert len(levels(told, clause="property.first-reply")) == 1


def test_what_stays_owed_keeps_climbing_when_the_complaint_is_closed() -> None:
    told = tell(
        PROPERTY,
        received("C-1", "2026-02-24 09:00", category="fees"),
        resolved("2026-02-24 10:00"),
        answered("2026-03-04 10:00"),
        closed("2026-03-04 12:00"),
        until="2026-03-31 00:00",
    )
    assert [level for level, _, _ in levels(told, clause="general.follow-up")] == [1, 2]
    assert not told.has("escalation.stood_down", clause="general.follow-up")


def test_an_escalation_is_stood_down_once() -> None:
    told = tell(
        PROPERTY, RECEIVED, replied("2026-03-10 10:00"), replied("2026-03-10 11:00"), *settled("2026-03-11")
    )
    assert told.count("escalation.stood_down", clause="property.first-reply") == 1


def test_an_act_typed_in_late_stands_it_down_when_it_is_learned() -> None:
    other = received("C-2", "2026-03-10 12:00", category="fees")
    told = tell(PROPERTY, RECEIVED, other, replied(f"{FRIDAY} 10:00"), until="2026-03-31 00:00")
    assert told.has("escalation.stood_down", subject="complaint/C-1", time="2026-03-10 12:00")
    assert len(levels(told, subject="complaint/C-1")) == 1


def test_what_was_done_late_stands_down_a_ladder_that_had_climbed_since_when_it_is_learned() -> None:
    other = received("C-2", "2026-03-12 12:00", category="fees")
    told = tell(PROPERTY, RECEIVED, other, replied("2026-03-10 10:00"), until="2026-03-31 00:00")
    assert [level for level, _, _ in levels(told, subject="complaint/C-1")] == [1, 2]
    assert told.has("escalation.stood_down", subject="complaint/C-1", time="2026-03-12 12:00")


# ---- severity


def key(customer: str = "K-C-1") -> Fact:
    return fact("customer.filed", f"customer/{customer}", f"{FRIDAY} 08:00", by="S-1", category="key")


def severities(packs: str, *facts: Fact) -> dict[str, str]:
    told = tell(packs, *facts, until="2026-03-31 00:00")
    raised = told.all("escalation.raised", subject="complaint/C-1")
    return {line["data"]["clause"]: line["data"]["severity"] for line in raised}


def test_a_key_customers_complaint_is_never_less_than_high_and_never_less_than_its_rule() -> None:
    come = received("C-1", f"{FRIDAY} 09:00", category="emergency")
    assert severities(PROPERTY, come) == {"property.emergency": "critical", "property.first-reply": "warning"}
    assert severities(PROPERTY, key(), come) == {
        "property.emergency": "critical",
        "property.first-reply": "high",
    }


def test_what_climbs_after_its_customer_became_a_key_customer_is_high_from_then_on() -> None:
    filed = {**key(), "time": "2026-03-10T09:00:00+08:00"}
    told = tell(PROPERTY, RECEIVED, filed, until="2026-03-31 00:00")
    raised = told.all("escalation.raised", subject="complaint/C-1")
    assert [line["data"]["severity"] for line in raised] == ["warning", "high"]


def test_a_high_escalation_climbs_by_working_days_a_critical_one_by_half_hours() -> None:
    told = tell(
        PROPERTY, key(), received("C-1", f"{FRIDAY} 09:00", category="emergency"), until="2026-03-31 00:00"
    )
    assert [step[2] for step in levels(told, clause="property.emergency")] == [
        when(f"{FRIDAY} 09:00"),
        when(f"{FRIDAY} 09:30"),
    ]
    assert [step[2] for step in levels(told, clause="property.first-reply")] == [
        when(DUE),
        when("2026-03-11 00:00"),
    ]


def test_half_hours_run_through_the_night_and_the_weekend() -> None:
    told = tell(
        AUTO, received("C-1", "2026-03-07 23:45", signals=["negative-media"]), until="2026-03-08 12:00"
    )
    assert [step[2] for step in levels(told, clause="auto.major")] == [
        when("2026-03-07 23:45"),
        when("2026-03-08 00:15"),
        when("2026-03-08 00:45"),
    ]


def test_a_reopened_complaints_breach_is_an_escalation_of_its_own() -> None:
    told = tell(
        PROPERTY,
        RECEIVED,
        *settled("2026-03-09"),
        feedback("2026-03-10 09:00", score=1),
        promised("2026-03-10 10:00", "2026-03-10 11:00"),
        until="2026-03-10 11:00",
    )
    assert told.has("complaint.reopened")
    assert levels(told, clause="general.promise") == [(1, FIRST, when("2026-03-10 11:00"))]
