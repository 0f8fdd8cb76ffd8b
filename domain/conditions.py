"""The small language in which a pack says *when* a rule applies.

A condition is a TOML table of `path = test`; all of them must hold. A path is a field of the fact
(`final`), `state.…` for what is known of its stream, `time`, `day` (the local date that the time belongs
to; `day.text` in letters) or `duty.of`: what an obligation is told apart by. A test is a plain value (equal),
a list (one of) or a table of the operators in :data:`OPERATORS`. Conditions are compiled once, when
the pack is loaded, so that a wrong name dies there and not in the middle of a complaint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.working_time import Calendar, PeriodError, deadline, local_day, parse_period

if TYPE_CHECKING:
    from domain.envelope import Event
    from domain.stream import Duty


class Situation(NamedTuple):
    """What a rule may look at: one event, and its stream's state once the event is taken in; `duty`, where
    it is seen from one obligation, for tests such as "by somebody else than the one who left"."""

    event: Event
    state: Any
    duty: Duty | None = None


Getter = Callable[[Situation], Any]
Condition = Callable[[Situation], bool]
ToGetter = Callable[[str], Getter]


class ConditionError(ValueError):
    """A condition that cannot be understood; the message says which part and what would be right."""


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == () or value == []


def _covers(value: Any, wanted: Any) -> bool:
    return set(wanted) <= set(value or ())


def _both(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Comparisons with something unknown do not hold."""
    return lambda value, wanted: value is not None and wanted is not None and compare(value, wanted)


def _total(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Things that cannot be compared do not: whatever a pack asks, a fact is taken in."""

    def test(value: Any, wanted: Any) -> bool:
        try:
            return bool(compare(value, wanted))
        except TypeError:
            return False

    return test


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "absent": lambda value, wanted: _empty(value) is wanted,
    "is": _both(lambda value, wanted: value == wanted),
    "not": lambda value, wanted: value != wanted,
    "none_of": lambda value, wanted: value not in wanted,
    "below": _both(lambda value, wanted: value < wanted),
    "above": _both(lambda value, wanted: value > wanted),
    "at_least": _both(lambda value, wanted: value >= wanted),
    "at_most": _both(lambda value, wanted: value <= wanted),
    "fewer_than": lambda value, wanted: len(set(value or ())) < wanted,
    "covers": _covers,
    "lacks": lambda value, wanted: not _covers(value, wanted),
    "includes": lambda value, wanted: wanted in (value or ()),
    "any_of": lambda value, wanted: bool(set(wanted) & set(value or ())),
}
"""Operators whose right side is a plain value. Each also exists as `<name>_field`, whose right side
is another path: `time = { above_field = "state.appointment" }`."""


OPERANDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "absent": (bool, "true or false"),
    "none_of": (list, "a list"),
    "covers": (list, "a list"),
    "lacks": (list, "a list"),
    "any_of": (list, "a list"),
    "fewer_than": (int, "a whole number"),
    "below": ((int, float), "a number"),
    "above": ((int, float), "a number"),
    "at_least": ((int, float), "a number"),
    "at_most": ((int, float), "a number"),
}
"""What must stand on the right of an operator, and how that is said; any value may where none is named."""


def _check_operand(name: str, wanted: Any) -> None:
    kind, words = OPERANDS.get(name, (object, "anything"))
    if not isinstance(wanted, kind) or (isinstance(wanted, bool) and kind is not bool and kind is not object):
        raise ConditionError(f"{name!r} needs {words}, not {wanted!r}")


def _nearest(name: str, known: Any) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


COMPUTED: dict[str, Callable[[Any, Calendar], Any]] = {
    "time": lambda situation, _: situation.event.time,
    "day": lambda situation, calendar: local_day(situation.event.time, calendar),
    "day.text": lambda situation, calendar: local_day(situation.event.time, calendar).isoformat(),
    "duty.of": lambda situation, _: situation.duty and situation.duty.of,
}


def _path(path: str, fields: frozenset[str], state_fields: frozenset[str], calendar: Calendar) -> Getter:
    if (compute := COMPUTED.get(path)) is not None:
        return lambda situation: compute(situation, calendar)
    root, _, rest = path.partition(".")
    name, known = (rest, state_fields) if root == "state" else (path, fields)
    if f"{name}_" in known:
        name = f"{name}_"
    if name not in known:
        raise ConditionError(f"{path!r} is not known here{_nearest(name, known)}")
    if root == "state":
        return lambda situation: getattr(situation.state, name, None)
    return lambda situation: getattr(situation.event.data, name, None)


def _beyond(get: Getter, wanted: Any, to_getter: ToGetter, calendar: Calendar) -> Condition:
    """Later than a period after another time: `time = { beyond = { period = "10 days", of = "…" } }`."""
    if not isinstance(wanted, Mapping) or wanted.keys() != {"period", "of"}:
        raise ConditionError("'beyond' needs a table of `period` and `of`")
    try:
        since, period = to_getter(wanted["of"]), parse_period(wanted["period"])
    except PeriodError as error:
        raise ConditionError(str(error)) from error

    def test(situation: Situation) -> bool:
        start, at = since(situation), get(situation)
        return start is not None and at > deadline(start, period, calendar).due_at

    return test


def _operator(name: str, wanted: Any, get: Getter, to_getter: ToGetter, calendar: Calendar) -> Condition:
    if name == "beyond":
        return _beyond(get, wanted, to_getter, calendar)
    plain = name.removesuffix("_field")
    if plain not in OPERATORS:
        raise ConditionError(f"{name!r} is no test{_nearest(name, OPERATORS)}")
    test = _total(OPERATORS[plain])
    if plain == name:
        _check_operand(name, wanted)
        return lambda situation: test(get(situation), wanted)
    other = to_getter(wanted)
    return lambda situation: test(get(situation), other(situation))


def _test(get: Getter, wanted: Any, to_getter: ToGetter, calendar: Calendar) -> list[Condition]:
    match wanted:
        case Mapping():
            return [_operator(name, value, get, to_getter, calendar) for name, value in wanted.items()]
        case list():
            return [lambda situation: get(situation) in wanted]
        case _:
            return [lambda situation: get(situation) == wanted]


def compile_condition(
    when: Mapping[str, Any],
    unless: Mapping[str, Any],
    fields: frozenset[str],
    state_fields: frozenset[str],
    calendar: Calendar,
) -> Condition | None:
    """All of `when` and not all of `unless`, as a function; None where there is nothing to ask.

    Raises:
        ConditionError: a path or a test that does not exist, with the nearest that does.
    """

    def to_getter(path: str) -> Getter:
        return _path(path, fields, state_fields, calendar)

    def all_of(table: Mapping[str, Any]) -> list[Condition]:
        return [
            test
            for path, wanted in table.items()
            for test in _test(to_getter(path), wanted, to_getter, calendar)
        ]

    tests = all_of(when)
    if exceptions := all_of(unless):
        tests.append(lambda situation: not all(test(situation) for test in exceptions))
    if len(tests) < 2:
        return tests[0] if tests else None
    return lambda situation: all(test(situation) for test in tests)
