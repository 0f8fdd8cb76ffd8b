"""The bundled sample: accepted whole whenever it is played, and never dull."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from api.cli.parts_of_up import SAMPLE_POLICY
from api.mapping import facts_of
from domain.policy import Policy, load_policy
from domain.simulation import Simulation
from sample.play import HERE, facts, longest_story

MOMENTS = (
    "2026-01-01T00:00:00+08:00",
    "2026-02-20T12:00:30+00:00",
    "2026-10-08T07:59:59+08:00",
    "2026-11-23T23:59:00+08:00",
    "2028-02-29T03:00:00-05:00",
)
"""A new year, the Spring Festival, the day after the National Day, the last minute of a day, a far year."""

Lines = list[dict[str, Any]]


def told(simulation: Simulation, sample: Sequence[bytes]) -> Lines:
    return [orjson.loads(line) for line in simulation.tell(sample)]


def until(simulation: Simulation, moment: datetime) -> Lines:
    return [orjson.loads(line) for line in simulation.wait(moment)]


@pytest.fixture(scope="module")
def limited() -> Policy:
    """What `up --sample` runs: each pack for its own branch."""
    return load_policy(SAMPLE_POLICY)


def played(now: str, policy: Policy) -> tuple[Lines, Simulation]:
    """What the sample had led to by the moment around which it is dated."""
    simulation, moment = Simulation(policy), datetime.fromisoformat(now)
    return [*told(simulation, list(facts(moment))), *until(simulation, moment)], simulation


def types_of(lines: Lines) -> set[str]:
    return {line["type"] for line in lines}


@pytest.mark.parametrize("now", MOMENTS)
def test_whenever_it_is_played_nothing_is_refused_and_everything_is_in_it(now: str, limited: Policy) -> None:
    types = types_of(played(now, limited)[0])
    assert not {"intake.rejected", "intake.parked"} & types
    assert {
        "obligation.breached",
        "obligation.warned",
        "obligation.met",
        "obligation.withdrawn",
        "violation.found",
        "complaint.classified",
        "complaint.reopened",
        "escalation.raised",
        "escalation.stood_down",
        "kpi.missed",
    } <= types


@pytest.mark.parametrize("now", MOMENTS)
def test_within_five_minutes_something_is_warned_of_and_something_breached(now: str, limited: Policy) -> None:
    _, simulation = played(now, limited)
    soon = until(simulation, datetime.fromisoformat(now) + timedelta(minutes=5))
    assert {"obligation.warned", "obligation.breached", "escalation.raised"} <= types_of(soon)


@pytest.mark.parametrize("now", MOMENTS)
def test_no_fact_is_dated_after_the_moment(now: str) -> None:
    times = [
        datetime.fromisoformat(orjson.loads(fact)["time"]) for fact in facts(datetime.fromisoformat(now))
    ]
    assert max(times) <= datetime.fromisoformat(now)


def test_whoever_starts_it_is_shown_the_longest_story_of_it(limited: Policy) -> None:
    lines, _ = played(MOMENTS[0], limited)
    longest = longest_story(datetime.fromisoformat(MOMENTS[0]))
    assert Counter(line["subject"] for line in lines).most_common(1)[0][0] == longest


def test_under_packs_that_know_no_branches_nothing_is_refused_either() -> None:
    lines, _ = played(MOMENTS[0], load_policy([name.partition("@")[0] for name in SAMPLE_POLICY]))
    assert "intake.rejected" not in types_of(lines)


def test_played_again_for_the_same_minute_it_says_the_same() -> None:
    first = datetime.fromisoformat("2026-03-04T09:30:05+08:00")
    assert list(facts(first)) == list(facts(first + timedelta(seconds=50)))


def test_played_again_a_day_later_it_tells_the_same_story_beside_the_first(limited: Policy) -> None:
    now = datetime.fromisoformat("2026-03-04T09:30:00+08:00")
    simulation = Simulation(limited)
    plays = [told(simulation, list(facts(now + timedelta(days=days)))) for days in (0, 1)]
    majors = [sum(line["type"] == "complaint.classified" for line in lines) for lines in plays]
    assert majors == [2, 2]
    assert "intake.rejected" not in types_of(plays[1])


def test_who_complains_about_a_car_is_judged_by_the_dealer_and_nobody_else_is(limited: Policy) -> None:
    lines, _ = played(MOMENTS[0], limited)
    of_the_dealer = {line["subject"] for line in lines if str(line["data"].get("clause")).startswith("auto.")}
    assert of_the_dealer and all(subject.startswith("complaint/QC-") for subject in of_the_dealer)


def test_visits_are_judged_though_a_plan_names_no_branch(limited: Policy) -> None:
    lines, _ = played(MOMENTS[0], limited)
    details = {line["data"]["detail"] for line in lines if line["type"] == "violation.found"}
    assert {"planned-late", "exception-without-photo", "late-first-arrival", "late-arrival"} <= details


def test_every_row_of_the_consumer_complaints_becomes_facts_that_are_accepted() -> None:
    table = (HERE / "cfpb.csv").read_text("utf-8").splitlines()
    mapped = list(facts_of(table, (HERE / "cfpb.map.toml").read_text("utf-8")))
    lines = told(Simulation(load_policy(["general"])), mapped)
    assert types_of(lines).isdisjoint({"intake.rejected", "intake.parked"})
    received = [line for line in lines if line["type"] == "complaint.received"]
    assert len(received) == len(table) - 1 == 306


def test_everybody_in_the_invented_weeks_is_marked_as_invented() -> None:
    for file in ("xuzhou.jsonl", "dealer.jsonl"):
        for line in (HERE / file).read_text("utf-8").splitlines():
            data = orjson.loads(line)["data"]
            contact = data.get("contact", {})
            named = [data.get("name"), contact.get("name"), contact.get("plate")]
            assert all("虚构" in name for name in named if name)
            assert contact.get("phone", "000").startswith("000")
