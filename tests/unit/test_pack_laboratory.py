"""The laboratory's rows, each with its story; without the row there is no such consequence."""

from typing import Any, NamedTuple

import pytest

from domain.policy import check_examples, load_policy
from tests.helpers.complaints import Fact, act, answered, closed, feedback, levels, replied, resolved, settled
from tests.helpers.scenario import Told, at, fact, received, tell, without

LAB = "laboratory"
MONDAY = "2026-03-09"


def came(time: str = f"{MONDAY} 09:00", **data: Any) -> Fact:
    return received("C-1", time, **data)


def appealed(time: str = f"{MONDAY} 09:00", report: str | None = None, **data: Any) -> Fact:
    got = at(report).isoformat() if report else None
    return came(time, **{"kind": "appeal", "written": True, "report_received_at": got, **data})


def reinspected(time: str = f"{MONDAY} 10:00", **data: Any) -> Fact:
    whole = {"inspectors": ["S-1", "S-2"], "original_sample": True, "original_correct": True}
    return act("reinspected", time, **{**whole, **data})


def corrected(time: str, **data: Any) -> Fact:
    whole = {"authorised_by": "S-9", "recalled": True, "voided": True}
    return act("report_corrected", time, **{**whole, **data})


def to_office(time: str = f"{MONDAY} 10:00", to: str = "office") -> Fact:
    return act("handed_over", time, to=to, reason="……")


def investigated(time: str) -> Fact:
    return act("investigated", time, findings="……", reasonable=True)


def archived(time: str) -> Fact:
    return act("archived", time, by="S-1")


class Story(NamedTuple):
    facts: list[Fact]
    until: str
    event: str
    expected: dict[str, Any]


STORIES = {
    "lab.appeal-window": Story(
        [appealed("2026-03-10 09:00", report="2026-02-26 10:00")],
        "2026-03-10 09:00",
        "violation.found",
        {"detail": "appeal-out-of-time"},
    ),
    "lab.in-writing": Story(
        [came(), answered(f"{MONDAY} 10:00")],
        f"{MONDAY} 10:00",
        "violation.found",
        {"detail": "not-in-writing"},
    ),
    "lab.decision": Story(
        [appealed()], "2026-03-25 00:00", "obligation.breached", {"time": "2026-03-25 00:00"}
    ),
    "lab.reinspection": Story(
        [came(), reinspected(inspectors=["S-1", "S-1"])],
        f"{MONDAY} 10:00",
        "violation.found",
        {"detail": "single-inspector"},
    ),
    "lab.correction": Story(
        [came(), reinspected(original_correct=False)],
        "2026-03-13 00:00",
        "obligation.breached",
        {"time": "2026-03-13 00:00"},
    ),
    "lab.written-feedback": Story(
        [came(), answered(f"{MONDAY} 10:00")],
        "2026-03-17 00:00",
        "obligation.breached",
        {"time": "2026-03-17 00:00"},
    ),
    "lab.hard-case": Story(
        [came(), to_office()], "2026-03-17 00:00", "obligation.breached", {"time": "2026-03-17 00:00"}
    ),
    "lab.archive": Story(
        [came(), *settled(MONDAY)], "2026-04-09 00:00", "obligation.breached", {"time": "2026-04-09 00:00"}
    ),
}


@pytest.mark.parametrize("row", STORIES)
def test_a_row_has_its_consequence(row: str) -> None:
    story = STORIES[row]
    assert tell(LAB, *story.facts, until=story.until).count(story.event, clause=row, **story.expected) == 1


@pytest.mark.parametrize("row", STORIES)
def test_without_the_row_there_is_no_such_consequence(row: str) -> None:
    story = STORIES[row]
    assert not tell(without(LAB, row), *story.facts, until=story.until).has(story.event, clause=row)


def test_every_row_of_the_pack_has_a_story() -> None:
    assert STORIES.keys() == {row.id for row in load_policy([LAB]).packs[-1].clause}


def test_worked_examples_are_right() -> None:
    assert check_examples(load_policy([LAB])) == []


def details(told: Told, clause: str) -> list[str]:
    return [line["data"]["detail"] for line in told.all("violation.found", clause=clause)]


# ---- lab.appeal-window


