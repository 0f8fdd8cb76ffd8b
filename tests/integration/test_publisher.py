"""The publisher: what leaves the database reaches the topics, each message once, whatever is killed."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from domain.checkpoint import open_checkpoints
from domain.ledger import Incoming
from streams.clients import opened
from streams.config import Settings
from streams.feeds import published
from streams.local import Broker
from streams.parts import Parts
from streams.publisher import partition
from streams.readback import last_positions
from streams.topics import Topics, create
from tests.helpers.proven import SEED
from tests.helpers.roles import Figures, Role, position, records, send, until
from tests.helpers.scenario import received


class Office:
    """The ledger and read models without Kafka, so that a test decides what there is to publish."""

    def __init__(self, settings: Settings) -> None:
        self.parts = Parts.open(settings)
        self.told = 0

    def tell(self, count: int, **data: object) -> None:
        """New complaints, recorded and in the read models."""
        now = datetime.now(UTC)
        facts = [received(f"C-{self.told + n}", now.isoformat(), **data) for n in range(count)]
        self.told += count
        before = self.parts.storage.last_sequence()
        self.parts.ledger.record([Incoming.read(json.dumps(one).encode()) for one in facts], now)
        rows = self.parts.storage.events_after(before, 100_000)
        found = [(seq, published(seq, topic, state)) for seq, _, topic, state in rows]
        with self.parts.connections.take(lambda one: one.execute("SELECT 1")) as (connection, _):
            self.parts.projector.project(connection, {("test", 0): found})


@pytest.fixture
def settings(broker: str, database: str, topics: Topics, prefix: str) -> Settings:
    return Settings(database, broker, prefix, policy=("general", "auto-4s"))


@pytest.fixture
def office(settings: Settings) -> Iterator[Office]:
    made = Office(settings)
    yield made
    made.parts.close()


@pytest.fixture
def figures(database: str) -> Iterator[Figures]:
    with Figures(database) as asked:
        yield asked


def gone(figures: Figures) -> None:
    """Waits until everything is published."""
    recorded = figures.recorded()
    until(
        lambda: (
            figures.unpublished() == 0
            and figures.number("SELECT position FROM published WHERE feed = 'events'") == recorded
        ),
        what="not everything was published",
    )


def assert_all_there_once(broker: str, topics: Topics, figures: Figures, facts: int) -> None:
    found = records(broker, topics.events)
    assert sorted(position(record) for record in found) == list(range(1, figures.recorded() + 1))
    assert len(records(broker, topics.receipts)) == facts
    told = Counter((record.key, record.value) for record in records(broker, *topics.alerts))
    assert set(told.values()) <= {1}
    assert len({key for key, _ in told}) == figures.number("SELECT count(*) FROM alert")


def test_recorded_events_go_out_in_order_with_their_sequence_and_key(
    settings: Settings, office: Office, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    office.tell(20, signals=["door-blocking"])
    with Role("publisher", settings, tmp_path):
        gone(figures)
    assert_all_there_once(broker, topics, figures, 20)
    lasts = dict.fromkeys(range(4), 0)
    for record in records(broker, topics.events):
        event = json.loads(record.value)
        assert event["sequence"] == position(record) > lasts[record.partition]
        lasts[record.partition] = event["sequence"]
        assert event["subject"] == record.key.decode()
        assert record.partition == partition(record.key, 4)
        assert ("content-type", b"application/cloudevents+json") in record.headers


def test_signed_checkpoints_go_out_once_as_the_notes_that_verify_takes(
    settings: Settings, office: Office, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    proofs, notes = office.parts.storage.proofs, []
    for _ in range(2):
        office.tell(5)
        notes.append(proofs.sign(SEED).note)
        with Role("publisher", settings, tmp_path):
            gone(figures)
            until(
                lambda: [record.value.decode() for record in records(broker, topics.checkpoints)] == notes,
                what="the checkpoints are not there once each",
            )
    read_out = b"\n".join(record.value for record in records(broker, topics.checkpoints)).decode()
    last = proofs.last()
    assert last is not None
    assert open_checkpoints(read_out, [last.key])[-1] == last.checkpoint


def test_a_message_goes_where_every_other_client_would_put_it(broker: str, topics: Topics) -> None:
    facts = [received(f"C-{number}", "2026-03-02 10:00") for number in range(50)]
    send(broker, topics.intake, facts)
    for record in records(broker, topics.intake):
        assert record.partition == partition(record.key, 4)


def test_started_again_it_goes_on_and_when_the_database_forgot_how_far_the_topics_know(
    settings: Settings, office: Office, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    for forget in (
        "SELECT 1",
        "DELETE FROM published",
        "UPDATE published SET position = position / 2",
    ):
        office.tell(30, signals=["door-blocking"])
        figures.connection.execute(forget.encode())
        with Role("publisher", settings, tmp_path) as publisher:
            gone(figures)
            assert publisher.stop() == 0
    assert_all_there_once(broker, topics, figures, 90)


def test_changes_of_alerts_stay_for_who_goes_on_from_the_last_one_they_saw(
    settings: Settings, office: Office, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    office.tell(5, signals=["door-blocking"])
    changes = figures.number("SELECT count(*) FROM alert_outbox")
    with Role("publisher", settings, tmp_path):
        gone(figures)
    assert changes > 0
    assert figures.number("SELECT count(*) FROM alert_outbox") == changes


def test_outbox_rows_that_were_sent_but_not_yet_counted_are_not_sent_again(
    settings: Settings, office: Office, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    """As after a kill between the broker's acknowledgement and the database's commit."""
    office.tell(30, signals=["door-blocking"])
    for table in ("ledger_outbox", "alert_outbox"):
        figures.connection.execute(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}".encode())
    with Role("publisher", settings, tmp_path):
        gone(figures)
    for table in ("ledger_outbox", "alert_outbox"):
        back = (
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept_{table} ON CONFLICT DO NOTHING"
        )
        figures.connection.execute(back.encode())
    figures.connection.execute(b"UPDATE published SET position = 3")
    with Role("publisher", settings, tmp_path):
        gone(figures)
    assert_all_there_once(broker, topics, figures, 30)


def test_the_one_that_stands_by_takes_over_when_the_active_one_is_killed(
    settings: Settings, office: Office, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    with Role("publisher", settings, tmp_path, "1") as active:
        until(lambda: "event=publishing" in active.said())
        with Role("publisher", settings, tmp_path, "2") as standby:
            until(lambda: "standing by" in standby.said())
            office.tell(500)
            active.kill()
            office.tell(500)
            gone(figures)
            assert "event=publishing" in standby.said()
    assert_all_there_once(broker, topics, figures, 1000)


def test_after_its_lock_was_lost_it_finds_out_anew_how_far_it_came(
    settings: Settings, office: Office, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    with Role("publisher", settings, tmp_path) as publisher:
        until(lambda: "event=publishing" in publisher.said())
        for _ in range(3):
            office.tell(200)
            figures.connection.execute(
                b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                b" WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            office.tell(1)
        gone(figures)
    assert_all_there_once(broker, topics, figures, 603)


def test_topics_made_anew_are_filled_again(
    settings: Settings, office: Office, broker: str, topics: Topics, figures: Figures, tmp_path: Path
) -> None:
    """Events stay in the ledger, so a broker that lost them gets them again; receipts are gone with it."""
    office.tell(10)
    with Role("publisher", settings, tmp_path) as publisher:
        gone(figures)
        assert publisher.stop() == 0
    made_anew(broker, topics, settings)
    office.tell(10)
    with Role("publisher", settings, tmp_path):
        gone(figures)
    found = sorted(position(record) for record in records(broker, topics.events))
    assert found == list(range(1, figures.recorded() + 1))


def made_anew(broker: str, topics: Topics, settings: Settings) -> None:
    with opened(KafkaAdminClient, bootstrap_servers=broker) as admin:
        admin.delete_topics(list(topics))
        until(lambda: not set(topics) & set(admin.list_topics()))
    create(broker, settings.topic_prefix, settings.partitions)


def _on(settings: Settings, bootstrap: str) -> Settings:
    return Settings(settings.database_url, bootstrap, settings.topic_prefix, policy=settings.policy)


@pytest.mark.timeout(180)
def test_the_broker_may_go_and_come_back(
    settings: Settings, office: Office, figures: Figures, tmp_path: Path, prefix: str
) -> None:
    with Broker(tmp_path / "own") as own:
        topics = create(own.bootstrap, prefix)
        with Role("publisher", _on(settings, own.bootstrap), tmp_path) as publisher:
            office.tell(100)
            gone(figures)
            own.kill()
            office.tell(100)
            until(lambda: "away" in publisher.said())
            own.start()
            gone(figures)
            assert_all_there_once(own.bootstrap, topics, figures, 200)
        assert publisher.said().count("is away") == 1


def test_the_last_record_of_each_partition_says_how_far_it_goes(broker: str, topics: Topics) -> None:
    there = asyncio.run(last_positions(broker, [topics.events, topics.sla]))
    assert there == {(topic, part): 0 for topic in (topics.events, topics.sla) for part in range(4)}
