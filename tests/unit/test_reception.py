"""Whose turn it is at the reception desk."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.sales import PACK
from tests.helpers.scenario import Told, fact, tell

DESK = "reception/SITE"
Fact = dict[str, Any]


def opened(*order: str, day: str = "2026-03-14") -> Fact:
    return fact("reception.opened", DESK, f"{day} 09:00", order=list(order))


def arrived(time: str, customer: str = "K-1", day: str = "2026-03-14", **more: Any) -> Fact:
    return fact("reception.arrived", DESK, f"{day} {time}", customer=customer, **more)


def out(staff: str, time: str, reason: str | None = None) -> Fact:
    return fact("reception.left", DESK, f"2026-03-14 {time}", staff=staff, reason=reason)


def back(staff: str, time: str) -> Fact:
    return fact("reception.returned", DESK, f"2026-03-14 {time}", staff=staff)


def assigned(told: Told) -> list[str]:
    return [line["data"]["staff"] for line in told.all("reception.assigned")]


def turns(*facts: Fact) -> list[str]:
    return assigned(tell(PACK, *facts))


def test_new_customers_go_round_in_order() -> None:
    arrivals = [arrived(f"10:{minute:02}") for minute in range(5)]
    assert turns(opened("A", "B", "C"), *arrivals) == ["A", "B", "C", "A", "B"]


def test_a_returning_customer_is_nobodys_turn() -> None:
    facts = [arrived("10:00"), arrived("10:01", returning=True), arrived("10:02")]
    assert turns(opened("A", "B"), *facts) == ["A", "B"]


def test_a_returning_customer_who_asks_for_somebody_is_not_assigned_anew() -> None:
    assert turns(opened("A", "B"), arrived("10:01", returning=True, designated="B")) == []


def test_who_is_asked_for_keeps_their_turn() -> None:
    told = tell(PACK, opened("A", "B"), arrived("10:00", designated="A"), arrived("10:01"), arrived("10:02"))
    assert assigned(told) == ["A", "A", "B"]
    assert [line["data"]["designated"] for line in told.all("reception.assigned")] == [True, False, False]


def test_who_is_asked_for_has_the_customer_even_when_out() -> None:
    assert turns(opened("A", "B"), out("B", "09:30"), arrived("10:00", designated="B")) == ["B"]


def test_missed_turns_are_made_up_in_the_order_missed() -> None:
    facts = [
        out("B", "09:10", "busy"),
        out("C", "09:11", "business"),
        *(arrived(f"10:0{n}") for n in range(4)),  # A, D, A, D: B and C miss two turns each
        back("C", "10:20"),
        back("B", "10:21"),
        *(arrived(f"10:3{n}") for n in range(6)),
    ]
    assert turns(opened("A", "B", "C", "D"), *facts) == [*"ADAD", *"BCBC", *"AB"]


def test_one_turn_is_missed_for_each_time_round() -> None:
    facts = [out("B", "09:10"), *(arrived(f"10:0{n}") for n in range(3)), back("B", "10:20")]
    assert turns(opened("A", "B"), *facts, *(arrived(f"10:3{n}") for n in range(4))) == [*"AAA", *"BB", *"BA"]


def test_who_was_on_leave_makes_nothing_up() -> None:
    facts = [
        out("A", "09:10", "leave"),
        arrived("10:00"),
        back("A", "10:20"),
        arrived("10:30"),
        arrived("10:31"),
    ]
    assert turns(opened("A", "B", "C"), *facts) == ["B", "C", "A"]


def test_nobody_in_nothing_assigned_and_no_turn_lost() -> None:
    facts = [out("A", "09:10"), out("B", "09:11"), arrived("10:00"), back("B", "10:10"), back("A", "10:11")]
    assert turns(opened("A", "B"), *facts, arrived("10:20"), arrived("10:21")) == ["A", "B"]


def test_who_leaves_again_makes_up_after_the_next_return() -> None:
    facts = [
        out("A", "09:10"),
        arrived("10:00"),
        back("A", "10:01"),
        out("A", "10:02"),
        arrived("10:03"),
        back("A", "10:04"),
        arrived("10:05"),
        arrived("10:06"),
    ]
    assert turns(opened("A", "B", "C"), *facts) == ["B", "C", "A", "A"]


def test_every_opening_starts_a_new_day() -> None:
    facts = [arrived("10:00"), out("B", "10:01"), arrived("10:02"), opened("A", "B", day="2026-03-15")]
    later = [arrived(f"10:0{n}", day="2026-03-15") for n in range(2)]
    assert turns(opened("A", "B", "C"), *facts, *later) == ["A", "C", "A", "B"]


def test_an_arrival_typed_in_late_goes_to_who_was_next_then() -> None:
    late = arrived("09:30", "K-9")
    told = tell(PACK, opened("A", "B"), out("A", "09:40"), arrived("10:00"), late)
    assert assigned(told) == ["B", "A"]
    assert told.has("reception.assigned", customer="K-9", time="2026-03-14 09:30")


def test_an_assignment_says_who_was_in() -> None:
    (line,) = tell(PACK, opened("A", "B", "C"), out("A", "09:40"), arrived("10:00")).all("reception.assigned")
    assert line["data"]["because"] == "B is next; in: B, C"
    assert line["data"]["clause"] == "sales.rotation"


STAFF = "ABCD"
MOVES = st.lists(
    st.one_of(
        st.just(("arrived", "", "")),
        st.tuples(st.just("left"), st.sampled_from(STAFF), st.sampled_from(["business", "busy", "leave"])),
        st.tuples(st.just("returned"), st.sampled_from(STAFF), st.just("")),
    ),
    max_size=30,
)


def _as_facts(moves: list[tuple[str, str, str]]) -> list[Fact]:
    made = {
        "arrived": lambda time, _staff, _reason: arrived(time),
        "left": lambda time, staff, reason: out(staff, time, reason),
        "returned": lambda time, staff, _reason: back(staff, time),
    }
    return [made[kind](f"10:{n:02}", staff, reason) for n, (kind, staff, reason) in enumerate(moves)]


@given(MOVES)
def test_somebody_in_always_receives_and_nobody_out_does(moves: list[tuple[str, str, str]]) -> None:
    told = tell(PACK, opened(*STAFF), *_as_facts(moves))
    away: set[str] = set()
    for line in told.lines:
        match line["type"], line["data"]:
            case "reception.left", data:
                away.add(data["staff"])
            case "reception.returned", data:
                away.discard(data["staff"])
            case "reception.assigned", data:
                assert data["staff"] not in away
    arrivals = [n for n, (kind, _, _) in enumerate(moves) if kind == "arrived"]
    somebody_in = [n for n in arrivals if _in_before(moves[:n])]
    assert told.count("reception.assigned") == len(somebody_in)


def _in_before(moves: list[tuple[str, str, str]]) -> set[str]:
    here = set(STAFF)
    for kind, staff, _ in moves:
        here = here - {staff} if kind == "left" else here | {staff} if kind == "returned" else here
    return here


@given(MOVES)
def test_without_leave_everybody_has_had_as_many_turns(moves: list[tuple[str, str, str]]) -> None:
    """Once everybody is back and has made up, turns differ by one at most."""
    away = [(kind, staff, "busy" if reason == "leave" else reason) for kind, staff, reason in moves]
    facts = _as_facts(away)
    returns = [back(staff, f"11:0{n}") for n, staff in enumerate(STAFF)]
    making_up = [arrived(f"12:{n:02}") for n in range(60)] + [arrived(f"13:{n:02}") for n in range(60)]
    had = turns(opened(*STAFF), *facts, *returns, *making_up)
    counts = [had.count(staff) for staff in STAFF]
    assert max(counts) - min(counts) <= 1
