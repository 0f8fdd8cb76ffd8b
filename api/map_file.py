"""A map's text as functions of a row; a mistake is answered with the fact, the field and what is right.

`api.mapping` says how a map is written.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, str]
Template = Callable[[Row], str]
Value = Callable[[Row], Any]
Test = Callable[[Row, Row | None], bool]
HOLE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
ROOT_FIELDS = {"source", "timezone", "time_format", "order", "rows_of", "rows_by", "fact"}
FACT_FIELDS = {
    *("type", "subject", "id", "time", "time_format", "data", "actor", "first", "changed"),
    *("requires", "when", "unless", "before", "unless_before"),
}
NEEDED = ("type", "subject", "id", "time")


class MapError(ValueError):
    """A map, or a row under it, that cannot be used; says where, and what would be right."""


@dataclass(frozen=True, slots=True)
class FactMap:
    """One `[[fact]]` of a map, compiled."""

    attributes: Mapping[str, Template]
    time: Value
    data: Mapping[str, Value]
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """A whole map, compiled for a table of these columns."""

    source: str
    facts: tuple[FactMap, ...]
    rows_of: str | None
    rows_by: str | None
    by_time: bool


def compile_map(text: str, name: str, columns: frozenset[str]) -> Map:
    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise MapError(f"{name}: not TOML: {problem}") from problem
    return _Compiler(name, columns, root).compiled()


class _Compiler:
    """From the map's text to functions of a row; every mistake names the fact and the field."""

    def __init__(self, name: str, columns: frozenset[str], root: Mapping[str, Any]) -> None:
        self.name, self.columns, self.root = name, columns, root
        self.where = name

    def compiled(self) -> Map:
        self._known(self.root, ROOT_FIELDS)
        facts = self.root.get("fact")
        if not isinstance(facts, list) or not facts:
            raise self._wrong("fact", "is required: [[fact]] says what a row reports")
        for name in ("rows_of", "rows_by"):
            if name in self.root:
                self._column(name, self.root[name])
        return Map(
            self._text(self.root, "source"),
            tuple(self._fact(number, fact) for number, fact in enumerate(facts, 1)),
            self.root.get("rows_of"),
            self.root.get("rows_by"),
            self._by_time(),
        )

    def _by_time(self) -> bool:
        order = self.root.get("order", "rows")
        if order not in ("rows", "time"):
            raise self._wrong("order", "is 'rows' or 'time'")
        return bool(order == "time")

    def _fact(self, number: int, fact: Mapping[str, Any]) -> FactMap:
        self.where = f"{self.name}: fact {number} ({fact.get('type', 'without a type')})"
        self._known(fact, FACT_FIELDS)
        given = [name for name in (*NEEDED, "actor") if name in fact or name in NEEDED]
        said = {name: self._text(fact, name) for name in given}
        texts = {name: self._template(name, text) for name, text in said.items() if name != "time"}
        layout = fact.get("time_format", self.root.get("time_format"))
        data = {
            name: self._value(f"data.{name}", value, layout)
            for name, value in self._table(fact, "data").items()
        }
        return FactMap(texts, self._as_time("time", said["time"], layout), data, self._tests(fact))

    def _tests(self, fact: Mapping[str, Any]) -> tuple[Test, ...]:
        tests = [self._required(column) for column in self._list(fact, "requires")]
        if fact.get("first"):
            tests.append(lambda _, before: before is None)
        if changed := self._list(fact, "changed"):
            tests.append(self._changed(changed))
        parts = (
            ("when", False, False),
            ("unless", False, True),
            ("before", True, False),
            ("unless_before", True, True),
        )
        for name, of_before, negated in parts:
            if name in fact:
                tests.append(self._matching(name, self._table(fact, name), of_before, negated))
        return tuple(tests)

    def _required(self, column: str) -> Test:
        self._column("requires", column)
        return lambda row, _: bool(row[column].strip())

    def _changed(self, columns: list[str]) -> Test:
        for column in columns:
            self._column("changed", column)
        return lambda row, before: any(row[name] != (before[name] if before else "") for name in columns)

    def _matching(self, field: str, wanted: Mapping[str, Any], of_before: bool, negated: bool) -> Test:
        for column in wanted:
            self._column(field, column)
        sought = {name: [value] if isinstance(value, str) else list(value) for name, value in wanted.items()}

        def test(row: Row, before: Row | None) -> bool:
            seen = before if of_before else row
            holds = seen is not None and all(_like(seen[name], values) for name, values in sought.items())
            return holds is not negated

        return test

    def _value(self, field: str, value: Any, layout: str | None) -> Value:
        if isinstance(value, str):
            return self._template(field, value)
        if isinstance(value, dict):
            for name, reader in READERS.items():
                if name in value:
                    read = reader(self, field, value[name], value.get("format", layout))
                    return _or(read, value["default"]) if "default" in value else read
            raise self._wrong(field, f"must be text, or a table with one of {', '.join(READERS)}")
        return lambda _: value

    def _as_time(self, field: str, text: str, layout: str | None) -> Value:
        """Without an offset it is local time of the map's zone; where a clock is put back, the first pass."""
        template, zone = self._template(field, text), self._zone()

        @lru_cache(maxsize=10_000)
        def at(written: str) -> datetime:
            found = datetime.strptime(written, layout) if layout else datetime.fromisoformat(written)
            return found if found.tzinfo else found.replace(tzinfo=zone)

        return lambda row: at(written) if (written := template(row).strip()) else None

    def _as_date(self, field: str, text: str, layout: str | None) -> Value:
        read = self._as_time(field, text, layout)

        def day(row: Row) -> date | None:
            at = read(row)
            return at.date() if at else None

        return day

    def _as_text(self, field: str, text: str, _layout: str | None) -> Value:
        return self._template(field, text)

    def _as_number(self, field: str, text: str, _layout: str | None) -> Value:
        template = self._template(field, text)

        def read(row: Row) -> float | int | None:
            written = template(row).strip().replace(",", "")
            if not written:
                return None
            return int(written) if written.lstrip("-").isdigit() else float(written)

        return read

    def _zone(self) -> ZoneInfo:
        name = self.root.get("timezone", "Asia/Shanghai")
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, TypeError, OSError) as problem:
            raise MapError(
                f"{self.name}: timezone: {name!r} is no time zone, such as Asia/Shanghai"
            ) from problem

    def _template(self, field: str, text: str) -> Template:
        """`{column}` stands for what the row holds there."""
        for column in HOLE.findall(text):
            if column:
                self._column(field, column)
        plain = HOLE.fullmatch(text)
        if plain and plain[1]:
            column = plain[1]
            return lambda row: row[column]
        return partial(_filled, text)

    def _column(self, field: str, column: str) -> None:
        if column not in self.columns:
            from difflib import get_close_matches

            near = get_close_matches(column, self.columns, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(self.columns))}"
            raise self._wrong(field, f"the table has no column {column!r}; {hint}")

    def _list(self, table: Mapping[str, Any], field: str) -> list[str]:
        value = table.get(field, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(field, 'is a list of columns, such as ["column"]')
        return value

    def _table(self, table: Mapping[str, Any], field: str) -> Mapping[str, Any]:
        value = table.get(field, {})
        if not isinstance(value, dict):
            raise self._wrong(field, 'is a table, such as { column = "value" }')
        return value

    def _text(self, table: Mapping[str, Any], field: str) -> str:
        value = table.get(field)
        if not isinstance(value, str) or not value:
            raise self._wrong(field, "is required, as text")
        return value

    def _known(self, table: Mapping[str, Any], fields: set[str]) -> None:
        for name in table:
            if name not in fields:
                raise self._wrong(name, f"is unknown; known are {', '.join(sorted(fields))}")

    def _wrong(self, field: str, problem: str) -> MapError:
        return MapError(f"{self.where}: field {field}: {problem}")


READERS: Mapping[str, Callable[[_Compiler, str, str, str | None], Value]] = {
    "text": _Compiler._as_text,
    "time": _Compiler._as_time,
    "date": _Compiler._as_date,
    "number": _Compiler._as_number,
}


def _or(read: Value, default: Any) -> Value:
    """What is read, or, where the row holds nothing there, the default."""

    def value(row: Row) -> Any:
        found = read(row)
        return default if found in (None, "") else found

    return value


def _like(value: str, patterns: Iterable[str]) -> bool:
    return any(value == pattern or fnmatchcase(value, pattern) for pattern in patterns)


def _filled(text: str, row: Row) -> str:
    return HOLE.sub(lambda found: row[found[1]] if found[1] else found[0][0], text)
