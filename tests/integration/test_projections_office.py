"""Figures of visits, contacts, loyalty and sales: what the read models say is what the events say.

A quarter drawn at random is told to a ledger; its events are folded in three partitions; each figure is
compared with a plain computation over the events.
"""

from __future__ import annotations

import itertools
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from domain.concentration import concentration
from domain.envelope import Event, write
from domain.policy import Policy, load_policy
from domain.ranking import rank
from domain.working_time import Window, window_named
from projections import contacts, loyalty, office
from projections.concentration import concentrated
from projections.ownership import ownership
from projections.projection import Projector, create
from projections.ranking import ranking
from projections.spans import windows
from projections.visits import compliance
from streams.local import Database
from tests.helpers.quarter import CUSTOMERS, END, STAFF, recorded, story
from tests.helpers.scenario import at, fact, received

PACKS = ("auto-4s", "tobacco-xuzhou", "real-estate-sales")
NOW = at(END)
SEEDS = (1, 2, 3)

Db = Connection[Any]


@dataclass
class Site:
    """Read models of one story, and the events they were made of."""

    policy: Policy
    db: Db
    events: list[Event]
    about: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def calendar(self) -> Any:
        return self.policy.calendar

    def of(self, *types: str) -> list[Event]:
        """The events of these types, in the order of what happened."""
        found = [event for event in self.events if event.type in types]
        return sorted(found, key=lambda event: (event.time, event.sequence))

    def window(self, name: str) -> Window:
        return window_named(name, self.calendar)


def told(database: str, policy: Policy, facts: Sequence[dict[str, Any]], until: str) -> Site:
    events = recorded(policy, facts, until)
    connection = psycopg.connect(database, autocommit=True)
    create(connection)
    projector = Projector.of(policy)
    for part in (2, 0, 1):
        own = [event for event in events if zlib.crc32(event.subject.encode()) % 3 == part]
        projector.project(connection, "events", part, [(n, write(event)) for n, event in enumerate(own)])
    return Site(policy, connection, events)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(PACKS)


@pytest.fixture(scope="module", params=SEEDS)
def site(server: Database, policy: Policy, request: pytest.FixtureRequest) -> Iterator[Site]:
    name = f"office_{request.param}"
    running = told(server.create(name), policy, story(request.param), END)
    yield running
    running.db.close()
    server.drop(name)


@pytest.fixture
def tell(database: str, policy: Policy) -> Iterator[Callable[..., Site]]:
    """A story of a test's own."""
    opened: list[Site] = []

    def telling(*facts: dict[str, Any], until: str) -> Site:
        opened.append(told(database, policy, facts, until))
        return opened[-1]

    yield telling
    for each in opened:
        each.db.close()


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


# ---- visits, told naively


@dataclass
class Told:
    """One visit as its events tell it."""

    customer: str = ""
    manager: str = ""
    mode: str = ""
    planned: bool = False
    day: date | None = None
    day_said: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    excepted: datetime | None = None
    moved: bool = False


def visits(site: Site) -> list[Told]:
    found: dict[str, Told] = defaultdict(Told)
    for event in site.of(
        "visit.planned", "visit.started", "visit.ended", "visit.excepted", "visit.rescheduled"
    ):
        one, data = found[event.subject], event.data
        if event.type == "visit.planned":
            one.planned, one.day, one.day_said = True, data.date, event.time
            one.customer, one.manager, one.mode = data.customer, data.manager, data.mode
        elif event.type == "visit.started":
            one.started = event.time
            one.customer, one.manager, one.mode = data.customer, data.manager, data.mode
        elif event.type == "visit.rescheduled":
            one.day, one.day_said, one.moved = data.date, event.time, True
        elif event.type == "visit.ended":
            one.ended = event.time
        else:
            one.excepted = event.time
    return list(found.values())


def due(one: Told) -> datetime:
    assert one.day is not None
    return at(f"{one.day + timedelta(days=1)} 00:00")


def made(one: Told) -> bool:
    return one.started is not None and one.started <= due(one)


def excused(one: Told) -> bool:
    said = one.excepted
    return said is not None and one.day_said is not None and one.day_said < said <= due(one) and not made(one)


def local(moment: datetime) -> date:
    return (moment.astimezone(NOW.tzinfo) - timedelta(microseconds=1)).date()


