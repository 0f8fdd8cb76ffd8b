"""Facts from the intake topic to the read models, and from a fact to its alert, on real parts.

Worker and publisher are processes of their own, as in production; broker, database, they and the senders
share this machine's cores. Latency is from the moment a fact is handed to the producer to the moment its
alert is handed out by a consumer, at a steady rate; beside it what the bare broker takes from a producer to
a consumer. The producer gathers for 5 ms, as Kafka's own do since 4.0; that is in both. Times are in
milliseconds.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
import uvloop
from kafka import KafkaProducer

from benchmarks import Table
from streams.clients import opened
from streams.config import Settings
from streams.local import Broker, Database
from streams.topics import Topics, create

FACTS = 20_000
RATE = 500
SECONDS = 20
WARM_S = 5
ONE_IN = 50
PACKS = ("auto-4s",)

CODE = (
    "import os, sys; from streams import {role}; from streams.config import Settings; "
    "sys.exit({role}.run(Settings.from_env(os.environ)))"
)
CAUGHT_UP = """SELECT (SELECT count(*) FROM fact) >= %s
    AND (SELECT max(notification_id) FROM stored_events) = (SELECT max(sequence) FROM projection_partition)
    AND NOT EXISTS (SELECT 1 FROM ledger_outbox) AND (SELECT coalesce(max(position), 0) FROM alert_outbox)
        <= (SELECT coalesce(max(position), 0) FROM published WHERE feed = 'alerts')"""


def complaint(run: str, number: int, major: bool) -> tuple[bytes, bytes]:
    """A fact's key and its bytes."""
    subject = f"complaint/{run}-{number}"
    data = {
        "customer": f"K-{run}-{number % 5000}",
        "category": f"c{number}",
        "channel": "phone",
        "summary": "本月账单多收服务费，要求核实并退还。",
        "handler": f"S-{number % 40}",
        "branch": "B-EAST",
        "signals": ["door-blocking"] if major else [],
        "contact": {"name": "张敏", "phone": f"1390{number:07d}", "model": "X5", "plate": "苏A00000"},
    }
    head = {"specversion": "1.0", "id": f"{run}-{number}", "source": "/upstream/crm", "subject": subject}
    body = {**head, "type": "complaint.received", "time": datetime.now(UTC), "data": data}
    return subject.encode(), orjson.dumps(body)


@contextmanager
def roles(settings: Settings, logs: Path, workers: int) -> Iterator[None]:
    names = [("publisher", "p"), *(("worker", f"w{number}") for number in range(workers))]
    with ExitStack() as stack:
        for role, instance in names:
            given = {"PATH": os.environ["PATH"], **replace(settings, instance=instance).to_env()}
            command = [sys.executable, "-c", CODE.format(role=role)]
            log = stack.enter_context((logs / f"{instance}.log").open("ab"))
            process = subprocess.Popen(command, env=given, stdout=log, stderr=log)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        yield


def caught_up(connection: psycopg.Connection, facts: int) -> bool:
    try:
        row = connection.execute(CAUGHT_UP.encode(), [facts]).fetchone()
    except psycopg.errors.UndefinedTable:
        return False
    return bool(row and row[0])


