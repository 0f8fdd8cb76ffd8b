"""The car dealer's rows, each with its story; without the row there is no such consequence.

`auto.compensation` has its edges in test_approvals.py.
"""

from typing import Any, NamedTuple

import pytest

from domain.policy import check_examples, load_policy
from tests.helpers.approvals import granted, requested
from tests.helpers.complaints import Fact, act, closed, codes, feedback, levels, resolved, settled
from tests.helpers.scenario import Told, fact, received, tell, without

AUTO = "auto-4s"
MONDAY, TUESDAY = "2026-04-13", "2026-04-14"
CONTACT = {"name": "张敏", "phone": "13900000001", "model": "X5", "plate": "苏C12345"}


def came(time: str = f"{MONDAY} 09:00", of: str = "C-1", **data: Any) -> Fact:
    return received(of, time, **{"contact": CONTACT, "customer": "K-1", **data})


def signalled(signal: str, time: str) -> Fact:
    return act("signalled", time, signal=signal)


def prewarned(time: str, *to: str) -> Fact:
    return act("prewarned", time, to=list(to))


def reported_up(time: str, *to: str) -> Fact:
    return act("reported_up", time, to=list(to))


def crisis_met(time: str, chair: str = "general_manager") -> Fact:
    return act("crisis_met", time, chaired_by=chair, attendees=["legal"])


def fed_back(time: str) -> Fact:
    return act("result_fed_back", time, to="group_call_centre")


MAJOR = came(signals=["door-blocking"])
BOTH = ("brand_division", "legal")
TOP = ("vp_operations", "ceo")


class Story(NamedTuple):
    facts: list[Fact]
    until: str
    event: str
    expected: dict[str, Any]


STORIES = {
    "auto.intake-complete": Story(
        [came(contact={"name": "张敏", "phone": "139", "model": "X5"})],
        f"{MONDAY} 09:00",
        "violation.found",
        {"detail": "intake-incomplete", "missing": ["plate"]},
    ),
    "auto.verify": Story([came()], f"{MONDAY} 10:00", "obligation.breached", {"time": f"{MONDAY} 10:00"}),
    "auto.result-feedback": Story(
        [came(channel="group-call-centre"), resolved(f"{MONDAY} 10:15")],
        f"{TUESDAY} 10:15",
        "obligation.breached",
        {"time": f"{TUESDAY} 10:15"},
    ),
    "auto.survey": Story(
        [came(), fed_back(f"{MONDAY} 10:15")],
        "2026-04-17 00:00",
        "obligation.breached",
        {"time": "2026-04-17 00:00"},
    ),
    "auto.major": Story(
        [MAJOR],
        f"{MONDAY} 09:00",
        "complaint.classified",
        {"major": True, "signals": ["door-blocking"], "time": f"{MONDAY} 09:00"},
    ),
    "auto.repeat": Story(
        [came("2026-04-01 09:00", "C-0"), came()],
        f"{MONDAY} 09:00",
        "complaint.classified",
        {"subject": "complaint/C-1", "signals": ["repeat"]},
    ),
    "auto.notify-manager": Story(
        [came(channel="group-call-centre")],
        f"{MONDAY} 09:00",
        "escalation.raised",
        {"severity": "info", "to": ["customer_relations_manager"], "level": 1},
    ),
    "auto.pre-warning": Story(
        [MAJOR, prewarned(f"{MONDAY} 10:00", "legal")],
        f"{TUESDAY} 09:00",
        "obligation.breached",
        {"time": f"{TUESDAY} 09:00"},
    ),
    "auto.report-up": Story(
        [MAJOR, prewarned(f"{MONDAY} 10:00", *BOTH), reported_up(f"{MONDAY} 11:00", "ceo")],
        f"{TUESDAY} 10:00",
        "obligation.breached",
        {"time": f"{TUESDAY} 10:00"},
    ),
    "auto.crisis-meeting": Story(
        [MAJOR, crisis_met(f"{MONDAY} 10:00", "department_manager")],
        f"{MONDAY} 12:00",
        "violation.found",
        {"detail": "wrong-chair"},
    ),
    "auto.compensation": Story(
        [MAJOR, act("compensated", f"{MONDAY} 10:00", amount=100)],
        f"{MONDAY} 12:00",
        "intake.rejected",
        {"code": "over-authority", "field": "data.amount"},
    ),
}
WHOSE = {"auto.repeat": "auto.major", "auto.compensation": None}
"""The clause that the consequence names, where it is not the row itself."""


