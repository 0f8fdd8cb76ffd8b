"""A laptop's broker and database: they go on from their data, survive kills, and end with their parent."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from streams.child import listens
from streams.clients import opened
from streams.local import Broker, ChildFailed, Database, free_ports
from streams.topics import CONFIGS, Topics, TopicsDiffer, create


def becomes_true(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def sent(bootstrap: str, topic: str, *values: bytes) -> None:
    with opened(KafkaProducer, bootstrap_servers=bootstrap, acks="all") as producer:
        for value in values:
            producer.send(topic, value, partition=0).get(timeout=10)


def held(bootstrap: str, topic: str, count: int) -> list[bytes]:
    options = {"auto_offset_reset": "earliest", "consumer_timeout_ms": 10_000}
    with opened(KafkaConsumer, topic, bootstrap_servers=bootstrap, **options) as consumer:
        return [record.value for _, record in zip(range(count), consumer, strict=False)]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Broker]:
    """A broker of this test's own, to be stopped and killed."""
    broker = Broker(tmp_path / "broker")
    yield broker
    broker.stop()


@pytest.mark.broker
def test_a_broker_keeps_its_records_through_a_stop_and_a_kill(own: Broker) -> None:
    with own:
        topic = create(own.bootstrap, "kept", partitions=1).intake
        sent(own.bootstrap, topic, b"before the stop")
        bootstrap = own.bootstrap
    own.start()
    assert own.bootstrap == bootstrap, "clients know the address of before"
    sent(own.bootstrap, topic, b"before the kill")
    own.kill()
    own.start()
    assert held(own.bootstrap, topic, 2) == [b"before the stop", b"before the kill"]


@pytest.mark.broker
def test_a_broker_whose_port_is_taken_says_so_and_leaves_nothing_running(own: Broker, broker: str) -> None:
    own.port = int(broker.rpartition(":")[2])
    with pytest.raises(ChildFailed, match=r"(?s)ended with 1 .*Address already in use"):
        own.start()
    assert own.child is None


@pytest.mark.broker
@pytest.mark.database
def test_children_end_with_their_parent_even_when_it_is_killed(tmp_path: Path) -> None:
    script = """
import sys, time
from pathlib import Path
from streams.local import Broker, Database
here = Path(sys.argv[1])
with Broker(here / "broker") as broker, Database(here / "database") as database:
    print(broker.port, database.port, flush=True)
    time.sleep(600)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent, parent.stdout as said:
        ports = [int(port) for port in said.readline().split()]
        assert len(ports) == 2
        assert all(listens(port) for port in ports)
        parent.kill()
    assert becomes_true(lambda: not any(listens(port) for port in ports))


def test_a_child_is_started_from_the_main_thread_only(tmp_path: Path) -> None:
    """The signal at a parent's death comes when the starting thread ends: too early from any other one."""
    problems: list[BaseException] = []

    def start() -> None:
        try:
            Database(tmp_path / "database").start()
        except RuntimeError as problem:
            problems.append(problem)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(problems[0])


@pytest.mark.database
def test_a_database_keeps_its_rows_through_a_stop_and_a_kill(tmp_path: Path) -> None:
    database = Database(tmp_path / "database")
    with database, psycopg.connect(database.url()) as connection:
        connection.execute("CREATE TABLE kept (what text)")
        connection.execute("INSERT INTO kept VALUES ('before the stop')")
        connection.commit()
        url = database.url()
        connection.close()
    database.start()
    assert database.url() == url
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO kept VALUES ('before the kill')")
    database.kill()
    with database, psycopg.connect(url) as connection:
        rows = connection.execute("SELECT what FROM kept ORDER BY ctid").fetchall()
    assert rows == [("before the stop",), ("before the kill",)]


@pytest.mark.database
def test_a_database_lets_nobody_in_without_its_password(server: Database) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres")
    assert (server.data / "password").stat().st_mode & 0o077 == 0


@pytest.mark.database
def test_a_database_is_postgresql_18_and_counts_chinese_by_characters(database: str) -> None:
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT length('投诉')").fetchone() == (2,)
        assert connection.info.server_version // 10000 == 18


def test_two_free_ports_are_never_the_same() -> None:
    assert len(set(free_ports(50))) == 50


def test_topics_are_created_once_with_what_each_keeps(broker: str, prefix: str) -> None:
    first = create(broker, prefix, partitions=3)
    assert create(broker, prefix, partitions=3) == first == Topics.under(prefix)
    with opened(KafkaAdminClient, bootstrap_servers=broker) as admin:
        partitions = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(list(first))}
        asked = ConfigResource(ConfigResourceType.TOPIC, first.escalations)
        configured = admin.describe_configs([asked])
    assert partitions == dict.fromkeys(first, 3)
    assert "compact,delete" in str(configured)
    assert [name.removeprefix(f"{prefix}.") for name in first] == list(CONFIGS)


def test_another_partition_count_is_refused_and_nothing_is_created(broker: str, prefix: str) -> None:
    with opened(KafkaAdminClient, bootstrap_servers=broker) as admin:
        admin.create_topics({f"{prefix}.events": {"num_partitions": 2, "replication_factor": 1}})
        admin.wait_for_topics([f"{prefix}.events"])
        with pytest.raises(TopicsDiffer, match=f"{prefix}.events: 2"):
            create(broker, prefix, partitions=4)
        assert [name for name in admin.list_topics() if name.startswith(f"{prefix}.")] == [f"{prefix}.events"]


def test_each_test_has_topics_and_a_database_of_its_own(topics: Topics, database: str, broker: str) -> None:
    sent(broker, topics.intake, b"{}")
    assert held(broker, topics.intake, 1) == [b"{}"]
    with psycopg.connect(database) as connection:
        assert connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() == (0,)
