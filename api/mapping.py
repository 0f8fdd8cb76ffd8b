"""Rows of a table as facts, by a map: a TOML file that says which fact a row reports, and in which columns.

source = "/city"                  who reports it; every fact has an `id` below it
timezone = "America/New_York"     of times that are written without an offset (default Asia/Shanghai)
time_format = "%d/%m/%Y %H:%M"    as strptime has it (default: ISO 8601)
order = "time"                    sort all facts by their time (default: in the order of the rows)
rows_of = "number"                rows with the same value here tell one story; `before` is the row before
rows_by = "update"                the order of a story's rows (default: as they come)

[[fact]]                          any number; a row reports each whose conditions hold, in this order
type = "complaint.received"
subject = "complaint/{number}"    {column} stands for the row's value; {{ is a brace
id = "{number}-received"
time = "{opened_at}"
first = true                      only on the story's first row
changed = ["state"]               only where one differs from the row before (on the first: is not empty)
requires = ["opened_at"]          only where these columns hold something
when = { state = ["Open", "Awaiting *"] }      a value or several; * stands for anything
unless = { … }                    and not where all of this holds
before = { … }                    the same of the row before; there has to be one
unless_before = { … }
[fact.data]                       as the fact's type wants it; a text left empty is left out
customer = "{caller}"
final = true                      what is not text is taken as it stands
answer_by = { time = "{target}" } read as a time, a date or a number; `format` as above
amount = { number = "{amount}" }
channel = { text = "{via}", default = "unknown" }    what is said where the row holds nothing
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from datetime import datetime

import orjson

from api.map_file import FactMap, Map, MapError, Row, compile_map

__all__ = ["MapError", "facts_of"]


def facts_of(table: Iterable[str], text: str, name: str = "map") -> Iterator[bytes]:
    """The facts that a CSV table reports, as CloudEvents JSON.

    Raises:
        MapError: the map cannot be used, or a row holds what it cannot read.
    """
    rows = csv.DictReader(table)
    columns = frozenset(rows.fieldnames or ())
    found = compile_map(text, name, columns)
    told = _told(found, _in_order(found, rows))
    if not found.by_time:
        return (line for _, line in told)
    return (line for _, line in sorted(told, key=lambda pair: pair[0]))


def _in_order(found: Map, rows: Iterable[Row]) -> Iterator[tuple[int, Row]]:
    """Rows with their numbers (the head is row 1); figures are ordered as figures, before texts."""
    numbered = enumerate(rows, 2)
    if (by := found.rows_by) is None:
        return numbered
    return iter(sorted(numbered, key=lambda pair: _rank(pair[1][by])))


def _rank(value: str) -> tuple[float, str]:
    return (int(value), "") if value.isdecimal() else (math.inf, value)


def _told(found: Map, rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[datetime, bytes]]:
    """Each row's facts; a map with `rows_of` sees the story's row before as well."""
    last: dict[str, Row] = {}
    for number, row in rows:
        try:
            before = last.get(row[found.rows_of]) if found.rows_of else None
            yield from _facts(found, row, before)
            if found.rows_of:
                last[row[found.rows_of]] = row
        except (ValueError, TypeError) as problem:
            raise MapError(f"row {number}: {problem}") from problem


def _facts(found: Map, row: Row, before: Row | None) -> Iterator[tuple[datetime, bytes]]:
    for fact in found.facts:
        if all(test(row, before) for test in fact.tests):
            yield _fact(found, fact, row)


def _fact(found: Map, fact: FactMap, row: Row) -> tuple[datetime, bytes]:
    time = fact.time(row)
    if time is None:
        raise ValueError(f"time of {fact.attributes['type'](row)} is empty; name its column in `requires`")
    said = {name: template(row) for name, template in fact.attributes.items()}
    values = {name: value(row) for name, value in fact.data.items()}
    data = {name: value for name, value in values.items() if value not in (None, "")}
    head = {"specversion": "1.0", "source": found.source, **said, "time": time}
    return time, orjson.dumps({**head, "data": data})
