"""Whose deal it is: the table row by row, the first that applies."""

import pytest

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
    rows,
    ruled,
    settled,
    steps,
    verdicts,
)
from tests.helpers.scenario import tell

B_EXPIRED = claimed("S-2", "2025-12-02 10:00")
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
    "family, whichever names the other": (
        [
            claimed("S-5", "2026-02-02 10:00", "K-0", basis="family", family_of="K-1"),
            B_VALID,
            deal(),
        ],
        ("sales.family", {"S-5": 1}, {"S-5": 1}),
    ),
    "two of one family, who both name a third": (
        [
            claimed("S-5", "2026-02-02 10:00", "K-0", basis="family", family_of="K-00"),
            claimed("S-2", "2026-03-02 10:00", basis="family", family_of="K-00"),
            deal(),
        ],
        ("sales.family", {"S-5": 1}, {"S-5": 1}),
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
