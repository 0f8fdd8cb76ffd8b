"""Corners where what is learned late meets another stream, a pause or a merge: the verdict is the same as if
all had been learned in time."""

from tests.helpers.scenario import Told, fact, received, tell

VISIT, MANAGER = "visit/V-1", "staff/S-1"


def visited(time: str) -> dict[str, object]:
    return fact("visit.started", VISIT, time, customer="K-1", manager="S-1", mode="phone")


def summed_up(time: str) -> dict[str, object]:
    return fact("day.summarised", MANAGER, time)


def day_summary(*facts: dict[str, object]) -> Told:
    return tell("tobacco-xuzhou", *facts, until="2026-03-05 12:00")


def test_a_summary_told_before_the_days_first_visit_but_learned_after_it_leaves_none_owed() -> None:
    told = day_summary(visited("2026-03-04 18:00"), summed_up("2026-03-04 17:00"))
    assert told.has("obligation.withdrawn", clause="xuzhou.day-summary", due_at="2026-03-04 17:30")
    assert told.has("escalation.stood_down", clause="xuzhou.day-summary")


def test_a_summary_of_the_day_before_leaves_todays_owed() -> None:
    told = day_summary(visited("2026-03-04 18:00"), summed_up("2026-03-03 17:00"))
    assert told.has("obligation.breached", clause="xuzhou.day-summary", due_at="2026-03-04 17:30")
    assert not told.has("obligation.withdrawn")


def test_what_was_told_before_the_first_visit_meets_nothing_whatever_is_learned_after() -> None:
    """Told in its stream's own order, it is no late fact there; the visit happened in another stream."""
    told = day_summary(
        summed_up("2026-03-03 12:00"),
        visited("2026-03-04 09:30"),
        summed_up("2026-03-04 09:00"),
        summed_up("2026-03-03 13:00"),
    )
    assert told.has("obligation.withdrawn", clause="xuzhou.day-summary", due_at="2026-03-04 17:30")
    assert not told.has("obligation.met")
    assert not told.has("obligation.breached")


def test_a_summary_at_24_00_is_of_the_day_that_ends_in_whatever_order_it_is_learned() -> None:
    told = day_summary(visited("2026-03-04 09:30"), summed_up("2026-03-04 00:00"))
    assert told.has("obligation.breached", clause="xuzhou.day-summary", due_at="2026-03-04 17:30")
    assert not told.has("obligation.withdrawn")


def test_a_summary_that_was_none_owed_is_owed_when_an_earlier_visit_of_the_day_is_learned() -> None:
    told = day_summary(
        visited("2026-03-04 19:00"),
        summed_up("2026-03-04 18:00"),
        fact("visit.started", "visit/V-2", "2026-03-04 09:00", customer="K-2", manager="S-1", mode="phone"),
    )
    assert told.has("obligation.withdrawn", clause="xuzhou.day-summary")
    assert told.has("obligation.breached", clause="xuzhou.day-summary", time="2026-03-04 17:30")


def test_a_customer_passed_on_before_their_manager_left_is_not_theirs_to_hand_over() -> None:
    told = tell(
        "general",
        fact("customer.filed", "customer/K-1", "2026-03-02 09:00", by="S-1", category="ordinary"),
        fact("customer.file_reviewed", "customer/K-1", "2026-03-02 10:00", by="S-9"),
        fact("staff.left", MANAGER, "2026-03-04 10:00", reason="transfer"),
        fact("customer.reassigned", "customer/K-1", "2026-03-04 09:00", from_="S-1", to="S-2", reason="……"),
        fact("contact.recorded", "customer/K-1", "2026-03-04 12:00", topic="handover", channel="phone"),
        fact("contact.recorded", "customer/K-1", "2026-03-03 12:00", topic="delivery", channel="phone"),
        until="2026-03-20 00:00",
    )
    assert told.has("obligation.withdrawn", clause="general.handover")
    assert not told.has("obligation.met", clause="general.handover")
    assert not told.has("obligation.breached")


