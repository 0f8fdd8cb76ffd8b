"""The property manager's rows, each with its story; without the row there is no such consequence."""

from typing import Any, NamedTuple

import pytest

from domain.policy import check_examples, load_policy
from tests.helpers.complaints import Fact, act, levels, promised, replied, settled
from tests.helpers.scenario import fact, received, tell, without

PROPERTY = "property"
FRIDAY = "2026-09-18"
CAUSES = ["housing-quality", "amenities", "equipment", "service", "fees", "emergency", "neighbours"]


def came(time: str = f"{FRIDAY} 15:00", **data: Any) -> Fact:
    return received("C-1", time, **data)


class Story(NamedTuple):
    facts: list[Fact]
    until: str
    event: str
    expected: dict[str, Any]


STORIES = {
    "property.category": Story(
        [came(category="weather")], f"{FRIDAY} 15:00", "violation.found", {"detail": "unknown-category"}
    ),
    "property.first-reply": Story(
        [came()], "2026-09-21 00:00", "obligation.breached", {"time": "2026-09-21 00:00"}
    ),
    "property.emergency": Story(
        [came(category="emergency")],
        f"{FRIDAY} 15:00",
        "escalation.raised",
        {"severity": "critical", "to": ["duty_manager"], "level": 1, "time": f"{FRIDAY} 15:00"},
    ),
}


@pytest.mark.parametrize("row", STORIES)
def test_a_row_has_its_consequence(row: str) -> None:
    story = STORIES[row]
    assert (
        tell(PROPERTY, *story.facts, until=story.until).count(story.event, clause=row, **story.expected) == 1
    )


@pytest.mark.parametrize("row", STORIES)
def test_without_the_row_there_is_no_such_consequence(row: str) -> None:
    story = STORIES[row]
    assert not tell(without(PROPERTY, row), *story.facts, until=story.until).has(story.event, clause=row)


def test_every_row_of_the_pack_has_a_story() -> None:
    assert STORIES.keys() == {row.id for row in load_policy([PROPERTY]).packs[-1].clause}


def test_worked_examples_are_right() -> None:
    assert check_examples(load_policy([PROPERTY])) == []


@pytest.mark.parametrize("category", CAUSES)
def test_the_seven_causes_are_known(category: str) -> None:
    told = tell(PROPERTY, came(category=category))
    assert told.has("complaint.received")
    assert not told.has("violation.found", clause="property.category")


def test_the_pack_knows_causes_sub_causes_complainants_and_mindsets() -> None:
    policy = load_policy([PROPERTY])
    assert list(policy.words("categories")) == CAUSES
    assert policy.words("categories")["service"] == ["attitude", "timeliness", "quality", "scope"]
    assert policy.words("complainant_types") == ["professional", "problem", "latent"]
    assert policy.words("mindsets") == ["respect", "venting", "compensation", "solution"]


@pytest.mark.parametrize(
    "answer", [replied("2026-09-21 00:00"), promised("2026-09-21 00:00", "2026-09-23 18:00")]
)
def test_an_answer_or_a_promise_at_the_due_instant_is_in_time(answer: Fact) -> None:
    told = tell(PROPERTY, came(), answer)
    assert told.has("obligation.met", clause="property.first-reply", due_at="2026-09-21 00:00")


def test_an_answer_a_second_later_is_late_and_stands_the_escalation_down() -> None:
    told = tell(PROPERTY, came(), replied("2026-09-21 00:00:01"), until="2026-09-30 00:00")
    assert told.has("obligation.breached", clause="property.first-reply", time="2026-09-21 00:00")
    assert told.has("escalation.stood_down", clause="property.first-reply", time="2026-09-21 00:00:01")
    assert not told.has("obligation.met", clause="property.first-reply")


def test_an_answer_typed_in_late_takes_the_breach_back() -> None:
    told = tell(PROPERTY, came(), received("C-2", "2026-09-21 09:00"), replied("2026-09-20 17:00"))
    assert told.has("obligation.withdrawn", subject="complaint/C-1", clause="property.first-reply")
    assert told.has("escalation.stood_down", subject="complaint/C-1", time="2026-09-21 09:00")


def test_closing_a_breached_complaint_stands_its_escalation_down_and_keeps_the_breach() -> None:
    closing = settled("2026-09-22")[2:]
    told = tell(without(PROPERTY, "general.echo"), came(), *closing, until="2026-09-30 00:00")
    assert told.has("obligation.breached", clause="property.first-reply", time="2026-09-21 00:00")
    assert told.has("escalation.stood_down", clause="property.first-reply", time="2026-09-22 12:00")
    assert not told.has("obligation.withdrawn", clause="property.first-reply")


def test_closing_in_time_ends_the_first_reply() -> None:
    told = tell(
        without(PROPERTY, "general.echo"), came(), *settled("2026-09-19")[2:], until="2026-09-30 00:00"
    )
    assert told.has("obligation.withdrawn", clause="property.first-reply", time="2026-09-19 12:00")


def test_an_emergency_climbs_after_half_an_hour_and_ends_there() -> None:
    told = tell(PROPERTY, came(category="emergency"), until="2026-09-20 00:00")
    assert levels(told, clause="property.emergency") == [
        (1, ["duty_manager"], f"{FRIDAY}T15:00:00+08:00"),
        (2, ["department_manager"], f"{FRIDAY}T15:30:00+08:00"),
    ]


@pytest.mark.parametrize(
    "end",
    [
        fact("escalation.acknowledged", "complaint/C-1", f"{FRIDAY} 15:29", by="S-1"),
        act("withdrawn", f"{FRIDAY} 15:29", reason="……"),
        act("merged", f"{FRIDAY} 15:29", into="C-9"),
    ],
)
def test_an_emergency_that_is_taken_on_withdrawn_or_merged_climbs_no_further(end: Fact) -> None:
    told = tell(PROPERTY, came(category="emergency"), end, until="2026-09-20 00:00")
    assert len(levels(told, clause="property.emergency")) == 1


def test_unmerging_raises_an_emergency_no_second_time() -> None:
    apart = [act("merged", f"{FRIDAY} 15:10", into="C-9"), act("unmerged", f"{FRIDAY} 15:20")]
    told = tell(PROPERTY, came(category="emergency"), *apart, until=f"{FRIDAY} 23:00")
    assert len(levels(told, clause="property.emergency")) == 1


def test_other_complaints_are_no_emergencies() -> None:
    assert not tell(PROPERTY, came(category="fees")).has("escalation.raised")