@pytest.mark.parametrize("kind", ["day", "week", "month", "quarter"])
def test_plans_and_visits_of_every_manager_are_counted_as_the_events_tell_them(site: Site, kind: str) -> None:
    spans = windows(kind, date(2025, 12, 20), date(2026, 4, 10), site.calendar)  # type: ignore[arg-type]
    rows = compliance(site.db, spans, calendar=site.calendar, now=NOW)
    shown = {(row["window"], row["manager"]): row for row in rows}
    everything = visits(site)
    for span in spans:
        for manager in STAFF:
            own = [one for one in everything if one.manager == manager]
            plans = [one for one in own if one.planned and span.holds(due(one))]
            went = [one for one in own if one.started is not None and span.holds(one.started)]
            row = shown.get((span.name, manager))
            if row is None:
                assert not plans and not went
                continue
            assert row["planned"] == len(plans)
            assert row["made"] == sum(map(made, plans))
            assert row["excepted"] == sum(map(excused, plans))
            assert row["moved"] == sum(one.moved for one in plans)
            assert row["running"] == sum(
                due(one) > NOW and not made(one) and not excused(one) for one in plans
            )
            assert row["completion"] == share(row["made"], len(plans) - row["running"])
            assert row["missed"] == len(plans) - row["running"] - row["made"] - row["excepted"]
            assert row["visits"] == len(went)
            customers = {one.customer for one in went}
            unplanned = {one.customer for one in went if not one.planned}
            assert (row["customers"], row["unplanned_customers"]) == (len(customers), len(unplanned))
            assert row["unplanned_share"] == share(len(unplanned), len(customers))
            for mode, column in (("on-site", "on_site"), ("phone", "phone"), ("network", "network")):
                assert row[column] == sum(one.mode == mode for one in went)
            on_site = [one for one in went if one.mode == "on-site"]
            by_day: dict[date, list[Told]] = defaultdict(list)
            for one in on_site:
                by_day[local(one.started)].append(one)
            hours = sum(
                (max(max(o.ended or o.started, o.started) for o in day) - min(o.started for o in day))
                / timedelta(hours=1)
                for day in by_day.values()
            )
            assert row["market_days"] == len(by_day)
            assert row["market_hours"] == pytest.approx(hours)


def test_customers_held_are_those_held_at_any_time_in_the_window(site: Site) -> None:
    spans = windows("month", date(2025, 12, 20), date(2026, 4, 10), site.calendar)
    shown = {
        (row["window"], row["manager"]): row["held"]
        for row in compliance(site.db, spans, calendar=site.calendar, now=NOW)
    }
    changes: dict[str, list[Event]] = defaultdict(list)
    for event in site.of("customer.filed", "customer.reassigned"):
        changes[event.subject].append(event)
    for span in spans:
        held: dict[str, set[str]] = defaultdict(set)
        for customer, own in changes.items():
            for number, event in enumerate(own):
                ends = own[number + 1].time if number + 1 < len(own) else None
                staff = event.data.to if event.type == "customer.reassigned" else event.data.manager
                if event.time <= span.end and (ends is None or max(event.time, span.start) < ends):
                    held[staff].add(customer)
        for staff in STAFF:
            assert shown.get((span.name, staff), 0) == len(held[staff])


def standing(site: Site, found: str, gone: str, key: str) -> list[Event]:
    """Events of a type that no later one has withdrawn."""
    last = {(event.subject, getattr(event.data, key)): event for event in by_sequence(site, found, gone)}
    return [event for event in last.values() if event.type == found]


def by_sequence(site: Site, *types: str) -> list[Event]:
    return [event for event in site.events if event.type in types]


def handlers(site: Site) -> dict[str, str | None]:
    """Whom each stream is about."""
    found: dict[str, str | None] = {}
    for event in site.of("complaint.received", "complaint.assigned"):
        found[event.subject] = event.data.handler or found.get(event.subject)
    for event in site.of("visit.planned", "visit.started"):
        found[event.subject] = event.data.manager
    for event in site.of("customer.filed", "customer.reassigned"):
        found[event.subject] = event.data.manager if event.type == "customer.filed" else event.data.to
    for event in site.events:
        if event.kind == "staff":
            found[event.subject] = event.subject.partition("/")[2]
    return found


BREACH = ("obligation.breached", "obligation.withdrawn", "obligation")
VIOLATION = ("violation.found", "violation.withdrawn", "violation")


def problems(site: Site, kind: tuple[str, str, str], span: Window) -> Counter[str | None]:
    whose = handlers(site)
    return Counter(
        getattr(event.data, "duty_of", None) or whose.get(event.subject)
        for event in standing(site, *kind)
        if span.holds(event.time)
    )


def test_breaches_and_violations_that_stand_count_for_whose_they_are(site: Site) -> None:
    quarter = site.window("2026-Q1")
    rows = compliance(site.db, (quarter,), calendar=site.calendar, now=NOW)
    breaches, violations = (problems(site, kind, quarter) for kind in (BREACH, VIOLATION))
    assert {row["manager"] for row in rows} == set(STAFF)
    for row in rows:
        assert (row["breaches"], row["violations"]) == (
            breaches[row["manager"]],
            violations[row["manager"]],
        )