@pytest.mark.parametrize(
    ("report", "appeal", "in_time"),
    [
        ("2026-03-02 10:00", "2026-03-13 00:00", True),
        ("2026-03-02 10:00", "2026-03-13 00:00:01", False),
        ("2026-03-05 10:00", "2026-03-17 00:00", True),
        ("2026-03-05 10:00", "2026-03-17 00:00:01", False),
        ("2026-03-03 00:00", "2026-03-13 00:00:01", False),
        (None, "2026-03-17 09:00", True),
    ],
)
def test_an_appeal_comes_within_ten_days_of_the_report_rolled_over_a_weekend(
    report: str | None, appeal: str, in_time: bool
) -> None:
    told = tell(LAB, appealed(appeal, report))
    assert ("appeal-out-of-time" in details(told, "lab.appeal-window")) is not in_time


@pytest.mark.parametrize(("written", "fine"), [(True, True), (False, False), (None, False)])
def test_an_appeal_is_written(written: bool | None, fine: bool) -> None:
    assert (details(tell(LAB, appealed(written=written)), "lab.appeal-window") == []) is fine


@pytest.mark.parametrize("kind", ["complaint", "inquiry", None])
def test_only_appeals_have_a_window_and_a_form(kind: str | None) -> None:
    told = tell(LAB, came(kind=kind, report_received_at="2026-01-05T09:00:00+08:00"))
    assert details(told, "lab.appeal-window") == []


# ---- lab.in-writing


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"final": True}, 1),
        ({"final": True, "written": False}, 1),
        ({"final": True, "written": True}, 0),
        ({"final": False, "written": False}, 0),
        ({}, 0),
    ],
)
@pytest.mark.parametrize("kind", ["complaint", "appeal", "inquiry"])
def test_the_final_answer_to_any_complaint_is_written(said: dict[str, Any], found: int, kind: str) -> None:
    told = tell(LAB, came(kind=kind, written=True), replied(f"{MONDAY} 10:00", **said))
    assert len(details(told, "lab.in-writing")) == found


# ---- lab.decision


def test_an_urgent_appeal_is_decided_within_three_working_days() -> None:
    told = tell(LAB, appealed(urgent=True), until="2026-03-20 00:00")
    assert told.has("obligation.breached", clause="lab.decision", time="2026-03-13 00:00")


def test_complaints_and_inquiries_have_no_decision() -> None:
    assert not tell(LAB, came(kind="inquiry")).has("obligation.opened", clause="lab.decision")


@pytest.mark.parametrize(
    ("said", "met"),
    [
        (answered("2026-03-25 00:00", written=True), True),
        (answered("2026-03-24 09:00"), False),
        (answered("2026-03-24 09:00", written=False), False),
        (replied("2026-03-24 09:00", written=True), False),
    ],
)
def test_only_a_final_and_written_answer_decides(said: Fact, met: bool) -> None:
    told = tell(LAB, appealed(), said, until="2026-03-26 00:00")
    assert told.has("obligation.met", clause="lab.decision") is met
    assert told.has("obligation.breached", clause="lab.decision") is not met


def waited(start: str, end: str | None) -> list[Fact]:
    pause = [act("awaiting", start, whom="customer")]
    return [*pause, act("resumed", end)] if end else pause


@pytest.mark.parametrize(
    ("pause", "due"),
    [
        (("2026-03-11 10:00", "2026-03-13 10:00"), "2026-03-27 00:00"),
        (("2026-03-11 10:00", "2026-03-11 18:00"), "2026-03-25 00:00"),
        (("2026-03-11 10:00", "2026-03-12 00:00"), "2026-03-25 00:00"),
        (("2026-03-13 10:00", "2026-03-16 10:00"), "2026-03-28 00:00"),
    ],
)
def test_waiting_for_others_does_not_count_for_each_day_it_lasted_into(
    pause: tuple[str, str], due: str
) -> None:
    told = tell(LAB, appealed(), *waited(*pause), until="2026-04-01 00:00")
    assert told.has("obligation.breached", clause="lab.decision", time=due)
    assert told.has("obligation.moved", clause="lab.decision") is (due != "2026-03-25 00:00")


def test_a_pause_that_does_not_end_breaches_nothing() -> None:
    told = tell(LAB, appealed(), *waited("2026-03-11 10:00", None), until="2026-06-01 00:00")
    assert not told.has("obligation.breached", clause="lab.decision")
    assert not told.has("obligation.warned", clause="lab.decision")


