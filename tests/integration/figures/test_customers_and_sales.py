"""Contacts, loyalty, the sales office and ownership: what read models say is what the events say."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from projections import contacts, loyalty, office
from projections.ownership import ownership
from projections.spans import windows
from tests.helpers.office import Site, by_sequence, causes, complaints, share
from tests.helpers.quarter import CUSTOMERS, STAFF
from tests.helpers.scenario import at, fact, received

# ---- contacts over time


@pytest.mark.parametrize("kind", ["week", "month"])
def test_contacts_of_a_topic_stand_beside_all_contacts_and_those_before(site: Site, kind: Any) -> None:
    spans = windows(kind, date(2025, 12, 1), date(2026, 4, 10), site.calendar)
    counted: dict[str, Counter[str]] = {
        span.name: Counter(
            event.data.topic for event in site.of("contact.recorded") if span.holds(event.time)
        )
        for span in spans
    }
    rows = contacts.topics(site.db, kind, spans[1:], site.calendar)
    shown = {(row["window"], row["topic"]): row for row in rows}
    for before, span in itertools.pairwise(spans):
        was, now = counted[before.name], counted[span.name]
        assert {topic for name, topic in shown if name == span.name} == {*was, *now}
        for topic in {*was, *now}:
            row = shown[(span.name, topic)]
            assert (row["contacts"], row["of"]) == (now[topic], now.total())
            assert (row["before"], row["of_before"]) == (was[topic], was.total())
            both = share(now[topic], now.total()), share(was[topic], was.total())
            assert row["trend"] == (None if None in both else both[0] - both[1])  # type: ignore[operator]


def test_a_falling_topic_shows_that_a_fix_worked(tell: Callable[..., Site]) -> None:
    def contact(number: int, day: str, topic: str) -> dict[str, Any]:
        return fact("contact.recorded", f"customer/K-{number}", f"{day} 12:00", topic=topic, channel="phone")

    site = tell(
        *(contact(n, "2026-01-10", "fees") for n in range(3)),
        contact(3, "2026-01-11", "delivery"),
        contact(4, "2026-02-10", "delivery"),
        until="2026-03-01 00:00",
    )
    rows = contacts.topics(site.db, "month", (site.window("2026-02"),), site.calendar)
    fees = next(row for row in rows if row["topic"] == "fees")
    assert (fees["contacts"], fees["of"], fees["before"], fees["of_before"]) == (0, 1, 3, 4)
    assert fees["trend"] == -0.75


def test_root_causes_are_counted_over_time_as_topics_are(site: Site) -> None:
    month, cause = site.window("2026-02"), causes(site)
    expected = Counter(filter(None, (cause.get(event.subject) for event in complaints(site, month))))
    rows = contacts.root_causes(site.db, "month", (month,), site.calendar)
    assert {row["topic"]: row["contacts"] for row in rows if row["contacts"]} == expected


def customers_of(site: Site) -> dict[str, str]:
    found = {event.subject: event.data.customer for event in site.of("complaint.received", "visit.planned")}
    return found | {event.subject: event.data.customer for event in site.of("visit.started")}


def activity(site: Site) -> list[tuple[str, datetime]]:
    types = ("deal.closed", "customer.contacted", "contact.recorded")
    own = [(event.subject.partition("/")[2], event.time) for event in site.of(*types)]
    return own + [(event.data.customer, event.time) for event in site.of("visit.started")]


# ---- loyalty and retention


@pytest.mark.parametrize("quarter", ["2025-Q4", "2026-Q1", "2026-Q2"])
def test_a_customer_has_the_grade_that_scores_deals_and_referrals_make(site: Site, quarter: str) -> None:
    span = site.window(quarter)
    since = span.end.replace(year=span.end.year - 1)
    customers = customers_of(site)
    shown = {row["customer"]: row for row in loyalty.loyalty(site.db, span, calendar=site.calendar)}
    expected: dict[str, str] = {}
    for name in {*CUSTOMERS, *(customer for customer, _ in activity(site))}:
        answers = [
            event
            for event in site.of("feedback.given")
            if customers[event.subject] == name and event.time <= span.end
        ]
        within = [event for event in answers if event.time > since]
        scores = [event.data.score for event in within if event.data.score is not None]
        deals = [
            e
            for e in site.of("deal.closed")
            if e.subject == f"customer/{name}" and since < e.time <= span.end
        ]
        referrals = {
            event.subject
            for event in site.of("ownership.claimed")
            if event.data.referred_by == name and since < event.time <= span.end
        }
        active = any(who == name and since < moment <= span.end for who, moment in activity(site))
        if not (active or within or referrals):
            continue
        good = bool(scores) and sum(scores) / len(scores) >= 4
        loyal = len(deals) >= 2 or bool(referrals)
        bad = bool(answers) and (answers[-1].data.satisfied is False or (answers[-1].data.score or 5) <= 2)
        expected[name] = "D" if bad else "A" if good and loyal else "B" if good or loyal else "C"
        row = shown[name]
        assert (row["deals"], row["referrals"], row["scored"]) == (len(deals), len(referrals), len(scores))
    assert {name: row["grade"] for name, row in shown.items()} == expected


@pytest.mark.parametrize("quarter", ["2026-Q1", "2026-Q2", "2026-Q3"])
def test_retained_are_those_active_before_who_still_are(site: Site, quarter: str) -> None:
    span = site.window(quarter)
    before = site.window({"2026-Q1": "2025-Q4", "2026-Q2": "2026-Q1", "2026-Q3": "2026-Q2"}[quarter])
    was = {who for who, moment in activity(site) if before.holds(moment)}
    now = {who for who, moment in activity(site) if span.holds(moment)}
    row = loyalty.retention(site.db, span, calendar=site.calendar)
    assert (row["active_before"], row["kept"], row["active"], row["new"]) == (
        len(was),
        len(was & now),
        len(now),
        len(now - was),
    )
    assert row["retention"] == share(len(was & now), len(was))
    assert row["lost"] == sorted(was - now)


@pytest.mark.parametrize(
    ("parts", "grade"),
    [
        ({"mean": 4.0, "deals": 2}, "A"),
        ({"mean": 4.0, "referrals": 1}, "A"),
        ({"mean": 3.99, "deals": 2}, "B"),
        ({"mean": 4.5, "deals": 1}, "B"),
        ({"deals": 1}, "C"),
        ({"mean": 5.0, "deals": 9, "dissatisfied": True}, "D"),
    ],
)
def test_grades_at_their_edges(parts: dict[str, Any], grade: str) -> None:
    nothing = {"mean": None, "deals": 0, "referrals": 0, "dissatisfied": False}
    assert loyalty.grade({**nothing, **parts}) == grade


# ---- the sales office


@pytest.mark.parametrize("kind", ["day", "week", "month"])
@pytest.mark.parametrize("per", ["total", "staff"])
def test_the_office_table_counts_callers_visitors_new_ones_and_deals(site: Site, kind: Any, per: Any) -> None:
    spans = windows(kind, date(2025, 12, 20), date(2026, 4, 10), site.calendar)
    shown = {
        (row["window"], row["staff"]): row
        for row in office.office(site.db, spans, calendar=site.calendar, per=per)
    }
    everybody = site.of("customer.contacted")
    first = {event.subject: event.time for event in reversed(everybody)}
    seen = set()
    for span in spans:
        for staff in [None] if per == "total" else STAFF:
            own = [
                event for event in everybody if span.holds(event.time) and staff in (None, event.data.staff)
            ]
            closed = [event for event in site.of("deal.closed") if span.holds(event.time)]
            deals = [event for event in closed if staff in (None, event.data.received_by)]
            row = shown.get((span.name, staff))
            if row is None:
                assert not own and not deals
                continue
            seen.add((span.name, staff))
            customers = {event.subject for event in own}
            new = {customer for customer in customers if first[customer] > span.start}
            assert row["contacts"] == len(own)
            assert row["visitors"] == sum(event.data.channel == "visit" for event in own)
            assert row["callers"] == sum(event.data.channel == "phone" for event in own)
            assert row["others"] == sum(event.data.channel == "wechat" for event in own)
            assert (row["customers"], row["new"]) == (len(customers), len(new))
            assert row["returning"] == len(customers - new)
            assert (row["deals"], row["amount"]) == (len(deals), sum(e.data.amount for e in deals))
            converted = customers & {event.subject for event in closed}
            assert row["conversion"] == share(len(converted), len(customers))
    assert seen == shown.keys()


def test_the_performance_of_a_window_sums_to_its_deals(site: Site) -> None:
    spans = windows("month", date(2026, 1, 1), date(2026, 3, 31), site.calendar)
    rows = office.office(site.db, spans, calendar=site.calendar, per="staff")
    total = {row["window"]: row for row in office.office(site.db, spans, calendar=site.calendar)}
    for span in spans:
        own = [row["performance"] for row in rows if row["window"] == span.name]
        assert sum(own) == pytest.approx(total[span.name]["performance"])
        assert total[span.name]["performance"] == pytest.approx(total[span.name]["deals"])


# ---- ownership


def test_a_deal_shows_how_it_was_divided_last_and_every_verdict_before(tell: Callable[..., Site]) -> None:
    claimed = {"staff": "S-1", "basis": "first-visit"}
    site = tell(
        fact("ownership.claimed", "customer/K-1", "2026-03-01 09:00", **claimed),
        fact("deal.closed", "customer/K-1", "2026-03-10 09:00", amount=900, received_by="S-2"),
        fact("ownership.disputed", "customer/K-1", "2026-03-11 09:00", staff=["S-1", "S-2"]),
        fact(
            "ownership.ruled", "customer/K-1", "2026-03-12 09:00", by="S-9", shares={"S-1": 0.5, "S-2": 0.5}
        ),
        fact("customer.filed", "customer/K-1", "2026-03-12 10:00", by="S-1", name="秘密姓名"),
        until="2026-03-13 00:00",
    )
    found = ownership(site.db, "K-1")
    assert found is not None
    (deal,) = found["deals"]
    assert (deal["state"], deal["rule"]) == ("adjudicated", "sales.settled")
    assert deal["performance"] == {"S-1": 0.5, "S-2": 0.5} and deal["reversals"] == 1
    first, second = found["verdicts"]
    assert first["rule"] == "sales.first-registration" and first["reversed_at"] == at("2026-03-12 09:00")
    assert second["reversed_at"] is None and second["because"] == deal["because"]
    assert [row["staff"] for row in found["registrations"]] == ["S-1"]
    assert [row["type"] for row in found["disputes"]] == ["ownership.disputed", "ownership.ruled"]
    assert [row["staff"] for row in found["holders"]] == ["S-1"]
    assert "秘密" not in str(found)


def test_a_deal_that_awaits_the_managers_word_says_so(tell: Callable[..., Site]) -> None:
    closed = {"amount": 900, "received_by": "S-2", "at_event": True}
    site = tell(fact("deal.closed", "customer/K-1", "2026-03-10 09:00", **closed), until="2026-03-11 00:00")
    found = ownership(site.db, "K-1")
    assert found is not None
    (deal,) = found["deals"]
    assert (deal["state"], deal["performance"], found["verdicts"]) == ("ruling-needed", None, [])


def test_nothing_is_known_of_a_customer_whom_nobody_has(tell: Callable[..., Site]) -> None:
    site = tell(received("C-1", "2026-03-10 09:00"), until="2026-03-11 00:00")
    assert ownership(site.db, "K-none") is None


def test_what_is_on_show_of_deals_is_what_the_ledger_recorded_last(site: Site) -> None:
    latest: dict[tuple[str, str], dict[str, float] | None] = {}
    for event in by_sequence(site, "ownership.adjudicated", "ownership.reversed"):
        said = event.data.performance if event.type == "ownership.adjudicated" else None
        latest[(event.subject, event.data.deal)] = said
    shown = {
        (f"customer/{customer}", deal["deal"]): deal["performance"]
        for customer in CUSTOMERS
        for deal in (ownership(site.db, customer) or {"deals": []})["deals"]
    }
    assert shown == latest