def expected(row: str) -> dict[str, Any]:
    clause = WHOSE.get(row, row)
    return STORIES[row].expected | ({"clause": clause} if clause else {})


@pytest.mark.parametrize("row", STORIES)
def test_a_row_has_its_consequence(row: str) -> None:
    story = STORIES[row]
    assert tell(AUTO, *story.facts, until=story.until).count(story.event, **expected(row)) == 1


@pytest.mark.parametrize("row", STORIES)
def test_without_the_row_there_is_no_such_consequence(row: str) -> None:
    story = STORIES[row]
    told = tell(without(AUTO, row), *story.facts, until=story.until)
    assert not told.has(story.event, **expected(row))


def test_every_row_of_the_pack_has_a_story() -> None:
    assert STORIES.keys() == {row.id for row in load_policy([AUTO]).packs[-1].clause}


def test_worked_examples_are_right() -> None:
    assert check_examples(load_policy([AUTO])) == []


# ---- auto.intake-complete


@pytest.mark.parametrize(
    ("contact", "missing"),
    [
        (None, ["name", "phone", "model", "plate"]),
        ({"address": "……"}, ["name", "phone", "model", "plate"]),
        ({**CONTACT, "phone": ""}, ["phone"]),
        (CONTACT, []),
    ],
)
def test_what_the_intake_lacks_is_named(contact: dict[str, str] | None, missing: list[str]) -> None:
    told = tell(AUTO, came(contact=contact))
    found = told.all("violation.found", clause="auto.intake-complete", detail="intake-incomplete")
    assert [line["data"]["missing"] for line in found] == ([missing] if missing else [])


# ---- auto.verify


@pytest.mark.parametrize(("minute", "met"), [("10:00:00", True), ("10:00:01", False)])
def test_verified_within_the_hour(minute: str, met: bool) -> None:
    verified = act("verified", f"{MONDAY} {minute}", by="S-1", matches=True)
    told = tell(AUTO, came(), verified, until=f"{MONDAY} 12:00")
    assert told.has("obligation.met", clause="auto.verify") is met
    assert told.has("obligation.breached", clause="auto.verify") is not met
    assert told.has("escalation.stood_down", clause="auto.verify") is not met


def test_verification_is_not_owed_once_the_complaint_is_closed() -> None:
    told = tell(AUTO, came(f"{MONDAY} 11:30"), *settled(MONDAY), until=f"{TUESDAY} 09:00")
    assert told.has("obligation.withdrawn", clause="auto.verify", time=f"{MONDAY} 12:00")
    assert not told.has("obligation.breached", clause="auto.verify")


# ---- auto.result-feedback, auto.survey, auto.notify-manager


def test_only_what_the_call_centre_sent_is_fed_back_and_told() -> None:
    told = tell(AUTO, came(), resolved(f"{MONDAY} 10:15"))
    assert not told.has("obligation.opened", clause="auto.result-feedback")
    assert not told.has("escalation.raised", clause="auto.notify-manager")


def test_a_result_is_fed_back_to_the_very_second_also_after_closing() -> None:
    facts = [came(channel="group-call-centre"), *settled(MONDAY), fed_back(f"{TUESDAY} 11:00")]
    told = tell(AUTO, *facts, until="2026-05-01 00:00")
    assert told.has("obligation.met", clause="auto.result-feedback", due_at=f"{TUESDAY} 11:00")


def test_telling_the_manager_has_one_level() -> None:
    told = tell(AUTO, came(channel="group-call-centre"), until="2026-05-01 00:00")
    assert len(levels(told, clause="auto.notify-manager")) == 1


