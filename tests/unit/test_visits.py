"""Visits as 003 and 001-13 want them: planned ahead, made, begun in time, summed up, reported, kept."""

import json
from datetime import datetime
from itertools import permutations

import pytest

from domain.ledger import Batch, Incoming, Ledger
from domain.memory import MemoryStorage
from domain.policy import load_policy
from domain.visit import kept_until
from tests.helpers.scenario import Told, at, fact, tell
from tests.helpers.visits import Fact, dropped_in, ended, planned, started, summarised

XUZHOU = "tobacco-xuzhou"
TODAY, EVE = "2026-03-04", "2026-03-03"


def plan(visit: str, **more: object) -> Fact:
    return planned(visit, f"{EVE} 16:00", TODAY, **more)


def start(visit: str, time: str, **more: object) -> Fact:
    return started(visit, f"{TODAY} {time}", **more)


def excepted(visit: str, time: str, **more: object) -> Fact:
    return fact("visit.excepted", f"visit/{visit}", time, reason="……", **more)


def rescheduled(visit: str, time: str, day: str) -> Fact:
    return fact("visit.rescheduled", f"visit/{visit}", time, date=day, reason="……")


def noon(day: str) -> Fact:
    return fact("customer.contacted", "customer/K-clock", f"{day} 12:00", staff="S-9", channel="phone")


# ---- planned ahead


@pytest.mark.parametrize(
    ("time", "late"),
    [("2026-03-03 23:59", 0), ("2026-03-04 00:00", 0), ("2026-03-04 00:01", 1), ("2026-03-05 09:00", 1)],
)
def test_a_visit_is_planned_before_its_own_date_up_to_2400(time: str, late: int) -> None:
    told = tell(XUZHOU, planned("V-1", time, TODAY))
    assert told.count("violation.found", clause="xuzhou.planned-ahead", detail="planned-late") == late


# ---- made on its date


def test_starting_a_planned_visit_meets_it() -> None:
    told = tell(XUZHOU, plan("V-1"), start("V-1", "08:00"), until="2026-03-05 12:00")
    assert told.has("obligation.met", clause="xuzhou.visit-done", due_at="2026-03-05 00:00")


def test_moving_a_visit_meets_the_old_date_and_owes_the_new_one() -> None:
    told = tell(
        XUZHOU, plan("V-1"), rescheduled("V-1", f"{TODAY} 09:00", "2026-03-06"), until="2026-03-07 00:00"
    )
    assert told.has("obligation.met", clause="xuzhou.visit-done", due_at="2026-03-05 00:00")
    assert told.has("obligation.breached", clause="xuzhou.visit-done", time="2026-03-07 00:00")


def test_an_excepted_visit_that_is_moved_is_owed_on_the_new_date() -> None:
    told = tell(
        XUZHOU,
        plan("V-1"),
        excepted("V-1", f"{TODAY} 09:00", photo="P-1"),
        rescheduled("V-1", f"{TODAY} 10:00", "2026-03-06"),
        started("V-1", "2026-03-06 08:00"),
        until="2026-03-07 12:00",
    )
    assert told.count("obligation.met", clause="xuzhou.visit-done") == 2
    assert not told.has("violation.found", clause="xuzhou.exception-evidence")


def test_a_visit_that_was_made_owes_nothing_when_it_is_moved() -> None:
    told = tell(
        XUZHOU, plan("V-1"), start("V-1", "08:00"), rescheduled("V-1", f"{TODAY} 10:00", "2026-03-06")
    )
    assert told.count("obligation.opened", clause="xuzhou.visit-done") == 1


def test_a_start_learned_late_withdraws_the_breach() -> None:
    also_late = ended("V-1", f"{TODAY} 08:20")
    told = tell(XUZHOU, plan("V-1"), noon("2026-03-05"), start("V-1", "08:00"), also_late)
    assert told.has("obligation.breached", clause="xuzhou.visit-done")
    assert told.has("obligation.withdrawn", clause="xuzhou.visit-done")
    assert not told.has("obligation.met", clause="xuzhou.visit-done")


# ---- first arrival


def first_arrivals(told: Told) -> set[str]:
    """The visits on which a late first arrival stands."""
    found = {line["subject"] for line in told.all("violation.found", clause="xuzhou.first-arrival")}
    return found - {
        line["subject"] for line in told.all("violation.withdrawn", clause="xuzhou.first-arrival")
    }


def test_half_past_eight_is_in_time() -> None:
    assert first_arrivals(tell(XUZHOU, plan("V-1"), start("V-1", "08:30"))) == set()


def test_only_the_first_visit_of_the_day_is_an_arrival() -> None:
    told = tell(XUZHOU, plan("V-1"), plan("V-2"), start("V-1", "08:00"), start("V-2", "09:00"))
    assert first_arrivals(told) == set()


