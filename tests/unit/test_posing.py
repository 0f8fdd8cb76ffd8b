"""Nobody outside draws the system's conclusions: its name as a source is its own."""

import json
from typing import Any

from domain.envelope import Rejected, parse_batch, parse_binary
from tests.helpers.complaints import act, closed, feedback, settled
from tests.helpers.scenario import received, tell

OWN = "/huiyin"


def posing(fact: dict[str, Any]) -> dict[str, Any]:
    return {**fact, "source": OWN}


def test_a_fact_in_the_systems_name_is_refused_by_its_source() -> None:
    told = tell("general", received("C-1", "2026-03-02 09:00"), posing(closed("2026-03-02 10:00")))

    (refused,) = told.all("intake.rejected")
    assert refused["data"]["code"] == "malformed"
    assert refused["data"]["field"] == "source"
    assert not told.has("complaint.closed")


def test_a_reopening_that_comes_back_from_the_events_topic_reopens_nothing_again() -> None:
    story = [
        received("C-1", "2026-03-02 09:00"),
        *settled("2026-03-02"),
        feedback("2026-03-03 09:00", score=1),
    ]
    (reopened,) = tell("general", *story).all("complaint.reopened")

    told = tell("general", *story, reopened)

    assert len(told.all("complaint.reopened")) == 1
    assert told.all("intake.rejected")[0]["data"]["field"] == "source"


def test_the_name_is_refused_in_batch_and_binary_mode_too() -> None:
    fact = posing(received("C-1", "2026-03-02 09:00"))
    (refusal,) = parse_batch(json.dumps([fact]).encode())
    headers = {f"ce_{name}": value for name, value in fact.items() if name != "data"}
    refusals = [refusal]
    try:
        parse_binary(headers, json.dumps(fact["data"]).encode())
    except Rejected as other:
        refusals.append(other)

    assert [(found.code, found.field) for found in refusals] == [("malformed", "source")] * 2  # type: ignore[union-attr]


def test_another_source_with_the_name_in_it_is_as_good_as_any() -> None:
    fact = {**act("verified", "2026-03-02 10:00", by="S-1", matches=True), "source": "/huiyin/mirror"}
    told = tell("general", received("C-1", "2026-03-02 09:00"), fact)

    assert told.has("complaint.verified")
