"""Figures over windows: whom they measure, when they are missed, and what late facts change."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ledger import Incoming, Ledger
from domain.memory import MemoryStorage
from domain.policy import load_policy
from tests.helpers.scenario import Told, at, fact, received, tell
from tests.helpers.visits import (
    Fact,
    dropped_in,
    ended,
    evaluated,
    feedback,
    filed,
    planned,
    reassigned,
    started,
)

XUZHOU, FIELD = "tobacco-xuzhou", "tobacco-field"
NOON_NEXT_DAY = "2026-03-05 12:00"
MARKET_HOURS = {"kpi": "xuzhou.market-hours"}


def clock(day: str) -> Fact:
    """A fact about nothing, by which time passes before what is told next."""
    return fact("customer.contacted", "customer/K-clock", f"{day} 12:00", staff="S-9", channel="phone")


def missed(told: Told, kpi: str, **more: Any) -> list[dict[str, Any]]:
    return [line["data"] | {"time": line["time"]} for line in told.all("kpi.missed", kpi=kpi, **more)]


def values(told: Told, kpi: str) -> list[tuple[str, str, float]]:
    """(subject, window, value) of each miss."""
    return [
        (line["subject"], line["data"]["window"], line["data"]["value"])
        for line in told.all("kpi.missed", kpi=kpi)
    ]


# ---- hours in the market


def day_of(first: str, last: str) -> list[Fact]:
    return [
        dropped_in("V-1", f"2026-03-04 {first}"),
        ended("V-1", f"2026-03-04 {first}"),
        dropped_in("V-2", f"2026-03-04 {last}"),
    ]


def test_five_hours_in_the_market_are_enough() -> None:
    assert not tell(XUZHOU, *day_of("09:00", "14:00"), until=NOON_NEXT_DAY).has("kpi.missed", **MARKET_HOURS)


def test_a_visit_without_an_end_counts_by_its_start() -> None:
    told = tell(XUZHOU, *day_of("09:00", "13:59"), until=NOON_NEXT_DAY)
    assert told.all("kpi.missed", value=299 / 60, **MARKET_HOURS)


def test_phone_visits_are_no_time_in_the_market() -> None:
    phone = dropped_in("V-3", "2026-03-04 18:00", mode="phone")
    assert tell(XUZHOU, *day_of("09:00", "10:00"), phone, until=NOON_NEXT_DAY).all(
        "kpi.missed", value=1, **MARKET_HOURS
    )


def test_a_day_of_phone_visits_has_no_hours_in_the_market() -> None:
    phone = dropped_in("V-3", "2026-03-04 18:00", mode="phone")
    assert not tell(XUZHOU, phone, until=NOON_NEXT_DAY).has("kpi.missed", **MARKET_HOURS)


def test_where_plan_and_start_differ_the_start_counts() -> None:
    told = tell(
        XUZHOU,
        planned("V-1", "2026-03-03 09:00", "2026-03-04"),
        started("V-1", "2026-03-04 09:00", mode="phone"),
        until=NOON_NEXT_DAY,
    )
    assert not told.has("kpi.missed", **MARKET_HOURS)


def test_a_visit_at_2400_belongs_to_the_day_before() -> None:
    told = tell(XUZHOU, *day_of("20:00", "21:00"), dropped_in("V-3", "2026-03-05 00:00"), until=NOON_NEXT_DAY)
    assert told.all("kpi.missed", window="2026-03-04", value=4, **MARKET_HOURS)


def test_each_manager_has_a_day_of_their_own() -> None:
    other = dropped_in("V-3", "2026-03-04 18:00", manager="S-2")
    told = tell(XUZHOU, *day_of("09:00", "10:00"), other, until=NOON_NEXT_DAY)
    assert values(told, "xuzhou.market-hours") == [
        ("staff/S-1", "2026-03-04", 1),
        ("staff/S-2", "2026-03-04", 0),
    ]


# ---- late facts


def test_an_end_learned_late_restates_the_day() -> None:
    told = tell(
        XUZHOU,
        *day_of("09:00", "13:00"),
        clock("2026-03-05"),
        ended("V-2", "2026-03-04 14:30"),
        until="2026-03-06 00:00",
    )
    assert told.count("kpi.missed", value=4, **MARKET_HOURS) == 1
    assert told.count("kpi.restated", value=5.5, window="2026-03-04", **MARKET_HOURS) == 1


def test_an_ended_window_that_a_late_fact_makes_missed_is_missed_at_its_end() -> None:
    told = tell(XUZHOU, clock("2026-03-05"), dropped_in("V-1", "2026-03-04 09:00"), until="2026-03-06 00:00")
    assert told.count("kpi.missed", time="2026-03-05 00:00", **MARKET_HOURS) == 1


def test_a_late_fact_that_changes_no_figure_restates_nothing() -> None:
    told = tell(
        XUZHOU,
        *day_of("09:00", "13:00"),
        clock("2026-03-05"),
        ended("V-2", "2026-03-04 13:00"),
        until="2026-03-06 00:00",
    )
    assert not told.has("kpi.restated", **MARKET_HOURS)


def test_a_figure_that_was_in_order_and_still_is_says_nothing() -> None:
    told = tell(
        XUZHOU,
        *day_of("09:00", "15:00"),
        clock("2026-03-05"),
        ended("V-2", "2026-03-04 16:00"),
        until="2026-03-06 00:00",
    )
    assert not told.has("kpi.missed", **MARKET_HOURS) and not told.has("kpi.restated", **MARKET_HOURS)


def test_a_plan_learned_late_makes_the_visit_a_planned_one() -> None:
    told = tell(
        XUZHOU,
        dropped_in("V-1", "2026-03-04 09:00"),
        clock("2026-03-05"),
        planned("V-1", "2026-03-03 09:00", "2026-03-04"),
        until="2026-03-06 00:00",
    )
    assert told.count("kpi.missed", kpi="xuzhou.unplanned-share", value=1) == 1
    assert told.count("kpi.restated", kpi="xuzhou.unplanned-share", value=0) == 1


def test_a_late_visit_restates_the_month_from_its_days() -> None:
    told = tell(
        XUZHOU,
        *(filed(f"K-{n}", "2026-03-02 09:00") for n in range(4)),
        dropped_in("V-1", "2026-03-04 09:00", customer="K-1"),
        clock("2026-04-02"),
        dropped_in("V-2", "2026-03-20 09:00", customer="K-2"),
        until="2026-04-03 00:00",
    )
    assert told.count("kpi.missed", kpi="xuzhou.on-site-share", value=0.25) == 1
    assert told.count("kpi.restated", kpi="xuzhou.on-site-share", value=0.5, window="2026-03") == 1


# ---- customers held


def test_who_holds_a_customer_is_measured_every_month_without_any_visit() -> None:
    told = tell(XUZHOU, filed("K-1", "2026-01-05 09:00"), until="2026-04-01 00:00")
    assert values(told, "xuzhou.on-site-share") == [("staff/S-1", f"2026-0{month}", 0) for month in (1, 2, 3)]
    assert values(told, "xuzhou.evaluations") == [("staff/S-1", "2026-Q1", 0)]


def test_without_customers_held_there_is_no_share_of_them() -> None:
    told = tell(XUZHOU, dropped_in("V-1", "2026-03-04 09:00", mode="phone"), until="2026-04-01 00:00")
    assert not told.has("kpi.missed", kpi="xuzhou.on-site-share")


def test_who_holds_no_customer_but_made_a_visit_is_measured_on_evaluations() -> None:
    told = tell(XUZHOU, dropped_in("V-1", "2026-03-04 09:00"), until="2026-04-01 00:00")
    assert values(told, "xuzhou.evaluations") == [("staff/S-1", "2026-Q1", 0)]


def test_who_only_evaluates_customers_is_not_measured() -> None:
    told = tell(
        XUZHOU,
        filed("K-1", "2026-03-02 09:00", category="second-batch", manager="S-2"),
        evaluated("K-1", "2026-03-03 09:00", by="S-1"),
        until="2026-04-01 00:00",
    )
    assert values(told, "xuzhou.evaluations") == [("staff/S-2", "2026-Q1", 0)]


def test_the_filer_holds_the_customer_where_no_manager_is_named() -> None:
    told = tell(
        XUZHOU,
        filed("K-1", "2026-03-02 09:00", manager="S-2"),
        filed("K-2", "2026-03-02 09:00"),
        until="2026-04-01 00:00",
    )
    assert {subject for subject, _, _ in values(told, "xuzhou.on-site-share")} == {"staff/S-1", "staff/S-2"}


def test_a_customer_passed_on_is_held_by_both_in_that_month_and_by_the_new_one_afterwards() -> None:
    told = tell(
        XUZHOU,
        filed("K-1", "2026-03-02 09:00"),
        reassigned("K-1", "2026-03-10 09:00", "S-1", "S-2"),
        until="2026-05-01 00:00",
    )
    assert sorted(values(told, "xuzhou.on-site-share")) == [
        ("staff/S-1", "2026-03", 0),
        ("staff/S-2", "2026-03", 0),
        ("staff/S-2", "2026-04", 0),
    ]


def test_a_customer_passed_on_at_2400_of_the_last_day_is_held_anew_from_the_old_month_on() -> None:
    told = tell(
        XUZHOU,
        filed("K-1", "2026-03-02 09:00"),
        reassigned("K-1", "2026-04-01 00:00", "S-1", "S-2"),
        until="2026-05-01 00:00",
    )
    assert ("staff/S-2", "2026-03", 0) in values(told, "xuzhou.on-site-share")
    assert ("staff/S-1", "2026-04", 0) not in values(told, "xuzhou.on-site-share")


def test_a_file_learned_late_measures_the_months_that_have_ended() -> None:
    told = tell(XUZHOU, clock("2026-03-10"), filed("K-1", "2026-01-05 09:00"), until="2026-04-01 00:00")
    assert [(line["window"], line["time"]) for line in missed(told, "xuzhou.on-site-share")] == [
        ("2026-01", "2026-02-01T00:00:00+08:00"),
        ("2026-02", "2026-03-01T00:00:00+08:00"),
        ("2026-03", "2026-04-01T00:00:00+08:00"),
    ]


def test_a_file_learned_late_restates_the_share_of_customers_visited() -> None:
    told = tell(
        XUZHOU,
        filed("K-1", "2026-03-02 09:00"),
        filed("K-2", "2026-03-02 09:00"),
        filed("K-3", "2026-03-02 09:00"),
        dropped_in("V-1", "2026-03-04 09:00", customer="K-1"),
        clock("2026-04-02"),
        filed("K-4", "2026-03-03 09:00"),
        until="2026-04-03 00:00",
    )
    assert told.has("kpi.restated", kpi="xuzhou.on-site-share", window="2026-03", value=0.25)


def test_only_visits_on_site_count_twice_for_a_customer() -> None:
    told = tell(
        FIELD,
        filed("K-1", "2026-03-02 09:00"),
        dropped_in("V-1", "2026-03-04 09:00", customer="K-1"),
        dropped_in("V-2", "2026-03-05 09:00", customer="K-1", mode="phone"),
        until="2026-04-01 00:00",
    )
    assert values(told, "field.visits-per-customer") == [("staff/S-1", "2026-03", 0)]


# ---- spot checks and evaluations


def test_one_spot_check_in_fifty_visits_is_enough_and_in_fifty_one_is_not() -> None:
    def month(visits: int) -> Told:
        made = [dropped_in(f"V-{n}", f"2026-03-04 09:{n:02}") for n in range(visits)]
        check = fact("visit.spot_checked", "visit/V-0", "2026-03-05 09:00", by="S-9", ok=True)
        return tell(XUZHOU, *made, check, until="2026-04-01 00:00")

    assert not month(50).has("kpi.missed", kpi="xuzhou.spot-checks")
    assert month(51).has("kpi.missed", kpi="xuzhou.spot-checks", value=1 / 51)


def quarter(customers: int, **more: Any) -> Told:
    files = [filed(f"K-{n}", "2026-01-05 09:00", category="second-batch", **more) for n in range(customers)]
    twice = [evaluated(f"K-{n}", f"2026-0{month}-06 09:00") for month in (2, 3) for n in range(customers)]
    return tell(XUZHOU, *files, *twice, until="2026-04-01 00:00")


def test_fifteen_customers_of_the_second_batch_are_enough_however_often_evaluated() -> None:
    assert not quarter(15).has("kpi.missed", kpi="xuzhou.evaluations")
    assert values(quarter(14), "xuzhou.evaluations") == [("staff/S-1", "2026-Q1", 14)]


def test_only_customers_of_the_second_batch_count_and_a_late_file_may_show_that_one_was() -> None:
    told = tell(
        XUZHOU,
        filed("K-1", "2026-01-05 09:00", category="ordinary"),
        evaluated("K-1", "2026-01-06 09:00"),
        clock("2026-04-02"),
        filed("K-1", "2026-01-05 10:00", category="second-batch"),
        until="2026-04-03 00:00",
    )
    assert told.has("kpi.missed", kpi="xuzhou.evaluations", value=0)
    assert told.has("kpi.restated", kpi="xuzhou.evaluations", value=1)


# ---- counts of a branch


def complaints(n: int, **more: Any) -> list[Fact]:
    return [received(f"C-{day}", f"2026-03-0{day} 09:00", branch="B-1", **more) for day in range(1, n + 1)]


def withdrawn(complaint: str, time: str) -> Fact:
    return fact("complaint.withdrawn", f"complaint/{complaint}", time, reason="……")


def test_inquiries_do_not_count_as_complaints() -> None:
    assert not tell(FIELD, *complaints(7, kind="inquiry")).has("kpi.missed")


def test_appeals_count_as_complaints() -> None:
    assert tell(FIELD, *complaints(6, kind="appeal")).has("kpi.missed", kpi="field.complaints")


def test_withdrawn_complaints_do_not_count() -> None:
    told = tell(
        FIELD,
        *complaints(5),
        withdrawn("C-1", "2026-03-05 10:00"),
        received("C-6", "2026-03-06 09:00", branch="B-1"),
    )
    assert not told.has("kpi.missed", kpi="field.complaints")


def test_a_withdrawal_within_the_month_restates_and_the_month_is_missed_only_once() -> None:
    told = tell(
        FIELD,
        *complaints(6),
        withdrawn("C-1", "2026-03-07 09:00"),
        received("C-7", "2026-03-08 09:00", branch="B-1"),
        until="2026-04-02 00:00",
    )
    assert told.count("kpi.missed", kpi="field.complaints") == 1
    assert [line["data"]["value"] for line in told.all("kpi.restated", kpi="field.complaints")] == [5, 6]


def test_the_month_is_lost_when_the_sixth_came_in_whatever_was_learned_last() -> None:
    first, *others = complaints(6)
    told = tell(FIELD, *others, first)
    assert told.has("kpi.missed", kpi="field.complaints", value=6, time="2026-03-06 09:00")


def test_a_complaint_at_2400_of_the_last_day_belongs_to_the_month() -> None:
    told = tell(FIELD, *complaints(5), received("C-6", "2026-04-01 00:00", branch="B-1"))
    assert told.has("kpi.missed", kpi="field.complaints", window="2026-03", time="2026-04-01 00:00")


def test_a_seventh_complaint_learned_after_the_month_restates_it() -> None:
    told = tell(FIELD, *complaints(6), clock("2026-04-02"), received("C-7", "2026-03-30 09:00", branch="B-1"))
    assert told.has("kpi.restated", kpi="field.complaints", value=7, window="2026-03")


def test_complaints_without_a_branch_count_for_none() -> None:
    facts = [received(f"C-{n}", f"2026-03-04 09:0{n}") for n in range(7)]
    assert not tell(FIELD, *facts).has("kpi.missed", kpi="field.complaints")


def promised(complaint: str) -> Fact:
    return fact(
        "complaint.promised",
        f"complaint/{complaint}",
        "2026-03-09 09:00",
        answer_by="2026-03-10T09:00:00+08:00",
    )


def test_a_promise_shown_to_be_kept_restates_the_branch() -> None:
    told = tell(
        FIELD,
        *complaints(2),
        promised("C-1"),
        promised("C-2"),
        clock("2026-03-11"),
        fact("complaint.replied", "complaint/C-2", "2026-03-10 08:00", text="……"),
        until="2026-04-02 00:00",
    )
    assert told.has("kpi.missed", kpi="field.broken-promises", value=2, time="2026-03-10 09:00")
    assert told.has("kpi.restated", kpi="field.broken-promises", value=1)


# ---- satisfaction by dimension


def rated(complaint: str, time: str, **dimensions: int) -> Fact:
    return feedback(f"complaint/{complaint}", time, dimensions=dimensions)


def test_the_latest_feedback_of_a_customer_counts() -> None:
    told = tell(
        FIELD,
        *complaints(1),
        rated("C-1", "2026-03-05 09:00", promptness=2),
        rated("C-1", "2026-03-06 09:00", promptness=4),
        until="2026-04-01 00:00",
    )
    assert not told.has("kpi.missed", kpi="field.satisfied")


def test_each_dimension_is_missed_on_its_own() -> None:
    told = tell(
        FIELD,
        *complaints(1),
        rated("C-1", "2026-03-05 09:00", promptness=3, accuracy=5, politeness=1),
        until="2026-04-01 00:00",
    )
    assert {line["dimension"] for line in missed(told, "field.satisfied")} == {"promptness", "politeness"}


def test_a_dimension_that_nobody_rated_is_not_measured() -> None:
    told = tell(
        FIELD,
        *complaints(1),
        feedback("complaint/C-1", "2026-03-05 09:00", score=4),
        until="2026-04-01 00:00",
    )
    assert not told.has("kpi.missed", kpi="field.satisfied")


# ---- how figures are kept


def learned(*told: tuple[Fact, str], until: str) -> Told:
    """Facts learned by a ledger that no clock ticked for, until it does."""
    storage = MemoryStorage()
    ledger = Ledger(storage, storage.recorder, load_policy([XUZHOU]))
    outcomes = [ledger.record([Incoming.read(json.dumps(said).encode())], at(now)) for said, now in told]
    lines = [line for outcome in (*outcomes, ledger.tick(at(until))) for line in outcome.lines]
    return Told([json.loads(line) for line in lines])


HELD = (filed("K-1", "2026-01-05 09:00"), "2026-01-05 09:00")


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


# ---- whatever the order in which it is learned


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


@given(st.data())
def test_what_is_learned_after_the_quarter_comes_to_the_same_figures(data: st.DataObject) -> None:
    facts = data.draw(days())
    in_order = tell(XUZHOU, *sorted(facts, key=lambda told: told["time"]), until="2026-04-03 00:00")
    late = tell(XUZHOU, clock("2026-04-02"), *data.draw(st.permutations(facts)), until="2026-04-03 00:00")
    assert last_word(late) == last_word(in_order)
