"""How figures are kept over windows, whatever the order in which facts are learned."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ledger import Incoming, Ledger
from domain.memory import MemoryStorage
from domain.policy import load_policy
from tests.helpers.figures import FIELD, NOON_NEXT_DAY, XUZHOU, clock, values
from tests.helpers.scenario import Told, at, received, tell
from tests.helpers.visits import Fact, dropped_in, ended, filed, planned, started


def learned(*told: tuple[Fact, str], until: str) -> Told:
    """Facts learned by a ledger that no clock ticked for, until it does."""
    storage = MemoryStorage()
    ledger = Ledger(storage, storage.recorder, load_policy([XUZHOU]))
    outcomes = [ledger.record([Incoming.read(json.dumps(said).encode())], at(now)) for said, now in told]
    lines = [line for outcome in (*outcomes, ledger.tick(at(until))) for line in outcome.lines]
    return Told([json.loads(line) for line in lines])


HELD = (filed("K-1", "2026-01-05 09:00"), "2026-01-05 09:00")

# ---- how figures are kept


def test_windows_that_ended_while_nothing_ran_are_measured_one_after_the_other() -> None:
    told = learned(HELD, until="2026-04-15 09:00")
    assert [window for _, window, _ in values(told, "xuzhou.on-site-share")] == [
        "2026-01",
        "2026-02",
        "2026-03",
    ]


def test_a_fact_learned_before_the_end_was_noticed_leaves_the_next_windows_open() -> None:
    late = (dropped_in("V-1", "2026-01-20 09:00", customer="K-2"), "2026-02-01 00:05")
    told = learned(HELD, late, until="2026-04-15 09:00")
    assert values(told, "xuzhou.on-site-share") == [("staff/S-1", "2026-02", 0), ("staff/S-1", "2026-03", 0)]


@pytest.mark.parametrize("pack", [XUZHOU, FIELD])
def test_a_missed_figure_says_its_rule_and_its_inputs(pack: str) -> None:
    told = tell(pack, dropped_in("V-1", "2026-03-04 09:00"), until=NOON_NEXT_DAY)
    said = told.all("kpi.missed")[0]["data"]
    assert said["source"] and "2026-03-04" in said["because"] and said["clause"] == said["kpi"]
    assert datetime.fromisoformat(told.all("kpi.missed")[0]["time"]).utcoffset() is not None


# ---- recovered


def hours(day: int, last: str) -> list[Fact]:
    """A day in the market from 09:00 on; five hours are enough."""
    return [dropped_in(f"V-{day}-{n}", f"2026-03-{day:02} {at}") for n, at in enumerate(("09:00", last))]


def recovered(told: Told, kpi: str = "xuzhou.market-hours") -> list[tuple[str, list[str], str]]:
    found = told.all("kpi.recovered", kpi=kpi)
    return [(line["data"]["window"], line["data"]["windows"], line["time"][:16]) for line in found]


def test_the_first_window_in_order_after_those_that_missed_a_figure_says_so_once() -> None:
    days = [*hours(3, "10:00"), *hours(4, "11:00"), *hours(6, "14:00"), *hours(7, "15:00")]
    told = tell(XUZHOU, *days, until="2026-03-09 12:00")
    assert recovered(told) == [("2026-03-06", ["2026-03-03", "2026-03-04"], "2026-03-07T00:00")]
    (line,) = told.all("kpi.recovered", kpi="xuzhou.market-hours")
    assert line["data"]["because"] == "5 in 2026-03-06, at least 5; missed since 2026-03-03"


def test_a_figure_recovers_and_is_missed_and_recovers_again() -> None:
    days = [*hours(3, "10:00"), *hours(4, "14:00"), *hours(5, "10:00"), *hours(6, "14:00")]
    told = tell(XUZHOU, *days, until="2026-03-09 12:00")
    assert [windows for _, windows, _ in recovered(told)] == [["2026-03-03"], ["2026-03-05"]]


def test_a_window_with_nothing_to_measure_does_not_say_that_a_figure_recovered() -> None:
    told = tell(XUZHOU, *hours(3, "10:00"), clock("2026-03-04"), until="2026-03-09 12:00")
    assert recovered(told) == []


def test_what_a_late_fact_made_good_recovers_no_more() -> None:
    late = [clock("2026-03-04"), dropped_in("V-late", "2026-03-03 15:00")]
    told = tell(XUZHOU, *hours(3, "10:00"), *late, *hours(5, "14:00"), until="2026-03-09 12:00")
    assert told.has("kpi.restated", kpi="xuzhou.market-hours", value=6)
    assert recovered(told) == []


def test_a_month_that_is_lost_before_its_end_has_recovered_at_the_end_of_the_next_in_order() -> None:
    lost = [received(f"C-{n}", f"2026-03-02 09:0{n}", branch="B-1") for n in range(6)]
    for fewer in ([], [received("C-9", "2026-04-02 09:00", branch="B-1")]):
        told = tell(FIELD, *lost, *fewer, until="2026-05-02 12:00")
        assert recovered(told, "field.complaints") == [("2026-04", ["2026-03"], "2026-05-01T00:00")]


def test_a_month_that_a_late_fact_shows_was_lost_has_recovered_at_the_end_of_the_one_that_runs() -> None:
    lost = [received(f"C-{n}", f"2026-03-02 09:0{n}", branch="B-1") for n in range(6)]
    told = tell(FIELD, *lost[:5], clock("2026-06-10"), lost[5], until="2026-07-02 12:00")
    assert recovered(told, "field.complaints") == [("2026-06", ["2026-03"], "2026-07-01T00:00")]


@st.composite
def days(draw: st.DrawFn) -> list[Fact]:
    """A few visits of two managers on one day, some planned, some without an end, and who holds whom."""
    facts = [filed(f"K-{n}", f"2026-03-02 09:0{n}", by=draw(managers)) for n in range(3)]
    for n in range(draw(st.integers(1, 3))):
        who = {"customer": f"K-{draw(st.integers(0, 2))}", "manager": draw(managers), "mode": draw(modes)}
        hour = draw(st.integers(8, 15))
        facts += [planned(f"V-{n}", "2026-03-03 16:00", "2026-03-04", **who)] * draw(st.integers(0, 1))
        facts += [started(f"V-{n}", f"2026-03-04 {hour:02}:{n}0", **who)]
        facts += [ended(f"V-{n}", f"2026-03-04 {hour + 3}:00")] * draw(st.integers(0, 1))
    return facts


managers = st.sampled_from(["S-1", "S-2"])


modes = st.sampled_from(["on-site", "phone"])


def last_word(told: Told) -> dict[tuple[str, str, str], float]:
    """What stands at the end: figures that are missed, by KPI, subject and window."""
    said = {}
    for line in told.lines:
        if line["type"].startswith("kpi."):
            data = line["data"]
            said[data["kpi"], line["subject"], data["window"]] = data["value"]
    limits = load_policy([XUZHOU]).kpis
    return {key: value for key, value in said.items() if limits[key[0]].row.missed(value)}


# ---- whatever the order in which it is learned


@given(st.data())
def test_what_is_learned_after_the_quarter_comes_to_the_same_figures(data: st.DataObject) -> None:
    facts = data.draw(days())
    in_order = tell(XUZHOU, *sorted(facts, key=lambda told: told["time"]), until="2026-04-03 00:00")
    late = tell(XUZHOU, clock("2026-04-02"), *data.draw(st.permutations(facts)), until="2026-04-03 00:00")
    assert last_word(late) == last_word(in_order)
