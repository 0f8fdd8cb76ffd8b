"""Facts a second through the ledger on PostgreSQL, beside eventsourcing's bare recorder.

Both write to the same server in the same run, in batches of 500 facts; the bare recorder is given the very
events that the ledger recorded, in the same batches, and has nothing to decide. Times are in seconds.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from benchmarks import Table
from domain.batched import batched
from domain.ledger import Incoming, Ledger
from domain.policy import load_policy
from domain.sealing import Keyring
from storage.keys import masters, new_master
from storage.postgres import PostgresStorage
from streams.local import Database
from streams.watch import Sweeper

COMPLAINTS = 4_000
BATCH = 500
WARM = 4
"""Batches before the clock is started: connections, prepared statements and caches are there by then."""

START = datetime.fromisoformat("2026-03-02T08:00:00+08:00")
CASES = (("auto-4s", False), ("auto-4s", True), ("tobacco-xuzhou", False))
"""The pack, and whether personal fields are sealed."""

STEPS: tuple[tuple[str, float, dict[str, Any]], ...] = (
    (
        "complaint.received",
        0,
        {"category": "fees", "channel": "phone", "handler": "S-{staff}", "branch": "B-EAST"},
    ),
    ("complaint.promised", 0.5, {"answer_by": "{answer_by}"}),
    (
        "complaint.replied",
        5,
        {"text": "您好，已收到您的投诉，正在核实，将在承诺时间内答复。", "by": "S-{staff}"},
    ),
    ("complaint.resolved", 20, {"resolution": "核实后退还多收费用，并向客户致歉。", "by": "S-{staff}"}),
    ("complaint.replied", 20.5, {"text": "多收费用已退还，请查收。", "final": True, "by": "S-{staff}"}),
    ("complaint.closed", 21, {"by": "S-{staff}"}),
    ("feedback.given", 48, {"score": 4, "satisfied": True, "comment": "处理及时，表示满意。"}),
)
"""The life of a complaint: type, hours after it was received, data."""


@dataclass
class Measured:
    facts: int
    reading: float
    recording: float
    batches: list[list[StoredEvent]]

    @property
    def events(self) -> int:
        return sum(map(len, self.batches))


def facts(complaints: int) -> list[bytes]:
    """The lives of complaints that come in every 20 s, interleaved as they would be."""
    told = [step for number in range(complaints) for step in _life(number)]
    return [raw for _, raw in sorted(told)]


def _life(number: int) -> Iterator[tuple[datetime, bytes]]:
    received = START + timedelta(seconds=20 * number)
    words = {"staff": number % 40, "answer_by": (received + timedelta(hours=30)).isoformat()}
    person = {"customer": f"K-{number % 1500}", "summary": "本月账单多收服务费，要求核实并退还。"}
    contact = {"name": "张敏", "phone": f"1390{number:07d}", "model": "X5"}
    for place, (type_, hours, data) in enumerate(STEPS):
        at = received + timedelta(hours=hours)
        said = {name: v.format(**words) if isinstance(v, str) else v for name, v in data.items()}
        extra = {**person, "contact": contact} if place == 0 else {}
        yield at, _message(f"{number}-{place}", type_, f"complaint/C-{number}", at, {**said, **extra})


def _message(id_: str, type_: str, subject: str, at: datetime, data: dict[str, Any]) -> bytes:
    head = {"specversion": "1.0", "id": id_, "source": "/upstream/crm", "type": type_, "subject": subject}
    return orjson.dumps({**head, "time": at, "data": data})


def through_the_ledger(
    url: str, schema: str, packs: Sequence[str], complaints: int, keyring: Keyring | None = None
) -> Measured:
    storage = PostgresStorage(url, schema)
    storage.create()
    ledger = Ledger(storage, storage.recorder, load_policy(packs), keyring=keyring)
    measured = Measured(0, 0, 0, [])
    gc.collect()
    for place, chunk in enumerate(batched(facts(complaints), BATCH)):
        began = perf_counter()
        incoming = [Incoming.read(raw) for raw in chunk]
        read = perf_counter()
        lines = ledger.record(incoming, incoming[-1].event.time).lines  # type: ignore[union-attr]
        done = perf_counter()
        measured.batches.append([StoredEvent("", 0, "", line) for line in lines])
        if place >= WARM:
            measured.facts += len(chunk)
            measured.reading += read - began
            measured.recording += done - read
    measured.batches = _stored(storage, measured.batches)[WARM:]
    storage.close()
    return measured


def _stored(storage: PostgresStorage, batches: list[list[StoredEvent]]) -> list[list[StoredEvent]]:
    """The events as they lie in the ledger, in the same batches."""
    stored = iter(storage.events_after(0, 10_000_000))
    versions: dict[str, int] = {}
    return [[_again(next(stored), versions) for _ in batch] for batch in batches]


def _again(row: tuple[int, str, str, bytes], versions: dict[str, int]) -> StoredEvent:
    _, subject, topic, state = row
    versions[subject] = versions.get(subject, 0) + 1
    return StoredEvent(subject, versions[subject], topic, state)


@contextmanager
def bare_recorder(url: str, table: str) -> Iterator[PostgresApplicationRecorder]:
    said: dict[str, Any] = conninfo_to_dict(url)
    names = ("dbname", "host", "port", "user", "password")
    with PostgresDatastore(*(said[name] for name in names), originator_id_type="text") as datastore:
        recorder = PostgresApplicationRecorder(datastore, events_table_name=table)
        recorder.create_table()
        yield recorder


def through_the_bare_recorder(url: str, table: str, batches: Sequence[Sequence[StoredEvent]]) -> float:
    """Seconds, after a warm-up with events of the same size."""
    with bare_recorder(url, table) as recorder:
        for batch in batches[:WARM]:
            recorder.insert_events([StoredEvent(f"w/{e.originator_id}", *_rest(e)) for e in batch])
        gc.collect()
        began = perf_counter()
        for batch in batches:
            recorder.insert_events(batch)
        return perf_counter() - began


def _rest(event: StoredEvent) -> tuple[int, str, bytes]:
    return event.originator_version, event.topic, event.state


def run(complaints: int = COMPLAINTS) -> Iterator[Table]:
    columns = (
        "packs",
        "facts/s",
        "with reading",
        "events/s",
        "bare events/s",
        "ratio",
        "events",
        "bytes each",
    )
    table = Table(f"The ledger on PostgreSQL, batches of {BATCH} facts", columns)
    Sweeper().begin()  # memory is swept as in the worker, for both
    with tempfile.TemporaryDirectory() as folder, Database(Path(folder)) as database:
        for pack, sealed in CASES:
            name = f"{pack.replace('-', '_')}_{sealed}".lower()
            keyring = Keyring(masters(new_master())) if sealed else None
            ours = through_the_ledger(database.url(), name, [pack], complaints, keyring)
            bare = ours.events / through_the_bare_recorder(database.url(), f"bare_{name}", ours.batches)
            table.rows.append((f"general, {pack}{', sealed' if sealed else ''}", *_figures(ours, bare)))
    yield table


def _figures(ours: Measured, bare: float) -> tuple[float | int, ...]:
    events = ours.events / ours.recording
    size = sum(len(event.state) for batch in ours.batches for event in batch) // ours.events
    whole = ours.facts / (ours.recording + ours.reading)
    return ours.facts / ours.recording, whole, events, bare, events / bare, ours.events, size
