"""Figures of visits and managers: what the read models say is what the events say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain.concentration import concentration
from domain.envelope import Event
from domain.ranking import rank
from domain.working_time import Window
from projections.concentration import concentrated
from projections.ranking import ranking
from projections.spans import windows
from projections.visits import compliance
from tests.helpers.office import Site, by_sequence, causes, complaints, share
from tests.helpers.quarter import END, STAFF
from tests.helpers.scenario import at, received

NOW = at(END)


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


# ---- visits, told naively


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