def reopened_late(paused_since: str) -> Told:
    """An appeal's reopening on 30 March, typed in while it is paused; the decision is due on 14 April."""
    return tell(
        "laboratory",
        received("1", "2026-03-02 09:00", kind="appeal", written=True),
        fact("complaint.replied", "complaint/1", "2026-03-03 09:00", text="……", final=True, written=True),
        fact("complaint.awaiting", "complaint/1", paused_since, whom="customer"),
        fact("complaint.reopened", "complaint/1", "2026-03-30 09:00", reason="……"),
        until="2026-04-20 12:00",
    )


def test_a_pause_that_began_after_the_due_date_holds_up_no_breach() -> None:
    told = reopened_late("2026-04-20 10:00")
    assert told.has("obligation.breached", clause="lab.decision", time="2026-04-15 00:00")


def test_a_pause_that_began_before_the_due_date_holds_the_breach_up() -> None:
    told = reopened_late("2026-04-14 10:00")
    assert told.has("obligation.opened", clause="lab.decision", due_at="2026-04-15 00:00")
    assert not told.has("obligation.breached", clause="lab.decision")


def test_what_an_unmerge_opens_again_while_it_is_paused_waits_for_the_pause_to_end() -> None:
    told = tell(
        "laboratory",
        received("1", "2026-03-02 09:00", kind="appeal", written=True),
        fact("complaint.awaiting", "complaint/1", "2026-03-10 10:00", whom="customer"),
        fact("complaint.merged", "complaint/1", "2026-03-12 10:00", into="C-9"),
        fact("complaint.unmerged", "complaint/1", "2026-03-20 10:00"),
        fact("complaint.resumed", "complaint/1", "2026-03-21 10:00"),
        until="2026-03-31 00:00",
    )
    assert told.has("obligation.opened", due_at="2026-03-18 00:00", time="2026-03-20 10:00")
    assert told.has("obligation.moved", due_at="2026-03-31 00:00", time="2026-03-21 10:00")
    assert [line["time"][:10] for line in told.all("obligation.breached")] == ["2026-03-31"]


def test_a_withdrawn_complaint_that_is_merged_counts_as_little_as_before() -> None:
    told = tell(
        "tobacco-field",
        received("1", "2026-03-02 09:00", branch="B-1"),
        fact("complaint.withdrawn", "complaint/1", "2026-03-03 09:00", reason="a mistake"),
        fact("complaint.merged", "complaint/1", "2026-03-04 09:00", into="C-9"),
        fact("feedback.given", "complaint/1", "2026-03-05 09:00", dimensions={"promptness": 1}, score=4),
        until="2026-04-02 09:00",
    )
    assert not told.has("kpi.missed", kpi="field.satisfied")


def test_a_complaint_investigated_anew_is_what_was_found_last() -> None:
    told = tell(
        "real-estate-sales",
        fact("ownership.claimed", "customer/K-1", "2026-03-01 09:00", staff="S-2", basis="first-visit"),
        received("1", "2026-03-02 09:00", customer="K-1", accused="S-2"),
        fact("complaint.investigated", "complaint/1", "2026-03-03 09:00", findings="……", reasonable=True),
        fact("complaint.investigated", "complaint/1", "2026-03-05 09:00", findings="……", reasonable=False),
        fact(
            "deal.closed",
            "customer/K-1",
            "2026-03-10 09:00",
            amount=1,
            received_by="S-1",
            refuses=["S-2"],
            complaint_against="1",
        ),
    )
    assert [line["data"]["rule"] for line in told.all("ownership.adjudicated")] == ["sales.refused"]


def test_what_was_done_too_late_and_learned_later_still_is_stood_down_as_soon_as_it_is_raised() -> None:
    told = tell(
        "general",
        received("2", "2026-06-20 09:00"),
        received("1", "2026-06-01 09:00"),
        fact("complaint.verified", "complaint/1", "2026-06-03 09:00", by="S-1", matches=True),
        fact("complaint.promised", "complaint/1", "2026-06-01 09:00", answer_by="2026-06-02T09:00:00+08:00"),
        fact("complaint.replied", "complaint/1", "2026-06-02 10:00", text="……"),
        until="2026-06-25 09:00",
    )
    assert told.has("obligation.breached", clause="general.promise", time="2026-06-02 09:00")
    assert told.count("escalation.raised", clause="general.promise", level=1) == 1
    assert told.has("escalation.stood_down", clause="general.promise", time="2026-06-20 09:00")
    assert not told.has("escalation.raised", clause="general.promise", level=2)
