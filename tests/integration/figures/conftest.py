"""A quarter drawn at random, told to a ledger; its events folded in three partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.policy import Policy, load_policy
from streams.local import Database
from tests.helpers.office import PACKS, SEEDS, Site, told
from tests.helpers.quarter import END, story


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(PACKS)


@pytest.fixture(scope="module", params=SEEDS)
def site(server: Database, policy: Policy, request: pytest.FixtureRequest) -> Iterator[Site]:
    name = f"office_{request.param}"
    running = told(server.create(name), policy, story(request.param), END)
    yield running
    running.db.close()
    server.drop(name)


@pytest.fixture
def tell(database: str, policy: Policy) -> Iterator[Callable[..., Site]]:
    """A story of a test's own."""
    opened: list[Site] = []

    def telling(*facts: dict[str, Any], until: str) -> Site:
        opened.append(told(database, policy, facts, until))
        return opened[-1]

    yield telling
    for each in opened:
        each.db.close()