def test_waiting_twice_and_resuming_twice_is_one_pause() -> None:
    pause = [
        act("awaiting", "2026-03-11 10:00", whom="customer"),
        act("awaiting", "2026-03-12 10:00", whom="supplier"),
        act("resumed", "2026-03-13 10:00"),
        act("resumed", "2026-03-14 10:00"),
    ]
    told = tell(LAB, appealed(), *pause, until="2026-04-01 00:00")
    assert told.has("obligation.breached", clause="lab.decision", time="2026-03-27 00:00")
    assert told.count("obligation.moved", clause="lab.decision") == 1


def test_a_pause_typed_in_late_takes_the_breach_back() -> None:
    told = tell(
        LAB,
        appealed(),
        received("C-2", "2026-03-26 09:00"),
        *waited("2026-03-11 10:00", "2026-03-13 10:00"),
        until="2026-03-27 00:00",
    )
    assert told.has("obligation.withdrawn", clause="lab.decision", due_at="2026-03-25 00:00")
    assert told.has("obligation.breached", clause="lab.decision", time="2026-03-27 00:00")


def test_closing_ends_the_decision_and_reopening_an_appeal_asks_for_another() -> None:
    told = tell(
        LAB,
        appealed(),
        answered("2026-03-10 10:00", written=False),
        resolved("2026-03-10 11:00"),
        closed("2026-03-10 12:00"),
        act("reopened", "2026-03-11 09:00", reason="……"),
    )
    assert told.has("obligation.withdrawn", clause="lab.decision", due_at="2026-03-25 00:00")
    assert told.has("obligation.opened", clause="lab.decision", due_at="2026-03-27 00:00")


def test_a_customer_who_is_not_satisfied_with_a_decision_is_owed_another() -> None:
    told = tell(LAB, appealed(), *settled("2026-03-10"), feedback("2026-03-11 09:00", score=1))
    assert told.count("obligation.met", clause="lab.decision") == 1
    assert told.has("obligation.opened", clause="lab.decision", due_at="2026-03-27 00:00")


def test_closing_ends_a_pause_for_what_is_reopened_later() -> None:
    told = tell(
        LAB,
        appealed(),
        *waited("2026-03-09 10:00", None),
        *settled("2026-03-10"),
        act("reopened", "2026-03-11 09:00", reason="……"),
        until="2026-03-27 00:00",
    )
    assert told.has("obligation.breached", clause="lab.decision", time="2026-03-27 00:00")


def test_reopening_a_plain_complaint_asks_for_no_decision() -> None:
    told = tell(LAB, came(), *settled("2026-03-10"), act("reopened", "2026-03-11 09:00", reason="……"))
    assert not told.has("obligation.opened", clause="lab.decision")


# ---- lab.reinspection


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, []),
        ({"inspectors": ["S-1"]}, ["single-inspector"]),
        ({"inspectors": []}, ["single-inspector"]),
        ({"simultaneous": False}, ["not-simultaneous"]),
        ({"simultaneous": True, "blind_coded": True}, []),
        ({"blind_coded": False}, ["not-blind-coded"]),
        ({"original_sample": False}, ["not-original-sample"]),
        ({"original_sample": False, "resample_reason": ""}, ["not-original-sample"]),
        ({"original_sample": False, "resample_reason": "……"}, []),
        (
            {"inspectors": ["S-1"], "simultaneous": False, "blind_coded": False, "original_sample": False},
            ["single-inspector", "not-simultaneous", "not-original-sample", "not-blind-coded"],
        ),
    ],
)
def test_a_re_inspection_is_done_by_two_at_once_on_the_coded_original(
    said: dict[str, Any], found: list[str]
) -> None:
    assert details(tell(LAB, came(), reinspected(**said)), "lab.reinspection") == found


# ---- lab.correction


def test_a_right_result_needs_no_correction() -> None:
    assert not tell(LAB, came(), reinspected()).has("obligation.opened", clause="lab.correction")


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ({}, True),
        ({"reissued": True}, True),
        ({"reissued": False}, False),
        ({"recalled": False}, False),
        ({"voided": False}, False),
    ],
)
def test_a_wrong_report_is_recalled_voided_and_issued_anew(said: dict[str, bool], whole: bool) -> None:
    told = tell(LAB, came(), reinspected(original_correct=False), corrected("2026-03-13 00:00", **said))
    assert told.has("obligation.met", clause="lab.correction") is whole
    assert (details(told, "lab.correction") == ["correction-incomplete"]) is not whole


