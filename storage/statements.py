"""Statements of a transaction that go out together: it waits at its end, and where it needs an answer.

For connections in pipeline mode. COPY does not work there, so rows travel as an array for each column. On
others the same statements wait one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from psycopg import Cursor

Row = TypeVar("Row")


def do(cursor: Cursor[Any], statement: str, parameters: Sequence[Any] = ()) -> None:
    """A statement whose answer nobody waits for. On a cursor of its own: in a pipeline the answers to what a
    cursor was told before would come in the way of what it is asked next."""
    cursor.connection.execute(statement.encode(), parameters)


def ask(cursor: Cursor[Row], statement: str, parameters: Sequence[Any] = ()) -> Cursor[Row]:
    """A question that goes out now; whoever reads the cursor waits for the answer."""
    asked = cursor.connection.cursor(row_factory=cursor.row_factory)
    return asked.execute(statement.encode(), parameters)


def columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as an array for each column."""
    return [list(column) for column in zip(*rows, strict=True)]


def arrays(kinds: Sequence[str]) -> str:
    """What stands for arrays of these types in a statement; bytes go as they are, not as hexadecimal text."""
    return ", ".join(f"{'%b' if kind == 'bytea' else '%s'}::{kind}[]" for kind in kinds)


def inserting(table: str, kinds: Mapping[str, str], otherwise: str = "") -> str:
    """The statement that inserts many rows, in their order; `kinds` are the types of their columns."""
    given = f"SELECT * FROM unnest({arrays([*kinds.values()])})"
    return f"INSERT INTO {table} ({', '.join(kinds)}) {given} {otherwise}"


def many(cursor: Cursor[Any], statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """One statement for many rows, if there are any."""
    if rows:
        do(cursor, statement, columns(rows))
