"""A year whose official schedule is not published yet is not guessed silently."""

import json

from domain.policy import Policy, load_policy
from domain.simulation import Simulation
from tests.helpers.scenario import at, fact, received

FACTS = (
    received("1", "2027-02-01 09:00"),
    fact("complaint.resolved", "complaint/1", "2027-02-03 09:00", resolution="x"),
)


def published() -> Policy:
    """The general pack, once the days off and the make-up days of 2027 are known."""
    schedule = {"2027": {"holidays": ["2027-02-10", "2027-02-11", "2027-02-12"], "workdays": ["2027-02-13"]}}
    calendar = {"schedule": "cn", "schedules": schedule}
    return Policy([pack.model_copy(update={"calendar": calendar}) for pack in load_policy(["general"]).packs])


def test_a_due_date_of_an_unpublished_year_is_provisional_and_moves_when_the_schedule_is_known() -> None:
    simulation = Simulation(load_policy(["general"]))
    lines = simulation.tell([json.dumps(one).encode() for one in FACTS])
    opened = next(line["data"] for line in map(json.loads, lines) if line["type"] == "obligation.opened")
    assert (opened["due_at"], opened["provisional"]) == (at("2027-02-11 00:00").isoformat(), True)

    simulation.ledger.streams["complaint/1"].policy = published()
    later = [json.loads(line) for line in simulation.wait(at("2027-02-20 00:00"))]
    moved = next(line for line in later if line["type"] == "obligation.moved")
    assert moved["data"]["previous_due_at"] == at("2027-02-11 00:00").isoformat()
    assert moved["data"]["due_at"] == at("2027-02-14 00:00").isoformat()
    assert "provisional" not in moved["data"]
    breached = next(line for line in later if line["type"] == "obligation.breached")
    assert breached["time"] == at("2027-02-14 00:00").isoformat()
