"""Who leaves hands over; who is evaluated is evaluated by customers drawn so that anyone can draw again."""

import json
from typing import Any

import pytest

from domain.draw import draw
from domain.envelope import Event, parse_message
from domain.evaluation import Evaluation, evaluate
from tests.helpers.scenario import fact, tell
from tests.helpers.visits import Fact, feedback, filed, reassigned

HANDOVER = {"clause": "general.handover", "subject": "customer/K-1"}
NOTICE = {"clause": "general.handover-notice"}


def left(staff: str, time: str) -> Fact:
    return fact("staff.left", f"staff/{staff}", time, reason="resignation")


def noon(day: str) -> Fact:
    return fact("customer.contacted", "customer/K-clock", f"{day} 12:00", staff="S-9", channel="phone")


# ---- handover (001-5 16.4)


def test_each_customer_held_is_owed_a_handover_of_its_own() -> None:
    told = tell(
        "general",
        *(filed(f"K-{n}", "2026-03-02 09:00") for n in (1, 2)),
        filed("K-3", "2026-03-02 09:00", manager="S-2"),
        left("S-1", "2026-03-04 09:00"),
        until="2026-03-10 00:00",
    )
    breached = told.all("obligation.breached", clause="general.handover", time="2026-03-10 00:00")
    assert {line["subject"] for line in breached} == {"customer/K-1", "customer/K-2"}


def test_a_customer_passed_on_before_is_not_owed_by_who_left() -> None:
    told = tell(
        "general",
        filed("K-1", "2026-03-02 09:00"),
        reassigned("K-1", "2026-03-03 09:00", "S-1", "S-2"),
        left("S-1", "2026-03-04 09:00"),
    )
    assert not told.has("obligation.opened", **HANDOVER)


def test_passing_on_from_somebody_else_hands_nothing_over() -> None:
    told = tell(
        "general",
        filed("K-1", "2026-03-02 09:00"),
        left("S-1", "2026-03-04 09:00"),
        reassigned("K-1", "2026-03-05 09:00", "S-7", "S-2"),
        until="2026-03-10 00:00",
    )
    assert told.has("obligation.breached", **HANDOVER)


def test_a_handover_after_the_breach_stands_the_escalation_down() -> None:
    told = tell(
        "general",
        filed("K-1", "2026-03-02 09:00"),
        left("S-1", "2026-03-04 09:00"),
        reassigned("K-1", "2026-03-11 09:00", "S-1", "S-2"),
    )
    assert told.has("escalation.stood_down", **HANDOVER) and not told.has("obligation.met", **HANDOVER)


def test_a_reassignment_learned_late_shows_that_nothing_was_owed() -> None:
    told = tell(
        "general",
        filed("K-1", "2026-03-02 09:00"),
        left("S-1", "2026-03-04 09:00"),
        noon("2026-03-12"),
        reassigned("K-1", "2026-03-03 09:00", "S-1", "S-2"),
        fact("customer.changed", "customer/K-1", "2026-03-03 10:00", what="……"),
        until="2026-03-20 00:00",
    )
    assert told.count("obligation.withdrawn", **HANDOVER) == 1
    assert told.count("obligation.opened", **HANDOVER) == 1


def test_a_file_learned_late_shows_that_a_handover_is_owed() -> None:
    told = tell(
        "general", left("S-1", "2026-03-04 09:00"), noon("2026-03-12"), filed("K-1", "2026-03-02 09:00")
    )
    assert told.has("obligation.opened", due_at="2026-03-10 00:00", **HANDOVER)


def test_who_left_before_the_file_was_made_owes_nothing() -> None:
    told = tell("general", left("S-1", "2026-03-01 09:00"), filed("K-1", "2026-03-02 09:00"))
    assert not told.has("obligation.opened", **HANDOVER)


def test_of_two_departures_the_handover_counts_from_the_first_also_where_it_is_learned_last() -> None:
    told = tell(
        "general",
        *(filed(f"K-{n}", "2026-03-02 09:00") for n in (1, 2)),
        left("S-1", "2026-03-06 10:00"),
        left("S-1", "2026-03-04 10:00"),
        reassigned("K-2", "2026-03-09 23:59", "S-1", "S-2"),
        until="2026-03-20 00:00",
    )
    assert told.has("obligation.withdrawn", due_at="2026-03-12 00:00", **HANDOVER)
    breached = told.all("obligation.breached", clause="general.handover")
    assert [(line["subject"], line["time"][:10]) for line in breached] == [("customer/K-1", "2026-03-10")]
    assert told.has("obligation.met", due_at="2026-03-10 00:00", subject="customer/K-2")