def test_a_key_customers_notice_is_never_less_than_high() -> None:
    key = fact("customer.filed", "customer/K-1", f"{MONDAY} 08:00", by="S-1", category="key")
    told = tell(AUTO, key, came(channel="group-call-centre"))
    assert told.has("escalation.raised", clause="auto.notify-manager", severity="high")


def test_the_survey_is_answered_by_the_customer() -> None:
    facts = [came(), resolved(f"{MONDAY} 10:00"), fed_back(f"{MONDAY} 10:15")]
    told = tell(AUTO, *facts, feedback("2026-04-17 00:00", score=4), until="2026-04-20 00:00")
    assert told.has("obligation.met", clause="auto.survey", due_at="2026-04-17 00:00")


# ---- auto.major


@pytest.mark.parametrize(
    "signal",
    [
        "repeat",
        "manufacturer",
        "door-blocking",
        "trouble-making",
        "return-exchange",
        "negative-media",
        "wide-impact",
    ],
)
def test_any_major_signal_classifies_at_receipt_or_when_it_shows(signal: str) -> None:
    assert tell(AUTO, came(signals=[signal])).has("complaint.classified", time=f"{MONDAY} 09:00")
    told = tell(AUTO, came(), signalled(signal, f"{MONDAY} 10:00"))
    assert told.count("complaint.classified", signals=[signal], time=f"{MONDAY} 10:00") == 1


def test_other_signals_classify_nothing() -> None:
    assert not tell(AUTO, came(signals=["loud"]), signalled("angry", f"{MONDAY} 10:00")).has(
        "complaint.classified"
    )


def test_a_complaint_is_classified_once() -> None:
    later = [signalled(signal, f"{MONDAY} 1{n}:00") for n, signal in enumerate(["manufacturer", "repeat"])]
    told = tell(AUTO, MAJOR, *later)
    assert told.count("complaint.classified") == 1
    assert told.count("complaint.signalled") == 2
    assert told.count("escalation.raised", clause="auto.major", level=1) == 1


def test_a_reopened_complaint_is_major_still_and_owes_nothing_anew() -> None:
    reopened = act("reopened", f"{TUESDAY} 09:00", reason="……")
    told = tell(AUTO, MAJOR, *settled(MONDAY), reopened, signalled("manufacturer", f"{TUESDAY} 10:00"))
    assert told.count("complaint.classified") == 1
    assert told.count("obligation.opened", clause="auto.pre-warning") == 1


LADDER = [
    (1, ["department_manager", "general_manager"], f"{MONDAY}T09:00:00+08:00"),
    (2, ["brand_division", "legal"], f"{MONDAY}T09:30:00+08:00"),
    (3, ["vp_operations", "ceo"], f"{MONDAY}T10:00:00+08:00"),
]


def test_a_major_complaint_climbs_every_half_hour_to_the_top_and_stays_there() -> None:
    told = tell(AUTO, MAJOR, until="2026-05-01 00:00")
    assert levels(told, clause="auto.major", severity="critical") == LADDER


@pytest.mark.parametrize(
    ("act_at", "steps"), [("09:29:59", 1), ("09:30:00", 1), ("09:30:01", 2), ("10:00:01", 3)]
)
def test_who_takes_it_on_stops_the_climb(act_at: str, steps: int) -> None:
    taken = fact(
        "escalation.acknowledged", "complaint/C-1", f"{MONDAY} {act_at}", by="S-9", clause="auto.major"
    )
    told = tell(AUTO, MAJOR, taken, until="2026-04-13 23:00")
    assert levels(told, clause="auto.major") == LADDER[:steps]


def test_closing_stands_the_major_escalation_down_and_leaves_what_is_owed() -> None:
    told = tell(AUTO, MAJOR, *settled(MONDAY), until=f"{TUESDAY} 09:00")
    assert told.has("escalation.stood_down", clause="auto.major", time=f"{MONDAY} 12:00")
    assert told.has("obligation.breached", clause="auto.pre-warning", time=f"{TUESDAY} 09:00")
    assert told.has("obligation.breached", clause="auto.crisis-meeting", time=f"{TUESDAY} 09:00")


