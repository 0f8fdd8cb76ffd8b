"""However late things are learned, in the end the record says what it would have said."""

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.policy import load_policy
from domain.simulation import Simulation
from tests.helpers.scenario import at, fact, received, tell

POLICY = load_policy(["auto-4s", "laboratory", "tobacco-xuzhou"])
COMPLAINT = "complaint/1"

ACTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("complaint.verified", {"by": "S-1", "matches": True}),
    ("complaint.promised", {"answer_by": "2026-03-05T10:00:00+08:00"}),
    ("complaint.replied", {"text": "x"}),
    ("complaint.replied", {"text": "x", "final": True}),
    ("complaint.replied", {"text": "x", "final": True, "written": True}),
    ("complaint.awaiting", {"whom": "customer"}),
    ("complaint.resumed", {}),
    ("complaint.signalled", {"signal": "negative-media"}),
    ("complaint.prewarned", {"to": ["brand_division"]}),
    ("complaint.prewarned", {"to": ["legal", "brand_division"]}),
    ("complaint.reported_up", {"to": ["ceo", "vp_operations"]}),
    ("complaint.crisis_met", {"chaired_by": "general_manager", "attendees": []}),
    ("complaint.crisis_met", {"chaired_by": "sales_manager", "attendees": []}),
    ("complaint.resolved", {"resolution": "x"}),
    ("complaint.result_fed_back", {"to": "market_manager"}),
    ("complaint.followed_up", {"by": "S-1"}),
    ("feedback.given", {"score": 2}),
    ("feedback.given", {"score": 5}),
    ("complaint.handed_over", {"to": "office", "reason": "x"}),
    ("complaint.investigated", {"findings": "x", "reasonable": True}),
    ("complaint.merged", {"into": "C-9"}),
    ("complaint.unmerged", {}),
    ("complaint.withdrawn", {"reason": "x"}),
    ("complaint.reopened", {"reason": "x"}),
)
BEGINNING = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
END = BEGINNING + timedelta(days=40)


@st.composite
def stories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A complaint's facts at distinct minutes, in the order in which they happened."""
    acts = draw(st.lists(st.sampled_from(ACTS), min_size=1, max_size=10))
    minutes = draw(
        st.lists(st.integers(1, 20 * 24 * 60), min_size=len(acts), max_size=len(acts), unique=True)
    )
    first = received(
        "1", "2026-03-02 09:00", kind="appeal", written=True, handler="S-1", channel="group-call-centre"
    )
    times = (BEGINNING + timedelta(minutes=minute) for minute in sorted(minutes))
    return [
        first,
        *(
            fact(kind, COMPLAINT, time.isoformat(), **data)
            for (kind, data), time in zip(acts, times, strict=True)
        ),
    ]


def told(facts: list[dict[str, Any]]) -> Simulation:
    simulation = Simulation(POLICY)
    simulation.tell([json.dumps(one).encode() for one in facts])
    simulation.wait(END)
    return simulation


def verdicts(simulation: Simulation) -> dict[str, Any]:
    stream = simulation.ledger.streams[COMPLAINT]
    return {
        "owed": {
            key: (duty.status, duty.due_at)
            for key, duty in stream.duties.items()
            if duty.status in ("open", "breached")  # a disproved breach is withdrawn, where it was met
        },
        "found": {key for key, finding in stream.findings.items() if finding.live},
        "state": stream.state,
        "escalated": {key for key, alarm in stream.alarms.items() if alarm.status == "firing"},
    }


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_learning_changes_no_verdict(story: list[dict[str, Any]], random: Any) -> None:
    late = story[1:]
    random.shuffle(late)
    assume(late != story[1:])
    assert verdicts(told([story[0], *late])) == verdicts(told(story))