def test_while_a_handover_is_owed_leaving_again_changes_nothing() -> None:
    told = tell(
        "general",
        filed("K-1", "2026-03-02 09:00"),
        left("S-1", "2026-03-04 10:00"),
        left("S-1", "2026-03-06 10:00"),
        until="2026-03-20 00:00",
    )
    assert told.count("obligation.opened", **HANDOVER) == told.count("obligation.breached", **HANDOVER) == 1


def test_who_comes_back_and_leaves_again_owes_a_handover_again() -> None:
    told = tell(
        "general",
        filed("K-1", "2026-03-02 09:00"),
        left("S-1", "2026-03-04 10:00"),
        reassigned("K-1", "2026-03-05 09:00", "S-1", "S-2"),
        reassigned("K-1", "2026-04-01 09:00", "S-2", "S-1"),
        left("S-1", "2026-04-07 10:00"),
        until="2026-04-20 00:00",
    )
    assert told.has("obligation.met", due_at="2026-03-10 00:00", **HANDOVER)
    assert told.has("obligation.breached", due_at="2026-04-11 00:00", **HANDOVER)


def test_a_handover_that_was_not_made_is_owed_anew_when_they_leave_anew() -> None:
    told = tell(
        "general",
        filed("K-1", "2026-03-02 09:00"),
        left("S-1", "2026-03-04 10:00"),
        left("S-1", "2026-04-07 10:00"),
        until="2026-04-20 00:00",
    )
    assert told.count("obligation.breached", **HANDOVER) == 2


def test_a_handover_in_time_learned_late_takes_the_breach_back_and_adds_nothing() -> None:
    told = tell(
        "general",
        filed("K-1", "2026-03-02 09:00"),
        left("S-1", "2026-03-04 09:00"),
        noon("2026-03-12"),
        reassigned("K-1", "2026-03-05 09:00", "S-1", "S-2"),
        fact("contact.recorded", "customer/K-1", "2026-03-12 13:00", topic="handover", channel="phone"),
        until="2026-03-20 00:00",
    )
    assert told.count("obligation.withdrawn", **HANDOVER) == told.count("obligation.opened", **HANDOVER) == 1
    assert not told.has("obligation.met", **HANDOVER)


def test_who_turns_out_to_have_held_the_customer_after_all_owes_the_handover_after_all() -> None:
    told = tell(
        "general",
        filed("K-1", "2026-03-01 09:00"),
        left("S-1", "2026-03-04 09:00"),
        filed("K-1", "2026-03-02 09:00", manager="S-2"),
        reassigned("K-1", "2026-03-03 09:00", "S-2", "S-1"),
        until="2026-03-20 00:00",
    )
    assert told.count("obligation.withdrawn", **HANDOVER) == 1
    assert told.count("obligation.breached", due_at="2026-03-10 00:00", **HANDOVER) == 1


@pytest.mark.parametrize(
    ("packs", "held"),
    [
        ("property", {"K-1", "K-2"}),
        ("real-estate-sales", {"K-3"}),
        ("property,real-estate-sales", {"K-2", "K-3"}),
    ],
)
def test_a_sales_office_holds_customers_by_ownership_and_others_beside_it_by_file(
    packs: str, held: set[str]
) -> None:
    claims = (("K-1", "S-2"), ("K-3", "S-1"))
    told = tell(
        packs,
        *(filed(f"K-{n}", "2026-03-02 09:00") for n in (1, 2)),
        filed("K-3", "2026-03-02 09:00", manager="S-2"),
        *(
            fact("ownership.claimed", f"customer/{k}", "2026-03-02 10:00", staff=staff, basis="first-visit")
            for k, staff in claims
        ),
        left("S-1", "2026-03-04 09:00"),
    )
    opened = told.all("obligation.opened", clause="general.handover")
    assert {line["subject"].partition("/")[2] for line in opened} == held