def test_a_signal_typed_in_late_classifies_when_it_showed_and_climbs_from_when_it_was_learned() -> None:
    told = tell(
        AUTO,
        came(),
        came(f"{MONDAY} 15:00", "C-2", customer="K-2"),
        signalled("manufacturer", f"{MONDAY} 10:00"),
    )
    assert told.has("complaint.classified", subject="complaint/C-1", time=f"{MONDAY} 10:00")
    assert told.has("obligation.opened", clause="auto.pre-warning", due_at=f"{TUESDAY} 10:00")
    assert told.has("escalation.raised", clause="auto.major", level=1, time=f"{MONDAY} 15:00")


# ---- auto.repeat


def repeated(told: Told) -> bool:
    return told.has("complaint.classified", subject="complaint/C-1", signals=["repeat"])


@pytest.mark.parametrize(
    ("first", "is_repeat"),
    [
        (came("2026-03-14 09:00", "C-0"), True),
        (came("2026-03-14 08:59:59", "C-0"), False),
        (came("2026-04-12 09:00", "C-0", category="fees"), False),
        (came("2026-04-12 09:00", "C-0", customer="K-2"), False),
        (came("2026-04-12 09:00", "C-0", kind="inquiry"), False),
        (came("2026-04-12 09:00", "C-0", kind="appeal"), True),
    ],
)
def test_a_further_complaint_in_the_same_category_within_thirty_days(first: Fact, is_repeat: bool) -> None:
    assert repeated(tell(AUTO, first, came())) is is_repeat


def test_an_inquiry_repeats_nothing() -> None:
    assert not repeated(tell(AUTO, came("2026-04-12 09:00", "C-0"), came(kind="inquiry")))


@pytest.mark.parametrize("end", ["withdrawn", "merged"])
def test_what_was_withdrawn_or_merged_before_is_not_repeated(end: str) -> None:
    data = {"reason": "……"} if end == "withdrawn" else {"into": "C-9"}
    first, other = came("2026-04-12 09:00", "C-0"), came("2026-04-12 09:00", "C-9", customer="K-9")
    before = act(end, "2026-04-12 10:00", "C-0", **data)
    after = act(end, f"{TUESDAY} 10:00", "C-0", **data)
    assert not repeated(tell(AUTO, first, other, before, came()))
    assert repeated(tell(AUTO, first, other, came(), after))


def test_what_is_withdrawn_later_does_not_undo_what_was_a_repeat_then() -> None:
    told = tell(
        AUTO,
        came("2026-04-12 09:00", "C-0"),
        came(),
        act("withdrawn", f"{MONDAY} 10:00", "C-0", reason="……"),
        act("verified", f"{MONDAY} 09:30", by="S-1", matches=True),
    )
    assert repeated(told)
    assert not told.has("obligation.withdrawn", subject="complaint/C-1", clause="auto.pre-warning")


def test_a_closed_complaint_is_repeated_all_the_same() -> None:
    assert repeated(tell(AUTO, came("2026-04-12 09:00", "C-0"), *settled("2026-04-12", "C-0"), came()))


# ---- auto.pre-warning, auto.report-up


def test_the_pre_warning_is_complete_when_both_were_told_in_however_many_steps() -> None:
    steps = [prewarned(f"{MONDAY} 10:00", "legal", "office"), prewarned(f"{TUESDAY} 09:00", "brand_division")]
    told = tell(AUTO, MAJOR, *steps, until=f"{TUESDAY} 12:00")
    assert told.has("obligation.met", clause="auto.pre-warning", time=f"{TUESDAY} 09:00")
    assert told.count("obligation.opened", clause="auto.report-up", due_at="2026-04-15 09:00") == 1