def test_spot_checks_count_when_they_were_made(site: Site) -> None:
    quarter = site.window("2026-Q1")
    managers = handlers(site)
    checks = [event for event in site.of("visit.spot_checked") if quarter.holds(event.time)]
    counted = Counter(managers[event.subject] for event in checks)
    failed = Counter(managers[event.subject] for event in checks if not event.data.ok)
    for row in compliance(site.db, (quarter,), calendar=site.calendar, now=NOW):
        assert (row["checks"], row["checks_failed"]) == (counted[row["manager"]], failed[row["manager"]])
        assert row["check_share"] == share(row["checks"], row["visits"])


# ---- ranking and concentration


def test_the_ranking_is_made_of_the_figures_that_stand_beside_it(site: Site) -> None:
    quarter = site.window("2026-Q1")
    weights = site.policy.packs[[pack.id for pack in site.policy.packs].index("tobacco-xuzhou")].ranking
    rows = ranking(site.db, quarter, weights, calendar=site.calendar, now=NOW)
    assert [row["rank"] for row in rows] == sorted(row["rank"] for row in rows)
    most = {name: max(row[name] for row in rows) for name in ("breaches", "violations")}
    for row in rows:
        parts = {
            "satisfaction": share(row["satisfied"], row["rated"]),
            "completion": share(row["made"], row["planned"]),
            **{name: 1 - row[name] / most[name] if most[name] else 1.0 for name in most},
        }
        known = {name: value for name, value in parts.items() if value is not None}
        assert row["parts"] == pytest.approx(known)
        assert row["score"] == pytest.approx(sum(known.values()) / len(known))


def test_nobody_is_ranked_where_nobody_visits(tell: Callable[..., Site]) -> None:
    site = tell(received("C-1", "2026-02-03 09:00", handler="S-1"), until="2026-04-01 00:00")
    assert ranking(site.db, site.window("2026-Q1"), {"completion": 1}, calendar=site.calendar, now=NOW) == []
    assert rank([], {}) == []


@pytest.mark.parametrize(("of", "kind"), [("breaches", BREACH), ("violations", VIOLATION)])
def test_breaches_and_violations_concentrate_by_whose_they_are(
    site: Site, of: Any, kind: tuple[str, str, str]
) -> None:
    quarter = site.window("2026-Q1")
    expected = concentration(problems(site, kind, quarter).elements())
    rows = concentrated(site.db, (quarter,), calendar=site.calendar, of=of)
    assert [(row["name"], row["count"], row["share"]) for row in rows] == [
        (one.name, one.count, one.share) for one in expected
    ]


def complaints(site: Site, span: Window) -> list[Event]:
    """Those that count: no inquiries, none withdrawn."""
    withdrawn = {event.subject for event in site.of("complaint.withdrawn")}
    return [
        event
        for event in site.of("complaint.received")
        if span.holds(event.time) and event.data.kind != "inquiry" and event.subject not in withdrawn
    ]


def causes(site: Site) -> dict[str, str | None]:
    return {e.subject: e.data.root_cause for e in site.of("complaint.resolved") if e.data.root_cause}


@pytest.mark.parametrize("per", ["manager", "root-cause"])
def test_complaints_concentrate_by_handler_and_by_root_cause(site: Site, per: Any) -> None:
    quarter, whose, cause = site.window("2026-Q1"), handlers(site), causes(site)
    named = whose if per == "manager" else cause
    expected = concentration(named.get(event.subject) for event in complaints(site, quarter))
    rows = concentrated(site.db, (quarter,), calendar=site.calendar, per=per)
    assert [(row["name"], row["count"], row["cumulative"], row["vital"]) for row in rows] == [
        (one.name, one.count, one.cumulative, one.vital) for one in expected
    ]
    assert {row["of"] for row in rows} == {len(complaints(site, quarter))}


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


# ---- loyalty and retention


def customers_of(site: Site) -> dict[str, str]:
    found = {event.subject: event.data.customer for event in site.of("complaint.received", "visit.planned")}
    return found | {event.subject: event.data.customer for event in site.of("visit.started")}


def activity(site: Site) -> list[tuple[str, datetime]]:
    types = ("deal.closed", "customer.contacted", "contact.recorded")
    own = [(event.subject.partition("/")[2], event.time) for event in site.of(*types)]
    return own + [(event.data.customer, event.time) for event in site.of("visit.started")]


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
