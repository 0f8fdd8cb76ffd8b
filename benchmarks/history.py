"""The history of one complaint in a ledger of many millions of events, and its whole story, in milliseconds.

The ledger is not recorded fact by fact, which would take hours, but loaded: one complaint's life goes through
the ledger itself (in memory, under auto-4s), and the bytes that come of it are written for every complaint
with COPY into `stored_events`, with its name and its customer's in place of the first one's. Lives overlap as
they do in an office: 5,000 complaints are open at a time and take turns, so that the events of one lie
scattered over the table. Three complaints are of one customer. The indexes are in place while it is loaded
and nothing is sorted or clustered afterwards; the database's settings are its own but for fsync, which is
off.

Timed is what the command and the API do: reading the stream, decoding, cutting off at an instant, and writing
JSON; for the story also its state, obligations, alerts, and what happened around it. Complaints are drawn at
random, none twice. `--events` says how many (default one million).
"""

from __future__ import annotations

import random
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import orjson
import psycopg

from api.story import Asked, events_of, story
from benchmarks import Table
from benchmarks.ledger import facts
from benchmarks.proofs import timed
from domain.history import history, shown
from domain.policy import Policy, load_policy
from domain.simulation import simulate
from projections import projection
from storage.postgres import PostgresStorage
from streams.local import Database

EVENTS = 1_000_000
OPEN_AT_ONCE = 5_000
DRAWN = 1_000
WARM = 50
HISTORY = "history, as JSON"
LIMIT_MS = 20.0
"""What 99 of 100 histories must stay below."""

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ME, MINE = b"complaint/C-0", b'"customer":"K-0"'


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--events", type=int, default=EVENTS, help="history: how many events the ledger has")


def life(policy: Policy) -> list[tuple[str, bytes]]:
    """What is recorded of one complaint: types and stored bytes."""
    lines = [line for line in simulate(facts(1), policy) if b'"subject":"%b"' % ME in line]
    return [(orjson.loads(line)["type"], line) for line in lines]


def rows(events: int, told: list[tuple[str, bytes]]) -> Iterator[tuple[str, int, str, bytes]]:
    """Stored events in the order recorded; the complaints that are open take turns."""
    complaints = events // len(told)
    for first in range(0, complaints, OPEN_AT_ONCE):
        for version, (topic, state) in enumerate(told, 1):
            for number in range(first, min(first + OPEN_AT_ONCE, complaints)):
                name = b"complaint/C-%d" % number
                mine = state.replace(ME, name).replace(MINE, b'"customer":"K-%d"' % (number // 3))
                yield name.decode(), version, topic, mine


def load(url: str, events: int, policy: Policy) -> tuple[int, int, float]:
    """How many complaints and events there are, and how long it took to write them."""
    told, began = life(policy), perf_counter()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        projection.create(connection)
        columns = "originator_id, originator_version, topic, state, notification_id"
        with cursor.copy(f"COPY stored_events ({columns}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
            copy.set_types(("text", "int8", "text", "bytea", "int8"))
            count = 0
            for count, row in enumerate(rows(events, told), 1):
                copy.write_row((*row, count))
        complaints = count // len(told)
        cursor.execute(
            """INSERT INTO about (subject, customer, at) SELECT 'complaint/C-' || n, 'K-' || n / 3, now()
            FROM generate_series(0, %s) AS n""",
            [complaints - 1],
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE stored_events")
        connection.execute("ANALYZE about")
    return complaints, count, perf_counter() - began


def told(storage: PostgresStorage, subject: str) -> bytes:
    """The history of a stream as of an instant, as JSON."""
    return orjson.dumps([shown(event) for event in history(events_of(storage, subject), NOW, None)])


def whole(storage: PostgresStorage, policy: Policy, subject: str) -> bytes:
    return orjson.dumps(story(storage, policy, events_of(storage, subject), Asked(NOW)), default=str)


def run(given: Namespace) -> Iterator[Table]:
    policy = load_policy(["auto-4s"])
    with (
        tempfile.TemporaryDirectory() as folder,
        Database(Path(folder), settings={"fsync": "off"}) as database,
        closing(PostgresStorage(database.url())) as storage,
    ):
        storage.create()
        complaints, events, seconds = load(database.url(), given.events, policy)
        size = storage.proofs.connections.read("SELECT pg_total_relation_size('stored_events')")[0][0]
        table = Table("The ledger, loaded", ("events", "complaints", "events each", "seconds", "size"))
        table.rows.append((events, complaints, events // complaints, seconds, f"{size / 2**30:.1f} GiB"))
        yield table
        yield _timed(storage, policy, complaints, events)


def _timed(storage: PostgresStorage, policy: Policy, complaints: int, events: int) -> Table:
    drawn = random.Random(2026).sample(range(complaints), min(2 * (DRAWN + WARM), complaints))
    table = Table(f"One complaint in a ledger of {events:,} events, ms", ("", "p50", "p99", "most", "read"))
    works: tuple[tuple[str, Callable[[str], bytes]], ...] = (
        (HISTORY, lambda subject: told(storage, subject)),
        ("the whole story", lambda subject: whole(storage, policy, subject)),
    )
    for place, (name, work) in enumerate(works):
        numbers = drawn[place :: len(works)]
        for number in numbers[:WARM]:
            work(f"complaint/C-{number}")
        figures = timed(lambda number, work=work: work(f"complaint/C-{number}"), numbers[WARM:])  # type: ignore[misc]
        table.rows.append((name, *figures, len(numbers) - WARM))
    table.failed = any(row[0] == HISTORY and float(str(row[2])) > LIMIT_MS for row in table.rows)
    return table
