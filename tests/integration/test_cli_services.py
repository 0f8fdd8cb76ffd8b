"""The commands that need Kafka and PostgreSQL, each beside a real one of both."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.cli.edge import utc_now
from streams.topics import Topics
from tests.helpers.cli import NOW, huiyin, refused
from tests.helpers.scenario import fact, received
from tests.helpers.terminal import terminal

RECEIVED = received("C-1", "2026-03-09 09:00", signals=["door-blocking"])
CLOSED = fact("complaint.closed", "complaint/C-1", "2026-03-09 10:00", by="S-1")
TOO_LARGE = received("C-3", "2026-03-09 09:00", summary="x" * 300_000)
PARKED = fact("complaint.closed", "complaint/C-2", "2026-03-09 10:00", by="S-1")


@pytest.fixture
def env(broker: str, database: str, prefix: str) -> dict[str, str]:
    return {
        "HUIYIN_KAFKA": broker,
        "HUIYIN_DATABASE_URL": database,
        "HUIYIN_TOPIC_PREFIX": prefix,
        "HUIYIN_POLICY": "auto-4s",
        "HUIYIN_INSTANCE": f"{prefix}-1",
    }


@contextmanager
def role(env: Mapping[str, str], *words: str) -> Iterator[None]:
    """A role as the process that it is."""
    process = subprocess.Popen([sys.executable, "-m", "api.cli", *words], env={**os.environ, **env})
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(30) == 0


@pytest.fixture
def running(env: dict[str, str], topics: Topics) -> Iterator[dict[str, str]]:
    with role(env, "worker"), role(env, "publish"):
        yield env


def lines(*facts: Any) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in facts)


def test_topics_are_created_once_and_named(env: dict[str, str], prefix: str) -> None:
    first, second = (huiyin("topics", "create", env=env) for _ in range(2))
    assert first.status == second.status == 0
    assert first.out == second.out
    assert first.out.split() == list(Topics.under(prefix))


def test_topics_with_other_partitions_are_refused(env: dict[str, str], topics: Topics) -> None:
    line = refused(huiyin("topics", "create", env={**env, "HUIYIN_PARTITIONS": "3"}))
    assert topics.intake in line


@pytest.mark.timeout(120)
def test_from_a_fact_to_its_alert_and_back_to_its_history(running: dict[str, str]) -> None:
    told = lines(RECEIVED, CLOSED, PARKED, RECEIVED, TOO_LARGE) + b"no JSON\n"
    sent = huiyin("emit", "-", "--patience", "60", stdin=told, env=running)
    assert sent.status == 1
    assert sorted(receipt.get("code", receipt["status"]) for receipt in sent.json) == [
        "close-without-echo",
        "duplicate",
        "malformed",
        "recorded",
        "too-large",
        "unknown-stream",
    ]

    (alert,) = huiyin(
        "watch", "--from-beginning", "--count", "1", "--severity", "critical", "--json", env=running
    ).json
    assert alert["subject"] == "complaint/C-1"
    assert alert["severity"] == "critical"

    told = huiyin("history", "complaint/C-1", "--format", "json", env=running).json
    assert [event["type"] for event in told][:2] == ["complaint.received", "violation.found"]
    assert told[0]["data"]["summary"] == "●●●"
    before = ("--known-at", "2026-03-01T00:00:00+08:00")
    assert huiyin("history", "complaint/C-1", "--format", "json", *before, env=running).json == []
    assert huiyin("history", "complaint/C-9", env=running).status == 1

    letters = huiyin("dead-letters", "list", env=running)
    (line,) = [line for line in letters.out.splitlines() if "close-without-echo" in line]
    assert "close-without-echo  complaint.closed complaint/C-1" in line
    number = line.split()[0]
    (letter,) = huiyin("dead-letters", "show", number, env=running).json
    assert letter["code"] == "close-without-echo"
    raw = huiyin("dead-letters", "show", number, "--raw", env=running)
    assert raw.json == [CLOSED]
    assert huiyin("dead-letters", "show", "999", env=running).status == 1
    assert huiyin("dead-letters", "replay", number, env=running).status == 0


@pytest.mark.timeout(120)
def test_an_alert_is_taken_on_in_the_terminal_where_it_is_seen(running: dict[str, str]) -> None:
    huiyin("emit", "-", "--patience", "60", stdin=lines(RECEIVED), env=running)
    with terminal(running, "watch", "--severity", "critical") as seen:
        seen.shows("complaint/C-1")
        seen.press("a")
        seen.shows("your staff id:")
        seen.press("S-7\r")
        seen.shows("✓ S-7")
        seen.press("\r")
        seen.shows("complaint.received")
        seen.press("G")
        seen.shows("by S-7")
        seen.press("q")
        seen.shows("a acknowledge")
        seen.press("/nobody\r")
        seen.shows("No alert is as the filter says")
        seen.press("q")
        assert seen.ends() == 0
        assert "\x1b[?1049l" in seen.raw  # the screen from before is back


@pytest.mark.timeout(120)
def test_a_checkup_finds_what_is_there_and_what_is_not(env: dict[str, str], topics: Topics) -> None:
    before = huiyin("doctor", env=env, now=utc_now)
    assert before.status == 0, before.out
    assert "! ledger: no ledger yet" in before.out
    huiyin("rebuild", env=env)
    found = {row["what"]: row for row in huiyin("doctor", "--json", env=env, now=utc_now).json}
    assert found["ledger"]["detail"].startswith("sequence 0")
    assert found["topics and partitions"]["state"] == "ok"
    assert found["intake topic"]["state"] == "ok"
    with psycopg.connect(env["HUIYIN_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("INSERT INTO intake_position VALUES (%s, 5)", [f"{topics.intake}#earlier/0"])
    assert "! intake topic: the topic lost what had been taken in" in huiyin("doctor", env=env).out
    missing = huiyin("doctor", env={**env, "HUIYIN_TOPIC_PREFIX": "nobody"}, now=utc_now)
    assert missing.status == 1
    assert "nobody.intake" in missing.out
    away = huiyin("doctor", env={**env, "HUIYIN_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"})
    assert away.status == 2
    assert "✓ broker" in away.out


def test_a_checkup_finds_clocks_that_are_apart(env: dict[str, str], topics: Topics) -> None:
    found = {row["what"]: row for row in huiyin("doctor", "--json", env=env, now=lambda: NOW).json}
    assert found["clock"]["state"] == "bad"


@pytest.mark.timeout(120)
def test_read_models_are_rebuilt_and_compared(running: dict[str, str]) -> None:
    huiyin("emit", "-", "--patience", "60", stdin=lines(RECEIVED), env=running)
    huiyin("watch", "--from-beginning", "--count", "1", env=running)
    assert huiyin("rebuild", "--check", env=running).status == 0
    with psycopg.connect(running["HUIYIN_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DELETE FROM alert")
    differs = huiyin("rebuild", "alerts", "--check", env=running)
    assert differs.status == 1
    assert {row["table"] for row in differs.json} == {"alert"}
    rebuilt = huiyin("rebuild", "alerts", env=running)
    assert rebuilt.status == 0
    assert "alerts" in rebuilt.out
    assert huiyin("rebuild", "--check", env=running).status == 0
    assert "no projection is called 'alert'" in refused(huiyin("rebuild", "alert", env=running))


def test_without_a_worker_a_missing_receipt_is_said_after_a_while(
    env: dict[str, str], topics: Topics
) -> None:
    answer = huiyin("emit", "-", "--patience", "0.5", stdin=lines(RECEIVED), env=env)
    assert answer.status == 2
    assert "1 facts are on" in answer.err
    assert "huiyin worker" in answer.err
    assert huiyin("emit", "-", "--no-wait", stdin=lines(RECEIVED), env=env).status == 0


def test_without_topics_nothing_is_sent_or_watched(env: dict[str, str]) -> None:
    for words in (["emit", "-"], ["watch"]):
        assert "huiyin topics create" in refused(huiyin(*words, stdin=lines(RECEIVED), env=env))


@pytest.mark.timeout(120)
def test_without_a_broker_the_loop_does_what_the_workers_do(env: dict[str, str], tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from domain.ledger import Incoming
    from streams.config import Settings
    from streams.inprocess import Loop
    from streams.parts import Parts

    parts = Parts.open(Settings.from_env(env))
    try:
        parts.ledger.record(
            [Incoming.read(line) for line in lines(RECEIVED, CLOSED).splitlines()], datetime.now(UTC)
        )
        loop = Loop(parts)
        while loop.round(datetime.now(UTC)):
            pass
    finally:
        parts.close()
    assert huiyin("rebuild", "--check", env=env).status == 0
    with psycopg.connect(env["HUIYIN_DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT severity FROM alert WHERE subject = 'complaint/C-1'").fetchall()
    assert ("critical",) in rows


def test_a_role_that_cannot_begin_ends_with_one_line(env: dict[str, str], topics: Topics) -> None:
    away = {**env, "HUIYIN_POLICY": "nothing"}
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "worker"],
        env={**os.environ, **away},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no pack is called 'nothing'" in done.stderr
    assert "Traceback" not in done.stderr
