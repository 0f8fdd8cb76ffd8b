"""Shares sum to exactly 1, and do not depend on the order in which facts are learned."""

from fractions import Fraction
from itertools import permutations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.division import divide, exactly
from tests.helpers.sales import PACK, about, claimed, deal, settled, verdicts
from tests.helpers.scenario import tell


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