def test_the_draw_of_the_sales_office_hands_over() -> None:
    told = tell(
        "real-estate-sales",
        *(
            fact("staff.joined", f"staff/S-{n}", "2026-03-01 09:00", role="salesperson", department="d")
            for n in (1, 2)
        ),
        fact("ownership.claimed", "customer/K-1", "2026-03-02 09:00", staff="S-1", basis="first-visit"),
        left("S-1", "2026-03-04 09:00"),
        fact("customer.changed", "customer/K-1", "2026-03-03 10:00", what="……"),
        until="2026-03-12 00:00",
    )
    assert told.has("obligation.met", **HANDOVER)
    assert told.count("obligation.opened", **HANDOVER) == 1


def test_the_customer_is_told_of_the_handover() -> None:
    told = tell(
        "general",
        filed("K-1", "2026-03-02 09:00"),
        reassigned("K-1", "2026-03-03 09:00", "S-1", "S-2"),
        fact("contact.recorded", "customer/K-1", "2026-03-04 09:00", topic="handover", channel="phone"),
    )
    assert told.has("obligation.met", due_at="2026-03-07 00:00", **NOTICE)


# ---- random-sample evaluation (000 4)


def sampled(*more: Fact, **request: Any) -> dict[str, Any]:
    told = tell(
        "tobacco-xuzhou",
        *(filed(f"K-{n}", "2026-03-02 09:00") for n in range(20)),
        *more,
        {**fact("evaluation.requested", "staff/S-1", "2026-03-03 09:00", **request), "id": "request-1"},
    )
    (line,) = told.all("evaluation.sampled")
    data: dict[str, Any] = line["data"]
    return data


def test_a_draw_with_a_seed_can_be_repeated_by_anyone() -> None:
    drawn = sampled(n=3, seed=42)
    assert drawn["seed"] == 42
    assert drawn["customers"] == list(draw([f"K-{n}" for n in range(20)], 3, 42))
    assert len(set(drawn["customers"])) == 3


def test_without_a_seed_it_comes_from_the_request_and_is_on_record() -> None:
    drawn, again = sampled(n=3), sampled(n=3)
    assert drawn == again
    assert drawn["customers"] == list(draw([f"K-{n}" for n in range(20)], 3, drawn["seed"]))


def test_only_customers_held_at_the_time_are_drawn() -> None:
    drawn = sampled(reassigned("K-5", "2026-03-02 10:00", "S-1", "S-2"), n=100, seed=1)
    assert len(drawn["customers"]) == 19 and "K-5" not in drawn["customers"]


def event(said: Fact) -> Event:
    return parse_message({}, json.dumps(said).encode())


def test_what_customers_said_since_the_draw_evaluates_the_manager() -> None:
    told = tell(
        "tobacco-xuzhou",
        filed("K-1", "2026-03-02 09:00"),
        filed("K-2", "2026-03-02 09:00"),
        feedback("staff/S-1", "2026-03-02 10:00", score=1),
        fact("evaluation.requested", "staff/S-1", "2026-03-03 09:00", n=2, seed=1),
        feedback("staff/S-1", "2026-03-04 09:00", score=5),
        feedback("staff/S-1", "2026-03-04 10:00", score=2),
    )
    story = [Event(**_read(line)) for line in told.lines if line["subject"] == "staff/S-1"]
    assert evaluate(story) == Evaluation(asked=2, answered=2, mean=3.5, satisfied=0.5)


def _read(line: dict[str, Any]) -> dict[str, Any]:
    """A recorded line as an event again."""
    from domain.events import TYPES

    said = TYPES[line["type"]](**line["data"])
    return {**{name: line[name] for name in ("id", "source", "type", "subject", "time")}, "data": said}


@pytest.mark.parametrize(
    ("answers", "mean", "satisfied"), [([], None, None), ([{"satisfied": True}], None, 1.0)]
)
def test_where_nobody_answered_there_is_no_share(
    answers: list[Any], mean: None, satisfied: float | None
) -> None:
    story = [event(feedback("staff/S-1", "2026-03-04 09:00", **answer)) for answer in answers]
    assert evaluate(story) == Evaluation(0, len(answers), mean, satisfied)
