"""Twenty thousand facts while workers and publisher are killed: nothing missing, nothing twice."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.envelope import Event, read
from projections.projection import Projector
from projections.rebuild import check
from storage.postgres import PostgresStorage
from streams.config import Settings
from streams.feeds import published
from streams.parts import policy_of
from streams.topics import Topics
from tests.helpers.roles import Figures, Role, position, records, send, until
from tests.helpers.scenario import fact, received

FACTS = 20_000
POISON = [b"", b"{", b"null", b"\xff", b'{"__faust": 1}']
KILLS = 5


def told() -> list[dict[str, Any]]:
    """Complaints that are received and withdrawn, every hundredth of them major."""
    now = datetime.now(UTC).isoformat()
    return [one for number in range(FACTS // 2) for one in _complaint(number, now)]


def _complaint(number: int, now: str) -> Iterable[dict[str, Any]]:
    signals = ["door-blocking"] if number % 100 == 0 else []
    yield received(f"C-{number}", now, customer=f"K-{number % 1000}", category=f"c{number}", signals=signals)
    yield fact("complaint.withdrawn", f"complaint/C-{number}", now, reason="……")


def with_poison(facts: list[dict[str, Any]]) -> list[dict[str, Any] | bytes]:
    every = len(facts) // len(POISON)
    return [
        one
        for number, told in enumerate(facts)
        for one in ([POISON[number // every], told] if number % every == 0 else [told])
    ]


@pytest.mark.timeout(900)
def test_twenty_thousand_facts_survive_kills_of_workers_and_publisher(
    broker: str, database: str, topics: Topics, prefix: str, tmp_path: Path
) -> None:
    settings = Settings(database, broker, prefix, policy=("auto-4s",))
    facts, chance = told(), random.Random(20_000)
    with (
        Figures(database) as figures,
        Role("worker", settings, tmp_path, "1") as one,
        Role("worker", settings, tmp_path, "2") as two,
        Role("publisher", settings, tmp_path, "1") as publisher,
    ):
        send(broker, topics.intake, with_poison(facts))
        for kill in range(1, KILLS + 1):
            until(lambda reached=kill * FACTS // (KILLS + 2): figures.facts() >= reached, 240)
            for victim in chance.sample([one, two, publisher], 2):
                victim.kill()
                victim.start()
        until(lambda: figures.facts() == FACTS and figures.settled(), 400, what="not all came through")
        assert [role.stop() for role in (one, two, publisher)] == [0, 0, 0]
        assert_recorded_once(figures)
        assert_published_once(broker, topics, figures)
    assert_read_models_agree(settings)


def assert_recorded_once(figures: Figures) -> None:
    assert figures.number("SELECT count(*) FROM fact WHERE status = 'recorded'") == FACTS
    assert figures.number("SELECT count(*) FROM stored_events") == figures.recorded()
    gaps = """SELECT count(*) FROM (SELECT originator_id, max(originator_version) - count(*) AS missing
        FROM stored_events GROUP BY originator_id) AS streams WHERE missing <> 0"""
    assert figures.number(gaps) == 0
    assert figures.number("SELECT count(*) FROM dead_letter") == len(POISON)


def assert_published_once(broker: str, topics: Topics, figures: Figures) -> None:
    events = records(broker, topics.events)
    assert sorted(map(position, events)) == list(range(1, figures.recorded() + 1))
    answers = [json.loads(record.value) for record in records(broker, topics.receipts)]
    assert Counter(answer["status"] for answer in answers) == {"recorded": FACTS, "rejected": len(POISON)}
    assert len(records(broker, topics.dead_letters)) == len(POISON)
    assert_alerts_once(broker, topics, figures)


def assert_alerts_once(broker: str, topics: Topics, figures: Figures) -> None:
    """Every situation has its alert, the last word of each is where it stands, no word is said twice."""
    words: dict[bytes, list[str]] = {}
    for record in records(broker, *topics.alerts):
        words.setdefault(record.key, []).append(record.value)
    assert all(before != after for said in words.values() for before, after in pairwise(said))
    standing = figures.connection.execute(b"SELECT key, status FROM alert").fetchall()
    assert {key.decode(): json.loads(said[-1])["status"] for key, said in words.items()} == dict(standing)
    majors = FACTS // 2 // 100
    assert sum(key.startswith(b"escalation:") for key in words) >= majors


def assert_read_models_agree(settings: Settings) -> None:
    storage = PostgresStorage(settings.database_url)

    def ledger(after: int) -> Iterable[Event]:
        while rows := storage.events_after(after, 5_000):
            yield from (read(published(sequence, kind, state)) for sequence, _, kind, state in rows)
            after = rows[-1][0]

    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        assert check(connection, Projector.of(policy_of(settings)), ledger) == []
    storage.close()
