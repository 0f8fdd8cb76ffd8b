"""A quarter of everything, drawn at random: visits, contacts, registrations, deals, complaints, answers.

The facts come in a shuffled order now and then, so that some are learned late.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from domain.envelope import Event
from domain.mapper import EventMapper
from domain.policy import Policy
from domain.simulation import Simulation
from tests.helpers.scenario import at, fact, received

STAFF = ("S-1", "S-2", "S-3")
CUSTOMERS = tuple(f"K-{number}" for number in range(1, 9))
START = at("2025-12-20 00:00")
DAYS = 110
END = "2026-04-12 00:00"

Facts = list[dict[str, Any]]


def recorded(policy: Policy, facts: Sequence[dict[str, Any]], until: str) -> list[Event]:
    """What a ledger records for these facts, with its sequences."""
    simulation = Simulation(policy)
    simulation.tell([json.dumps(one).encode() for one in facts])
    simulation.wait(at(until))
    stored = simulation.storage.recorder.select_notifications(1, 1_000_000)
    return [EventMapper().load(one, one.id) for one in stored]


class Teller:
    """Facts of one quarter, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.facts: Facts = []

    def when(self, first_hour: int = 7, last_hour: int = 21) -> datetime:
        day, hour = self.random.randrange(DAYS), self.random.randint(first_hour, last_hour)
        return START + timedelta(days=day, hours=hour, minutes=self.random.randrange(60))

    def tell(self, event_type: str, subject: str, time: datetime, /, **data: Any) -> None:
        self.facts.append(fact(event_type, subject, time.isoformat(), **data))

    def one_of(self, *values: Any) -> Any:
        return self.random.choice(values)

    def visit(self, number: int) -> None:
        subject, start = f"visit/V-{number}", self.when()
        if number % 10 == 0:
            start = start.replace(hour=0, minute=0)
        said = {"customer": self.one_of(*CUSTOMERS), "manager": self.one_of(*STAFF)}
        mode = self.one_of("on-site", "on-site", "phone", "network")
        planned = self.random.random() < 0.7
        if planned:
            day = (start + timedelta(days=self.random.choice((0, 0, 0, 1, -1)))).date().isoformat()
            self.tell("visit.planned", subject, start - timedelta(days=3), **said, date=day, mode=mode)
        if planned and self.random.random() < 0.15:
            photo = self.one_of("photo-1", None)
            self.tell("visit.excepted", subject, start, reason="……", photo=photo)
            if self.random.random() < 0.5:
                day = (start + timedelta(days=2)).date().isoformat()
                self.tell("visit.rescheduled", subject, start, date=day, reason="……")
            return
        branch = self.one_of("B-1", "B-2")
        self.tell("visit.started", subject, start, **said, mode=mode, branch=branch)
        if self.random.random() < 0.8:
            self.tell("visit.ended", subject, start + timedelta(minutes=self.random.randrange(5, 300)))
        if self.random.random() < 0.5:
            self.tell("visit.summarised", subject, start + timedelta(hours=5), text="……")
        if self.random.random() < 0.2:
            self.tell("visit.spot_checked", subject, self.when(22, 23), by="S-9", ok=self.one_of(True, False))
        self.answer(subject, start)

    def answer(self, subject: str, since: datetime) -> None:
        said = self.one_of(
            {"score": 5}, {"score": 4}, {"score": 2}, {"satisfied": False}, {"satisfied": True}
        )
        if self.random.random() < 0.4:
            time = since + timedelta(hours=self.random.randrange(1, 400))
            stage = self.one_of(None, "waiting", "test-drive")
            survey = {"waiting": "CSI", "test-drive": "SSI"}.get(stage)
            self.tell("feedback.given", subject, time, **said, survey=survey, stage=stage)

    def contact(self) -> None:
        subject = f"customer/{self.one_of(*CUSTOMERS, *(f'N-{n}' for n in range(30)))}"
        channel = self.one_of("visit", "phone", "wechat")
        if self.random.random() < 0.6:
            self.tell("customer.contacted", subject, self.when(), staff=self.one_of(*STAFF), channel=channel)
        else:
            topic = self.one_of("fees", "delivery", "handover")
            self.tell("contact.recorded", subject, self.when(), topic=topic, channel=channel)

    def sale(self, customer: str) -> None:
        subject, time = f"customer/{customer}", self.when()
        old = self.one_of(None, *CUSTOMERS)
        basis = "referral" if old else "first-visit"
        claimed = {"staff": self.one_of(*STAFF), "basis": basis, "referred_by": old}
        self.tell("ownership.claimed", subject, time, **claimed)
        for _ in range(self.random.randrange(1, 6)):
            amount = self.random.randrange(1, 900)
            self.tell("deal.closed", subject, self.when(), amount=amount, received_by=self.one_of(*STAFF))

    def hold(self, customer: str) -> None:
        subject, time = f"customer/{customer}", self.when()
        staff = self.one_of(*STAFF)
        self.tell("customer.filed", subject, time, by="S-9", manager=staff)
        if self.random.random() < 0.4:
            to = self.one_of(*STAFF)
            passed = {"from_": staff, "to": to, "reason": "……"}
            self.tell("customer.reassigned", subject, time + timedelta(days=20), **passed)

    def complaint(self, number: int) -> None:
        subject, time = f"complaint/C-{number}", self.when()
        said = {
            "customer": self.one_of(*CUSTOMERS),
            "category": self.one_of("fees", "service"),
            "handler": self.one_of(*STAFF, None),
            "branch": self.one_of("B-1", "B-2", None),
            "channel": self.one_of("phone", "group-call-centre"),
            "kind": self.one_of(None, None, "inquiry"),
            "signals": self.one_of([], [], ["door-blocking"]),
        }
        self.facts.append(received(f"C-{number}", time.isoformat(), **said))
        if self.random.random() < 0.7:
            cause = self.one_of("staffing", "parts", None)
            done = time + timedelta(hours=self.random.randrange(1, 200))
            self.tell("complaint.resolved", subject, done, resolution="……", root_cause=cause)
            self.answer(subject, done)
        elif self.random.random() < 0.3:
            self.tell("complaint.withdrawn", subject, time + timedelta(hours=3), reason="……")


def story(seed: int) -> Facts:
    """The facts in the order learned: by time, but for one in ten that come up to a week late."""
    teller = Teller(seed)
    for staff in STAFF:
        teller.tell("staff.joined", f"staff/{staff}", START, role="salesperson", department="D", branch="B-1")
    for number in range(90):
        teller.visit(number)
    for _ in range(120):
        teller.contact()
    for customer in CUSTOMERS:
        teller.sale(customer)
        teller.hold(customer)
    for number in range(40):
        teller.complaint(number)

    def learned(one: dict[str, Any]) -> datetime:
        late = timedelta(days=teller.random.randrange(7) if teller.random.random() < 0.1 else 0)
        return datetime.fromisoformat(one["time"]) + late

    return sorted(teller.facts, key=learned)