def test_a_late_reply_disproves_a_breach_and_stands_its_escalation_down() -> None:
    story = tell(
        "tobacco-xuzhou",
        received("1", "2026-03-02 09:00", handler="S-1"),
        received("2", "2026-03-10 10:00", handler="S-2"),
        fact("complaint.replied", COMPLAINT, "2026-03-05 23:59", text="x"),
    )
    assert story.has("obligation.breached", subject=COMPLAINT, due_at="2026-03-06 00:00")
    assert story.has("obligation.withdrawn", subject=COMPLAINT, time="2026-03-10 10:00")
    assert story.has("escalation.stood_down", subject=COMPLAINT, time="2026-03-10 10:00")
    assert story.has("kpi.restated", subject="staff/S-1", value=0)
    assert not story.has("obligation.met", subject=COMPLAINT)


def test_a_late_opening_is_breached_at_its_due_date_and_climbs_from_when_it_was_learned() -> None:
    story = tell(
        "tobacco-xuzhou",
        received("2", "2026-03-10 10:00", handler="S-2"),
        received("1", "2026-03-02 09:00", handler="S-1"),
        until="2026-03-12 12:00",
    )
    assert story.has("obligation.breached", subject=COMPLAINT, time="2026-03-06 00:00")
    assert [line["time"] for line in story.all("escalation.raised", subject=COMPLAINT)] == [
        at("2026-03-10 10:00").isoformat(),
        at("2026-03-12 00:00").isoformat(),
    ]
    assert not story.has("obligation.warned", subject=COMPLAINT)


def test_an_opening_learned_past_four_fifths_of_its_time_is_warned_of_when_learned() -> None:
    story = tell(
        "tobacco-xuzhou",
        received("2", "2026-03-05 12:00", handler="S-2"),
        received("1", "2026-03-02 09:00", handler="S-1"),
        until="2026-03-05 12:00",
    )
    assert story.has("obligation.warned", subject=COMPLAINT, time="2026-03-05 12:00")


def test_a_violation_that_a_late_fact_disproves_is_withdrawn() -> None:
    story = tell(
        "general",
        fact("customer.contacted", "customer/K-1", "2026-03-01 09:00", staff="S-1", channel="visit"),
        fact("customer.filed", "customer/K-1", "2026-03-02 09:00", by="S-1", category="key"),
        fact("customer.contact_assigned", "customer/K-1", "2026-03-02 10:00", staff="S-1"),
        fact("customer.registered", "customer/K-1", "2026-03-03 09:00", by="S-1"),
        fact("customer.contact_assigned", "customer/K-1", "2026-03-02 11:00", staff="S-2"),
    )
    assert story.count("violation.found", detail="single-contact") == 1
    assert story.count("violation.withdrawn", detail="single-contact") == 1


def test_a_late_act_on_a_closed_complaint_is_judged_by_its_own_time() -> None:
    closing = (
        fact("complaint.replied", COMPLAINT, "2026-03-02 10:00", text="x", final=True),
        fact("complaint.resolved", COMPLAINT, "2026-03-02 11:00", resolution="x"),
        fact("complaint.closed", COMPLAINT, "2026-03-02 12:00", by="S-1"),
    )
    early = fact("complaint.promised", COMPLAINT, "2026-03-02 09:30", answer_by="2026-03-02T10:30:00+08:00")
    after = fact("complaint.promised", COMPLAINT, "2026-03-02 12:30", answer_by="2026-03-03T10:30:00+08:00")
    story = tell("general", received("1", "2026-03-02 09:00"), *closing, early, after)
    assert story.has("obligation.met", clause="general.promise", time="2026-03-02 10:00")
    assert [line["data"]["code"] for line in story.all("intake.rejected")] == ["closed"]


def test_a_complaint_learned_late_makes_the_later_one_a_repeat() -> None:
    story = tell(
        "auto-4s",
        received("2", "2026-03-12 09:00", customer="K-1"),
        received("1", "2026-03-02 09:00", customer="K-1"),
    )
    assert story.has("complaint.classified", subject="complaint/2", signals=["repeat"])
    assert not story.has("complaint.classified", subject=COMPLAINT)