def test_a_pre_warning_before_the_classification_is_not_owed_again() -> None:
    told = tell(
        AUTO, came(), prewarned(f"{MONDAY} 09:30", *BOTH), signalled("manufacturer", f"{MONDAY} 10:00")
    )
    assert told.has("complaint.classified")
    assert not told.has("obligation.opened", clause="auto.pre-warning")


def test_half_a_pre_warning_before_the_classification_leaves_the_other_half_owed() -> None:
    told = tell(
        AUTO,
        came(),
        prewarned(f"{MONDAY} 09:30", "legal"),
        signalled("manufacturer", f"{MONDAY} 10:00"),
        prewarned(f"{MONDAY} 11:00", "brand_division"),
    )
    assert told.has("obligation.met", clause="auto.pre-warning", due_at=f"{TUESDAY} 10:00")


def test_the_report_to_the_top_is_complete_when_both_know() -> None:
    told = tell(
        AUTO,
        MAJOR,
        prewarned(f"{MONDAY} 10:00", *BOTH),
        reported_up(f"{MONDAY} 11:00", "ceo"),
        reported_up(f"{TUESDAY} 10:00", "vp_operations"),
        until="2026-05-01 00:00",
    )
    assert told.has("obligation.met", clause="auto.report-up", time=f"{TUESDAY} 10:00")
    assert not told.has("obligation.breached", clause="auto.report-up")


def test_who_was_told_before_needs_no_report() -> None:
    told = tell(AUTO, MAJOR, reported_up(f"{MONDAY} 09:30", *TOP), prewarned(f"{MONDAY} 10:00", *BOTH))
    assert not told.has("obligation.opened", clause="auto.report-up")


def test_a_complete_pre_warning_opens_the_report_once() -> None:
    again = [prewarned(f"{MONDAY} {hour}:00", *BOTH) for hour in (10, 11, 12)]
    told = tell(
        AUTO, MAJOR, *again, reported_up(f"{MONDAY} 13:00", *TOP), prewarned(f"{MONDAY} 14:00", "legal")
    )
    assert told.count("obligation.opened", clause="auto.report-up") == 1


def test_a_pre_warning_typed_in_late_takes_the_breach_back_and_moves_the_report() -> None:
    told = tell(AUTO, MAJOR, closed("2026-04-14 10:00"), prewarned(f"{MONDAY} 18:00", *BOTH))
    assert codes(told) == ["close-without-echo"]
    assert told.has("obligation.withdrawn", clause="auto.pre-warning")
    assert told.has("obligation.opened", clause="auto.report-up", due_at=f"{TUESDAY} 18:00")


# ---- auto.crisis-meeting


def test_the_general_manager_chairs_the_crisis_meeting() -> None:
    wrong, right = crisis_met(f"{MONDAY} 10:00", "vp_operations"), crisis_met(f"{TUESDAY} 09:00")
    told = tell(AUTO, MAJOR, wrong, right)
    assert told.count("violation.found", clause="auto.crisis-meeting", detail="wrong-chair") == 1
    assert told.has("obligation.met", clause="auto.crisis-meeting", time=f"{TUESDAY} 09:00")


def test_a_meeting_held_before_the_classification_is_held() -> None:
    for chair, owed in (("general_manager", False), ("ceo", True)):
        told = tell(
            AUTO, came(), crisis_met(f"{MONDAY} 09:30", chair), signalled("manufacturer", f"{MONDAY} 10:00")
        )
        assert told.has("obligation.opened", clause="auto.crisis-meeting") is owed


# ---- auto.compensation


def test_a_granted_compensation_is_paid() -> None:
    said = [
        requested("compensation", f"{MONDAY} 09:30", about="complaint/C-1", amount=1500),
        granted("department_manager", f"{MONDAY} 10:00"),
    ]
    assert tell(AUTO, MAJOR, *said, act("compensated", f"{MONDAY} 11:00", amount=1500)).has(
        "complaint.compensated"
    )


def test_the_surveys_have_their_stages() -> None:
    surveys = load_policy([AUTO]).words("surveys")
    assert {name: len(stages) for name, stages in surveys.items()} == {"SSI": 7, "CSI": 6}
