"""The worker on a real broker and database: what it takes, how it starts, and how it stops."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from streams.clients import opened
from streams.config import Settings
from streams.local import Database, free_ports
from streams.parts import Parts
from streams.topics import Topics, create
from streams.waiting import Unready, until_ready
from streams.watch import IDLE_S, LATEST_S, STALLED_S, SWEEP_S, Stalled, Sweeper, Watch
from tests.helpers.roles import Figures, Role, records, send, until
from tests.helpers.scenario import fact, received


def now() -> str:
    return datetime.now(UTC).isoformat()


def complaint(number: object, **data: Any) -> dict[str, Any]:
    return received(f"C-{number}", now(), **data)


@pytest.fixture
def settings(broker: str, database: str, topics: Topics, prefix: str) -> Settings:
    return Settings(database, broker, prefix, policy=("general", "auto-4s"))


@pytest.fixture
def figures(database: str) -> Iterator[Figures]:
    with Figures(database) as asked:
        yield asked


POISON = [
    b"",
    None,
    b"{",
    b"null",
    b"\xff\xfe\x00",
    b'{"__faust": {"ns": "x"}}',
    b"[" * 100_000,
    b'{"specversion": "1.0", "id": "x", "source": "y", "type": "no.such", "subject": "complaint/1"}',
    b'"' + b"a" * 300_000 + b'"',
]


def test_every_message_gets_one_receipt_and_poison_becomes_a_dead_letter_with_its_bytes(
    settings: Settings, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    first, second = complaint(1), complaint(2)
    send(broker, topics.intake, [first, *POISON, second, first, {**first, "actor": "S-9"}])
    expected = len(POISON) + 4
    with Role("worker", settings, tmp_path), Role("publisher", settings, tmp_path):
        until(lambda: len(records(broker, topics.receipts)) >= expected, what="no receipts")
        until(figures.settled)
    answers = [json.loads(record.value) for record in records(broker, topics.receipts)]
    assert Counter(answer["status"] for answer in answers) == {
        "recorded": 2,
        "duplicate": 1,
        "rejected": len(POISON) + 1,
    }
    letters = [json.loads(record.value) for record in records(broker, topics.dead_letters)]
    assert Counter(b64decode(letter["raw_base64"]) for letter in letters if letter["code"] != "conflict") == (
        Counter(bytes(raw or b"") for raw in POISON)
    )
    assert all(letter["origin"].startswith(f"{topics.intake}/") for letter in letters)


def test_a_fact_in_binary_mode_is_a_fact(
    settings: Settings, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    told = complaint(1)
    headers = [(f"ce_{name}", str(told[name]).encode()) for name in told if name != "data"]
    body = json.dumps(told["data"]).encode()
    with opened(KafkaProducer, bootstrap_servers=broker) as producer:
        named = [*headers, ("content-type", b"application/json"), ("trace", b"\xff")]
        producer.send(topics.intake, body, b"k", headers=named).get(10)
    with Role("worker", settings, tmp_path):
        until(lambda: figures.number("SELECT count(*) FROM fact WHERE status = 'recorded'") == 1)


def test_what_falls_due_is_found_by_the_clock_and_reaches_the_alert_topic(
    settings: Settings, broker: str, topics: Topics, tmp_path: Path
) -> None:
    with Role("worker", settings, tmp_path), Role("publisher", settings, tmp_path):
        due = datetime.now(UTC) + timedelta(seconds=6)
        promised = fact("complaint.promised", "complaint/C-1", now(), answer_by=due.isoformat())
        send(broker, topics.intake, [complaint(1), promised])

        def breached() -> list[dict[str, Any]]:
            told = [json.loads(record.value) for record in records(broker, topics.sla)]
            return [alert for alert in told if alert["severity"] == "high"]

        alerts = until(breached, 40, "no breach")
    assert [(alert["clause"], alert["status"]) for alert in alerts] == [("general.promise", "firing")]


def test_two_workers_share_the_partitions_and_when_one_is_killed_the_other_takes_over(
    settings: Settings, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    with Role("worker", settings, tmp_path, "1") as one, Role("worker", settings, tmp_path, "2"):
        send(broker, topics.intake, [complaint(number) for number in range(200)])
        until(lambda: figures.facts() == 200)
        send(broker, topics.intake, [complaint(number) for number in range(200, 1200)])
        one.kill()
        until(lambda: figures.facts() == 1200, 60)
        versions = "SELECT count(*) - count(DISTINCT notification_id) FROM stored_events"
        assert figures.number(versions) == 0


def test_asked_to_stop_a_worker_ends_with_0_and_the_next_takes_nothing_again(
    settings: Settings, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    with Role("worker", settings, tmp_path) as worker:
        send(broker, topics.intake, [complaint(1)])
        until(lambda: figures.facts() == 1)
        assert worker.stop() == 0
        worker.start()
        send(broker, topics.intake, [complaint(2)])
        until(lambda: figures.facts() == 2)
        assert figures.number("SELECT count(*) FROM ledger_outbox") == 2
        assert worker.stop() == 0


def test_when_kafka_lost_its_data_what_comes_then_is_recorded_all_the_same(
    settings: Settings, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    """The topics are made anew under the same names while no worker runs: offsets begin at 0 again."""
    told = [complaint(number) for number in range(30)]
    with Role("worker", settings, tmp_path) as worker:
        send(broker, topics.intake, told)
        until(lambda: figures.facts() == len(told))
        assert worker.stop() == 0
    with opened(KafkaAdminClient, bootstrap_servers=broker) as admin:
        admin.delete_topics([topics.intake])
        until(lambda: topics.intake not in admin.list_topics())
    create(broker, settings.topic_prefix, settings.partitions)
    with Role("worker", settings, tmp_path) as worker:
        send(broker, topics.intake, [told[0], complaint("new")])
        until(lambda: figures.number("SELECT count(*) FROM ledger_outbox") == len(told) + 2)
        assert worker.stop() == 0
    assert figures.number("SELECT count(*) FROM fact WHERE status = 'recorded'") == len(told) + 1


def test_without_its_topics_a_worker_says_so_and_does_not_begin(
    broker: str, database: str, prefix: str, tmp_path: Path
) -> None:
    with Role("worker", Settings(database, broker, prefix), tmp_path) as worker:
        assert worker.wait() == 2
    assert f"{prefix}.intake" in worker.said()
    assert "Traceback" not in worker.said()


def test_an_unknown_pack_is_one_clear_line(settings: Settings, tmp_path: Path) -> None:
    with Role("worker", Settings(**{**_fields(settings), "policy": ("nosuch",)}), tmp_path) as worker:
        assert worker.wait() == 2
    assert "nosuch" in worker.said()
    assert "Traceback" not in worker.said()


def _fields(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


def test_a_broker_that_is_away_is_waited_for_and_then_named(database: str) -> None:
    nobody = f"127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(Unready, match=nobody):
        until_ready(Settings(database, nobody), lambda: None, patience=0.3)


def test_a_database_that_is_away_is_named_without_its_password(
    broker: str, topics: Topics, prefix: str
) -> None:
    away = f"postgresql://postgres:secret@127.0.0.1:{free_ports(1)[0]}/huiyin"
    settings = Settings(away, broker, prefix)
    with pytest.raises(Unready) as refused:
        until_ready(settings, lambda: Parts.open(settings), patience=0.3)
    assert "HUIYIN_DATABASE_URL" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.timeout(180)
def test_the_database_may_go_and_come_back_and_a_stop_meanwhile_is_heard(
    broker: str, topics: Topics, prefix: str, tmp_path: Path
) -> None:
    with Database(tmp_path / "own", settings={"fsync": "off"}) as own:
        settings = Settings(own.url(), broker, prefix)
        with Role("worker", settings, tmp_path) as worker, Role("publisher", settings, tmp_path) as publisher:
            send(broker, topics.intake, [complaint(number) for number in range(50)])
            until(lambda: len(records(broker, topics.receipts)) == 50)
            own.stop()
            send(broker, topics.intake, [complaint(number) for number in range(50, 100)])
            time.sleep(3)
            own.start()
            until(lambda: len(records(broker, topics.receipts)) == 100)
            own.stop()
            send(broker, topics.intake, [complaint(100)])
            time.sleep(2)
            assert publisher.stop() == 0
            assert worker.stop() == 0
            own.start()
        with Role("worker", settings, tmp_path), Role("publisher", settings, tmp_path):
            until(lambda: len(records(broker, topics.receipts)) == 101)
    assert worker.said().count("the database (ledger) is away") <= 2


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Delivered:
    """An event of Faust's, as far as the watch looks at it."""

    def __init__(self, tp: str, offset: int) -> None:
        self.message = self
        self.tp = tp
        self.offset = offset


def test_progress_that_stops_while_messages_wait_is_noticed() -> None:
    clock = Clock()
    watch = Watch(clock)
    watch.took([Delivered("p", 4)])
    clock.now = STALLED_S + 1
    watch.check({"p": 5})
    watch.check({"p": 6})
    clock.now = 2 * STALLED_S + 3
    with pytest.raises(Stalled):
        watch.check({"p": 6})


def test_memory_is_swept_when_there_is_nothing_to_do_and_at_the_latest_after_a_while() -> None:
    clock, swept = Clock(), []
    sweeper = Sweeper(clock, lambda: swept.append(clock.now))
    for clock.now in (SWEEP_S - 1, SWEEP_S + 1):
        sweeper.look()
    assert swept == [SWEEP_S + 1]
    for _ in range(int(LATEST_S / IDLE_S) + 1):
        clock.now += IDLE_S
        sweeper.worked()
        sweeper.look()
    assert len(swept) == 2
