"""Each scenario, a story with what must and must not come of it, run on the virtual clock."""

import re

import pytest

from domain.envelope import read, write
from domain.simulation import simulate
from tests.helpers.scenarios import matches, names, same, scenario

MADE = re.compile(rb'"type":"(obligation|violation|escalation)\.')


@pytest.mark.parametrize("name", names())
def test_what_must_follow_from_a_story_follows(name: str) -> None:
    story = scenario(name)
    lines = list(simulate(story.facts, story.policy(), story.until))
    assert story.problems(lines) == []


@pytest.mark.parametrize("name", names())
def test_a_story_told_again_says_nothing_new(name: str) -> None:
    story = scenario(name)
    policy = story.policy()
    once = list(simulate(story.facts, policy, story.until))
    twice = list(simulate([fact for fact in story.facts for _ in range(2)], policy, story.until))
    assert [line for line in twice if b'"intake.' not in line] == [
        line for line in once if b'"intake.' not in line
    ]


@pytest.mark.parametrize("name", names())
def test_what_the_system_makes_unchecked_would_pass_the_checks(name: str) -> None:
    story = scenario(name)
    said = [line for line in simulate(story.facts, story.policy(), story.until) if MADE.search(line)]
    assert [write(read(line)) for line in said] == said


def test_there_are_stories_to_tell() -> None:
    assert len(names()) >= 18


def test_dates_match_as_instants_and_lists_as_sets() -> None:
    assert same("2026-03-04T00:00:00+08:00", "2026-03-03T16:00:00+00:00")
    assert same(["a", "b"], ["b", "a"])
    assert not same(["a"], ["a", "b"])
    assert not same(1, True)
    assert same({"S-1": 0.5, "S-2": 0}, {"S-1": 0.5})


def test_a_partial_event_matches_attributes_and_data() -> None:
    line = {"type": "kpi.missed", "data": {"kpi": "a", "value": 0.5}}
    assert matches({"type": "kpi.missed", "value": 0.5}, line)
    assert not matches({"type": "kpi.missed", "value": 0.6}, line)
