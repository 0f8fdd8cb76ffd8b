"""Proofs from a ledger of a million events; what the tree costs while recording; how long verifying takes.

The events are recorded by the ledger's own writer in batches of 5,000, with the tree and, for the cost of it,
without. A proof is timed from the call to the answer, on a connection that is open. Times in milliseconds.
"""

from __future__ import annotations

import random
import statistics
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter

from eventsourcing.persistence import StoredEvent

from benchmarks import Table
from domain import merkle
from domain.storage import Changes
from storage import recorder
from storage.postgres import PostgresStorage
from storage.proofs import grow
from storage.verification import verify
from streams.local import Database

EVENTS = 1_000_000
FEW = 10_000
BATCH = 5_000
STREAMS = 5_000
PROOFS = 500
SEED = b64encode(bytes(range(32))).decode()
STATE = (
    b'{"specversion":"1.0","id":"%d","data":{' + b'"text":"' + "多收服务费，请核实。".encode() * 18 + b'"}}'
)


def event(number: int) -> StoredEvent:
    subject, version = f"complaint/C-{number % STREAMS}", number // STREAMS + 1
    return StoredEvent(subject, version, "complaint.signalled", STATE % number)


def fill(url: str, schema: str, events: int) -> tuple[PostgresStorage, float]:
    """A ledger, and how many events a second were recorded."""
    storage = PostgresStorage(url, schema)
    storage.create()
    spent = 0.0
    for first in range(0, events, BATCH):
        batch = [event(number) for number in range(first, min(first + BATCH, events))]
        began = perf_counter()
        with storage.unit() as unit:
            unit.save(Changes(events=batch))
        spent += perf_counter() - began
    return storage, events / spent


def bare(url: str, events: int) -> float:
    """Events a second without the tree."""
    writers, recorder.WRITERS = recorder.WRITERS, tuple(w for w in recorder.WRITERS if w is not grow)
    try:
        storage, speed = fill(url, "bare", events)
        storage.close()
        return speed
    finally:
        recorder.WRITERS = writers


def timed(work: Callable[[int], object], sequences: list[int]) -> tuple[float, float, float]:
    """Median, 99th percentile and the longest, in milliseconds."""
    times = []
    for sequence in sequences:
        began = perf_counter()
        work(sequence)
        times.append((perf_counter() - began) * 1000)
    cuts = statistics.quantiles(times, n=100)
    return cuts[49], cuts[98], max(times)


def run(events: int = EVENTS) -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as folder, Database(Path(folder)) as database:
        storage, speed = fill(database.url(), "million", events)
        with closing(storage):
            yield _proofs(storage, events)
            table = Table("Recording, events/s in batches of 5,000", ("with the tree", "without", "ratio"))
            without = bare(database.url(), events // 5)
            table.rows.append((speed, without, speed / without))
            yield table
            table = Table("Verifying the whole ledger", ("events", "seconds", "events/s"))
            few, _ = fill(database.url(), "few", FEW)
            with closing(few):
                for each, count in ((few, FEW), (storage, events)):
                    seconds = _verified(each)
                    table.rows.append((count, seconds, count / seconds))
            yield table


def _proofs(storage: PostgresStorage, events: int) -> Table:
    proofs, chance = storage.proofs, random.Random(9162)
    root = proofs.root(events)
    sequences = [chance.randrange(1, events + 1) for _ in range(PROOFS)]

    def inclusion(sequence: int) -> None:
        proof = proofs.inclusion(sequence, events)
        assert proof is not None
        assert merkle.included(proof.leaf, sequence - 1, events, proof.path, root)

    table = Table(
        f"Making one proof in a ledger of {events:,} events, ms", ("", "p50", "p99", "most", "proofs")
    )
    table.rows.append(("inclusion, and checking it", *timed(inclusion, sequences), PROOFS))
    consistency = timed(lambda sequence: proofs.consistency(sequence, events), sequences)
    table.rows.append(("consistency", *consistency, PROOFS))
    began = perf_counter()
    proofs.sign(SEED)
    signing = (perf_counter() - began) * 1000
    table.rows.append(("signing a checkpoint", signing, signing, signing, 1))
    return table


def _verified(storage: PostgresStorage) -> float:
    began = perf_counter()
    assert not verify(storage.proofs.connections).findings
    return perf_counter() - began
