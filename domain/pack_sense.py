"""Whether a pack's rows make sense: nothing compares what cannot be compared, asks for what no field ever
says, or is owed that could never be done.

Such a row would do nothing for ever, or what nobody meant; its author is told when the pack is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from domain.events import FACTS, TYPES
from domain.kinds import KINDS, kinds_of
from domain.pack import Clause, Pattern, nearest

Problem = tuple[str, str]
"""The field, and what is wrong with it."""

ONCE = frozenset({"complaint.received", "approval.requested", "visit.planned", "visit.started"})
"""What happens to a stream once: a second is refused."""

NUMBERS, LISTS = (
    ("below", "above", "at_least", "at_most"),
    ("fewer_than", "covers", "lacks", "includes", "any_of"),
)
FOR: Mapping[str, str] = {**dict.fromkeys(NUMBERS, "number"), **dict.fromkeys(LISTS, "list")}
"""Which sort of thing an operator is for, where it is not for any."""

RIGHT: Mapping[str, str] = {
    "none_of": "list",
    "fewer_than": "number",
    "covers": "list",
    "lacks": "list",
    "includes": "text",
    "any_of": "list",
}
"""Which sort of field an operator compares with, where it is not the same as on the left."""

EACH = frozenset({"none_of"})
"""Operators whose right side lists values that the left side may have."""

WORDS: Mapping[str, str] = {
    "text": "a text",
    "flag": "true or false",
    "number": "a number",
    "time": "a time",
    "day": "a day",
    "list": "a list",
    "table": "a table",
}


class Sort(NamedTuple):
    """What sort of thing a path leads to, and the only values it has, where they are known."""

    name: str
    values: tuple[str, ...] = ()


COMPUTED: Mapping[str, Sort] = {
    "time": Sort("time"),
    "day": Sort("day"),
    "day.text": Sort("text"),
    "duty.of": Sort("text"),
}

_PLAIN: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "flag"),
    ((int, float), "number"),
    (str, "text"),
    (datetime, "time"),
    (date, "day"),
    ((tuple, list, frozenset), "list"),
    ((dict, BaseModel), "table"),
)


def _sort(annotation: Any) -> Sort | None:
    """None: of several sorts, or of one that no condition knows."""
    if get_origin(annotation) is Literal:
        return Sort("text", tuple(sorted(get_args(annotation))))
    if get_origin(annotation) in (Union, UnionType):
        sorts = {_sort(part) for part in get_args(annotation) if part is not type(None)}
        return sorts.pop() if len(sorts) == 1 else None
    plain = get_origin(annotation) or annotation
    if hasattr(annotation, "__metadata__"):
        return _sort(get_args(annotation)[0])
    return next(
        (Sort(name) for kinds, name in _PLAIN if isinstance(plain, type) and issubclass(plain, kinds)), None
    )


@cache
def _fields(event_type: str) -> Mapping[str, Sort | None]:
    """By the name that a pack writes."""
    fields = TYPES[event_type].model_fields
    return {field.alias or name: _sort(field.annotation) for name, field in fields.items()}


@cache
def _state(kind: str) -> Mapping[str, Sort | None]:
    cls = type(KINDS[kind].initial)
    computed = {name: value.fget for name, value in vars(cls).items() if isinstance(value, property)}
    returned = {name: get_type_hints(get).get("return") for name, get in computed.items()}
    return {name: _sort(annotation) for name, annotation in {**get_type_hints(cls), **returned}.items()}


def _at(path: str, event_type: str) -> Sort | None:
    """What a path leads to; None where it is nothing, or not the same on every kind of stream."""
    if path in COMPUTED:
        return COMPUTED[path]
    root, _, rest = path.partition(".")
    if root != "state":
        return _fields(event_type).get(path)
    found = {_state(kind).get(rest) for kind in kinds_of(event_type)}
    return found.pop() if len(found) == 1 else None


def _sort_of(value: Any) -> str:
    return next((name for kinds, name in _PLAIN if isinstance(value, kinds)), "")


# ---- conditions


def conditions(row: Clause) -> Iterator[Problem]:
    """What a row's conditions ask for that can never be so."""
    for part, pattern in _patterns(row):
        for place in ("when", "unless"):
            for problem in _asked(getattr(pattern, place), pattern.on):
                yield f"{part}.{place}", problem
        if pattern.unless and pattern.unless.items() <= _Items(pattern.when):
            yield f"{part}.unless", "takes back all that `when` asks for, so it could never hold"
    for opening in row.opens:
        for term in row.within:
            for problem in _asked(term.when, opening.on):
                yield "within.when", problem