def until(answer: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not answer():
        if time.monotonic() > deadline:
            raise TimeoutError("the pipeline did not catch up")
        time.sleep(0.05)


@contextmanager
def installation(folder: Path, broker: Broker, database: Database, name: str) -> Iterator[Settings]:
    """Topics and a database of its own for each case."""
    create(broker.bootstrap, name, 4)
    url = database.create(name.replace("-", "_"))
    yield Settings(url, broker.bootstrap, name, policy=PACKS)


def throughput(settings: Settings, logs: Path, workers: int) -> tuple[float, int, int]:
    """Seconds from the first fact sent to the last row written and message published; facts and events."""
    topics = Topics.under(settings.topic_prefix)
    with roles(settings, logs, workers), psycopg.connect(settings.database_url, autocommit=True) as asked:
        with producer(settings) as sending:
            _send(sending, topics.intake, "warm", 500)
            until(lambda: caught_up(asked, 500))
            began = time.perf_counter()
            _send(sending, topics.intake, "run", FACTS)
        until(lambda: caught_up(asked, 500 + FACTS))
        seconds = time.perf_counter() - began
        row = asked.execute(b"SELECT max(notification_id) FROM stored_events").fetchone()
        assert row is not None
        return seconds, FACTS, row[0] * FACTS // (FACTS + 500)


def producer(settings: Settings) -> AbstractContextManager[Any]:
    return opened(KafkaProducer, bootstrap_servers=settings.kafka, linger_ms=20, acks="all")


def _send(sending: Any, topic: str, run: str, facts: int) -> None:
    for number in range(facts):
        key, value = complaint(run, number, number % ONE_IN == 0)
        sending.send(topic, value, key)
    sending.flush()


async def latencies(
    settings: Settings, into: str, out: str, subject: Callable[[Any], str], seconds: int
) -> list[float]:
    """From the producer to the consumer, in milliseconds, without the first seconds; both are aiokafka's,
    which take little of the cores that are measured."""
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]

    sent: dict[str, float] = {}
    at: dict[str, float] = {}
    sending = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", linger_ms=5)
    reading = AIOKafkaConsumer(out, bootstrap_servers=settings.kafka, auto_offset_reset="latest")
    await sending.start()
    await reading.start()
    await reading.seek_to_end()
    listening = asyncio.ensure_future(_listen(reading, subject, at))
    await _send_steadily(sending, into, sent, seconds)
    deadline = time.monotonic() + 60
    while not sent.keys() <= at.keys() and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    listening.cancel()
    await sending.stop()
    await reading.stop()
    return sorted((at[subject] - began) * 1000 for subject, began in sent.items())


async def _listen(reading: Any, subject: Callable[[Any], str], at: dict[str, float]) -> None:
    async for record in reading:
        at.setdefault(subject(record), time.perf_counter())


async def _send_steadily(sending: Any, into: str, sent: dict[str, float], seconds: int) -> None:
    began = time.perf_counter()
    for number in range(RATE * (seconds + WARM_S)):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        key, value = complaint("lat", number, number % ONE_IN == 0)
        if number % ONE_IN == 0 and number >= RATE * WARM_S:
            sent[key.decode()] = time.perf_counter()
        await sending.send(into, value, key)


def through_the_pipeline(settings: Settings, logs: Path) -> list[float]:
    topics = Topics.under(settings.topic_prefix)
    with roles(settings, logs, 1), psycopg.connect(settings.database_url, autocommit=True) as asked:
        with producer(settings) as sending:
            _send(sending, topics.intake, "warm", 500)
        until(lambda: caught_up(asked, 500))
        return uvloop.run(latencies(settings, topics.intake, topics.escalations, _of_alert, SECONDS))


def _of_alert(record: Any) -> str:
    return str(orjson.loads(record.value)["subject"])


def through_the_broker(settings: Settings) -> list[float]:
    topic = Topics.under(settings.topic_prefix).intake
    return asyncio.run(latencies(settings, topic, topic, lambda record: record.key.decode(), 5))


def _spread(values: list[float]) -> tuple[float, float, float, int]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98], values[-1], len(values)


def run() -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        broker = stack.enter_context(Broker(folder / "broker"))
        database = stack.enter_context(Database(folder / "database"))
        # Latency first: after the throughput PostgreSQL still has forty thousand facts to tidy up behind it.
        yield _latencies(folder, broker, database)
        yield _throughputs(folder, broker, database)


def _throughputs(folder: Path, broker: Broker, database: Database) -> Table:
    columns = ("workers", "facts/s", "events/s", "seconds")
    table = Table(f"Intake topic to read models and topics, {FACTS:,} facts, {os.cpu_count()} cores", columns)
    for workers in (1, 2):
        with installation(folder, broker, database, f"through-{workers}") as settings:
            seconds, facts, events = throughput(settings, folder, workers)
            table.rows.append((workers, facts / seconds, events / seconds, seconds))
    return table


def _latencies(folder: Path, broker: Broker, database: Database) -> Table:
    table = Table(f"Fact to alert at {RATE} facts/s, ms", ("", "p50", "p99", "most", "alerts"))
    with installation(folder, broker, database, "latency") as settings:
        table.rows.append(("pipeline", *_spread(through_the_pipeline(settings, folder))))
    with installation(folder, broker, database, "bare") as settings:
        table.rows.append(("bare broker", *_spread(through_the_broker(settings))))
    return table
