"""A ledger with events to prove: plain ones, many at a time, as any writer of the ledger records them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import orjson
from eventsourcing.persistence import StoredEvent

from domain.storage import Changes
from storage.postgres import PostgresStorage

SEED = b64encode(bytes(range(32))).decode()
AT = datetime.fromisoformat("2026-03-02T09:00:00+08:00")


def event(number: int, streams: int = 10) -> StoredEvent:
    """The n-th event of a ledger whose streams take turns."""
    subject = f"complaint/C-{number % streams}"
    head = {"specversion": "1.0", "id": f"E-{number}", "source": "/crm", "type": "complaint.signalled"}
    body = {**head, "subject": subject, "time": AT, "partitionkey": subject, "recordedtime": AT}
    state = orjson.dumps({**body, "data": {"signal": f"s{number}"}})
    return StoredEvent(subject, number // streams + 1, "complaint.signalled", state)


@contextmanager
def filled(url: str, events: int, batch: int = 500, streams: int = 10) -> Iterator[PostgresStorage]:
    storage = PostgresStorage(url)
    try:
        storage.create()
        record(storage, 0, events, batch, streams)
        yield storage
    finally:
        storage.close()


def record(storage: PostgresStorage, first: int, last: int, batch: int = 500, streams: int = 10) -> None:
    for low in range(first, last, batch):
        with storage.unit() as unit:
            numbers = range(low, min(low + batch, last))
            unit.save(Changes(events=[event(number, streams) for number in numbers]))
