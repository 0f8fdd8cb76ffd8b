"""Read models on a real PostgreSQL, and a story that has something of everything."""

from collections.abc import Iterator

import psycopg
import pytest

from domain.envelope import Event
from domain.policy import Policy, load_policy
from projections.projection import Projector, create
from tests.helpers.projected import MIXED, PACKS, Db, recorded


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(PACKS)


@pytest.fixture
def projector(policy: Policy) -> Projector:
    return Projector.of(policy)


@pytest.fixture
def db(database: str) -> Iterator[Db]:
    with psycopg.connect(database, autocommit=True) as connection:
        create(connection)
        yield connection


@pytest.fixture(scope="module")
def mixed(policy: Policy) -> list[Event]:
    return recorded(policy, MIXED, "2026-03-20 00:00")