@pytest.mark.parametrize("mode", ["phone", "network"])
def test_a_call_is_no_arrival(mode: str) -> None:
    told = tell(XUZHOU, plan("V-1", mode=mode), plan("V-2"), start("V-1", "08:00"), start("V-2", "09:00"))
    assert first_arrivals(told) == {"visit/V-2"}


def test_an_earlier_start_learned_late_takes_the_violation_back() -> None:
    told = tell(XUZHOU, plan("V-1"), plan("V-2"), start("V-2", "09:00"), noon(TODAY), start("V-1", "08:00"))
    assert told.has("violation.found", subject="visit/V-2", clause="xuzhou.first-arrival")
    assert told.has("violation.withdrawn", subject="visit/V-2", detail="late-first-arrival")
    assert first_arrivals(told) == set()


def test_an_earlier_start_that_is_late_too_takes_the_violation_over() -> None:
    told = tell(XUZHOU, plan("V-1"), plan("V-2"), start("V-2", "09:00"), noon(TODAY), start("V-1", "08:45"))
    assert first_arrivals(told) == {"visit/V-1"}


def test_a_plan_learned_late_makes_the_visit_an_arrival() -> None:
    told = tell(
        XUZHOU,
        plan("V-2"),
        dropped_in("V-1", f"{TODAY} 08:45"),
        start("V-2", "09:00"),
        noon(TODAY),
        plan("V-1"),
    )
    assert told.has("violation.withdrawn", subject="visit/V-2")
    assert first_arrivals(told) == {"visit/V-1"}


def test_the_order_in_which_starts_are_learned_changes_nothing() -> None:
    starts = [start("V-1", "08:50"), start("V-2", "08:40"), start("V-3", "09:10")]
    plans = [plan(visit) for visit in ("V-1", "V-2", "V-3")]
    for learned in permutations(starts):
        assert first_arrivals(tell(XUZHOU, *plans, *learned)) == {"visit/V-2"}


def test_what_is_learned_late_of_a_visit_leaves_its_violation_standing() -> None:
    told = tell(XUZHOU, plan("V-1"), start("V-1", "08:45"), noon(TODAY), ended("V-1", f"{TODAY} 09:30"))
    assert first_arrivals(told) == {"visit/V-1"}


def test_every_day_and_every_manager_has_a_first_arrival() -> None:
    told = tell(
        XUZHOU,
        plan("V-1"),
        plan("V-2", manager="S-2"),
        planned("V-3", f"{EVE} 16:00", "2026-03-05"),
        start("V-1", "08:45"),
        start("V-2", "08:50"),
        started("V-3", "2026-03-05 08:31"),
    )
    assert first_arrivals(told) == {"visit/V-1", "visit/V-2", "visit/V-3"}


# ---- summed up


def test_a_summary_written_before_the_end_is_not_owed_again() -> None:
    told = tell(
        XUZHOU,
        dropped_in("V-1", f"{TODAY} 09:00"),
        summarised("V-1", f"{TODAY} 09:20"),
        ended("V-1", f"{TODAY} 09:30"),
    )
    assert not told.has("obligation.opened", clause="xuzhou.visit-summary")


def test_a_visit_that_ends_after_1730_breaks_the_summary_at_once() -> None:
    told = tell(XUZHOU, dropped_in("V-1", f"{TODAY} 17:00"), ended("V-1", f"{TODAY} 18:00"))
    assert told.has(
        "obligation.breached", clause="xuzhou.visit-summary", time=f"{TODAY} 18:00", due_at=f"{TODAY} 17:30"
    )


def day_summed_up(time: str) -> Fact:
    return fact("day.summarised", "staff/S-1", time)


DAY = {"clause": "xuzhou.day-summary"}


def test_a_day_is_summed_up_once_however_many_visits() -> None:
    told = tell(
        XUZHOU,
        dropped_in("V-1", f"{TODAY} 09:00"),
        day_summed_up(f"{TODAY} 15:00"),
        dropped_in("V-2", f"{TODAY} 16:00"),
    )
    assert told.count("obligation.opened", **DAY) == 1


def test_a_summary_is_of_its_own_day() -> None:
    told = tell(
        XUZHOU,
        dropped_in("V-1", f"{TODAY} 09:00"),
        dropped_in("V-2", "2026-03-05 09:00"),
        day_summed_up("2026-03-05 17:00"),
        until="2026-03-06 12:00",
    )
    assert told.has("obligation.breached", due_at=f"{TODAY} 17:30", **DAY)
    assert told.has("obligation.met", due_at="2026-03-05 17:30", **DAY)
    assert not told.has("escalation.stood_down", **DAY)


def test_a_summary_after_1730_stands_the_escalation_down() -> None:
    told = tell(XUZHOU, dropped_in("V-1", f"{TODAY} 09:00"), day_summed_up(f"{TODAY} 18:00"))
    assert told.has("escalation.stood_down", **DAY) and not told.has("obligation.met", **DAY)


