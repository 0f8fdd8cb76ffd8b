"""Tables whose rows a batch of events touches: read once, changed in memory, written once.

A statement a batch, not a statement an event: rows travel as one JSON document that PostgreSQL turns back
into rows of the table's own type. A batch's cursor is for what is asked; what only writes goes through
:func:`storage.statements.do`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from psycopg import Cursor

from storage.statements import arrays, ask, columns, do

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Table:
    """A table by its columns (name → SQL type), its primary key and its other indexes."""

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    """Columns that are counters: what is written is added to what is there."""

    def create(self, cursor: Cursor[Any]) -> None:
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {self.name} ({columns}, PRIMARY KEY ({', '.join(self.key)}))"
        )
        self._complete(cursor)
        for number, index in enumerate(self.indexes, 1):
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {self.name}_{number} ON {self.name} {index}")

    def _complete(self, cursor: Cursor[Any]) -> None:
        """Adds the columns that a table made by an earlier version lacks; a rebuild fills them."""
        cursor.execute(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", [self.name]
        )
        there = {row["attname"] if isinstance(row, dict) else row[0] for row in cursor.fetchall()}
        for name, kind in self.columns.items():
            if name not in there:
                cursor.execute(f"ALTER TABLE {self.name} ADD COLUMN {name} {kind}")

    def key_of(self, row: Mapping[str, Any]) -> Key:
        return tuple(row[name] for name in self.key)

    def new(self, **fields: Any) -> Row:
        """A row with these fields and nothing in the others."""
        return {**dict.fromkeys(self.columns), **fields}

    def load(self, cursor: Cursor[Row], keys: Collection[Key]) -> Rows:
        """The rows of these keys, as far as they are there; they are waited for when they are first used."""
        if not keys:
            return Rows(self, ())
        given = arrays([self.columns[name] for name in self.key])
        same = " AND ".join(f"t.{name} = k.{name}" for name in self.key)
        query = f"SELECT t.* FROM unnest({given}) AS k ({', '.join(self.key)}) JOIN {self.name} t ON {same}"
        return Rows(self, ask(cursor, query, columns(keys)))

    def save(self, cursor: Cursor[Any], rows: Collection[Row]) -> None:
        """Inserts the rows, or replaces those of the same key."""
        if not rows:
            return
        sets = ", ".join(
            f"{name} = t.{name} + excluded.{name}" if name in self.adds else f"{name} = excluded.{name}"
            for name in self.columns
            if name not in self.key
        )
        do(
            cursor,
            f"INSERT INTO {self.name} AS t SELECT * FROM json_populate_recordset(NULL::{self.name}, %s) "
            f"ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {sets}",
            [orjson.dumps([_said(row) for row in rows]).decode()],
        )


def _said(row: Row) -> Row:
    """A row without its nulls, which are what is not said."""
    return {name: value for name, value in row.items() if value is not None}


class Rows:
    """Some rows of one table, by key, and which of them have changed since they were read."""

    def __init__(self, table: Table, found: Iterable[Row]) -> None:
        self.table = table
        self._found = found
        self._changed: dict[Key, None] = {}

    @cached_property
    def _rows(self) -> dict[Key, Row]:
        return {self.table.key_of(row): row for row in self._found}

    def get(self, *key: Any) -> Row | None:
        return self._rows.get(key)

    def put(self, row: Row) -> Row:
        key = self.table.key_of(row)
        self._rows[key] = row
        self._changed[key] = None
        return row

    def change(self, key: Key, **fields: Any) -> Row:
        """Changes a row that is there, or begins one."""
        return self.put({**(self._rows.get(key) or self.begin(key)), **fields})

    def begin(self, key: Key) -> Row:
        return self.table.new(**dict(zip(self.table.key, key, strict=True)))

    def add(self, found: Iterable[Row]) -> None:
        """More rows that were read; those that are here already are newer."""
        for row in found:
            self._rows.setdefault(self.table.key_of(row), row)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def save(self, cursor: Cursor[Any]) -> None:
        self.table.save(cursor, [self._rows[key] for key in self._changed])
        self._changed.clear()
