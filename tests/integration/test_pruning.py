"""Outboxes that nobody publishes from do not grow for ever, and lose nothing that anyone could still want."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from domain.incoming import Incoming
from streams import pruning
from streams.config import Settings
from streams.inprocess import Loop
from streams.parts import Parts
from tests.helpers.scenario import received

NOW = datetime.now(UTC)


@pytest.fixture
def parts(database: str) -> Iterator[Parts]:
    opened = Parts.open(Settings(database, policy=("auto-4s",)))
    yield opened
    opened.close()


def answered(parts: Parts, channel: str, ago: timedelta) -> None:
    query = "INSERT INTO ledger_outbox (channel, key, value, made_at) VALUES (%s, '', '', %s)"
    parts.connections.read(query, [channel, NOW - ago])


def changed(parts: Parts, *keys: str) -> None:
    for key in keys:
        query = "INSERT INTO alert_outbox (channel, key, value) VALUES ('alerts.sla', %s, '')"
        parts.connections.read(query, [key])


def rows(parts: Parts, query: str) -> list[str]:
    return [row[0] for row in parts.connections.read(query)]


@pytest.mark.parametrize(("channel", "days"), [("receipts", 7), ("dead-letters", 30)])
def test_what_its_topic_would_have_let_go_goes(channel: str, days: int, parts: Parts) -> None:
    minute = timedelta(minutes=1)
    for ago in (timedelta(days=days) + minute, timedelta(days=days) - minute):
        answered(parts, channel, ago)
    assert pruning.Pruning(parts.connections).round(NOW) == 1
    assert rows(parts, "SELECT channel FROM ledger_outbox") == [channel]


def test_of_changes_the_last_ones_and_the_latest_word_of_each_situation_stay(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "RESUMABLE", 3)
    changed(parts, "a", "b", "a", "a", "c", "c")
    assert pruning.Pruning(parts.connections).round(NOW) == 2
    assert rows(parts, "SELECT key FROM alert_outbox ORDER BY position") == ["b", "a", "c", "c"]


def test_once_in_a_while_is_enough(parts: Parts) -> None:
    pruned = pruning.Pruning(parts.connections)
    pruned.round(NOW)
    answered(parts, "receipts", timedelta(days=8))
    assert pruned.round(NOW + pruning.EVERY / 2) == 0
    assert pruned.round(NOW + pruning.EVERY) == 1


def test_the_loop_without_a_broker_prunes_when_it_has_nothing_else_to_do(parts: Parts) -> None:
    answered(parts, "receipts", timedelta(days=8))
    fact = json.dumps(received("C-1", (NOW - timedelta(minutes=1)).isoformat())).encode()
    parts.ledger.record([Incoming.read(fact)], NOW)
    loop = Loop(parts)
    while loop.round(NOW):
        continue
    assert rows(parts, "SELECT channel FROM ledger_outbox") == ["receipts"], "the one of just now"