def test_what_a_rule_escalates_climbs_from_when_it_was_learned() -> None:
    story = tell(
        "auto-4s",
        received("2", "2026-03-10 10:00"),
        received("1", "2026-03-09 18:00", signals=["door-blocking"]),
        until="2026-03-10 10:40",
    )
    raised = story.all("escalation.raised", subject=COMPLAINT, clause="auto.major")
    assert [line["time"] for line in raised] == [
        at("2026-03-10 10:00").isoformat(),
        at("2026-03-10 10:30").isoformat(),
    ]


def test_what_was_stood_down_by_a_merge_that_was_undone_before_it_was_raised_is_raised_again() -> None:
    story = tell(
        "auto-4s",
        received("1", "2026-03-02 09:00", signals=None),
        fact("complaint.signalled", COMPLAINT, "2026-03-04 09:00", signal="negative-media"),
        fact("complaint.merged", COMPLAINT, "2026-03-02 10:00", into="C-9"),
        fact("complaint.unmerged", COMPLAINT, "2026-03-02 11:00"),
        until="2026-03-04 09:30",
    )
    raised = [line["data"]["level"] for line in story.all("escalation.raised", clause="auto.major")]
    assert raised == [1, 1, 2]
    assert story.count("escalation.stood_down", clause="auto.major") == 1


def test_what_seemed_done_late_and_was_not_is_escalated_again() -> None:
    customer = "customer/K-1"
    story = tell(
        "general",
        fact("customer.filed", customer, "2026-03-02 09:00", by="S-1"),
        fact("customer.file_reviewed", customer, "2026-03-12 09:00", by="S-2"),
        fact("customer.filed", customer, "2026-03-05 09:00", by="S-2"),
        until="2026-03-14 00:00",
    )
    review = {"clause": "general.file-review"}
    assert story.has("escalation.stood_down", time="2026-03-12 09:00", **review)
    levels = [(line["data"]["level"], line["time"]) for line in story.all("escalation.raised", **review)]
    assert levels[-2:] == [(1, "2026-03-12T09:00:00+08:00"), (2, "2026-03-14T00:00:00+08:00")]
    assert story.has("violation.found", detail="self-review")


def test_a_reopening_that_did_not_follow_is_withdrawn_and_a_stream_read_again_knows_it() -> None:
    facts = [
        received("1", "2026-03-02 09:00"),
        fact("complaint.resolved", COMPLAINT, "2026-03-02 10:00", resolution="x"),
        fact("feedback.given", COMPLAINT, "2026-03-02 12:00", score=1),
        fact("complaint.merged", COMPLAINT, "2026-03-02 11:00", into="C-9"),
        received("2", "2026-03-02 13:00"),
        fact("complaint.promised", COMPLAINT, "2026-03-02 13:00", answer_by="2026-03-05T10:00:00+08:00"),
    ]
    (withdrawn,) = tell("auto-4s", *facts).all("conclusion.withdrawn", subject=COMPLAINT)
    said = withdrawn["data"]
    assert (said["clause"], said["status"]) == ("general.until-satisfied", "merged")
    in_memory, read_again = (Simulation(POLICY, cache=size) for size in (10_000, 1))
    for simulation in (in_memory, read_again):
        lines = [line for one in facts for line in simulation.tell([json.dumps(one).encode()])]
        assert not any(b"general.promise" in line for line in lines)


def test_records_typed_in_one_after_the_other_breach_nothing_that_the_next_of_them_shows_as_met() -> None:
    answered = fact("complaint.replied", COMPLAINT, "2026-03-02 08:59", text="x", final=True)
    story = tell(
        "general",
        received("2", "2026-05-01 10:00"),
        received("1", "2026-03-02 09:00"),
        fact("complaint.promised", COMPLAINT, "2026-03-02 09:00", answer_by="2026-03-03T09:00:00+08:00"),
        answered,
        fact("complaint.resolved", COMPLAINT, "2026-03-02 08:59", resolution="x"),
        fact("complaint.closed", COMPLAINT, "2026-03-02 08:59", by="S-1"),
        until="2026-06-01 10:00",
    )
    assert story.has("obligation.withdrawn", clause="general.promise")
    assert not story.has("obligation.breached", clause="general.promise")
