"""One real broker and one real PostgreSQL for a run, started when first asked for, however many processes run
the tests; a database and topics of its own for each test.

A test that takes one of these fixtures carries its marker, so that a run can tell what it did not do.
"""

import gc
import itertools
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from storage.postgres import PostgresStorage
from streams.child import HOST
from streams.local import Database
from streams.topics import Topics, create
from tests.helpers.kept import kept

MARKERS = {"broker": "broker", "topics": "broker", "server": "database", "database": "database"}
NUMBERS = itertools.count(1)

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""What this process is called where a run has several."""

MINE = WORKER or "only"


class Shared(Database):
    """The run's PostgreSQL as one of its processes sees it: databases are called by names of its own."""

    def url(self, database: str | None = None) -> str:
        return super().url(self._mine(database or self.name))

    def create(self, database: str, unless_there: bool = False) -> str:
        return super().create(self._mine(database), unless_there)

    def drop(self, database: str) -> None:
        super().drop(self._mine(database))

    def _mine(self, database: str) -> str:
        """Called again with what it answered, as `create` asks for the URL, it answers the same."""
        ending = f"_{MINE}"
        return database if database == "postgres" or database.endswith(ending) else database + ending


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in MARKERS:
                item.add_marker(MARKERS[fixture])


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """What is left unclosed is noticed beside who left it, not in a test in which it is collected later."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of the run share: each has its own below it."""
    mine = tmp_path_factory.getbasetemp()
    return mine.parent if WORKER else mine


@pytest.fixture(scope="session")
def broker(run_folder: Path) -> Iterator[str]:
    """The bootstrap address of the broker that this run started."""
    with kept("broker", run_folder) as running:
        yield f"{HOST}:{running.port}"


@pytest.fixture(scope="session")
def server(run_folder: Path) -> Iterator[Database]:
    with kept("database", run_folder) as running:
        yield Shared(running.folder, running.port)


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
    return f"test-{MINE}-{next(NUMBERS)}"


@pytest.fixture
def topics(broker: str, prefix: str) -> Topics:
    """All topics, empty, with four partitions each, under this test's prefix."""
    return create(broker, prefix, partitions=4)
