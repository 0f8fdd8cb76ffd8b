"""What closing, withdrawing, merging and unmerging a complaint does to what is owed."""

import pytest

from tests.helpers.complaints import (
    Fact,
    act,
    answered,
    life,
    merged,
    promised,
    replied,
    resolved,
    settled,
    unmerged,
    when,
)
from tests.helpers.scenario import received, tell

GENERAL, LAB, PROPERTY = "general", "laboratory", "property"
MONDAY, TUESDAY = "2026-03-09", "2026-03-10"
RECEIVED = received("C-1", f"{MONDAY} 09:00", category="fees")
DUE = "2026-03-11 00:00"
"""When a first reply to the complaint is due: one working day."""

# ---- closing


CLOSING = [*settled(TUESDAY)]


def test_closing_withdraws_what_only_made_sense_while_it_ran_and_nothing_else() -> None:
    handed = act("handed_over", f"{TUESDAY} 09:00", to="office", reason="……")
    told = tell(LAB, RECEIVED, handed, promised(f"{TUESDAY} 11:30", "2026-03-12 10:00"), *CLOSING)
    withdrawn = {line["data"]["clause"] for line in told.all("obligation.withdrawn", time=f"{TUESDAY} 12:00")}
    assert withdrawn == {"lab.hard-case", "general.promise"}
    told = tell(LAB, RECEIVED, *CLOSING, until="2026-06-01 00:00")
    assert {line["data"]["clause"] for line in told.all("obligation.breached")} == {
        "general.follow-up",
        "lab.written-feedback",
        "lab.archive",
    }


def test_a_reopened_complaint_owes_only_what_reopening_opens() -> None:
    reopened = act("reopened", "2026-03-11 09:00", reason="……")
    told = tell(PROPERTY, RECEIVED, *CLOSING, reopened, until="2026-03-16 00:00")
    assert not told.has("obligation.opened", time="2026-03-11 09:00")


def test_nothing_that_ends_on_close_is_opened_by_what_is_learned_of_after_it() -> None:
    after = promised(f"{TUESDAY} 11:50", "2026-03-12 10:00")
    told = tell(PROPERTY, RECEIVED, *CLOSING, after, until="2026-03-16 00:00")
    assert not told.has("obligation.breached", clause="general.promise")


# ---- withdrawing and merging


def test_withdrawing_withdraws_all_that_is_open_and_leaves_breaches() -> None:
    told = tell(
        PROPERTY,
        RECEIVED,
        promised(f"{MONDAY} 09:10", f"{MONDAY} 09:30"),
        promised(f"{MONDAY} 09:20", "2026-03-12 10:00"),
        resolved(f"{MONDAY} 10:00"),
        act("withdrawn", f"{MONDAY} 11:00", reason="……"),
        until="2026-04-01 00:00",
    )
    assert told.count("obligation.withdrawn") == 2
    assert told.count("obligation.breached") == 1
    assert not told.has("obligation.withdrawn", due_at=f"{MONDAY} 09:30")
    assert told.has("escalation.stood_down", clause="general.promise", time=f"{MONDAY} 11:00")


def test_what_happens_to_a_withdrawn_complaint_owes_nothing() -> None:
    told = tell(
        PROPERTY, RECEIVED, act("withdrawn", f"{MONDAY} 11:00", reason="……"), resolved(f"{MONDAY} 12:00")
    )
    assert not told.has("obligation.opened", clause="general.follow-up")


def test_unmerging_opens_again_what_the_merge_withdrew_with_the_old_due_date() -> None:
    told = tell(
        PROPERTY, RECEIVED, merged(f"{MONDAY} 10:00"), unmerged(f"{MONDAY} 11:00"), until="2026-03-12 00:00"
    )
    assert life(told, "property.first-reply") == [
        ("opened", when(f"{MONDAY} 09:00")),
        ("withdrawn", when(f"{MONDAY} 10:00")),
        ("opened", when(f"{MONDAY} 11:00")),
        ("warned", when(f"{TUESDAY} 19:12")),
        ("breached", when(DUE)),
    ]
    assert told.count("obligation.opened", clause="property.first-reply", due_at=DUE) == 2


def test_unmerged_after_the_due_date_it_is_breached_at_once() -> None:
    told = tell(PROPERTY, RECEIVED, merged(f"{MONDAY} 10:00"), unmerged("2026-03-13 11:00"))
    assert told.has("obligation.breached", clause="property.first-reply", time="2026-03-13 11:00", due_at=DUE)
    assert told.has("escalation.raised", clause="property.first-reply", time="2026-03-13 11:00")


def test_unmerging_raises_no_escalation_that_the_merge_stood_down() -> None:
    told = tell(
        PROPERTY, RECEIVED, merged("2026-03-11 09:00"), unmerged("2026-03-11 10:00"), until="2026-04-01 00:00"
    )
    assert told.has("escalation.stood_down", clause="property.first-reply", time="2026-03-11 09:00")
    assert told.count("escalation.raised", clause="property.first-reply") == 1
    assert told.count("obligation.opened", clause="property.first-reply") == 1


