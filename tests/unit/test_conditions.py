"""The language in which a pack says when a rule applies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from domain.conditions import OPERATORS, Condition, ConditionError, Situation, compile_condition
from domain.envelope import Event
from domain.events import ComplaintReceived, ReceptionHosted
from domain.stream import Duty
from domain.working_time import calendar
from tests.helpers.scenario import at

CN = calendar("cn")
MIDNIGHT = at("2026-03-10 00:00")


@dataclass(frozen=True)
class State:
    owner: str | None = "S-1"
    named: tuple[str, ...] = ("S-1", "S-2", "S-2")
    since: datetime | None = MIDNIGHT


def event(data: Any = None, time: datetime = MIDNIGHT) -> Event:
    data = data or ComplaintReceived(customer="K-1", category="fees", channel="phone", summary="……")
    return Event(id="e", source="/s", type=data.type, subject="complaint/C-1", time=time, data=data)


def compiled(
    when: dict[str, Any], unless: dict[str, Any] | None = None, data: Any = None
) -> Condition | None:
    fields = frozenset(type(event(data).data).model_fields)
    return compile_condition(when, unless or {}, fields, frozenset({"owner", "named", "since"}), CN)


def holds(
    when: dict[str, Any], unless: dict[str, Any] | None = None, *, state: Any = None, data: Any = None
) -> bool:
    condition = compiled(when, unless, data)
    assert condition is not None
    return condition(Situation(event(data), state or State()))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"category": "fees"}, True),
        ({"category": "service"}, False),
        ({"category": ["service", "fees"]}, True),
        ({"category": ["service"]}, False),
        ({"category": "fees", "channel": "letter"}, False),
        ({"handler": {"absent": True}}, True),
        ({"category": {"absent": True}}, False),
        ({"category": {"absent": False}}, True),
        ({"category": {"is": "fees"}}, True),
        ({"handler": {"is": None}}, False),
        ({"category": {"not": "fees"}}, False),
        ({"handler": {"not": "S-1"}}, True),
        ({"category": {"none_of": ["service"]}}, True),
        ({"category": {"none_of": ["fees"]}}, False),
        ({"state.named": {"fewer_than": 3}}, True),
        ({"state.named": {"fewer_than": 2}}, False),
        ({"state.named": {"covers": ["S-2", "S-1"]}}, True),
        ({"state.named": {"covers": ["S-3"]}}, False),
        ({"state.named": {"lacks": ["S-1", "S-3"]}}, True),
        ({"state.named": {"includes": "S-2"}}, True),
        ({"state.named": {"includes_field": "state.owner"}}, True),
        ({"state.named": {"any_of": ["S-9", "S-2"]}}, True),
        ({"state.named": {"any_of": ["S-9"]}}, False),
        ({"state.owner": {"is_field": "handler"}}, False),
        ({"state.owner": {"not_field": "handler"}}, True),
        ({"time": {"above_field": "state.since"}}, False),
        ({"time": {"at_least_field": "state.since"}}, True),
        ({"time": {"at_most_field": "state.since"}}, True),
        ({"time": {"below_field": "state.since"}}, False),
        ({"day.text": "2026-03-09"}, True),
        ({"time": {"beyond": {"period": "1 day", "of": "state.since"}}}, False),
    ],
)
def test_each_test_holds_where_it_should(when: dict[str, Any], expected: bool) -> None:
    assert holds(when) is expected


def test_what_is_unknown_is_neither_more_nor_less_than_anything() -> None:
    nobody = State(owner=None, named=(), since=None)
    for operator in ("is", "below", "above", "at_least", "at_most"):
        assert not holds({"time": {f"{operator}_field": "state.since"}}, state=nobody)
    assert not holds({"time": {"beyond": {"period": "1 day", "of": "state.since"}}}, state=nobody)


def test_every_operator_also_compares_with_another_field() -> None:
    assert all(compiled({"category": {f"{name}_field": "channel"}}) is not None for name in OPERATORS)


def test_several_tests_of_one_field_all_hold() -> None:
    assert holds({"category": {"not": "service", "none_of": ["x"]}})
    assert not holds({"category": {"not": "service", "none_of": ["fees"]}})


def test_an_exception_takes_away_only_where_all_of_it_holds() -> None:
    assert not holds({"category": "fees"}, {"channel": "phone"})
    assert holds({"category": "fees"}, {"channel": "phone", "state.owner": "S-2"})
    assert not holds({}, {"channel": "phone"})


def test_nothing_to_ask_is_no_condition() -> None:
    assert compiled({}) is None


def test_a_field_that_python_forbids_goes_by_its_wire_name() -> None:
    hosted = ReceptionHosted(class_="a", venue="文化苑")
    assert holds({"class": "a"}, data=hosted)


def test_what_an_obligation_is_told_apart_by_can_be_asked() -> None:
    duty = Duty("k", "c", "S-1", MIDNIGHT, MIDNIGHT, None, event())
    condition = compile_condition(
        {"handler": {"is_field": "duty.of"}}, {}, frozenset({"handler"}), frozenset(), CN
    )
    assert condition is not None
    data = ComplaintReceived(customer="K", category="x", channel="y", summary="z", handler="S-1")
    assert condition(Situation(event(data), State(), duty))


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"catgory": "fees"}, "'catgory' is not known here; did you mean 'category'?"),
        ({"state.ownr": "S-1"}, "'state.ownr' is not known here; did you mean 'owner'?"),
        ({"category": {"nott": 1}}, "'nott' is no test; did you mean 'not'?"),
        ({"category": {"is_field": "chanel"}}, "'chanel' is not known here; did you mean 'channel'?"),
        ({"time": {"beyond": {"period": "1 day", "of": "sinc"}}}, "'sinc' is not known here"),
        ({"zzz": 1}, "'zzz' is not known here"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest_right_one(when: dict[str, Any], said: str) -> None:
    with pytest.raises(ConditionError) as found:
        compiled(when)
    assert said in str(found.value)


@pytest.mark.parametrize(
    "beyond", [{"period": "3 dayz", "of": "time"}, {"of": "time"}, {"period": "1 day"}, "1 day"]
)
def test_a_period_that_is_none_is_refused(beyond: Any) -> None:
    with pytest.raises(ConditionError):
        compiled({"time": {"beyond": beyond}})


@pytest.mark.parametrize(
    "test",
    [
        {"absent": "yes"},
        {"fewer_than": "two"},
        {"fewer_than": True},
        {"covers": "legal"},
        {"lacks": "legal"},
        {"any_of": "legal"},
        {"none_of": "legal"},
        {"above": "many"},
    ],
)
def test_what_an_operator_cannot_compare_with_is_refused(test: dict[str, Any]) -> None:
    with pytest.raises(ConditionError, match="needs"):
        compiled({"category": test})
