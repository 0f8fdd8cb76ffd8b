"""Dashboards while alerts pour in: how long pages take, how soon an alert is on a screen, what memory grows.

The API is a process of its own, `huiyin serve`, as in production; the facts are recorded and projected in
this one, each complaint with an overdue promise: two alerts, a breach and an escalation. 50 dashboards hold
a stream of alerts open; one reader goes through the pages, one after the other. Compressed, 5,000 alerts
come within a minute; `--seconds 600` is the ten minutes that were asked for. Times in milliseconds, memory
in MiB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg

from benchmarks import Table
from benchmarks.process import MIB
from domain.ledger import Incoming
from storage import api_keys
from streams.child import free_ports
from streams.config import Settings
from streams.inprocess import Loop
from streams.local import Database
from streams.parts import Parts

ALERTS = 5_000
SECONDS = 60
DASHBOARDS = 50
EACH = 2
"""Alerts of one complaint."""

BATCHES = 4
"""Batches of facts a second."""

LIMIT_MS = 1_000.0
GROWN = 1.2
"""How much more memory at the end than after a third of the time counts as a leak."""

PAGES = (
    *("/", "/view/complaints", "/view/obligations", "/view/escalations", "/view/satisfaction"),
    *("/view/visits?window=quarter", "/view/ownership", "/view/rankings", "/view/rules", "/view/audit"),
)
LISTS = ("/alerts?current=true&limit=500", "/complaints?overdue=true", "/sla/upcoming", "/health/ready")


@dataclass
class Seen:
    """What the dashboards and the reader saw."""

    delays: list[float] = field(default_factory=list)
    changes: list[int] = field(default_factory=lambda: [0] * DASHBOARDS)
    pages: dict[str, list[float]] = field(default_factory=dict)
    memory: list[int] = field(default_factory=list)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--alerts", type=int, default=ALERTS, help="of dashboards: how many come")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of dashboards: within this time")


def facts(number: int, now: datetime) -> Iterator[dict[str, Any]]:
    """A complaint whose promise was not kept."""
    subject = f"complaint/C-{number}"
    told = {"specversion": "1.0", "source": "/benchmark", "subject": subject}
    data = {"customer": f"K-{number}", "category": "delivery", "channel": "phone", "summary": "未送货"}
    yield {
        **told,
        "id": f"{number}-1",
        "type": "complaint.received",
        "time": (now - timedelta(hours=3)).isoformat(),
        "data": {**data, "handler": f"S-{number % 40}", "branch": f"B-{number % 8}"},
    }
    yield {
        **told,
        "id": f"{number}-2",
        "type": "complaint.promised",
        "time": (now - timedelta(hours=2)).isoformat(),
        "data": {"answer_by": (now - timedelta(hours=1)).isoformat()},
    }


@contextmanager
def served(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The API while it answers."""
    command = [sys.executable, "-m", "api.cli", "serve"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env={**os.environ, **settings.to_env()}, stdout=out, stderr=out)
    try:
        for _ in range(600):
            with suppress(httpx.TransportError):
                httpx.get(f"{settings.address}/health/live")
                break
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def resident(process: subprocess.Popen[bytes]) -> int:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // MIB


# ---- what goes on


async def pour(parts: Parts, count: int, seconds: int, ended: asyncio.Event) -> None:
    """Facts at a steady rate, recorded and projected."""
    now, began = datetime.now(UTC), time.monotonic()
    rounds = seconds * BATCHES
    done = 0
    for number in range(rounds):
        wanted = count * (number + 1) // rounds // EACH
        batch = [json.dumps(one).encode() for each in range(done, wanted) for one in facts(each, now)]
        done = wanted
        await asyncio.to_thread(_record, parts, batch)
        await asyncio.sleep(max(0.0, began + (number + 1) / BATCHES - time.monotonic()))
    await asyncio.sleep(3)
    ended.set()


def _record(parts: Parts, batch: list[bytes]) -> None:
    if batch:
        parts.ledger.record([Incoming.read(one) for one in batch], datetime.now(UTC))
    loop = Loop(parts)
    while loop.round(datetime.now(UTC)):
        continue


