"""What a stream comes to at one instant as known at another, and who was alerted when."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from typing import Any

import pytest

from domain.envelope import Event, read
from domain.glossary import label
from domain.history import history
from domain.kinds import KINDS
from domain.policy import Policy, load_policy
from domain.simulation import simulate
from domain.story import Owed, Standing, standing, standing_at
from projections.lifecycle import lifecycle
from projections.projection import Projector
from tests.helpers.scenario import fact, received

ME = "complaint/C-1"
FACTS = (
    received("C-1", "2026-03-09 09:00", handler="S-1"),
    fact("complaint.promised", ME, "2026-03-09 09:00", answer_by="2026-03-09T16:00:00+08:00"),
    fact("complaint.signalled", ME, "2026-03-10 09:00", signal="door-blocking"),
    fact("escalation.acknowledged", ME, "2026-03-10 09:30", by="S-9"),
    fact("complaint.replied", ME, "2026-03-09 12:00", text="已处理"),
)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(["general", "auto-4s"])


def told(policy: Policy, *facts: dict[str, Any], subject: str = ME) -> list[Event]:
    raw = [json.dumps(each).encode() for each in facts]
    events = [read(line)._replace(sequence=number) for number, line in enumerate(simulate(raw, policy), 1)]
    return [event for event in events if event.subject == subject]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def owed(found: Standing, clause: str) -> Owed:
    (one,) = [each for each in found.obligations if each.clause == clause]
    return one


def test_a_breach_stands_until_the_late_fact_is_known(policy: Policy) -> None:
    events = told(policy, *FACTS)
    before = standing_at(events, policy, None, at("2026-03-10T08:00"))
    after = standing_at(events, policy, None, None)
    assert owed(before, "general.promise").status == "breached"
    assert owed(after, "general.promise").status == "withdrawn"
    assert not owed(after, "general.promise").done_late


def test_the_state_is_as_it_was_and_as_it_was_known(policy: Policy) -> None:
    events = told(policy, *FACTS)
    assert standing_at(events, policy, at("2026-03-09T13:00"), None).state["signals"] == []
    assert standing_at(events, policy, None, None).state["signals"] == ["door-blocking"]
    assert standing_at(events, policy, None, at("2026-03-09T13:00")).version < len(events)


def test_every_step_of_an_obligation_says_why_and_by_what_it_was_caused(policy: Policy) -> None:
    events = told(policy, *FACTS)
    steps = owed(standing(events, policy), "general.promise").steps
    assert [step.type.partition(".")[2] for step in steps] == ["opened", "warned", "breached", "withdrawn"]
    assert all(step.because for step in steps)
    promised = next(event for event in events if event.type == "complaint.promised")
    replied = next(event for event in events if event.type == "complaint.replied")
    assert (steps[0].cause_sequence, steps[-1].cause_sequence) == (promised.sequence, replied.sequence)


PAUSED = (
    received("C-1", "2026-03-09 09:00", kind="appeal"),
    fact("complaint.awaiting", ME, "2026-03-10 09:00", whom="supplier"),
    fact("complaint.resumed", ME, "2026-03-12 09:00"),
)


def pausing(found: Standing) -> Owed:
    return next(each for each in found.obligations if any(one.kind == "paused" for one in each.segments))


def test_counted_and_paused_segments_lead_from_opening_to_due_date() -> None:
    policy = load_policy(["laboratory"])
    found = standing(told(policy, *PAUSED), policy)
    one = pausing(found)
    assert [part.start for part in one.segments[1:]] == [part.end for part in one.segments[:-1]]
    assert (one.segments[0].start, one.segments[-1].end) == (one.opened_at, one.due_at)
    (pause,) = [part for part in one.segments if part.kind == "paused"]
    assert (pause.start, pause.end) == (at("2026-03-10T00:00"), at("2026-03-12T00:00"))
    assert pause.reason_zh == "暂停"


def test_a_pause_that_runs_is_told_as_running() -> None:
    policy = load_policy(["laboratory"])
    events = told(policy, *PAUSED)
    found = standing_at(events, policy, at("2026-03-11T09:00"), None)
    one = pausing(found)
    assert one.paused
    assert (one.segments[-1].kind, one.segments[-1].end) == ("paused", at("2026-03-11T09:00"))


def test_what_is_done_in_time_keeps_its_segments_whatever_pauses_come_after() -> None:
    policy = load_policy(["laboratory"])
    reply = fact("complaint.replied", ME, "2026-03-09 10:00", text="好", final=True, written=True)
    one = owed(standing(told(policy, PAUSED[0], reply, *PAUSED[1:]), policy), "lab.decision")
    assert (one.status, one.segments[-1].end) == ("met", one.due_at)
    assert "paused" not in {part.kind for part in one.segments}


def test_who_was_alerted_when_and_who_took_it_on_is_told_from_the_events(policy: Policy) -> None:
    events = told(policy, *FACTS)
    alerts = lifecycle(events, Projector.of(policy).context)
    promise = [each for each in alerts if each["key"].startswith("sla:") and "promise" in each["key"]]
    assert [each["status"] for each in promise] == ["firing", "firing", "resolved"]
    assert [each["title"].partition(": ")[2] for each in promise][:2] == ["due soon", "overdue"]
    assert "S-9" in {each.get("acknowledged_by") for each in alerts}
    early = lifecycle(history(events, known_at=at("2026-03-10T09:10")), Projector.of(policy).context)
    assert early == alerts[: len(early)]
    assert len(early) < len(alerts)


def test_a_violation_that_was_withdrawn_stands_no_more_and_is_still_told(policy: Policy) -> None:
    def named(staff: str, when: str) -> dict[str, Any]:
        return fact("customer.contact_assigned", "customer/K-1", when, staff=staff)

    events = told(
        policy,
        fact("customer.filed", "customer/K-1", "2026-01-12 16:00", by="S-9", category="key"),
        named("S-1", "2026-01-12 17:00"),
        fact("customer.registered", "customer/K-1", "2026-01-13 09:00", by="S-9"),
        named("S-2", "2026-01-12 18:00"),
        subject="customer/K-1",
    )
    (one,) = standing(events, policy).violations
    assert (one.detail, one.stands) == ("single-contact", False)
    assert [step.type for step in one.steps] == ["violation.found", "violation.withdrawn"]
    assert standing(events[:-1], policy).violations[0].stands


def test_every_field_of_a_state_has_a_name_in_chinese() -> None:
    names = {(kind, field.name) for kind in KINDS for field in fields(KINDS[kind].initial)}
    assert [f"{kind} {name}" for kind, name in sorted(names) if label(kind, name).isascii()] == []
