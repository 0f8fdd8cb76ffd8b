"""Lists and figures: what they find, how they are filtered, how they come in pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from streams.local import Database, free_ports
from tests.helpers.scenario import fact
from tests.helpers.site import Site, ago, serving

PROMISED = "2026-03-04T16:00:00+08:00"


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("http_lists")
    with serving(url, *free_ports(1)) as running:
        running.tell(
            running.complaint(
                "C-1", "2026-03-04T10:00:00+08:00", handler="S-1", branch="B-1", customer="K-1"
            ),
            fact("complaint.promised", "complaint/C-1", "2026-03-04 10:30", answer_by=PROMISED),
            running.complaint("C-2", "2026-03-05T10:00:00+08:00", handler="S-2", category="price"),
            running.complaint("C-3", "2026-03-06T10:00:00+08:00", handler="S-1", signals=["door-blocking"]),
            running.complaint("C-4", ago(minutes=2), kind="inquiry"),
            fact("complaint.promised", "complaint/C-4", ago(minutes=1), answer_by=ago(hours=-20)),
            fact("complaint.followed_up", "complaint/C-1", "2026-03-08 10:00", by="S-1"),
            fact("feedback.given", "complaint/C-1", "2026-03-09 10:00", score=5),
            fact("feedback.given", "complaint/C-2", "2026-03-09 11:00", score=2),
        )
        yield running
    server.drop("http_lists")


def subjects(site: Site, path: str, **params: Any) -> list[str]:
    return [item["subject"] for item in site.items(path, **params)]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, {"C-1", "C-2", "C-3", "C-4"}),
        ({"handler": "S-1"}, {"C-1", "C-3"}),
        ({"handler": "S-1", "branch": "B-1"}, {"C-1"}),
        ({"category": "price"}, {"C-2"}),
        ({"kind": "inquiry"}, {"C-4"}),
        ({"major": "true"}, {"C-3"}),
        ({"status": "closed"}, set()),
        ({"from": "2026-03-05T02:00:00Z", "to": "2026-03-06T10:00:00+08:00"}, {"C-2"}),
        ({"from": "2026-03-05", "to": "2026-03-05"}, {"C-2"}),
        ({"from": "2026-03-06"}, {"C-3", "C-4"}),
        ({"to": "2026-03-04"}, {"C-1"}),
        ({"from": "2026-03-05", "to": "2026-03-06T10:00:00+08:00"}, {"C-2"}),
        ({"handler": "' OR 1=1 --"}, set()),
        ({"words": "吵闹"}, {"C-1", "C-2", "C-3", "C-4"}),
        ({"words": "吵闹", "handler": "S-1"}, {"C-1", "C-3"}),
        ({"words": "退款"}, set()),
    ],
)
def test_complaints_are_found_by_their_filters(site: Site, filters: Any, found: set[str]) -> None:
    assert {name.partition("/")[2] for name in subjects(site, "/complaints", **filters)} == found


def test_overdue_complaints_are_those_with_something_not_done(site: Site) -> None:
    assert "complaint/C-1" in subjects(site, "/complaints", overdue="true")
    assert "complaint/C-4" in subjects(site, "/complaints", overdue="false")


def test_the_latest_complaint_comes_first(site: Site) -> None:
    numbers = ["C-4", "C-3", "C-2", "C-1"]
    assert subjects(site, "/complaints") == [f"complaint/{number}" for number in numbers]


def test_pages_together_are_the_list(site: Site) -> None:
    whole = subjects(site, "/complaints")
    first = site.get("/complaints", limit=3)
    second = site.client.get(first.links["next"]["url"])
    found = [item["subject"] for page in (first, second) for item in page.json()["items"]]
    assert (found, second.json()["next"]) == (whole, None)


def test_a_next_page_keeps_the_filters(site: Site) -> None:
    first = site.get("/complaints", limit=1, handler="S-1")
    assert "handler=S-1" in first.links["next"]["url"]
    rest = site.items("/complaints", handler="S-1", cursor=first.json()["next"])
    assert [item["subject"] for item in rest] == ["complaint/C-1"]


def test_breaches_say_what_was_owed_by_whom_and_why(site: Site) -> None:
    [promise] = site.items("/sla/breaches", clause="general.promise")
    assert (promise["subject"], promise["state"], promise["handler"]) == ("complaint/C-1", "breached", "S-1")
    assert promise["due_at"] == "2026-03-04T08:00:00Z"
    assert promise["source"] and promise["because"]


def test_breaches_are_filtered_by_what_became_of_them(site: Site) -> None:
    assert "complaint/C-1" in subjects(site, "/sla/breaches", outstanding="true", clause="general.promise")
    assert subjects(site, "/sla/breaches", withdrawn="true") == []


def test_upcoming_has_what_is_due_next_first(site: Site) -> None:
    found = site.items("/sla/upcoming")
    assert [each["due_at"] for each in found] == sorted(each["due_at"] for each in found)
    assert {each["state"] for each in found} == {"open"}
    assert "complaint/C-4" in subjects(site, "/sla/upcoming", clause="general.promise")


def test_violations_are_found_by_clause_and_kind(site: Site) -> None:
    found = site.items("/violations", kind="complaint")
    assert found
    assert site.items("/violations", clause=found[0]["clause"])[0]["clause"] == found[0]["clause"]
    assert site.items("/violations", kind="visit") == []


def test_missed_figures_are_a_list(site: Site) -> None:
    found = site.items("/kpis")
    assert site.items("/kpis", missed="true", window="1999-01") == []
    assert all(each["threshold"] is not None for each in found)


def test_satisfaction_has_its_shares_beside_their_denominators(site: Site) -> None:
    [march] = site.items("/satisfaction", window="month", **{"from": "2026-03-01", "to": "2026-03-31"})
    assert (march["window"], march["answered"], march["asked"], march["rated"]) == ("2026-03", 2, 1, 2)
    assert (march["satisfied_share"], march["dissatisfied_share"], march["mean"]) == (0.5, 0.5, 3.5)


def test_satisfaction_is_cut_by_staff(site: Site) -> None:
    period = {"from": "2026-03-01", "to": "2026-03-31"}
    found = site.items("/satisfaction", per="staff", **period)
    assert {each["value"]: each["satisfied_share"] for each in found} == {"S-1": 1.0, "S-2": 0.0}
    assert [each["value"] for each in site.items("/satisfaction", per="staff", value="S-2", **period)] == [
        "S-2"
    ]


def test_satisfaction_without_a_period_is_of_late(site: Site) -> None:
    assert site.get("/satisfaction", window="day").status_code == 200


PERIODS = ["/complaints", "/sla/breaches", "/sla/upcoming", "/violations", "/kpis", "/alerts"]
WRONG: list[tuple[str, dict[str, str], str]] = [
    *((path, {"from": "2026-03-04T10:00:00"}, "from") for path in PERIODS),
    *((path, {"to": "2026-02-30T10:00:00Z"}, "to") for path in PERIODS),
    *((path, {"from": "2026-02-30"}, "from") for path in PERIODS),
    *((path, {"to": "9998-12-31"}, "to") for path in PERIODS),
    *((path, {"to": "tomorrow"}, "to") for path in PERIODS),
    *((path, {"limit": "0"}, "limit") for path in PERIODS),
    *((path, {"limit": "501"}, "limit") for path in PERIODS),
    *((path, {"limit": "many"}, "limit") for path in PERIODS),
    *((path, {"cursor": "no cursor"}, "cursor") for path in PERIODS),
    *((path, {"cursor": "WzEsMl0"}, "cursor") for path in PERIODS),
    *((path, {"cursor": "WyJ4IiwieSIsInoiLCJ1IiwidiJd"}, "cursor") for path in PERIODS),
    *((path, {"page": "2"}, "page") for path in PERIODS),
    ("/complaints", {"status": "shut"}, "status"),
    ("/complaints", {"major": "maybe"}, "major"),
    ("/complaints", {"handler": ""}, "handler"),
    ("/complaints", {"handler": "S\0"}, "handler"),
    ("/complaints", {"handler": "S" * 201}, "handler"),
    ("/complaints", {"words": "吵"}, "words"),
    ("/complaints", {"words": "，。"}, "words"),
    ("/complaints", {"since": "2026-03-04T10:00:00Z"}, "since"),
    ("/violations", {"kind": "planet"}, "kind"),
    ("/alerts", {"severity": "grave"}, "severity"),
    ("/alerts", {"topic": "weather"}, "topic"),
    ("/satisfaction", {"per": "person"}, "per"),
    ("/satisfaction", {"window": "year"}, "window"),
    ("/satisfaction", {"from": "2026-03-04T10:00:00Z"}, "from"),
    ("/satisfaction", {"from": "2026-04-01", "to": "2026-03-01"}, "from"),
    ("/satisfaction", {"from": "1900-01-01"}, "from"),
]


@pytest.mark.parametrize("path", PERIODS)
def test_a_day_in_a_list_begins_and_ends_where_it_does_in_figures(site: Site, path: str) -> None:
    days = {"from": "2026-03-05", "to": "2026-03-11"}
    instants = {"from": "2026-03-05T00:00:00.000001+08:00", "to": "2026-03-12T00:00:00.000001+08:00"}
    assert site.items(path, **days) == site.items(path, **instants)


@pytest.mark.parametrize(("path", "params", "field"), WRONG)
def test_a_parameter_that_cannot_be_used_is_named(
    site: Site, path: str, params: dict[str, str], field: str
) -> None:
    problem = site.get(path, **params).json()
    assert (problem["status"], problem["type"], problem["field"]) == (400, "/docs#bad-parameter", field)
    assert field in problem["detail"]


def test_a_refusal_says_what_would_be_right_in_both_languages(site: Site) -> None:
    english = site.get("/complaints", status="shut").json()["detail"]
    chinese = site.ask("GET", "/complaints?status=shut", headers={"Accept-Language": "zh"}).json()["detail"]
    assert english == "status must be one of open, closed, withdrawn, merged."
    assert chinese == "status 须为 open, closed, withdrawn, merged 之一。"
