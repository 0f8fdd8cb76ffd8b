"""Roles as processes of their own, to be stopped and killed; and what went in and came out of the topics."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import psycopg
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streams.clients import opened
from streams.config import Settings

CODE = (
    "import os, sys; from streams import {role}; from streams.config import Settings; "
    "sys.exit({role}.run(Settings.from_env(os.environ)))"
)


class Role:
    """A worker or publisher of an instance of its own."""

    def __init__(self, role: str, settings: Settings, logs: Path, instance: str = "1") -> None:
        self.role = role
        self.settings = replace(settings, instance=instance)
        self.log = logs / f"{role}-{instance}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        given = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **self.settings.to_env()}
        command = [sys.executable, "-W", "ignore", "-c", CODE.format(role=self.role)]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, env=given, stdout=out, stderr=out, cwd=Path.cwd())
        return self

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 30) -> int:
        """The exit code after SIGTERM."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def wait(self, seconds: float = 60) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()


def until(answer: Callable[[], Any], seconds: float = 60, what: str = "") -> Any:
    """What `answer` says as soon as it says something; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := answer()):
        assert time.monotonic() < deadline, what or f"not within {seconds} s"
        time.sleep(0.1)
    return found


def send(bootstrap: str, topic: str, facts: Iterable[dict[str, Any] | bytes | None]) -> None:
    """Each to the partition of its subject; what is no fact goes as it is."""
    with opened(KafkaProducer, bootstrap_servers=bootstrap, linger_ms=20) as producer:
        for fact in facts:
            told = isinstance(fact, dict)
            value = json.dumps(fact, ensure_ascii=False).encode() if isinstance(fact, dict) else fact
            producer.send(topic, value, str(fact["subject"]).encode() if told else b"?")  # type: ignore[index]
        producer.flush()


def records(bootstrap: str, *topics: str) -> list[Any]:
    """All that the topics hold now, partition by partition in order."""
    with opened(KafkaConsumer, bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        places = [TopicPartition(topic, part) for topic in topics for part in _parts(consumer, topic)]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning()
        found: list[Any] = []
        deadline = time.monotonic() + 240  # on a busy machine kafka-python reads hundreds a second
        while any(consumer.position(place) < end for place, end in ends.items()):
            for batch in consumer.poll(500).values():
                found.extend(batch)
            assert time.monotonic() < deadline, "the topics could not be read"
        return found


def _parts(consumer: KafkaConsumer, topic: str) -> Sequence[int]:
    return sorted(consumer.partitions_for_topic(topic) or ())


def position(record: Any) -> int:
    return int(dict(record.headers)["position"])


class Figures:
    """Numbers that a test waits for, asked over one connection."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)

    def number(self, query: str) -> int:
        try:
            row = self.connection.execute(query.encode()).fetchone()
        except psycopg.errors.UndefinedTable:
            return 0
        return int(row[0] or 0) if row else 0

    def facts(self) -> int:
        return self.number("SELECT count(*) FROM fact")

    def recorded(self) -> int:
        return self.number("SELECT max(notification_id) FROM stored_events")

    def projected(self) -> int:
        return self.number("SELECT max(sequence) FROM projection_partition")

    def unpublished(self) -> int:
        return self.number(
            "SELECT (SELECT count(*) FROM ledger_outbox) + (SELECT count(*) FROM alert_outbox"
            " WHERE position > coalesce((SELECT max(position) FROM published WHERE feed = 'alerts'), 0))"
        )

    def settled(self) -> bool:
        """Whether everything recorded is in the read models, and everything to be published was."""
        recorded = self.recorded()
        return recorded > 0 and self.projected() == recorded and self.unpublished() == 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
