"""What is behind the figures: lists of answers and visits hold what the counters counted, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from streams.local import Database, free_ports
from tests.helpers.scenario import at, fact
from tests.helpers.site import Site, serving

NOW = at("2026-03-20 12:00")
MARCH = {"from": "2026-03-01T00:00:00.000001+08:00", "to": "2026-04-01T00:00:00.000001+08:00"}
DAYS = {"from": "2026-03-01", "to": "2026-03-31"}
PLANNED = {"planned_from": "2026-03-01", "planned_to": "2026-03-31"}


def now() -> datetime:
    return NOW


def received(name: str, when: str, handler: str, **data: Any) -> dict[str, Any]:
    said = {"customer": "K-1", "category": "delivery", "channel": "phone", "summary": "……", **data}
    return fact("complaint.received", f"complaint/{name}", when, handler=handler, **said)


def visit(name: str, day: int, **data: Any) -> dict[str, Any]:
    said = {"customer": "K-1", "manager": "S-1", "mode": "on-site", **data}
    return fact("visit.planned", f"visit/{name}", "2026-03-01 12:00", **said, date=f"2026-03-{day:02}")


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("http_behind")
    with serving(url, *free_ports(1), now, ("tobacco-xuzhou",)) as running:
        joined = {"role": "customer_manager", "department": "D", "branch": "B-1"}
        running.tell(
            fact("staff.joined", "staff/S-1", "2026-02-01 09:00", **joined),
            received("C-1", "2026-03-02 09:00", "S-1", branch="B-1"),
            received("C-2", "2026-03-03 09:00", "S-2"),
            fact("complaint.feedback_solicited", "complaint/C-1", "2026-03-04 09:00"),
            fact("feedback.given", "complaint/C-1", "2026-03-04 10:00", score=2, survey="annual"),
            fact("complaint.assigned", "complaint/C-1", "2026-03-05 09:00", handler="S-2"),
            fact("feedback.given", "complaint/C-1", "2026-03-06 10:00", score=5),
            fact("feedback.given", "complaint/C-2", "2026-03-06 11:00", satisfied=True),
            fact("feedback.given", "complaint/C-2", "2026-03-06 12:00", dimensions={"speed": 3}),
            visit("V-1", 3),
            visit("V-2", 4),
            visit("V-3", 5),
            visit("V-4", 25),
            fact("visit.started", "visit/V-1", "2026-03-03 08:20"),
            fact("visit.ended", "visit/V-1", "2026-03-03 09:00"),
            fact("visit.summarised", "visit/V-1", "2026-03-03 09:30", text="……"),
            fact("visit.excepted", "visit/V-2", "2026-03-04 10:00", reason="closed"),
            fact(
                "visit.started", "visit/V-5", "2026-03-06 09:00", customer="K-2", manager="S-1", mode="phone"
            ),
        )
        yield running
    server.drop("http_behind")


COUNTERS = ("asked", "answered", "scored", "rated", "satisfied", "dissatisfied")


@pytest.mark.parametrize("per", ["total", "staff", "branch", "category", "survey"])
def test_every_counter_of_satisfaction_has_its_rows(site: Site, per: str) -> None:
    for row in site.items("/satisfaction", per=per, **DAYS):
        whose = {} if per == "total" else {per: row["value"]}
        counted = [name for name in COUNTERS if row[name] is not None]
        behind = {
            name: site.items("/satisfaction/answers", counted=name, **whose, **MARCH) for name in counted
        }
        assert {name: len(rows) for name, rows in behind.items()} == {name: row[name] for name in counted}


def test_an_answer_stays_with_who_handled_the_complaint_then(site: Site) -> None:
    [dissatisfied] = site.items("/satisfaction/answers", counted="dissatisfied")
    assert (dissatisfied["subject"], dissatisfied["staff"], dissatisfied["score"]) == (
        "complaint/C-1",
        "S-1",
        2,
    )
    assert {row["subject"] for row in site.items("/satisfaction/answers", staff="S-2")} == {
        "complaint/C-1",
        "complaint/C-2",
    }


def test_every_count_of_compliance_has_its_visits(site: Site) -> None:
    [row] = site.items("/visits/compliance", manager="S-1", **DAYS)
    plans = {name: len(site.items("/visits", manager="S-1", became=name, **PLANNED)) for name in BECAME}
    assert (
        plans == {name: row[name] for name in BECAME} == {"made": 1, "excepted": 1, "running": 1, "missed": 1}
    )
    unproven = site.items("/visits", manager="S-1", became="excepted", photo="false", **PLANNED)
    assert [each["subject"] for each in unproven] == ["visit/V-2"]
    assert len(site.items("/visits", manager="S-1", **MARCH)) == row["visits"] == 2
    assert len(site.items("/visits", manager="S-1", summarised="true", **MARCH)) == row["summarised"] == 1


BECAME = ("made", "excepted", "running", "missed")


def test_visits_are_found_by_the_branch_of_their_manager(site: Site) -> None:
    assert len(site.items("/visits", branch="B-1")) == 5
    assert site.items("/visits", branch="B-2") == []
    [unplanned] = site.items("/visits", planned="false")
    assert (unplanned["subject"], unplanned["became"], unplanned["mode"]) == (
        "visit/V-5",
        "unplanned",
        "phone",
    )


def test_long_lists_come_in_pages(site: Site) -> None:
    first = site.get("/visits", limit=2).json()
    second = site.get("/visits", limit=2, cursor=first["next"]).json()
    third = site.get("/visits", limit=2, cursor=second["next"]).json()
    assert third["next"] is None
    names = [row["subject"] for page in (first, second, third) for row in page["items"]]
    assert sorted(names) == [f"visit/V-{number}" for number in range(1, 6)]
