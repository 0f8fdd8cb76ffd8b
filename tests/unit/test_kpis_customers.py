"""Figures of the customers held: who holds them, spot checks and evaluations."""

from typing import Any

import pytest

from tests.helpers.figures import FIELD, XUZHOU, clock, missed, values
from tests.helpers.scenario import Told, fact, tell
from tests.helpers.visits import dropped_in, evaluated, filed, planned, reassigned, started

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


@pytest.mark.parametrize("learned", ["checked first", "started first"])
def test_a_spot_check_counts_for_who_made_the_visit_whoever_was_to_make_it(learned: str) -> None:
    check = fact("visit.spot_checked", "visit/V-1", "2026-03-04 10:00", by="S-9", ok=True)
    start = started("V-1", "2026-03-04 09:00", manager="S-2", mode="phone")
    told = tell(
        XUZHOU,
        planned("V-1", "2026-03-03 09:00", "2026-03-04"),
        dropped_in("V-2", "2026-03-04 08:00", mode="phone"),
        *((check, start) if learned == "checked first" else (start, check)),
        until="2026-04-01 00:00",
    )
    assert values(told, "xuzhou.spot-checks") == [("staff/S-1", "2026-03", 0)]


def test_a_start_learned_after_the_month_hands_its_spot_check_to_who_made_the_visit() -> None:
    told = tell(
        XUZHOU,
        planned("V-1", "2026-03-03 09:00", "2026-03-04"),
        dropped_in("V-2", "2026-03-04 08:00", mode="phone"),
        dropped_in("V-3", "2026-03-04 08:00", mode="phone", manager="S-2"),
        fact("visit.spot_checked", "visit/V-1", "2026-03-04 10:00", by="S-9", ok=True),
        clock("2026-04-02"),
        started("V-1", "2026-03-04 09:00", manager="S-2", mode="phone"),
        until="2026-04-03 00:00",
    )
    assert values(told, "xuzhou.spot-checks") == [("staff/S-2", "2026-03", 0), ("staff/S-1", "2026-03", 0)]
    assert told.all("kpi.restated", subject="staff/S-2", kpi="xuzhou.spot-checks", value=0.5)


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
