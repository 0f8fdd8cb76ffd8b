"""The pack real-estate-sales: every clause, and that its row is what makes it so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.draw import draw
from domain.pack import PackError, parse_pack
from domain.policy import Policy, check_examples, load_policy
from tests.helpers.sales import (
    PACK,
    about,
    claimed,
    complaint,
    deal,
    disputed,
    joined,
    left,
    ruled,
    settled,
    steps,
    verdicts,
)
from tests.helpers.scenario import Told, fact, tell, without

Fact = dict[str, Any]
B_VALID = claimed("S-2", "2026-03-02 10:00")
B_EXPIRED = claimed("S-2", "2025-12-02 10:00")
OPENED = fact("reception.opened", "reception/SITE", "2026-03-14 09:00", order=["S-1", "S-2"])


def arrived(**more: Any) -> Fact:
    return fact("reception.arrived", "reception/SITE", "2026-03-14 10:00", customer="K-1", **more)


def filed(category: str, time: str) -> Fact:
    return about("customer.filed", time, by="S-1", category=category)


def spoken(time: str) -> Fact:
    return about("contact.recorded", time, topic="price", channel="phone")


def paid(to: str, time: str) -> Fact:
    return about("payment.received", time, amount=10_000, received_by=to)


SIGNED = about("contract.signed", "2026-03-10 10:00")

STORIES: dict[str, list[Fact]] = {
    "sales.rotation": [OPENED, arrived()],
    "sales.designated": [OPENED, arrived(designated="S-2")],
    "sales.validity": [B_EXPIRED, deal()],
    "sales.tracking": [filed("A", "2026-03-01 10:00"), B_VALID],
    "sales.leaver": [joined("S-2"), joined("S-4"), B_VALID, left("S-2", "2026-03-10 10:00")],
    "sales.overdue-payment": [about("payment.missed", "2026-03-11 09:00", amount=10_000)],
    "sales.name-change": [SIGNED, about("name.change_requested", "2026-03-11 10:00")],
    "sales.cash": [joined("S-1"), paid("S-1", "2026-03-11 10:00")],
    "sales.refund": [SIGNED, about("refund.requested", "2026-03-11 10:00")],
    "sales.room-change": [
        about("room.change_requested", "2026-03-11 10:00", from_area=90, to_area=80, from_price=1, to_price=2)
    ],
    "sales.adjudication": [deal()],
    "sales.quarrel": [about("dispute.quarrelled", "2026-03-19 10:00"), deal()],
    "sales.settled": [settled("2026-03-19 10:00", {"S-2": 1}), deal()],
    "sales.event": [deal(at_event=True)],
    "sales.complaint-verified": [
        B_VALID,
        *complaint("S-2", "2026-03-05 10:00", True, "2026-03-09 10:00"),
        deal(refuses=["S-2"], complaint_against="C-1"),
    ],
    "sales.discount": [B_VALID, deal(seeking_discount=True)],
    "sales.refused": [B_VALID, deal(refuses=["S-2"])],
    "sales.refused-expired": [B_EXPIRED, deal(refuses=["S-2"])],
    "sales.nth-visit": [B_VALID, deal(visit_number=2, designated="S-1")],
    "sales.forgot": [B_VALID, deal(forgot_name=True)],
    "sales.forgot-expired": [B_EXPIRED, deal(forgot_name=True)],
    "sales.several": [deal(named=["S-2", "S-3"], present=["S-3"])],
    "sales.returned": [deal(named=["S-2"], present=["S-2"])],
    "sales.same-day": [deal(named=["S-2"], assisted_on="2026-03-20")],
    "sales.assisted": [deal(named=["S-2"])],
    "sales.referral": [
        claimed("S-5", "2026-02-02 10:00", "K-0"),
        claimed("S-2", "2026-03-02 10:00", basis="referral", referred_by="K-0"),
        deal(),
    ],
    "sales.family": [
        claimed("S-5", "2026-02-02 10:00", "K-0"),
        claimed("S-2", "2026-03-02 10:00", basis="family", family_of="K-0"),
        deal(),
    ],
    "sales.first-registration": [B_VALID, deal()],
    "sales.unregistered": [deal()],
}


def follows(told: Told) -> list[tuple[Any, ...]]:
    """What follows from a story, without the wording."""
    said = ("clause", "rule", "staff", "detail", "due_at", "performance", "commission")
    return [
        (line["type"], *(str(line["data"].get(name)) for name in said))
        for line in told.lines
        if line["source"] == "/huiyin"
    ]


def test_every_clause_has_its_story() -> None:
    pack = next(pack for pack in load_policy([PACK]).packs if pack.id == PACK)
    assert {row.id for row in pack.clause} == set(STORIES)
    assert all(row.example is not None for row in pack.clause)


@pytest.mark.parametrize("clause", STORIES)
def test_taking_a_row_out_takes_out_what_it_does(clause: str) -> None:
    told = follows(tell(PACK, *STORIES[clause], until="2026-06-30 00:00"))
    assert told != follows(tell(without(PACK, clause), *STORIES[clause], until="2026-06-30 00:00"))
    named = {line[1] for line in told}
    assert clause in named or clause == "sales.validity" or "sales.unregistered" in named


def test_the_worked_examples_come_out() -> None:
    assert check_examples(load_policy([PACK])) == []


def test_the_shares_are_the_packs_own() -> None:
    policy = load_policy([PACK])
    pack = policy.packs[-1]
    rows = tuple(
        row.model_copy(update={"params": {**row.params, "commission": {"A": 0.7, "B": 0.3}}})
        if row.id == "sales.refused"
        else row
        for row in pack.clause
    )
    other = Policy([*policy.packs[:-1], pack.model_copy(update={"clause": rows})])
    ((_, _, commission),) = verdicts(B_VALID, deal(refuses=["S-2"]), policy=other)
    assert commission == {"S-1": 0.7, "S-2": 0.3}


@pytest.mark.parametrize(
    ("said", "instead", "complaint_"),
    [
        (
            'case = "refused-valid"',
            'case = "refused"',
            "params: 'refused' is no case; known are quarrelled, ",
        ),
        ("A = 0.8, B = 0.2", "A = 0.8, B = 0.3", "params: the shares must sum to exactly 1"),
        ("A = 0.8, B = 0.2", "A = 0.8, C = 0.2", "params: refused-valid divides among A, B, not C"),
        ('{ within = "2 months"', '{ within = "2 moons"', "params.within: "),
        ('role = "salesperson", detail', "detail", "params.role: Field required"),
    ],
)
def test_a_row_that_cannot_be_understood_dies_when_its_pack_is_loaded(
    said: str, instead: str, complaint_: str
) -> None:
    *others, pack = load_policy([PACK]).packs
    assert said in pack.text
    with pytest.raises(PackError, match=r"real-estate-sales\.toml: clause \"sales\.") as error:
        Policy([*others, parse_pack(pack.text.replace(said, instead), "real-estate-sales.toml")])
    assert complaint_ in str(error.value)


# ---- following customers of category A and B


def tracked(told: Told, step: str) -> list[str]:
    return [line["data"]["due_at"][:10] for line in told.all(f"obligation.{step}", clause="sales.tracking")]


def test_each_contact_starts_the_next_seven_days_until_the_deal() -> None:
    facts = [filed("B", "2026-03-01 10:00"), B_VALID, spoken("2026-03-06 10:00"), spoken("2026-03-12 10:00")]
    told = tell(
        PACK, *facts, deal(time="2026-03-13 10:00"), spoken("2026-03-14 10:00"), until="2026-05-01 00:00"
    )
    assert tracked(told, "opened") == ["2026-03-10", "2026-03-14", "2026-03-20"]
    assert tracked(told, "met") == ["2026-03-10", "2026-03-14"]
    assert tracked(told, "withdrawn") == ["2026-03-20"]
    assert tracked(told, "breached") == []


def test_filed_after_the_claim_it_opens_then() -> None:
    told = tell(PACK, B_VALID, filed("A", "2026-03-04 10:00"))
    assert [line["time"][:10] for line in told.all("obligation.opened", clause="sales.tracking")] == [
        "2026-03-04"
    ]


def test_customers_of_other_categories_are_not_followed() -> None:
    assert (
        tracked(tell(PACK, filed("C", "2026-03-01 10:00"), B_VALID, spoken("2026-03-03 10:00")), "opened")
        == []
    )


def test_a_breach_stays_when_the_deal_closes_and_its_escalation_ends() -> None:
    facts = [filed("A", "2026-03-01 10:00"), B_VALID, deal(time="2026-03-12 10:00")]
    told = tell(PACK, *facts, until="2026-05-01 00:00")
    assert tracked(told, "breached") == ["2026-03-10"]
    assert tracked(told, "withdrawn") == []
    assert told.has("escalation.stood_down", clause="sales.tracking", time="2026-03-12 10:00")
    (raised, *_) = told.all("escalation.raised", clause="sales.tracking")
    assert raised["data"]["to"] == ["sales_manager"]


# ---- money, contracts, rooms


def test_an_overdue_payment_that_comes_within_two_months_breaks_nothing() -> None:
    missed = about("payment.missed", "2026-03-11 09:00", amount=10_000)
    told = tell(PACK, missed, paid("S-8", "2026-05-12 00:00"), until="2026-06-30 00:00")
    assert told.has("obligation.met", clause="sales.overdue-payment", due_at="2026-05-12 00:00")
    assert not told.has("obligation.breached", clause="sales.overdue-payment")


def test_before_the_contract_names_and_money_may_change() -> None:
    early = [about(kind, "2026-03-09 10:00") for kind in ("name.change_requested", "refund.requested")]
    assert not tell(PACK, *early, SIGNED).has("violation.found")


def test_a_contract_typed_in_late_shows_the_violation() -> None:
    told = tell(PACK, about("refund.requested", "2026-03-11 10:00"), SIGNED)
    assert told.has("violation.found", detail="refund-after-contract", time="2026-03-11 10:00")


@pytest.mark.parametrize(
    ("area", "price", "down"),
    [
        ((90, 80), (1, 2), 1),
        ((80, 90), (2, 1), 1),
        ((90, 80), (2, 1), 1),
        ((80, 90), (1, 2), 0),
        ((90, 90), (1, 1), 0),
    ],
)
def test_a_room_is_not_exchanged_for_a_smaller_or_cheaper_one(
    area: tuple[int, int], price: tuple[int, int], down: int
) -> None:
    sizes = {"from_area": area[0], "to_area": area[1], "from_price": price[0], "to_price": price[1]}
    told = tell(PACK, about("room.change_requested", "2026-03-11 10:00", **sizes))
    assert told.count("violation.found", detail="room-change-down") == down


def test_only_salespeople_take_no_money() -> None:
    told = tell(
        PACK, joined("S-8", "finance"), paid("S-8", "2026-03-11 10:00"), paid("S-9", "2026-03-11 10:00")
    )
    assert not told.has("violation.found", detail="cash-taken")


def test_a_salesperson_known_only_later_took_cash_all_the_same() -> None:
    told = tell(PACK, paid("S-1", "2026-03-11 10:00"), joined("S-1"))
    assert told.has("violation.found", detail="cash-taken", subject="customer/K-1", time="2026-03-11 10:00")


def test_a_role_corrected_late_takes_the_violation_back() -> None:
    told = tell(
        PACK, joined("S-1"), paid("S-1", "2026-03-11 10:00"), joined("S-1", "finance", "2026-02-01 09:00")
    )
    assert told.has("violation.withdrawn", detail="cash-taken")


def test_cash_taken_is_found_once_whatever_is_learned_late() -> None:
    told = tell(PACK, joined("S-1"), paid("S-1", "2026-03-11 10:00"), spoken("2026-03-01 10:00"))
    assert told.count("violation.found", detail="cash-taken") == 1
    assert not told.has("violation.withdrawn")


# ---- leavers

GONE = left("S-2", "2026-03-16 10:00")


def test_a_leavers_customers_are_drawn_among_those_in_at_the_desk() -> None:
    desk = fact("reception.opened", "reception/SITE", "2026-03-16 09:00", order=["S-1", "S-2", "S-3", "S-4"])
    away = fact("reception.left", "reception/SITE", "2026-03-16 09:30", staff="S-3")
    told = tell(PACK, joined("S-5"), desk, away, B_VALID, claimed("S-2", "2026-03-03 10:00", "K-2"), GONE)
    drawn = told.all("customer.reassigned", clause="sales.leaver")
    assert {line["subject"] for line in drawn} == {"customer/K-1", "customer/K-2"}
    for line in drawn:
        data = line["data"]
        assert data["candidates"] == ["S-1", "S-4"] and data["from"] == "S-2"
        assert (data["to"],) == draw(data["candidates"], 1, data["seed"])
        assert line["time"] == GONE["time"] and data["reason"] == "resignation"


def test_with_nobody_at_the_desk_all_salespeople_are_candidates() -> None:
    people = [
        joined("S-2"),
        joined("S-3"),
        joined("S-4"),
        joined("S-8", "finance"),
        left("S-4", "2026-02-01 10:00"),
    ]
    (line,) = tell(PACK, *people, B_VALID, GONE).all("customer.reassigned")
    assert line["data"]["candidates"] == ["S-3"]


def test_with_nobody_left_nobody_is_drawn_and_the_handover_stays_owed() -> None:
    told = tell(PACK, joined("S-2"), B_VALID, GONE, until="2026-03-30 00:00")
    assert not told.has("customer.reassigned")
    assert told.has("obligation.breached", clause="general.handover")


def test_the_draw_meets_the_handover() -> None:
    told = tell(PACK, joined("S-2"), joined("S-3"), B_VALID, GONE, until="2026-03-30 00:00")
    assert told.has("obligation.met", clause="general.handover", subject="customer/K-1")


def test_customers_whom_somebody_else_registered_before_are_not_the_leavers() -> None:
    told = tell(PACK, joined("S-3"), claimed("S-1", "2026-03-01 10:00"), B_VALID, GONE)
    assert not told.has("customer.reassigned")


def test_a_registration_typed_in_after_the_leaving_is_drawn_for_too() -> None:
    told = tell(PACK, joined("S-2"), joined("S-3"), GONE, B_VALID)
    assert told.has("customer.reassigned", to="S-3", time="2026-03-16 10:00")


@pytest.mark.parametrize("late", [GONE, B_VALID])
def test_what_was_done_after_a_draw_learned_late_counts(late: Fact) -> None:
    people = [joined("S-2"), joined("S-3")]
    told_first = [fact_ for fact_ in (B_VALID, GONE) if fact_ is not late]
    notice = about("contact.recorded", "2026-03-17 10:00", topic="handover", channel="phone")
    told = tell(PACK, *people, *told_first, notice, late, until="2026-04-30 00:00")
    assert told.has("customer.reassigned", to="S-3", time="2026-03-16 10:00")
    assert told.has("obligation.met", clause="general.handover-notice")
    assert not told.has("obligation.breached", clause="general.handover-notice")


def test_who_left_and_came_back_keeps_their_new_customers() -> None:
    again = joined("S-2", time="2026-03-18 09:00")
    told = tell(PACK, joined("S-2"), joined("S-3"), GONE, again, claimed("S-2", "2026-03-19 10:00"))
    assert not told.has("customer.reassigned")


def test_a_customer_who_turns_out_to_have_been_passed_to_the_leaver_before_is_drawn_for_too() -> None:
    passed = about("customer.reassigned", "2026-03-15 10:00", from_="S-3", to="S-2", reason="……")
    told = tell(PACK, joined("S-2"), joined("S-3"), claimed("S-3", "2026-03-02 10:00"), GONE, passed)
    assert told.has("customer.reassigned", clause="sales.leaver", time="2026-03-16 10:00", to="S-3")
    assert told.has("obligation.met", clause="general.handover")


def test_a_registration_typed_in_after_it_was_passed_to_the_leaver_is_drawn_for_too() -> None:
    passed = about("customer.reassigned", "2026-03-15 10:00", from_="S-3", to="S-2", reason="……")
    told = tell(PACK, joined("S-2"), joined("S-3"), passed, GONE, claimed("S-3", "2026-03-02 10:00"))
    assert told.has("customer.reassigned", clause="sales.leaver", time="2026-03-16 10:00", to="S-3")


def test_a_registration_typed_in_after_its_maker_came_back_is_drawn_for_the_time_they_left() -> None:
    again = joined("S-2", time="2026-03-18 09:00")
    told = tell(PACK, joined("S-2"), joined("S-3"), GONE, again, B_VALID)
    assert told.has("customer.reassigned", to="S-3", time="2026-03-16 10:00")


def test_drawn_late_for_somebody_who_left_since_it_is_drawn_again_for_their_leaving() -> None:
    people = [joined(f"S-{n}") for n in (2, 3)]
    since = [joined("S-4", time="2026-03-17 09:00"), left("S-3", "2026-03-18 10:00")]
    told = tell(PACK, *people, GONE, *since, B_VALID)
    assert [line["data"]["to"] for line in told.all("customer.reassigned")] == ["S-3", "S-4"]


@given(st.sets(st.text(min_size=1, max_size=5), min_size=1, max_size=8), st.integers(0, 2**53))
def test_a_draw_is_the_same_whoever_repeats_it(candidates: set[str], seed: int) -> None:
    drawn = draw(sorted(candidates), len(candidates), seed)
    assert drawn == draw(sorted(candidates, reverse=True), len(candidates), seed)
    assert set(drawn) == candidates and draw(candidates, 1, seed) == drawn[:1]


def test_a_dispute_and_a_ruling_are_on_record_with_their_reasons() -> None:
    told = tell(PACK, B_VALID, disputed("2026-03-19 10:00"), deal(), ruled("2026-03-22 10:00", {"S-1": 1}))
    assert steps(told) == ["ruling needed", "sales.settled"]
    (needed,) = told.all("ownership.ruling_needed")
    assert needed["data"]["reason"] == "the dispute is open"
    assert needed["data"]["clause"] == "sales.adjudication"