def test_what_was_corrected_by_halves_is_completed_later() -> None:
    halves = [corrected("2026-03-10 09:00", voided=False), corrected("2026-03-11 09:00")]
    told = tell(LAB, came(), reinspected(original_correct=False), *halves)
    assert told.has("obligation.met", clause="lab.correction", time="2026-03-11 09:00")


def test_the_correction_stays_owed_when_the_complaint_is_closed() -> None:
    told = tell(
        LAB,
        came(),
        reinspected(f"{MONDAY} 09:30", original_correct=False),
        *settled(MONDAY),
        until="2026-03-13 00:00",
    )
    assert told.has("obligation.breached", clause="lab.correction")


# ---- lab.written-feedback


@pytest.mark.parametrize(
    ("said", "met"),
    [
        (act("feedback_solicited", "2026-03-17 00:00"), True),
        (act("feedback_solicited", "2026-03-16 09:00", written=True), True),
        (act("feedback_solicited", "2026-03-16 09:00", written=False), False),
        (feedback("2026-03-16 09:00", score=4), True),
    ],
)
def test_the_customer_is_asked_in_writing(said: Fact, met: bool) -> None:
    told = tell(LAB, came(), answered(f"{MONDAY} 10:00", written=True), said, until="2026-03-18 00:00")
    assert told.has("obligation.met", clause="lab.written-feedback") is met


def test_a_reply_of_progress_asks_for_no_feedback() -> None:
    assert not tell(LAB, came(), replied(f"{MONDAY} 10:00")).has(
        "obligation.opened", clause="lab.written-feedback"
    )


# ---- lab.hard-case


def test_only_what_the_office_gets_is_a_hard_case() -> None:
    assert not tell(LAB, came(), to_office(to="legal")).has("obligation.opened", clause="lab.hard-case")


def test_the_office_has_a_hard_case_investigated_unless_it_is_closed() -> None:
    told = tell(LAB, came(), to_office(), investigated("2026-03-17 00:00"))
    assert told.has("obligation.met", clause="lab.hard-case")
    told = tell(LAB, came(), to_office(f"{MONDAY} 09:30"), *settled(MONDAY))
    assert told.has("obligation.withdrawn", clause="lab.hard-case", time=f"{MONDAY} 12:00")


# ---- lab.archive


def test_a_closed_complaint_is_archived_by_the_last_instant_of_the_thirtieth_day() -> None:
    told = tell(LAB, came(), *settled(MONDAY), archived("2026-04-09 00:00"))
    assert told.has("obligation.met", clause="lab.archive", due_at="2026-04-09 00:00")


def test_reopening_withdraws_the_archiving_and_closing_again_owes_it_anew() -> None:
    again = act("reopened", "2026-03-10 09:00", reason="……")
    told = tell(LAB, came(), *settled(MONDAY), again, *settled("2026-03-11"))
    assert told.count("obligation.withdrawn", clause="lab.archive", time="2026-03-10 09:00") == 1
    assert told.has("obligation.opened", clause="lab.archive", due_at="2026-04-11 00:00")


def test_a_breached_archiving_stays_breached_when_the_complaint_is_reopened() -> None:
    again = act("reopened", "2026-04-10 09:00", reason="……")
    told = tell(LAB, came(), *settled(MONDAY), again, until="2026-04-20 00:00")
    assert told.count("obligation.breached", clause="lab.archive") == 1
    assert not told.has("obligation.withdrawn", clause="lab.archive")


def test_the_ladder_of_the_laboratory_has_three_steps_a_working_day_apart() -> None:
    told = tell(LAB, came(), to_office(), until="2026-04-30 00:00")
    assert levels(told, clause="lab.hard-case") == [
        (1, ["department_manager"], "2026-03-17T00:00:00+08:00"),
        (2, ["office"], "2026-03-18T00:00:00+08:00"),
        (3, ["investigation_team"], "2026-03-19T00:00:00+08:00"),
    ]


def test_a_key_customers_appeal_escalates_as_high() -> None:
    key = fact("customer.filed", "customer/K-C-1", f"{MONDAY} 08:00", by="S-1", category="key")
    told = tell(LAB, key, appealed(), until="2026-03-25 00:00")
    assert told.has("escalation.raised", clause="lab.decision", severity="high")
