"""What is on show is what the ledger knows."""

from collections.abc import Iterator

import psycopg
import pytest

from domain.simulation import Simulation
from domain.stream import Duty
from projections.alerts import alerts
from projections.complaints import search
from projections.projection import Projector, create
from projections.sla import breaches, upcoming
from projections.violations import violations
from streams.local import Database
from tests.helpers.projected import Db, emptied, recorded_in, tell
from tests.helpers.scenarios import names, scenario

ALARM = {"firing": "firing", "acknowledged": "acknowledged", "stood-down": "resolved"}


def _shown_as(duty: Duty) -> str:
    return "done-late" if duty.status == "breached" and duty.done_late else duty.status


@pytest.fixture(scope="module")
def show(server: Database) -> Iterator[Db]:
    """Tables that the scenarios share, each in its turn."""
    with psycopg.connect(server.create("on_show"), autocommit=True) as connection:
        create(connection)
        yield connection
    server.drop("on_show")


@pytest.mark.parametrize("name", names())
def test_what_is_on_show_is_what_the_ledger_knows(show: Db, name: str) -> None:
    story, db = scenario(name), show
    emptied(db)
    simulation = Simulation(story.policy())
    simulation.tell(story.facts)
    simulation.wait(story.until)
    events = recorded_in(simulation)
    tell(db, Projector.of(story.policy()), events)
    subjects = sorted({event.subject for event in events})
    with simulation.storage.unit() as unit:
        simulation.ledger.load(unit, subjects)
    streams = [simulation.ledger.streams[subject] for subject in subjects]

    assert {
        row["subject"]: (row["status"], row["cycle"], row["major"], row["handler"])
        for row in search(db, limit=500).items
    } == {
        stream.subject: (stream.state.status, stream.state.cycle, stream.state.major, stream.state.handler)
        for stream in streams
        if stream.kind == "complaint"
    }
    shown = {
        (row["subject"], row["obligation"]): (row["state"], row["due_at"])
        for row in upcoming(db, limit=500).items + breaches(db, limit=500).items
    }
    duties = {(stream.subject, duty.key): duty for stream in streams for duty in stream.duties.values()}
    owed = {key for key, duty in duties.items() if duty.status in ("open", "breached")}
    assert shown == {key: (_shown_as(duties[key]), duties[key].due_at) for key in owed | shown.keys()}
    assert {
        one["key"]: one["status"] for one in alerts(db, limit=500, channel="alerts.escalations").items
    } == {
        f"escalation:{stream.subject}:{alarm.key}": ALARM[alarm.status]
        for stream in streams
        for alarm in stream.alarms.values()
    }
    found = {row["violation"]: row["withdrawn_at"] is None for row in violations(db, limit=500).items}
    assert found == {key: one.live for stream in streams for key, one in stream.findings.items()}