class _Items:
    """The items of a table, to compare with: its values need no hash."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = table

    def __ge__(self, items: Iterable[tuple[str, Any]]) -> bool:
        return all(name in self.table and self.table[name] == value for name, value in items)


def _patterns(row: Clause) -> Iterator[tuple[str, Pattern]]:
    for part in ("opens", "met_by", "withdrawn_by", "refuses", "violates", "escalates"):
        for pattern in getattr(row, part):
            yield part, pattern


def _asked(table: Mapping[str, Any], event_type: str) -> Iterator[str]:
    for path, wanted in table.items():
        sort = _at(path, event_type)
        if sort is None:
            continue
        if not isinstance(wanted, Mapping):
            yield from _values(path, sort, wanted if isinstance(wanted, list) else [wanted])
            continue
        for operator, value in wanted.items():
            yield from _compared(path, sort, operator, value, event_type)


def _values(path: str, sort: Sort, wanted: Iterable[Any]) -> Iterator[str]:
    """Of plain values: whether the field ever has them."""
    for value in wanted:
        if _sort_of(value) not in ("", sort.name):
            yield f"{path!r} is {WORDS[sort.name]}, never {value!r}"
        elif sort.values and value not in sort.values:
            yield f"{path!r} is never {value!r}{nearest(value, sort.values)}"


def _compared(path: str, sort: Sort, operator: str, value: Any, event_type: str) -> Iterator[str]:
    plain = operator.removesuffix("_field")
    wanted = FOR.get(plain)
    if plain != operator:
        yield from _fields_compared(path, sort, plain, value, _at(str(value), event_type))
    elif wanted is not None and wanted != sort.name and (wanted, sort.name) != ("list", "table"):
        yield f"{operator!r} is for {WORDS[wanted]}, and {path!r} is {WORDS[sort.name]}"
    elif operator in ("is", "not"):
        yield from _values(path, sort, [value])
    elif operator in EACH and isinstance(value, list):
        yield from _values(path, sort, value)


def _fields_compared(path: str, sort: Sort, plain: str, other: Any, found: Sort | None) -> Iterator[str]:
    """Of two fields: whether they are of the sorts that the operator compares."""
    if found is None or plain == "absent":
        return
    fits = sort.name in ("list", "table") or plain not in LISTS
    if not fits or found.name != RIGHT.get(plain, sort.name):
        yield f"{path!r} is {WORDS[sort.name]}, and {other!r} is {WORDS[found.name]}: they cannot be compared"


# ---- obligations


def obligations(row: Clause) -> Iterator[Problem]:
    """What is owed and could never be met, or has no one due date."""
    if row.within and row.due is not None:
        yield "due", "needs one of `within` and `due`, not both"
    meeting = {pattern.on for pattern in row.met_by}
    for opening in row.opens:
        if meeting == {opening.on} and opening.on in ONCE:
            yield "met_by", f"{opening.on} happens once, so it could never be met"
        for field in ("pauses", "ends_on_close"):
            if getattr(row, field) and "complaint" not in kinds_of(opening.on):
                yield field, f"is for complaints, and {opening.on} is of none"


def refusals(row: Clause) -> Iterator[Problem]:
    for refusal in row.refuses:
        if refusal.on not in FACTS:
            yield "refuses", f"{refusal.on} is recorded by the system only, so it cannot be refused"


def never_met(rows: Iterable[Clause]) -> Iterator[tuple[Clause, str]]:
    """Over several rows: what is owed and met only by what some row always refuses."""
    every = list(rows)
    always = {
        refusal.on: row.id
        for row in every
        for refusal in row.refuses
        if not (refusal.when or refusal.unless or refusal.check)
    }
    for row in every:
        meeting = [pattern.on for pattern in row.met_by]
        if meeting and always.keys() >= set(meeting):
            yield row, f"{meeting[0]} is always refused by {always[meeting[0]]}, so it could never be met"
