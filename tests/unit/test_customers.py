"""What every organisation owes its customers: a file, its review, registration, updates, contacts."""

from typing import Any

import pytest

from tests.helpers.scenario import fact, tell, without

Fact = dict[str, Any]


def of(event_type: str, time: str, **data: Any) -> Fact:
    return fact(event_type, "customer/K-1", time, **data)


def contacted(time: str) -> Fact:
    return of("customer.contacted", time, staff="S-1", channel="visit")


def filed(time: str, **more: Any) -> Fact:
    return of("customer.filed", time, **{"by": "S-1", **more})


def registered(time: str) -> Fact:
    return of("customer.registered", time, by="S-1")


def updated(time: str) -> Fact:
    return of("customer.updated", time, by="S-1")


def named(staff: str, time: str) -> Fact:
    return of("customer.contact_assigned", time, staff=staff)


CLAUSES = {
    "general.customer-file": ([contacted("2026-01-05 10:00")], "obligation.breached", "2026-01-13 00:00"),
    "general.registration": ([contacted("2026-01-05 10:00")], "obligation.breached", "2026-01-13 00:00"),
    "general.file-review": ([filed("2026-01-12 16:00")], "obligation.breached", "2026-01-20 00:00"),
    "general.change-notice": (
        [of("customer.changed", "2026-03-11 09:00", what="address")],
        "obligation.breached",
        "2026-03-19 00:00",
    ),
    "general.quarterly-update": (
        [filed("2026-01-12 16:00", category="pharmacy")],
        "obligation.breached",
        "2026-04-14 00:00",
    ),
    "general.two-contacts": (
        [filed("2026-01-12 16:00", category="key"), registered("2026-01-13 09:00")],
        "violation.found",
        "2026-01-13 09:00",
    ),
}


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_and_nothing_but_its_row_makes_it_so(clause: str) -> None:
    facts, event_type, time = CLAUSES[clause]
    assert tell("general", *facts, until="2026-06-30 00:00").count(event_type, clause=clause, time=time) == 1
    assert not tell(without("general", clause), *facts, until="2026-06-30 00:00").has(
        event_type, clause=clause
    )


def test_only_the_first_contact_asks_for_a_file_and_a_registration() -> None:
    told = tell(
        "general", contacted("2026-01-05 10:00"), filed("2026-01-06 10:00"), contacted("2026-01-07 10:00")
    )
    assert told.count("obligation.opened", clause="general.customer-file") == 1
    told = tell(
        "general", contacted("2026-01-05 10:00"), contacted("2026-03-07 10:00"), until="2026-06-01 00:00"
    )
    assert told.count("obligation.opened", clause="general.registration") == 1


def test_what_was_done_before_the_first_contact_is_not_owed() -> None:
    told = tell(
        "general", filed("2026-01-04 10:00"), registered("2026-01-04 11:00"), contacted("2026-01-05 10:00")
    )
    assert not told.has("obligation.opened", clause="general.customer-file")
    assert not told.has("obligation.opened", clause="general.registration")


def test_a_file_made_in_time_and_typed_in_late_takes_the_breach_back() -> None:
    told = tell(
        "general", contacted("2026-01-05 10:00"), contacted("2026-01-20 10:00"), filed("2026-01-12 10:00")
    )
    assert told.has("obligation.breached", clause="general.customer-file")
    assert told.has("obligation.withdrawn", clause="general.customer-file")


def test_a_first_contact_learned_late_moves_the_due_date() -> None:
    told = tell("general", contacted("2026-01-12 10:00"), contacted("2026-01-08 10:00"))
    assert told.has("obligation.moved", clause="general.customer-file", due_at="2026-01-16 00:00")


def test_the_filer_does_not_review_the_file() -> None:
    review = [
        of("customer.file_reviewed", f"2026-01-{day} 09:00", by=by) for day, by in ((14, "S-1"), (15, "S-9"))
    ]
    told = tell("general", filed("2026-01-12 16:00"), *review)
    assert told.count("violation.found", clause="general.file-review", detail="self-review") == 1
    assert told.has("obligation.met", clause="general.file-review", time="2026-01-15 09:00")


def test_a_change_reaches_the_file() -> None:
    told = tell(
        "general", of("customer.changed", "2026-03-11 09:00", what="address"), updated("2026-03-19 00:00")
    )
    assert told.has("obligation.met", clause="general.change-notice")


def test_each_update_starts_the_next_quarter() -> None:
    facts = [filed("2026-01-12 16:00", category="key"), updated("2026-03-11 09:00")]
    told = tell("general", *facts, until="2026-03-12 00:00")
    assert told.has("obligation.met", clause="general.quarterly-update")
    assert told.has("obligation.opened", clause="general.quarterly-update", due_at="2026-06-12 00:00")


def test_other_customers_need_no_quarterly_update() -> None:
    told = tell("general", filed("2026-01-12 16:00", category="ordinary"), updated("2026-03-11 09:00"))
    assert not told.has("obligation.opened", clause="general.quarterly-update")


def test_a_key_customer_has_two_distinct_contacts() -> None:
    key = filed("2026-01-12 16:00", category="key")
    one = [named("S-1", "2026-01-12 17:00"), named("S-1", "2026-01-12 18:00")]
    two = [named("S-1", "2026-01-12 17:00"), named("S-2", "2026-01-12 18:00")]
    last = registered("2026-01-13 09:00")
    assert tell("general", key, *one, last).has("violation.found", detail="single-contact")
    assert not tell("general", key, *two, last).has("violation.found", detail="single-contact")
    assert not tell("general", filed("2026-01-12 16:00"), last).has(
        "violation.found", detail="single-contact"
    )


def test_a_second_contact_typed_in_late_takes_the_violation_back() -> None:
    key, last = filed("2026-01-12 16:00", category="key"), registered("2026-01-13 09:00")
    told = tell("general", key, named("S-1", "2026-01-12 17:00"), last, named("S-2", "2026-01-12 18:00"))
    assert told.has("violation.withdrawn", clause="general.two-contacts", detail="single-contact")
