"""Rebuilding read models from the ledger, beside the live ones, which are swapped when it has caught up.

The new tables grow in a schema of their own while the live ones go on. For the swap projecting waits at
a gate: what has been recorded meanwhile is added, the tables change places, and each rebuilt model
remembers up to which sequence it is complete. Nothing is published: alerts that stand are only written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Cursor, sql
from psycopg.rows import dict_row, tuple_row

from domain.batched import batched
from domain.envelope import Event
from projections.batch import Batch, Context
from projections.projection import GATE, NAMES, REGISTRY, Projector, tell, through
from projections.table import Row, Table

Ledger = Callable[[int], Iterable[Event]]
"""All recorded events after a sequence, in order, to the end of the ledger."""

SCRATCH = "rebuilding"
BATCH = 2_000
ONE_AT_A_TIME = 0x48795F72656275

_PATHS = frozenset({"raised_at", "updated_at", "sequence", "measured_in", "value", "threshold", "title"})
"""What of a rollup's alert depends on the order in which the partitions happened to be counted."""


class RebuildRuns(RuntimeError):
    """Another rebuild or check runs already."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that a read model and the ledger do not agree on; None where one has no such row."""

    table: str
    key: dict[str, Any]
    live: Row | None
    rebuilt: Row | None


def together(names: Sequence[str]) -> tuple[str, ...]:
    """The named read models and those they are rebuilt with.

    Raises:
        KeyError: there is no such read model.
    """
    known = {model.name: model for model in REGISTRY}
    wanted = {other for name in names for other in (name, *known[name].built_with)}
    return tuple(name for name in NAMES if name in wanted)


def rebuild(
    connection: Connection[Any], projector: Projector, ledger: Ledger, names: Sequence[str] = NAMES
) -> int:
    """Rebuilds read models (by default all) and swaps them in; returns the sequence they are complete to.

    `connection` must be in autocommit mode, and nothing else may use it meanwhile.

    Raises:
        RebuildRuns: somebody else rebuilds.
    """
    with _scratch(connection, projector.context, together(names)) as scratch:
        scratch.read(ledger(0))
        with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GATE])
            scratch.tell(cursor, list(ledger(scratch.sequence)))
            for name in scratch.names:
                scratch.swap(cursor, name)
        return scratch.sequence


def check(
    connection: Connection[Any], projector: Projector, ledger: Ledger, names: Sequence[str] = NAMES
) -> list[Difference]:
    """Rebuilds beside, up to what the live read models have seen, and says where they differ.

    A partition that lags behind the others shows as differences; check again when it has caught up.
    """
    with _scratch(connection, projector.context, together(names)) as scratch:
        scratch.read(event for event in ledger(0) if (event.sequence or 0) <= through(connection))
        with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GATE])
            seen = through(connection)
            rest = (event for event in ledger(scratch.sequence) if (event.sequence or 0) <= seen)
            scratch.tell(cursor, list(rest))
            return [found for name in names for found in scratch.compare(cursor, name)]


@dataclass
class Scratch:
    """The tables that grow beside the live ones, and how far they have come."""

    connection: Connection[Any]
    context: Context
    names: tuple[str, ...]
    live: str
    sequence: int = 0

    def read(self, events: Iterable[Event]) -> None:
        """All events so far, a transaction a batch."""
        for batch in batched(events, BATCH):
            with self.connection.transaction(), self.connection.cursor(row_factory=dict_row) as cursor:
                self.tell(cursor, batch)

    def tell(self, cursor: Cursor[Row], events: Sequence[Event]) -> None:
        if events:
            self._path(cursor, SCRATCH, self.live)
            batch = Batch(cursor, "ledger", (), self.context, publish=False)
            tell(batch, dict.fromkeys(self.names, self.sequence), events)
            self.sequence = events[-1].sequence or self.sequence

    def _path(self, cursor: Cursor[Any], *schemas: str) -> None:
        cursor.execute(
            "SELECT set_config('search_path', %s, true), set_config('TimeZone', 'UTC', true)",
            [", ".join(f'"{schema}"' for schema in schemas)],
        )

    def swap(self, cursor: Cursor[Row], name: str) -> None:
        """The new tables take the places of the old ones."""
        for table in _tables(name):
            live, new = sql.Identifier(self.live, table.name), sql.Identifier(SCRATCH, table.name)
            cursor.execute(sql.SQL("DROP TABLE {}").format(live))
            cursor.execute(sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(new, sql.Identifier(self.live)))
        cursor.execute(
            sql.SQL("UPDATE {} SET sequence = %s WHERE name = %s").format(
                sql.Identifier(self.live, "projection_through")
            ),
            [self.sequence, name],
        )

    def compare(self, cursor: Cursor[Row], name: str) -> Iterator[Difference]:
        for table in _tables(name):
            live, new = (self._rows(cursor, schema, table) for schema in (self.live, SCRATCH))
            for key in sorted({*live, *new}, key=str):
                if _comparable(live.get(key)) != _comparable(new.get(key)):
                    named = dict(zip(_key(table), key, strict=True))
                    yield Difference(table.name, named, live.get(key), new.get(key))

    def _rows(self, cursor: Cursor[Row], schema: str, table: Table) -> dict[tuple[Any, ...], Row]:
        """A table's rows by key, counters summed over the partitions."""
        self._path(cursor, schema)
        columns = [name for name in table.columns if name != "partition"]
        select = ", ".join(
            f"sum({name})::bigint AS {name}" if name in table.adds else name for name in columns
        )
        by = (
            f" GROUP BY {', '.join(name for name in columns if name not in table.adds)}" if table.adds else ""
        )
        rows = cursor.execute(f"SELECT {select} FROM {table.name}{by}").fetchall()
        return {tuple(row[name] for name in _key(table)): row for row in rows}


def _key(table: Table) -> tuple[str, ...]:
    return tuple(name for name in table.key if name != "partition")


def _comparable(row: Row | None) -> Row | None:
    """What must be the same, in whatever order the partitions were counted: a rollup may have fallen and
    recovered between two partitions' counts, but whether it falls now is the counters' to say."""
    if row is None or not str(row.get("key", "")).startswith("rollup:"):
        return row
    if row["status"] == "resolved":
        return None
    return {name: value for name, value in row.items() if name not in _PATHS}


def _tables(name: str) -> tuple[Table, ...]:
    return next(model.tables for model in REGISTRY if model.name == name)


@contextmanager
def _scratch(connection: Connection[Any], context: Context, names: tuple[str, ...]) -> Iterator[Scratch]:
    """An empty schema to build in, for one at a time; gone at the end, whatever happens."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s), current_schema()", [ONE_AT_A_TIME])
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise RebuildRuns("another rebuild runs; wait for it to end")
    try:
        scratch = Scratch(connection, context, names, row[1])
        _drop(connection)
        with connection.transaction(), connection.cursor() as creating:
            creating.execute(f"CREATE SCHEMA {SCRATCH}")
            scratch._path(creating, SCRATCH, scratch.live)
            for name in names:
                for table in _tables(name):
                    table.create(creating)
        yield scratch
    finally:
        if not connection.closed:
            _drop(connection)
            connection.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def _drop(connection: Connection[Any]) -> None:
    connection.execute(f"DROP SCHEMA IF EXISTS {SCRATCH} CASCADE")
