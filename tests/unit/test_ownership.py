"""Whose deal it is: the table row by row, what changes it later, and shares that sum to exactly 1."""

from fractions import Fraction
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.division import divide, exactly
from tests.helpers.sales import (
    PACK,
    about,
    claimed,
    complaint,
    deal,
    disputed,
    joined,
    left,
    rows,
    ruled,
    settled,
    steps,
    verdicts,
)
from tests.helpers.scenario import tell

B_VALID = claimed("S-2", "2026-03-02 10:00")
B_EXPIRED = claimed("S-2", "2025-12-02 10:00")
S1, S2 = {"S-1": 1}, {"S-2": 1}

CASES = {
    "quarrelled": (
        [about("dispute.quarrelled", "2026-03-19 10:00"), deal()],
        ("sales.quarrel", {"department": 1}, {"department": 1}),
    ),
    "a ruling defied": (
        [ruled("2026-03-18 10:00", S2), about("ruling.defied", "2026-03-19 10:00", by="S-1"), deal()],
        ("sales.quarrel", {"department": 1}, {"department": 1}),
    ),
    "settled by the parties": (
        [
            B_VALID,
            disputed("2026-03-18 10:00"),
            settled("2026-03-19 10:00", {"S-1": 0.6, "S-2": 0.4}),
            deal(),
        ],
        ("sales.settled", {"S-1": 0.6, "S-2": 0.4}, {"S-1": 0.6, "S-2": 0.4}),
    ),
    "settled, then ruled: the latest counts": (
        [settled("2026-03-18 10:00", S1), ruled("2026-03-19 10:00", S2), deal()],
        ("sales.settled", S2, S2),
    ),
    "B refused after a complaint found reasonable": (
        [
            B_VALID,
            *complaint("S-2", "2026-03-05 10:00", True, "2026-03-09 10:00"),
            deal(refuses=["S-2"], complaint_against="C-1"),
        ],
        ("sales.complaint-verified", S1, S1),
    ),
    "B refused after a complaint found unreasonable": (
        [
            B_VALID,
            *complaint("S-2", "2026-03-05 10:00", False, "2026-03-09 10:00"),
            deal(refuses=["S-2"], complaint_against="C-1"),
        ],
        ("sales.refused", S1, {"S-1": 0.8, "S-2": 0.2}),
    ),
    "B refused after a complaint about somebody else": (
        [
            B_VALID,
            *complaint("S-3", "2026-03-05 10:00", True, "2026-03-09 10:00"),
            deal(refuses=["S-2"], complaint_against="C-1"),
        ],
        ("sales.refused", S1, {"S-1": 0.8, "S-2": 0.2}),
    ),
    "seeking a discount": ([B_VALID, deal(seeking_discount=True)], ("sales.discount", S1, S1)),
    "seeking a discount, and there is no B": ([deal(seeking_discount=True)], ("sales.unregistered", S1, S1)),
    "B refused": ([B_VALID, deal(refuses=["S-2"])], ("sales.refused", S1, {"S-1": 0.8, "S-2": 0.2})),
    "B refused, expired": ([B_EXPIRED, deal(refuses=["S-2"])], ("sales.refused-expired", S1, S1)),
    "somebody refused who is not B": (
        [B_VALID, deal(refuses=["S-3"])],
        ("sales.first-registration", S2, S2),
    ),
    "designated on a later visit": (
        [B_VALID, deal(visit_number=2, designated="S-1")],
        ("sales.nth-visit", {"S-1": 0.5, "S-2": 0.5}, {"S-1": 0.5, "S-2": 0.5}),
    ),
    "designated on a later visit, three others before": (
        [
            claimed("S-4", "2025-11-02 10:00"),
            claimed("S-3", "2026-03-01 10:00"),
            B_VALID,
            deal(visit_number=3, designated="S-1"),
        ],
        ("sales.nth-visit", *[{"S-1": 0.5, "S-4": 0.1668, "S-3": 0.1666, "S-2": 0.1666}] * 2),
    ),
    "designated on the first visit": (
        [B_VALID, deal(visit_number=1, designated="S-1")],
        ("sales.first-registration", S2, S2),
    ),
    "B forgotten": (
        [B_VALID, deal(forgot_name=True)],
        ("sales.forgot", {"S-1": 0.5, "S-2": 0.5}, {"S-1": 0.5, "S-2": 0.5}),
    ),
    "B forgotten, expired": ([B_EXPIRED, deal(forgot_name=True)], ("sales.forgot-expired", S1, S1)),
    "several named, the second is there": (
        [deal(named=["S-2", "S-3"], present=["S-3"])],
        ("sales.several", {"S-3": 1}, {"S-3": 1}),
    ),
    "several named, none is there": ([deal(named=["S-2", "S-3"])], ("sales.several", S1, S1)),
    "several named, A among them: A is there": (
        [deal(named=["S-3", "S-1", "S-2"], present=["S-2"])],
        ("sales.several", S1, S1),
    ),
    "several named, one designated": (
        [deal(named=["S-2", "S-3"], designated="S-3", present=["S-2", "S-3"])],
        ("sales.returned", {"S-3": 1}, {"S-3": 1}),
    ),
    "several named, A designated": (
        [B_VALID, deal(named=["S-2", "S-1"], designated="S-1", present=["S-2"])],
        ("sales.first-registration", S2, S2),
    ),
    "named and there, registered or not": (
        [deal(named=["S-2"], present=["S-2"])],
        ("sales.returned", S2, S2),
    ),
    "named and away, assisted on the day": (
        [deal(named=["S-2"], assisted_on="2026-03-20")],
        ("sales.same-day", S2, {"S-2": 0.5, "S-1": 0.5}),
    ),
    "named and away, closed at midnight of the day assisted": (
        [deal(time="2026-03-21 00:00", named=["S-2"], assisted_on="2026-03-20")],
        ("sales.same-day", S2, {"S-2": 0.5, "S-1": 0.5}),
    ),
    "named and away, assisted before": (
        [deal(named=["S-2"], assisted_on="2026-03-19")],
        ("sales.assisted", S2, {"S-2": 0.8, "S-1": 0.2}),
    ),
    "A alone is named": ([B_VALID, deal(named=["S-1"])], ("sales.first-registration", S2, S2)),
    "referred by an old customer": (
        [
            claimed("S-5", "2025-10-02 10:00", "K-0"),
            claimed("S-6", "2026-03-01 10:00", "K-0"),
            claimed("S-2", "2026-03-02 10:00", basis="referral", referred_by="K-0"),
            deal(),
        ],
        ("sales.referral", {"S-5": 1}, {"S-5": 1}),
    ),
    "referred by somebody nobody registered": (
        [claimed("S-2", "2026-03-02 10:00", basis="referral", referred_by="K-0"), deal()],
        ("sales.first-registration", S2, S2),
    ),
    "referred by themselves": (
        [B_EXPIRED, claimed("S-3", "2026-03-02 10:00", basis="referral", referred_by="K-1"), deal()],
        ("sales.first-registration", {"S-3": 1}, {"S-3": 1}),
    ),
    "family registered earlier": (
        [
            claimed("S-5", "2026-02-02 10:00", "K-0"),
            claimed("S-2", "2026-03-02 10:00", basis="family", family_of="K-0"),
            deal(),
        ],
        ("sales.family", {"S-5": 1}, {"S-5": 1}),
    ),
    "family of family": (
        [
            claimed("S-6", "2026-01-12 10:00", "K-00"),
            claimed("S-5", "2026-02-02 10:00", "K-0", basis="family", family_of="K-00"),
            claimed("S-2", "2026-03-02 10:00", basis="family", family_of="K-0"),
            deal(),
        ],
        ("sales.family", {"S-6": 1}, {"S-6": 1}),
    ),
    "family registered later": (
        [
            claimed("S-2", "2026-03-02 10:00", basis="family", family_of="K-0"),
            claimed("S-5", "2026-03-03 10:00", "K-0"),
            deal(),
        ],
        ("sales.first-registration", S2, S2),
    ),
    "the earliest valid registration": (
        [B_EXPIRED, claimed("S-3", "2026-03-01 10:00"), claimed("S-4", "2026-03-03 10:00"), deal()],
        ("sales.first-registration", {"S-3": 1}, {"S-3": 1}),
    ),
    "A registered first": (
        [claimed("S-1", "2026-03-01 10:00"), B_VALID, deal()],
        ("sales.first-registration", S1, S1),
    ),
    "nobody registered": ([deal()], ("sales.unregistered", S1, S1)),
    "only expired registrations": ([B_EXPIRED, deal()], ("sales.unregistered", S1, S1)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_deal_goes_by_the_first_row_that_applies(name: str) -> None:
    facts, expected = CASES[name]
    assert verdicts(*facts) == [expected]


@pytest.mark.parametrize(
    ("facts", "row"),
    [
        ([deal(refuses=["S-2"], seeking_discount=True)], "sales.discount"),
        ([deal(refuses=["S-2"], forgot_name=True)], "sales.refused"),
        ([deal(forgot_name=True, named=["S-3", "S-4"])], "sales.forgot"),
        ([deal(visit_number=2, designated="S-1", forgot_name=True)], "sales.nth-visit"),
        ([settled("2026-03-19 10:00", S2), deal(at_event=True)], "sales.settled"),
        (
            [settled("2026-03-18 10:00", S2), about("dispute.quarrelled", "2026-03-19 10:00"), deal()],
            "sales.quarrel",
        ),
        (
            [about("dispute.quarrelled", "2026-03-18 10:00"), settled("2026-03-19 10:00", S2), deal()],
            "sales.quarrel",
        ),
    ],
)
def test_where_two_rows_apply_the_earlier_counts(facts: list, row: str) -> None:
    assert rows(B_VALID, *facts) == [row]


def test_a_registration_is_valid_up_to_the_end_of_its_last_day() -> None:
    registered = claimed("S-2", "2026-03-03 10:00")  # 3 May is a holiday; 6 May works
    assert rows(registered, deal(time="2026-05-07 00:00")) == ["sales.first-registration"]
    assert rows(registered, deal(time="2026-05-07 00:01")) == ["sales.unregistered"]


def test_a_deal_at_an_event_is_for_the_manager() -> None:
    told = tell(PACK, B_VALID, deal(at_event=True), ruled("2026-03-21 10:00", {"S-1": 0.3, "S-2": 0.7}))
    assert steps(told) == ["ruling needed", "sales.settled"]
    assert told.has("ownership.ruling_needed", clause="sales.event")
    assert told.has("ownership.adjudicated", time="2026-03-21 10:00", performance={"S-1": 0.3, "S-2": 0.7})


def test_an_open_dispute_waits_for_a_ruling_and_is_adjudicated_then() -> None:
    told = tell(PACK, B_VALID, disputed("2026-03-19 10:00"), deal(), ruled("2026-03-22 10:00", S2))
    assert steps(told) == ["ruling needed", "sales.settled"]


def test_a_dispute_after_the_adjudication_reverses_nothing_by_itself() -> None:
    told = tell(PACK, B_VALID, deal(), disputed("2026-03-21 10:00"), disputed("2026-03-21 11:00"))
    assert steps(told) == ["sales.first-registration", "ruling needed"]


def test_what_was_settled_after_the_adjudication_reverses_it() -> None:
    told = tell(PACK, B_VALID, deal(), disputed("2026-03-21 10:00"), settled("2026-03-22 10:00", S1))
    assert steps(told) == ["sales.first-registration", "ruling needed", "reversed", "sales.settled"]
    (first, _), (undone,) = told.all("ownership.adjudicated"), told.all("ownership.reversed")
    assert undone["data"]["adjudication"] == first["id"]
    assert told.has("ownership.reversed", time="2026-03-22 10:00")


def test_a_quarrel_after_the_adjudication_takes_the_deal_away() -> None:
    told = tell(PACK, B_VALID, deal(), about("dispute.quarrelled", "2026-03-21 10:00"))
    assert steps(told) == ["sales.first-registration", "reversed", "sales.quarrel"]


def test_a_settled_dispute_opened_again_needs_a_ruling() -> None:
    told = tell(PACK, settled("2026-03-10 10:00", S2), disputed("2026-03-12 10:00"), deal())
    assert steps(told) == ["ruling needed"]


def test_the_same_settlement_said_twice_changes_nothing() -> None:
    told = tell(PACK, deal(), settled("2026-03-22 10:00", S2), settled("2026-03-23 10:00", S2))
    assert steps(told) == ["sales.unregistered", "reversed", "sales.settled"]


def test_a_complaint_found_reasonable_after_the_deal_changes_it() -> None:
    received, found = complaint("S-2", "2026-03-05 10:00", True, "2026-03-27 10:00")
    told = tell(PACK, B_VALID, received, deal(refuses=["S-2"], complaint_against="C-1"), found)
    assert steps(told) == ["sales.refused", "reversed", "sales.complaint-verified"]
    assert told.has("ownership.adjudicated", rule="sales.complaint-verified", time="2026-03-27 10:00")


def test_a_referral_claimed_after_the_deal_changes_it() -> None:
    referral = claimed("S-2", "2026-03-25 10:00", basis="referral", referred_by="K-0")
    told = tell(PACK, claimed("S-5", "2025-10-02 10:00", "K-0"), deal(), referral)
    assert steps(told) == ["sales.unregistered", "reversed", "sales.referral"]


def test_a_registration_made_after_the_deal_is_not_valid_at_its_time() -> None:
    assert steps(tell(PACK, deal(), claimed("S-2", "2026-03-25 10:00"))) == ["sales.unregistered"]


def test_a_registration_typed_in_late_counts_by_its_time() -> None:
    told = tell(PACK, claimed("S-3", "2026-03-10 10:00"), deal(), B_VALID)
    assert steps(told) == ["sales.first-registration", "reversed", "sales.first-registration"]
    assert told.all("ownership.adjudicated")[-1]["data"]["performance"] == S2


def test_an_old_customers_registration_typed_in_late_changes_the_referred_deal() -> None:
    referral = claimed("S-2", "2026-03-02 10:00", basis="referral", referred_by="K-0")
    told = tell(PACK, referral, deal(), claimed("S-5", "2025-10-02 10:00", "K-0"))
    assert steps(told) == ["sales.first-registration", "reversed", "sales.referral"]


def test_whoever_a_customer_passes_to_inherits_the_date() -> None:
    passed = about("customer.reassigned", "2026-03-12 10:00", from_="S-2", to="S-4", reason="leave")
    assert verdicts(B_VALID, claimed("S-3", "2026-03-05 10:00"), passed, deal()) == [
        ("sales.first-registration", {"S-4": 1}, {"S-4": 1})
    ]


def test_a_customer_who_passes_on_after_the_deal_leaves_the_deal_alone() -> None:
    passed = about("customer.reassigned", "2026-03-25 10:00", from_="S-2", to="S-4", reason="leave")
    assert steps(tell(PACK, B_VALID, deal(), passed)) == ["sales.first-registration"]


def test_a_referral_is_the_original_receivers_and_a_familys_passes_on() -> None:
    passed = about("customer.reassigned", "2026-03-01 10:00", "K-0", from_="S-5", to="S-6", reason="leave")
    old = claimed("S-5", "2026-02-02 10:00", "K-0")
    referral = claimed("S-2", "2026-03-02 10:00", basis="referral", referred_by="K-0")
    family = claimed("S-2", "2026-03-02 10:00", basis="family", family_of="K-0")
    assert verdicts(old, passed, referral, deal())[0][1] == {"S-5": 1}
    assert verdicts(old, passed, family, deal())[0][1] == {"S-6": 1}


def test_each_deal_of_a_customer_has_its_own_dispute() -> None:
    told = tell(
        PACK,
        B_VALID,
        deal(),
        settled("2026-03-21 10:00", S1),
        deal(time="2026-04-20 15:00"),
    )
    assert steps(told) == [
        "sales.first-registration",
        "reversed",
        "sales.settled",
        "sales.first-registration",
    ]


def test_a_dispute_still_open_at_the_next_deal_is_about_both() -> None:
    told = tell(
        PACK,
        B_VALID,
        deal(),
        disputed("2026-03-21 10:00"),
        deal(time="2026-04-20 15:00"),
        ruled("2026-04-22 10:00", S1),
    )
    assert steps(told) == [
        "sales.first-registration",
        "ruling needed",
        "ruling needed",
        "reversed",
        "sales.settled",
        "sales.settled",
    ]


def test_an_adjudication_says_its_row_and_what_it_rests_on() -> None:
    (line,) = tell(PACK, B_VALID, deal(refuses=["S-2"])).all("ownership.adjudicated")
    because = line["data"]["because"]
    assert "sales.refused" in because and "A is S-1" in because and "refuses S-2" in because
    assert "S-2 (registered 2026-03-02T10:00:00+08:00, valid until 2026-05-07T00:00:00+08:00)" in because
    assert "(五)" in line["data"]["source"]


def test_a_settlement_in_thirds_leaves_its_rest_to_the_earliest_registered() -> None:
    thirds = dict.fromkeys(("S-1", "S-2", "S-3"), 0.333)
    told = verdicts(claimed("S-3", "2026-03-01 10:00"), B_VALID, settled("2026-03-19 10:00", thirds), deal())
    assert told == [("sales.settled", *[{"S-1": 0.333, "S-2": 0.333, "S-3": 0.334}] * 2)]


def test_independent_claims_and_deals_come_to_the_same_in_any_order_learned() -> None:
    facts = [
        claimed("S-2", "2026-03-02 10:00"),
        claimed("S-3", "2026-03-03 10:00"),
        claimed("S-5", "2025-10-02 10:00", "K-0"),
        claimed("S-4", "2026-03-04 10:00", basis="referral", referred_by="K-0"),
        deal(),
    ]
    assert {str(verdicts(*order)[-1]) for order in permutations(facts)} == {
        str(("sales.referral", {"S-5": 1}, {"S-5": 1}))
    }


KNOWN = st.lists(
    st.one_of(
        st.builds(
            lambda staff, day, more: claimed(staff, f"2026-03-{day:02} 10:00", **more),
            st.sampled_from(["S-1", "S-2", "S-3"]),
            st.integers(1, 28),
            st.sampled_from(
                [{}, {"basis": "referral", "referred_by": "K-0"}, {"basis": "family", "family_of": "K-0"}]
            ),
        ),
        st.builds(
            lambda staff, day: claimed(staff, f"2026-03-{day:02} 11:00", "K-0"),
            st.sampled_from(["S-4", "S-5"]),
            st.integers(1, 28),
        ),
        st.builds(
            lambda of, to, day: about(
                "customer.reassigned", f"2026-03-{day:02} 12:00", from_=of, to=to, reason="leave"
            ),
            st.sampled_from(["S-1", "S-2"]),
            st.sampled_from(["S-3", "S-6"]),
            st.integers(1, 28),
        ),
        st.builds(
            lambda staff, day: settled(f"2026-03-{day:02} 13:00", {staff: 1}),
            st.sampled_from(["S-1", "S-2"]),
            st.integers(1, 28),
        ),
        st.builds(lambda day: about("dispute.quarrelled", f"2026-03-{day:02} 14:00"), st.integers(1, 28)),
        st.builds(lambda day: deal(time=f"2026-03-{day:02} 15:00", refuses=["S-2"]), st.integers(10, 28)),
    ),
    max_size=7,
    unique_by=lambda one: (one["time"], one["subject"]),
)


def _last_words(facts: list) -> dict[str, tuple]:
    """The verdict that stands for each deal, by the deal's time."""
    told = tell(PACK, *facts)
    deals = {f"{one['source']}#{one['id']}": one["time"] for one in facts if one["type"] == "deal.closed"}
    standing: dict[str, tuple] = {}
    for line in told.lines:
        data = line["data"]
        if line["type"] == "ownership.reversed":
            assert standing.pop(deals[data["deal"]])[0] == data["adjudication"]
        if line["type"] == "ownership.adjudicated":
            assert deals[data["deal"]] not in standing, (
                "what stands is reversed before something else is said"
            )
            standing[deals[data["deal"]]] = (
                line["id"],
                data["rule"],
                data["performance"],
                data["commission"],
            )
    return {of: verdict[1:] for of, verdict in standing.items()}


@given(KNOWN, st.randoms())
def test_what_stands_in_the_end_does_not_depend_on_the_order_learned(facts: list, chance: Random) -> None:
    in_time = sorted(facts, key=lambda one: str(one["time"]))
    shuffled = chance.sample(facts, len(facts))
    assert _last_words(in_time) == _last_words(shuffled)


STAFF = st.sampled_from([f"S-{n}" for n in range(1, 6)])
WHOLE = st.dictionaries(STAFF, st.integers(1, 997), min_size=1).map(
    lambda parts: {staff: Fraction(part, sum(parts.values())) for staff, part in parts.items()}
)


@given(WHOLE, st.lists(STAFF))
def test_shares_always_sum_to_exactly_1(parts: dict[str, Fraction], registered: list[str]) -> None:
    divided = divide(parts, registered)
    assert sum(exactly(share) for share in divided.values()) == 1
    assert all(round(share, 4) == share for share in divided.values())
    assert all(
        abs(exactly(divided.get(staff, 0)) - part) < Fraction(len(parts), 10_000)
        for staff, part in parts.items()
    )


@given(WHOLE, st.integers(-9, 9), st.lists(STAFF))
def test_shares_told_in_thousandths_are_made_whole(
    parts: dict[str, Fraction], off: int, registered: list[str]
) -> None:
    told = {staff: round(float(part), 3) for staff, part in parts.items()}
    first = next(iter(told))
    told[first] = round(min(1.0, max(0.0, told[first] + off / 10_000)), 4)
    divided = divide({staff: exactly(share) for staff, share in told.items()}, registered)
    assert sum(exactly(share) for share in divided.values()) == 1
    assert all(share > 0 for share in divided.values())


@given(
    st.lists(st.tuples(STAFF, st.integers(1, 19)), max_size=4),
    st.fixed_dictionaries(
        {},
        optional={
            "named": st.lists(STAFF, max_size=3),
            "present": st.lists(STAFF, max_size=3),
            "designated": STAFF,
            "refuses": st.lists(STAFF, max_size=2),
            "visit_number": st.integers(1, 3),
            "forgot_name": st.booleans(),
            "seeking_discount": st.booleans(),
        },
    ),
)
def test_every_deal_without_a_dispute_is_divided_to_the_whole(claims: list, more: dict) -> None:
    made = [claimed(staff, f"2026-03-{day:02} 10:00") for staff, day in claims]
    ((_, performance, commission),) = verdicts(*made, deal(**more))
    for shares in (performance, commission):
        assert sum(exactly(share) for share in shares.values()) == 1


def test_a_leavers_registrations_are_the_new_holders_when_the_deal_closes() -> None:
    told = tell(PACK, joined("S-2"), joined("S-4"), B_VALID, left("S-2", "2026-03-10 10:00"), deal())
    assert told.has("customer.reassigned", to="S-4", candidates=["S-4"])
    assert told.all("ownership.adjudicated")[0]["data"]["performance"] == {"S-4": 1}
