"""What a ledger records, what is projected of it, and what projecting leaves behind."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from domain.envelope import Event, write
from domain.mapper import EventMapper
from domain.policy import Policy
from domain.simulation import Simulation
from projections.alerts import outbox_after
from projections.projection import REGISTRY, Projector
from tests.helpers.scenario import at, fact, received

Db = Connection[Any]
PACKS = ("auto-4s", "tobacco-xuzhou")


def recorded(policy: Policy, facts: Sequence[dict[str, Any]], until: str) -> list[Event]:
    """What a ledger records for these facts, with its sequences."""
    simulation = Simulation(policy)
    simulation.tell([json.dumps(one).encode() for one in facts])
    simulation.wait(at(until))
    return recorded_in(simulation)


def recorded_in(simulation: Simulation) -> list[Event]:
    stored = simulation.storage.recorder.select_notifications(1, 1_000_000)
    return [EventMapper().load(one, one.id) for one in stored]


def messages(events: Sequence[Event], first: int = 0) -> list[tuple[int, bytes]]:
    return [(offset, write(event)) for offset, event in enumerate(events, first)]


def statuses(db: Db, key: str) -> list[str]:
    """What was published about a situation, in order."""
    return [json.loads(value)["status"] for _, _, its, value in outbox_after(db, 0, 100_000) if its == key]


def the_tables(db: Db) -> dict[str, list[Any]]:
    """Everything that projecting has left behind, but for offsets."""
    names = [table.name for model in REGISTRY for table in model.tables]
    found = {name: db.execute(f"SELECT * FROM {name} t ORDER BY t::text").fetchall() for name in names}
    return found | {"outbox": [row[1:] for row in outbox_after(db, 0, 100_000)]}


def emptied(db: Db) -> None:
    names = [table.name for model in REGISTRY for table in model.tables]
    db.execute(f"TRUNCATE {', '.join(names)}, alert_outbox, projection_partition RESTART IDENTITY")
    db.execute("UPDATE projection_through SET sequence = 0")


def answered(number: int, time: str, **data: Any) -> list[dict[str, Any]]:
    """A complaint, resolved, and what its customer said of it."""
    name = f"A-{number}"
    done = {"handler": "S-1", "branch": "B-EAST", "category": "fees"}
    return [
        received(name, "2026-03-01 08:00", **done),
        fact("complaint.resolved", f"complaint/{name}", "2026-03-01 08:30", resolution="……"),
        fact("complaint.feedback_solicited", f"complaint/{name}", "2026-03-01 08:40"),
        fact("feedback.given", f"complaint/{name}", time, **data),
    ]


def answers(first: int, day: str, good: int, bad: int) -> list[dict[str, Any]]:
    scores = [5] * good + [3] * bad
    return [one for n, score in enumerate(scores, first) for one in answered(n, f"{day} 12:00", score=score)]


def by_time(facts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(facts, key=lambda one: datetime.fromisoformat(one["time"]))


def tell(db: Db, projector: Projector, events: Sequence[Event]) -> None:
    projector.project(db, {("events", 0): messages(events)})


MIXED = [
    received("C-1", "2026-03-02 09:00", handler="S-1", signals=["door-blocking"]),
    received("C-2", "2026-03-02 09:10", handler="S-2", branch="B-1"),
    fact("complaint.promised", "complaint/C-2", "2026-03-02 09:11", answer_by="2026-03-02T12:00:00+08:00"),
    fact("escalation.acknowledged", "complaint/C-1", "2026-03-02 10:30", by="S-9"),
    fact("complaint.replied", "complaint/C-2", "2026-03-02 14:00", text="……", final=True),
    fact("complaint.replied", "complaint/C-1", "2026-03-02 09:30", text="……", final=True),
    *by_time([*answers(0, "2026-03-03", 20, 0), *answers(100, "2026-03-04", 10, 12)]),
    received("C-3", "2026-03-12 09:10", handler="S-2", branch="B-1"),
]
