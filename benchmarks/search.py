"""Searching complaints: how long a page takes by each filter, by words of sealed summaries and by several.

The read model is loaded as projecting would leave it: one customer for eight complaints, 600 handlers in 30
branches, 12 categories, a few in a hundred overdue; summaries of 10 to 20 words in Chinese, used as unevenly
as words are (Zipf), each sealed with its customer's key. Times in milliseconds from the call to the rows, on
one open connection, with filters taken at random and a third of the pages not being the first.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
from psycopg import Connection

from benchmarks import Table
from domain.privacy import KEY_ID, MARK, DataKey, Masters
from projections.complaints import search
from projections.texts import Opener, opener
from projections.words import marks, runs
from streams.config import Settings
from streams.local import Database
from streams.parts import Parts

COMPLAINTS = 200_000
SEARCHES = 300
BATCH = 10_000
MASTER = bytes(range(32))
START = datetime(2023, 1, 1, tzinfo=UTC)
STATUSES = ["closed"] * 17 + ["open"] * 2 + ["withdrawn"]
SYLLABLES = "货服务费员态度差慢送错漏多收少退换款品质量假电话接通约定时间未到门店客户经理承诺回复处理结果"

Row = tuple[Any, ...]
Ask = Callable[[random.Random], dict[str, Any]]


def vocabulary(chance: random.Random) -> list[str]:
    """2,000 words of two to four characters."""
    return ["".join(chance.choices(SYLLABLES, k=chance.choice((2, 2, 2, 3, 4)))) for _ in range(2_000)]


CHANCE = random.Random(6)
WORDS = vocabulary(CHANCE)
WEIGHTS = list(accumulate(1 / (rank + 1) for rank in range(len(WORDS))))


def customer(number: int, complaints: int) -> str:
    return f"K-{number * 7919 % max(1, complaints // 8)}"


def key_of(name: str) -> DataKey:
    return DataKey(f"{int(name[2:]):0{KEY_ID}x}", name.encode().ljust(32, b"."))


def complaint(number: int, complaints: int) -> dict[str, Any]:
    whose = customer(number, complaints)
    handler = CHANCE.randrange(600)
    at = START + timedelta(seconds=number * 94_000_000 // complaints)
    summary = "，".join(CHANCE.choices(WORDS, cum_weights=WEIGHTS, k=CHANCE.randint(10, 20)))
    return {
        "subject": f"complaint/C-{number}",
        "kind": "complaint",
        "status": CHANCE.choice(STATUSES),
        "received_at": at,
        "major": number % 50 == 0,
        "urgent": False,
        "cycle": 1,
        "customer": whose,
        "handler": f"S-{handler}",
        "branch": f"B-{handler % 30}",
        "category": f"category-{CHANCE.randrange(12)}",
        "channel": "phone",
        "said_at": at,
        "summary": summary,
    }


COLUMNS = [name for name in complaint(1, 8) if name != "summary"]


def stored(row: dict[str, Any]) -> Row:
    """The fact as the ledger keeps it."""
    key, source, name = key_of(row["customer"]), "/benchmark", row["subject"].removeprefix("complaint/")
    sealed = key.seal(row["summary"].encode(), f"{source}\n{name}\nsummary")
    data = {
        "customer": row["customer"],
        "category": row["category"],
        "channel": "phone",
        "summary": f"{MARK}{key.id}:{b64encode(sealed, b'-_').decode()}",
    }
    event = {
        "specversion": "1.0",
        "id": name,
        "source": source,
        "type": "complaint.received",
        "subject": row["subject"],
        "time": row["received_at"],
        "data": data,
    }
    return row["subject"], 1, "complaint.received", orjson.dumps(event)


def fill(connection: Connection[Any], texts: Opener, complaints: int) -> None:
    """The tables that a search reads."""
    _keys(connection, complaints)
    with connection.cursor() as cursor:
        secret = texts.secret(cursor)
    for first in range(0, complaints, BATCH):
        rows = [complaint(n, complaints) for n in range(first, min(first + BATCH, complaints))]
        marked = [
            (r["subject"], r["customer"], n, r["received_at"], marks(secret, runs(r["summary"])))
            for n, r in enumerate(rows)
        ]
        _copy(connection, "complaint", COLUMNS, ([r[name] for name in COLUMNS] for r in rows))
        told = ["subject", "customer", "sequence", "received_at", "marks"]
        _copy(connection, "complaint_words", told, marked)
        events = ["originator_id", "originator_version", "topic", "state"]
        _copy(connection, "stored_events", events, map(stored, rows))
        late = [r for r in rows if CHANCE.random() < 0.03]
        owed = ["subject", "obligation", "clause", "state", "due_at", "warned", "provisional", "pauses"]
        breached = ((r["subject"], "o", "c", "breached", r["received_at"], True, False, False) for r in late)
        _copy(connection, "obligation", owed, breached)
    connection.execute("VACUUM ANALYZE")


def _keys(connection: Connection[Any], complaints: int) -> None:
    masters, owners = Masters([MASTER]), {customer(n, complaints) for n in range(complaints)}
    wrapped = (masters.wrap(key_of(o).id, f"customer/{o}", o.encode().ljust(32, b".")) for o in owners)
    rows = ((key.id, key.owner, key.master, key.wrapped) for key in wrapped)
    _copy(connection, "data_key", ["id", "owner", "master", "wrapped"], rows)


def _copy(connection: Connection[Any], table: str, columns: list[str], rows: Any) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


# ---- what is asked


def _common(chance: random.Random) -> str:
    return WORDS[chance.randrange(20)]


def _rare(chance: random.Random) -> str:
    return WORDS[chance.randrange(500, 2_000)]


def _period(chance: random.Random) -> dict[str, Any]:
    since = START + timedelta(days=chance.randrange(1_000))
    return {"since": since, "until": since + timedelta(days=30)}


def _handler(chance: random.Random) -> dict[str, Any]:
    return {"handler": f"S-{chance.randrange(600)}"}


ASKED: dict[str, Ask] = {
    "nothing": lambda _: {},
    "customer": lambda chance: {"customer": f"K-{chance.randrange(20_000)}"},
    "handler": _handler,
    "branch, category and status": lambda chance: {
        "branch": f"B-{chance.randrange(30)}",
        "category": f"category-{chance.randrange(12)}",
        "status": "open",
    },
    "period and major": lambda chance: {**_period(chance), "major": True},
    "overdue of a handler": lambda chance: {**_handler(chance), "overdue": True},
    "nobody's": lambda chance: {"handler": "S-none", "category": f"category-{chance.randrange(12)}"},
    "a common word": lambda chance: {"words": _common(chance)},
    "a rare word": lambda chance: {"words": _rare(chance)},
    "two words of a branch": lambda chance: {
        "words": f"{_common(chance)} {_rare(chance)}",
        "branch": f"B-{chance.randrange(30)}",
    },
    "a common word, overdue": lambda chance: {"words": _common(chance), "overdue": True},
    "a rare word of a period": lambda chance: {"words": _rare(chance), **_period(chance)},
    "a rare word of a handler": lambda chance: {"words": _rare(chance), **_handler(chance)},
    "two rare words": lambda chance: {"words": f"{_rare(chance)} {_rare(chance)}"},
    "no such word": lambda chance: {"words": "".join(chance.choices("麒麟凤凰饕餮貔貅", k=2))},
}


def timed(
    connection: Connection[Any], texts: Opener, ask: Ask, searches: int
) -> tuple[float, float, float, float]:
    """Median, 99th percentile and the longest; and how many rows a page had."""
    chance, times, rows, cursor = random.Random(7), list[float](), 0, None
    asked: dict[str, Any] = {}
    for number in range(searches):
        if cursor is None or number % 3:
            asked, cursor = ask(chance), None
        began = perf_counter()
        page = search(connection, texts=texts, cursor=cursor, **asked)
        times.append((perf_counter() - began) * 1000)
        rows, cursor = rows + len(page.items), page.next
    cuts = statistics.quantiles(times, n=100)
    return cuts[49], cuts[98], max(times), rows / searches


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--complaints", type=int, default=COMPLAINTS, help="of search: how many there are")


def run(given: argparse.Namespace) -> Iterator[Table]:
    texts = opener(Masters([MASTER]))
    with tempfile.TemporaryDirectory() as folder, Database(Path(folder)) as database:
        settings = Settings(database.url(), master_key=b64encode(MASTER).decode())
        with closing(Parts.open(settings)) as parts, parts.connections.connect() as connection:
            began = perf_counter()
            fill(connection, texts, given.complaints)
            loaded = perf_counter() - began
            table = Table(
                f"A page of {given.complaints:,} complaints, ms (loaded in {loaded:.0f} s)",
                ("searched by", "p50", "p99", "most", "rows"),
            )
            for name, ask in ASKED.items():
                table.rows.append((name, *timed(connection, texts, ask, SEARCHES)))
            yield table
            yield _sizes(connection)


def _sizes(connection: Connection[Any]) -> Table:
    table = Table("Size on disk, MiB", ("table", "with its indexes"))
    for name in ("complaint", "complaint_words", "stored_events"):
        row = connection.execute("SELECT pg_total_relation_size(%s::regclass)", [name]).fetchone()
        table.rows.append((name, (row or [0])[0] / 2**20))
    return table
