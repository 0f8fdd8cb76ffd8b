"""Read models that keep one row for each event of some types: what is counted is counted from them.

A row is known by its stream and the event's identity, so that it is there once; counters made of such rows
are right however late a fact is learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.envelope import Event
from domain.matter import name
from projections.batch import Batch
from projections.table import Row, Table

Told = Mapping[str, Callable[[Event], Row]]
"""By event type, what its row holds beside its key, its time and its place in the ledger."""

KEY = ("subject", "record")
COLUMNS: Mapping[str, str] = {
    "subject": "text",
    "record": "text",
    "at": "timestamptz NOT NULL",
    "sequence": "bigint NOT NULL",
}


def records(name: str, columns: Mapping[str, str], *indexes: str) -> Table:
    """A table of one row an event."""
    return Table(name, {**COLUMNS, **columns}, key=KEY, indexes=("(at)", *indexes))


def identity(event: Event) -> str:
    """An event by its source and id, as derived events name it."""
    return name(f"{event.source}#{event.id}")


def write(batch: Batch, table: Table, told: Told) -> None:
    """The rows of the batch's events of these types."""
    rows = [
        table.new(
            subject=event.subject,
            record=identity(event),
            at=event.time,
            sequence=event.sequence or 0,
            **told[event.type](event),
        )
        for event in batch.of(told)
    ]
    table.save(batch.cursor, rows)


def fields(*names: str) -> Callable[[Event], Row]:
    """These fields of the event's data, under their own names."""
    return lambda event: {name: getattr(event.data, name) for name in names}
