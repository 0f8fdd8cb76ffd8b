"""What is learned after a deal: disputes, rulings, registrations typed in late, customers passed on."""

from tests.helpers.sales import (
    B_VALID,
    PACK,
    S1,
    S2,
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
from tests.helpers.scenario import tell


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


def test_a_reversal_says_what_it_undoes() -> None:
    told = tell(PACK, B_VALID, deal(refuses=["S-2"]), ruled("2026-03-22 10:00", S2))
    (undone,), (line, _) = told.all("ownership.reversed"), told.all("ownership.adjudicated")
    said = {name: line["data"][name] for name in ("rule", "performance", "commission", "deal")}
    assert said["commission"] == {"S-1": 0.8, "S-2": 0.2}
    assert undone["data"].items() >= {**said, "adjudication": line["id"]}.items()


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


def test_a_relatives_registration_typed_in_late_changes_the_deal_whichever_names_the_other() -> None:
    relative = claimed("S-5", "2026-02-02 10:00", "K-0", basis="family", family_of="K-1")
    assert steps(tell(PACK, B_VALID, deal(), relative)) == [
        "sales.first-registration",
        "reversed",
        "sales.family",
    ]


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


def test_a_leavers_registrations_are_the_new_holders_when_the_deal_closes() -> None:
    told = tell(PACK, joined("S-2"), joined("S-4"), B_VALID, left("S-2", "2026-03-10 10:00"), deal())
    assert told.has("customer.reassigned", to="S-4", candidates=["S-4"])
    assert told.all("ownership.adjudicated")[0]["data"]["performance"] == {"S-4": 1}
