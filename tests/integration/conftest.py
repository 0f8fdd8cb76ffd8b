"""One real broker and one real PostgreSQL for each process of a run, started when first asked for; a database
and topics of its own for each test.

A test that takes one of these fixtures carries its marker, so that a run can tell what it did not do.
"""

import itertools
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from storage.postgres import PostgresStorage
from streams.local import Broker, Database
from streams.topics import Topics, create

MARKERS = {"broker": "broker", "topics": "broker", "server": "database", "database": "database"}
NUMBERS = itertools.count(1)

# Tests crash processes, never the machine: what the operating system holds is as safe as what the disk holds.
QUICK = {"fsync": "off", "full_page_writes": "off", "max_connections": "100", "shared_buffers": "64MB"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in MARKERS:
                item.add_marker(MARKERS[fixture])


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap address of a broker that this run started."""
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running.bootstrap


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with Database(tmp_path_factory.mktemp("database"), settings=QUICK) as running:
        yield running


@pytest.fixture
def database(server: Database) -> Iterator[str]:
    """The URL of an empty database that only this test has."""
    name = f"test_{next(NUMBERS)}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture(scope="module")
def tables(server: Database) -> Iterator[str]:
    """The URL of a database with the ledger's tables that the tests of a module share: making it costs more
    than most of them do."""
    name = f"tables_{next(NUMBERS)}"
    url = server.create(name)
    with closing(PostgresStorage(url)) as made:
        made.create()
    yield url
    server.drop(name)


@pytest.fixture
def storage(tables: str) -> Iterator[PostgresStorage]:
    """An empty ledger."""
    empty(tables)
    with closing(PostgresStorage(tables)) as made:
        yield made


def empty(url: str) -> None:
    """Every table of the database, counters included, past the triggers that guard what is only added to."""
    with psycopg.connect(url, autocommit=True, options="-c session_replication_role=replica") as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        connection.execute(f"TRUNCATE {', '.join(name for (name,) in rows)} RESTART IDENTITY".encode())


@pytest.fixture
def prefix() -> str:
    """A topic prefix that only this test has."""
    return f"test-{next(NUMBERS)}"


@pytest.fixture
def topics(broker: str, prefix: str) -> Topics:
    """All topics, empty, with four partitions each, under this test's prefix."""
    return create(broker, prefix, partitions=4)