def test_while_merged_nothing_falls_due() -> None:
    told = tell(PROPERTY, RECEIVED, merged(f"{MONDAY} 10:00"), until="2026-04-01 00:00")
    assert not told.has("obligation.breached")


def test_only_what_the_last_merge_withdrew_is_opened_again() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        promised(f"{MONDAY} 09:10", "2026-03-12 10:00"),
        merged(f"{MONDAY} 10:00"),
        unmerged(f"{MONDAY} 11:00"),
        replied(f"{MONDAY} 12:00"),
        merged(f"{MONDAY} 13:00"),
        unmerged(f"{MONDAY} 14:00"),
    )
    assert [step for step, _ in life(told, "general.promise")] == ["opened", "withdrawn", "opened", "met"]


def test_what_is_learned_after_the_merge_to_have_been_owed_before_it_is_opened_again_with_the_rest() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        merged(f"{MONDAY} 12:00"),
        promised(f"{MONDAY} 10:00", "2026-03-12 10:00"),
        unmerged(f"{MONDAY} 13:00"),
    )
    assert [step for step, _ in life(told, "general.promise")] == ["opened", "withdrawn", "opened"]


PROMISED = promised(f"{MONDAY} 09:10", "2026-03-12 10:00")


@pytest.mark.parametrize(
    "meanwhile",
    [
        [replied(f"{MONDAY} 11:00")],
        [act("withdrawn", f"{MONDAY} 11:00", reason="……")],
    ],
    ids=["done", "withdrawn"],
)
def test_what_came_to_its_end_while_merged_is_not_opened_again(meanwhile: list[Fact]) -> None:
    told = tell(
        GENERAL, RECEIVED, PROMISED, merged(f"{MONDAY} 09:30"), *meanwhile, unmerged(f"{MONDAY} 13:00")
    )
    assert [step for step, _ in life(told, "general.promise")] == ["opened", "withdrawn"]


def test_closed_while_merged_it_opens_again_only_what_stays_owed_after_closing() -> None:
    told = tell(
        LAB,
        RECEIVED,
        act("handed_over", f"{MONDAY} 09:10", to="office", reason="……"),
        answered(f"{MONDAY} 09:20", written=True),
        merged(f"{MONDAY} 09:30"),
        *settled(MONDAY),
        unmerged(f"{MONDAY} 13:00"),
    )
    assert told.count("obligation.opened", clause="lab.hard-case") == 1
    assert told.count("obligation.opened", clause="lab.written-feedback") == 2


def test_an_act_while_merged_that_does_not_do_what_is_owed_leaves_it_to_be_opened_again() -> None:
    told = tell(
        LAB,
        received("C-1", f"{MONDAY} 09:00", kind="appeal", written=True),
        merged(f"{MONDAY} 10:00"),
        answered(f"{MONDAY} 11:00", written=False),
        unmerged(f"{MONDAY} 12:00"),
    )
    assert [step for step, _ in life(told, "lab.decision")] == ["opened", "withdrawn", "opened"]


def test_merged_into_one_and_then_into_another_it_is_opened_again_when_unmerged() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        PROMISED,
        merged(f"{MONDAY} 10:00"),
        act("merged", f"{MONDAY} 11:00", into="C-8"),
        unmerged(f"{MONDAY} 12:00"),
    )
    assert [step for step, _ in life(told, "general.promise")] == ["opened", "withdrawn", "opened"]


def test_an_act_before_the_merge_that_withdrew_it_leaves_it_to_be_opened_again() -> None:
    told = tell(
        GENERAL,
        RECEIVED,
        merged(f"{MONDAY} 10:00"),
        replied(f"{MONDAY} 11:00"),
        act("reopened", f"{MONDAY} 12:00", reason="……"),
        promised(f"{MONDAY} 13:00", "2026-03-12 10:00"),
        merged(f"{MONDAY} 14:00"),
        unmerged(f"{MONDAY} 15:00"),
    )
    assert [step for step, _ in life(told, "general.promise")] == ["opened", "withdrawn", "opened"]


def test_what_turns_out_to_have_been_promised_while_merged_is_not_owed_when_unmerged() -> None:
    told = tell(GENERAL, RECEIVED, PROMISED, merged(f"{MONDAY} 09:05"), unmerged(f"{MONDAY} 13:00"))
    assert [step for step, _ in life(told, "general.promise")] == ["opened", "withdrawn"]


def test_an_unmerge_without_a_merge_opens_nothing() -> None:
    told = tell(PROPERTY, RECEIVED, replied(f"{MONDAY} 10:00"), unmerged(f"{MONDAY} 11:00"))
    assert told.count("obligation.opened", clause="property.first-reply") == 1
