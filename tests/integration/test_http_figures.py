"""Figures over HTTP: visits, the sales office, contacts, rankings, concentration, loyalty, ownership."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from streams.local import Database, free_ports
from tests.helpers.scenario import at, fact
from tests.helpers.site import Site, serving

NOW = at("2026-03-20 12:00")
PACKS = ("tobacco-xuzhou", "real-estate-sales")
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


def now() -> datetime:
    return NOW


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("http_figures")
    claimed = {"staff": "S-1", "basis": "first-visit"}
    planned = {"customer": "K-1", "manager": "S-1", "mode": "on-site"}
    unplanned = {"customer": "K-2", "manager": "S-2", "mode": "on-site", "branch": "B-2"}
    with serving(url, *free_ports(1), now, PACKS) as running:
        running.tell(
            fact(
                "staff.joined",
                "staff/S-1",
                "2026-02-01 09:00",
                role="salesperson",
                department="D",
                branch="B-1",
            ),
            fact("customer.contacted", "customer/K-1", "2026-03-02 09:00", staff="S-1", channel="visit"),
            fact("customer.contacted", "customer/K-2", "2026-03-02 10:00", staff="S-2", channel="phone"),
            fact("contact.recorded", "customer/K-1", "2026-03-02 11:00", topic="fees", channel="phone"),
            fact("customer.filed", "customer/K-1", "2026-03-02 12:00", by="S-1"),
            fact("ownership.claimed", "customer/K-1", "2026-03-02 12:00", **claimed),
            fact("visit.planned", "visit/V-1", "2026-03-02 12:00", **planned, date="2026-03-03"),
            fact("visit.planned", "visit/V-2", "2026-03-02 12:00", **planned, date="2026-03-04"),
            fact("visit.planned", "visit/V-3", "2026-03-02 12:00", **planned, date="2026-03-25"),
            fact("visit.started", "visit/V-1", "2026-03-03 08:30"),
            fact("visit.ended", "visit/V-1", "2026-03-03 10:00"),
            fact("visit.started", "visit/V-4", "2026-03-03 09:00", **unplanned),
            fact("visit.spot_checked", "visit/V-1", "2026-03-05 09:00", by="S-9", ok=True),
            fact("feedback.given", "visit/V-1", "2026-03-05 09:00", score=5),
            fact("deal.closed", "customer/K-1", "2026-03-06 09:00", amount=900, received_by="S-2"),
            running.complaint("C-1", "2026-03-06T10:00:00+08:00", handler="S-1", customer="K-1"),
            fact(
                "complaint.resolved", "complaint/C-1", "2026-03-06 12:00", resolution="……", root_cause="parts"
            ),
            running.complaint("C-2", "2026-03-06T11:00:00+08:00", handler="S-2", customer="K-2"),
        )
        yield running
    server.drop("http_figures")


def test_compliance_names_the_denominator_of_each_share(site: Site) -> None:
    row, other = site.items("/visits/compliance", **MARCH)
    assert (row["window"], row["manager"], row["branch"]) == ("2026-03", "S-1", "B-1")
    assert (row["planned"], row["running"], row["made"], row["missed"]) == (3, 1, 1, 1)
    assert row["completion"] == 0.5
    assert (row["held"], row["on_site_customers"], row["on_site_share"]) == (1, 1, 1.0)
    assert (row["checks"], row["visits"], row["check_share"]) == (1, 1, 1.0)
    assert (row["market_days"], row["market_hours"], row["hours_per_day"]) == (1, 1.5, 1.5)
    assert (other["manager"], other["unplanned_share"], other["completion"]) == ("S-2", 1.0, None)


@pytest.mark.parametrize(("narrowed", "found"), [({"manager": "S-2"}, "S-2"), ({"branch": "B-1"}, "S-1")])
def test_compliance_is_narrowed(site: Site, narrowed: dict[str, str], found: str) -> None:
    assert [row["manager"] for row in site.items("/visits/compliance", **MARCH, **narrowed)] == [found]


def test_one_managers_visits_are_told_for_a_year_of_days(site: Site) -> None:
    year = {"window": "day", "manager": "S-2", "from": "2025-04-01", "to": "2026-03-31"}
    assert "2026-03-03" in [row["window"] for row in site.items("/visits/compliance", **year)]


def test_the_office_counts_a_day_in_all_and_by_salesperson(site: Site) -> None:
    first, deal = site.items("/office", window="day", **MARCH)
    assert (first["window"], first["visitors"], first["callers"], first["new"]) == ("2026-03-02", 1, 1, 2)
    assert (first["converted"], first["conversion"]) == (0, 0.0)
    assert (deal["deals"], deal["amount"], deal["conversion"]) == (1, 900, None)
    by_staff = {row["staff"]: row for row in site.items("/office", per="staff", **MARCH)}
    assert by_staff["S-1"]["performance"] == 1.0 and by_staff["S-1"]["conversion"] == 1.0
    assert by_staff["S-2"]["deals"] == 1 and by_staff["S-2"]["performance"] == 0


def test_contacts_are_told_by_topic_and_complaints_by_root_cause(site: Site) -> None:
    (fees,) = site.items("/contacts", **MARCH)
    assert (fees["topic"], fees["contacts"], fees["of"], fees["trend"]) == ("fees", 1, 1, None)
    (parts,) = site.items("/contacts", of="root-causes", **MARCH)
    assert (parts["topic"], parts["contacts"], parts["customers"]) == ("parts", 1, 1)


def test_rankings_come_with_their_weights_and_parts(site: Site) -> None:
    answer = site.get("/rankings", quarter="2026-Q1").json()
    assert answer["weights"] == {"satisfaction": 1, "completion": 1, "breaches": 1, "violations": 1}
    assert {row["staff"] for row in answer["items"]} == {"S-1", "S-2"}
    one = next(row for row in answer["items"] if row["staff"] == "S-1")
    assert (one["satisfied"], one["rated"], one["made"], one["planned"]) == (1, 1, 1, 2)
    assert (one["parts"]["satisfaction"], one["parts"]["completion"]) == (1.0, 0.5)
    assert site.get("/rankings").json() == answer
    assert site.get("/rankings", branch="B-9").json()["items"] == []


def test_problems_concentrate_per_manager_and_per_cause(site: Site) -> None:
    rows = site.items("/concentration", **MARCH)
    assert [(row["name"], row["count"], row["of"]) for row in rows] == [("S-1", 1, 2), ("S-2", 1, 2)]
    causes = site.items("/concentration", per="root-cause", **MARCH)
    assert [(row["name"], row["cumulative"]) for row in causes] == [("parts", 0.5), ("unknown", 1.0)]
    assert site.items("/concentration", of="breaches", **MARCH)


def test_a_grade_is_shown_with_its_parts(site: Site) -> None:
    (one,) = site.items("/loyalty", quarter="2026-Q1", customer="K-1")
    assert (one["grade"], one["mean"], one["scored"], one["deals"]) == ("B", 5.0, 1, 1)
    assert one["latest_on"] == "visit/V-1"


def test_retention_names_who_was_lost(site: Site) -> None:
    row = site.get("/retention", quarter="2026-Q2").json()
    assert (row["before"], row["active_before"], row["kept"], row["lost"]) == (
        "2026-Q1",
        2,
        0,
        ["K-1", "K-2"],
    )
    assert site.get("/retention").json()["retention"] is None


def test_ownership_says_whose_and_how_the_deal_was_divided(site: Site) -> None:
    found = site.get("/ownership/K-1").json()
    assert (found["customer"], found["owner"], found["held_by"]) == ("K-1", "S-1", "S-1")
    assert found["registrations"][0]["valid_until"] == "2026-05-06T16:00:00Z"
    (deal,) = found["deals"]
    assert (deal["rule"], deal["performance"]) == ("sales.first-registration", {"S-1": 1.0})
    assert found["verdicts"][0]["reversed_at"] is None


def test_a_customer_nobody_knows_is_not_found(site: Site) -> None:
    answer = site.get("/ownership/K-none")
    assert (answer.status_code, answer.json()["field"]) == (404, "customer")


def test_a_registration_that_passed_on_keeps_its_date(site: Site) -> None:
    said = {"staff": "S-1", "basis": "first-visit"}
    site.tell(
        fact("ownership.claimed", "customer/K-7", "2026-03-01 09:00", **said),
        fact("ownership.claimed", "customer/K-7", "2026-03-02 09:00", staff="S-3", basis="designated"),
        fact("customer.reassigned", "customer/K-7", "2026-03-05 09:00", from_="S-1", to="S-2", reason="……"),
    )
    found = site.get("/ownership/K-7").json()
    assert (found["owner"], found["held_by"]) == ("S-2", "S-2")


WINDOWED = ["/visits/compliance", "/office", "/contacts", "/concentration"]
QUARTERLY = ["/rankings", "/loyalty", "/retention"]
WRONG: list[tuple[str, dict[str, str], str]] = [
    *((path, {"window": "year"}, "window") for path in WINDOWED),
    *((path, {"from": "2026-04-01", "to": "2026-03-01"}, "from") for path in WINDOWED),
    *((path, {"from": "1999-04-01"}, "from") for path in WINDOWED),
    *((path, {"window": "day", "from": "2024-01-01", "to": "2026-01-01"}, "from") for path in WINDOWED),
    ("/visits/compliance", {"window": "day", "from": "2025-12-01", "to": "2026-03-01"}, "from"),
    *((path, {"to": "2026-02-30"}, "to") for path in WINDOWED),
    *((path, {"quarter": "2026-Q5"}, "quarter") for path in QUARTERLY),
    *((path, {"quarter": "2026-03"}, "quarter") for path in QUARTERLY),
    *((path, {"quarter": "9999-Q4"}, "quarter") for path in QUARTERLY),
    *((path, {"quarter": "0000-Q1"}, "quarter") for path in QUARTERLY),
    *((path, {"month": "2026-03"}, "month") for path in (*WINDOWED, *QUARTERLY)),
    ("/office", {"per": "branch"}, "per"),
    ("/concentration", {"of": "joys"}, "of"),
    ("/contacts", {"of": "people"}, "of"),
]


@pytest.mark.parametrize(("path", "params", "field"), WRONG)
def test_a_parameter_that_cannot_be_used_is_named(
    site: Site, path: str, params: dict[str, Any], field: str
) -> None:
    problem = site.get(path, **params).json()
    assert (problem["status"], problem["field"]) == (400, field)
    assert field in problem["detail"]