def test_a_day_summed_up_before_its_first_visit_owes_no_summary() -> None:
    told = tell(XUZHOU, day_summed_up(f"{TODAY} 07:00"), dropped_in("V-1", f"{TODAY} 09:00"))
    assert not told.has("obligation.opened", **DAY)


def test_a_visit_at_2400_can_be_summed_up_by_the_next_1730() -> None:
    told = tell(XUZHOU, dropped_in("V-1", "2026-03-05 00:00"), day_summed_up("2026-03-05 17:30"))
    assert told.has("obligation.met", due_at="2026-03-05 17:30", **DAY)


def test_a_visit_learned_after_the_day_breaks_the_summary_at_1730_and_climbs_from_then_on() -> None:
    told = tell(XUZHOU, noon("2026-03-05"), dropped_in("V-1", f"{TODAY} 09:00"), until="2026-03-07 12:00")
    assert told.has("obligation.breached", time=f"{TODAY} 17:30", **DAY)
    assert told.has("escalation.raised", level=1, time="2026-03-05 12:00", **DAY)
    assert told.has("escalation.raised", level=2, time="2026-03-07 00:00", **DAY)


def test_a_visit_learned_after_a_day_that_was_summed_up_owes_nothing_more() -> None:
    told = tell(
        XUZHOU, day_summed_up(f"{TODAY} 17:00"), noon("2026-03-05"), dropped_in("V-1", f"{TODAY} 09:00")
    )
    assert told.has("obligation.met", **DAY) and not told.has("obligation.breached", **DAY)


def test_a_summary_learned_late_withdraws_the_breach() -> None:
    told = tell(
        XUZHOU, dropped_in("V-1", f"{TODAY} 09:00"), noon("2026-03-05"), day_summed_up(f"{TODAY} 17:00")
    )
    assert told.has("obligation.withdrawn", **DAY) and told.has("escalation.stood_down", **DAY)


# ---- return visits


def appointed(**more: object) -> Fact:
    return plan("V-1", purpose="return", appointment=f"{TODAY}T10:00:00+08:00", **more)


def test_a_return_visit_at_its_appointment_is_on_time() -> None:
    assert not tell("general", appointed(), start("V-1", "10:00")).has("violation.found")


def test_only_return_visits_have_an_appointment_to_keep() -> None:
    routine = plan("V-1", purpose="market", appointment=f"{TODAY}T10:00:00+08:00")
    told = tell("general", routine, start("V-1", "10:30"), ended("V-1", f"{TODAY} 11:00"))
    assert not told.has("violation.found") and not told.has("obligation.opened")


def test_a_moved_visit_is_not_measured_by_its_old_appointment() -> None:
    told = tell(
        "general",
        appointed(),
        rescheduled("V-1", f"{TODAY} 09:00", "2026-03-05"),
        started("V-1", "2026-03-05 10:00"),
    )
    assert not told.has("violation.found")


def test_a_report_is_reviewed_by_somebody_else_than_the_visitor() -> None:
    told = tell(
        "general",
        appointed(),
        start("V-1", "10:00"),
        ended("V-1", f"{TODAY} 11:00"),
        fact("visit.reported", "visit/V-1", f"{TODAY} 15:00"),
        fact("visit.reviewed", "visit/V-1", f"{TODAY} 16:00", by="S-1"),
        fact("visit.reviewed", "visit/V-1", "2026-03-11 16:00", by="S-2"),
    )
    assert told.has("obligation.met", clause="general.return-visit-report", due_at="2026-03-06 00:00")
    assert told.count("obligation.met", clause="general.return-visit-review", time="2026-03-11 16:00") == 1


# ---- beginnings


def test_a_visit_starts_once() -> None:
    told = tell(XUZHOU, plan("V-1"), start("V-1", "08:00"), start("V-1", "09:00"))
    assert told.has("intake.rejected", code="already-exists")


def test_who_drops_in_says_whom_and_how() -> None:
    told = tell(XUZHOU, started("V-1", f"{TODAY} 08:00", customer="K-1", manager="S-1"))
    assert told.has("intake.rejected", code="malformed", field="data.mode")


# ---- kept


def kept(packs: str) -> datetime | None:
    """Until when a visit on 4 March 2026 is kept."""
    storage = MemoryStorage()
    ledger = Ledger(storage, storage.recorder, load_policy([packs]))
    ledger.record(
        [Incoming.read(json.dumps(dropped_in("V-1", f"{TODAY} 09:00")).encode())], at(f"{TODAY} 09:00")
    )
    with storage.unit() as unit:
        return kept_until(Batch(ledger, unit, at(f"{TODAY} 10:00")).stream("visit/V-1"))


def test_a_visit_is_kept_for_three_months() -> None:
    assert kept(XUZHOU) == at("2026-06-05 00:00")
    assert kept("general") is None
