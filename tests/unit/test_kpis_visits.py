"""Figures of visits: hours in the market, and what facts learned late change."""

from tests.helpers.figures import NOON_NEXT_DAY, XUZHOU, clock, values
from tests.helpers.scenario import tell
from tests.helpers.visits import Fact, dropped_in, ended, filed, planned, started

MARKET_HOURS = {"kpi": "xuzhou.market-hours"}


def day_of(first: str, last: str) -> list[Fact]:
    return [
        dropped_in("V-1", f"2026-03-04 {first}"),
        ended("V-1", f"2026-03-04 {first}"),
        dropped_in("V-2", f"2026-03-04 {last}"),
    ]


# ---- hours in the market


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
