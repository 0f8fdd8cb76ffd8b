"""Figures of a branch: its complaints, its promises, and how satisfied its customers are."""

from typing import Any

from tests.helpers.figures import FIELD, clock, missed
from tests.helpers.scenario import fact, received, tell
from tests.helpers.visits import Fact, feedback


def complaints(n: int, **more: Any) -> list[Fact]:
    return [received(f"C-{day}", f"2026-03-0{day} 09:00", branch="B-1", **more) for day in range(1, n + 1)]


def withdrawn(complaint: str, time: str) -> Fact:
    return fact("complaint.withdrawn", f"complaint/{complaint}", time, reason="……")


# ---- counts of a branch


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


def rated(complaint: str, time: str, **dimensions: int) -> Fact:
    return feedback(f"complaint/{complaint}", time, dimensions=dimensions)


# ---- satisfaction by dimension


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