async def look(client: httpx.AsyncClient, number: int, seen: Seen, connections: dict[int, float]) -> None:
    """A dashboard: counts the changes that it is told; the first one says when each arrived."""
    async with client.stream("GET", "/alerts/stream", timeout=None) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                seen.changes[number] += 1
                if number == 0:
                    connections[int(line[4:])] = time.time()


async def read(client: httpx.AsyncClient, process: subprocess.Popen[bytes], seen: Seen) -> None:
    """Each page once before it counts, as its template is compiled then."""
    for path in PAGES:
        await client.get(path)
    while True:
        for path in (*PAGES, *LISTS):
            began = time.perf_counter()
            answer = await client.get(path, headers={"Accept": "text/html, application/json;q=0.9"})
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
            seen.pages.setdefault(path, []).append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.05)
        seen.memory.append(resident(process))


WRITTEN = """CREATE TABLE written (position bigint PRIMARY KEY, at double precision NOT NULL);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO written VALUES (NEW.position, extract(epoch FROM clock_timestamp())); RETURN NEW; END $$;
CREATE TRIGGER note AFTER INSERT ON alert_outbox FOR EACH ROW EXECUTE FUNCTION note()"""
"""When each change was written, by the same clock."""


async def watch(parts: Parts, process: Any, key: str, asked: argparse.Namespace, address: str) -> Seen:
    seen, arrived, ended = Seen(), dict[int, float](), asyncio.Event()
    limits = httpx.Limits(max_connections=DASHBOARDS + 10)
    head = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=address, headers=head, limits=limits, timeout=30) as client:
        tasks = [asyncio.create_task(look(client, n, seen, arrived)) for n in range(DASHBOARDS)]
        await asyncio.sleep(2)
        tasks.append(asyncio.create_task(read(client, process, seen)))
        await pour(parts, asked.alerts, asked.seconds, ended)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, asyncio.CancelledError):
                raise outcome
    written = dict(parts.connections.read("SELECT position, at FROM written"))
    seen.delays = [(at - written[place]) * 1000 for place, at in arrived.items() if place in written]
    return seen


# ---- the tables


def run(given: argparse.Namespace) -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as folder, Database(Path(folder) / "database") as database:
        settings = Settings(database.url(), http_port=free_ports(1)[0], http_rate=0)
        with closing(Parts.open(settings)) as parts:
            with psycopg.connect(settings.database_url, autocommit=True) as connection:
                connection.execute(WRITTEN.encode())
            key = api_keys.create(parts.connections, "admin", "benchmark")
            with served(settings, Path(folder) / "serve.log") as process:
                seen = asyncio.run(watch(parts, process, key, given, settings.address))
            written = parts.connections.read("SELECT count(*), count(DISTINCT key) FROM alert_outbox")[0]
    yield _pages(seen)
    yield _screens(seen, written, given)
    yield _memory(seen)


def _pages(seen: Seen) -> Table:
    table = Table("Pages and lists meanwhile, ms", ("", "p50", "p99", "most", "asked"))
    for path, times in seen.pages.items():
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        table.rows.append((path, cuts[49], cuts[98], max(times), len(times)))
        table.failed = table.failed or max(times) > LIMIT_MS
    return table


def _screens(seen: Seen, written: tuple[Any, ...], given: argparse.Namespace) -> Table:
    changes, alerts = written
    title = f"{alerts:,} alerts in {given.seconds} s on {DASHBOARDS} dashboards: from written to arrived, ms"
    table = Table(title, ("changes", "fewest on a screen", "p50", "p99", "most"))
    cuts = statistics.quantiles(seen.delays, n=100, method="inclusive")
    table.rows.append((changes, min(seen.changes), cuts[49], cuts[98], max(seen.delays)))
    table.failed = min(seen.changes) < changes or cuts[98] > LIMIT_MS
    return table


def _memory(seen: Seen) -> Table:
    """After a third of the time everything that is kept is there."""
    third, last = seen.memory[len(seen.memory) // 3], seen.memory[-1]
    table = Table("Memory of the API, MiB", ("at first", "after a third", "at the end", "most"))
    table.rows.append((seen.memory[0], third, last, max(seen.memory)))
    table.failed = last > GROWN * third
    return table
