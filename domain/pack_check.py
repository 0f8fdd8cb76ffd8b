"""What a pack's row says beyond its own fields, checked when it is loaded: every name it uses exists.

A wrong name must die at load with file, row, field and what would be right, never in the middle of a
complaint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, get_args

from pydantic import ValidationError

from domain.events import TYPES
from domain.kinds import STATE_FIELDS, kinds_of
from domain.pack import Clause, Pack, PackError, Pattern, names_roles, nearest
from domain.pack_sense import conditions, obligations, refusals
from domain.rules import REFUSAL_PARAMS, REFUSALS, Params
from domain.working_time import Calendar, PeriodError, calendar

Problem = tuple[str, str]
"""The field, and what is wrong with it."""


def calendar_of(pack: Pack) -> Calendar:
    """The pack's calendar in the pack's time zone, unless the calendar names its own.

    Raises:
        PackError: it names a day, an hour or a zone that does not exist.
    """
    spec = pack.calendar
    try:
        if spec == "cn":
            zoned = {"schedule": "cn", "timezone": pack.timezone}
            return calendar("cn" if pack.timezone == "Asia/Shanghai" else zoned)
        return calendar({"timezone": pack.timezone, **spec} if isinstance(spec, Mapping) else spec)
    except PeriodError as error:
        raise PackError(f"{pack.id}.toml: field {error}") from error


def check_clause(where: str, row: Clause, once: bool = False) -> None:
    """`once`: of a row that was in force once, only what its reading relies on.

    Raises:
        PackError: the first name in the row that does not exist, or an obligation that cannot be met.
    """
    for check in NAMES if once else (*NAMES, *SENSE):
        for field, problem in check(row):
            raise PackError(f"{where}: field {field}: {problem}")


def _all_patterns(row: Clause) -> Iterator[tuple[str, Pattern]]:
    for part in ("opens", "met_by", "withdrawn_by", "refuses", "violates", "escalates"):
        for pattern in getattr(row, part):
            yield part, pattern


def _patterns(row: Clause) -> Iterator[Problem]:
    for part, pattern in _all_patterns(row):
        if pattern.on not in TYPES:
            yield part, f"{pattern.on!r} is no event type{nearest(pattern.on, TYPES)}"


def _terms(row: Clause) -> Iterator[Problem]:
    if row.within and row.within[-1].when:
        yield "within", "the last period needs no `when`, or some openings would have none"


def _is_time(event_type: str, field: str) -> bool:
    annotation = TYPES[event_type].model_fields[field].annotation
    parts = (annotation, *get_args(annotation))
    return any(getattr(part, "__origin__", part) in (date, datetime) for part in parts)


def _due(row: Clause) -> Iterator[Problem]:
    for pattern in row.opens if row.due is not None else ():
        times = [field for field in TYPES[pattern.on].model_fields if _is_time(pattern.on, field)]
        if row.due not in times:
            yield "due", f"{row.due!r} is no time of {pattern.on}{nearest(str(row.due), times)}"


def _per(row: Clause) -> Iterator[Problem]:
    for pattern in row.opens if row.per is not None else ():
        if row.per not in TYPES[pattern.on].model_fields:
            known = TYPES[pattern.on].model_fields
            yield "per", f"{row.per!r} is no field of {pattern.on}{nearest(str(row.per), known)}"


def _state_of(event_type: str) -> frozenset[str]:
    return frozenset().union(*(STATE_FIELDS[kind] for kind in kinds_of(event_type)))


def _against(row: Clause) -> Iterator[Problem]:
    for pattern in row.opens if row.counts_against is not None else ():
        name, known = str(row.counts_against), _state_of(pattern.on)
        if name not in known:
            yield "counts_against", f"{name!r} is not known{nearest(name, known)}"


def _meeting(row: Clause) -> Iterator[Problem]:
    """What is owed on one kind of stream is met by what happens on that kind."""
    for opening in row.opens:
        kinds = set(kinds_of(opening.on))
        if not any(kinds & set(kinds_of(pattern.on)) for pattern in row.met_by):
            yield "met_by", f"none of it happens where {opening.on} does, so it could never be met"


def _refusals(row: Clause) -> Iterator[Problem]:
    for refusal in row.refuses:
        named, fields, check = refusal.field, TYPES[refusal.on].model_fields, refusal.check
        if named is not None and named not in fields:
            yield "refuses.field", f"{named!r} is no field of {refusal.on}{nearest(named, fields)}"
        if check is not None and check not in REFUSALS:
            yield "refuses.check", f"{check!r} is no check{nearest(check, REFUSALS)}"
        yield from params_of(REFUSAL_PARAMS.get(check or ""), row.params)


def _missing(row: Clause) -> Iterator[Problem]:
    for violation in row.violates:
        given = violation.given
        if given is not None and given not in (known := _state_of(violation.on)):
            yield "violates.given", f"{given!r} is not known{nearest(given, known)}"


def _ladders(row: Clause) -> Iterator[Problem]:
    for escalation in row.escalates:
        if not names_roles(escalation.ladder):
            yield "escalates.ladder", "each step needs at least one role"


NAMES = (_patterns, _terms, _due, _per, _against, _refusals, _missing)
"""In this order, so that what comes later may rely on them: without these a row cannot be read."""

SENSE = (_meeting, _ladders, refusals, obligations, conditions)
"""What else is asked of a row that an organisation hands in."""


def params_of(model: type[Params] | None, params: Mapping[str, Any]) -> Iterator[Problem]:
    """What `params` lacks or has too much for the rule or check that reads them."""
    try:
        if model is not None:
            model.model_validate(params)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(("params", *map(str, first["loc"])))
        yield place, first["msg"].removeprefix("Value error, ")
