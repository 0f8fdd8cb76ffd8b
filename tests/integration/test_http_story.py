"""GET /streams/…/story: the whole of it in one answer, as it was and as it was known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from streams.local import Database, free_ports
from tests.helpers.scenario import fact
from tests.helpers.site import Site, ago, serving

SECRET = {"name": "王小明", "phone": "13800138000"}
BEGAN = "2026-03-04T10:00:00+08:00"


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("http_story")
    with serving(url, *free_ports(1)) as running:
        running.tell(
            running.complaint("C-1", BEGAN, summary="秘密投诉", contact=SECRET, handler="S-1"),
            running.complaint("C-2", "2026-03-05T10:00:00+08:00", summary="又一秘密", category="fees"),
            running.complaint("C-3", "2026-03-05T11:00:00+08:00", customer="K-2"),
            told("complaint.promised", "complaint/C-1", "10:30", answer_by="2026-03-04T16:00:00+08:00"),
            told("visit.planned", "visit/V-1", "11:00", customer="K-1", manager="S-2", mode="on-site", **DAY),
            told("approval.requested", "approval/A-1", "12:00", kind="compensation", by="S-1", **ABOUT),
            told("approval.granted", "approval/A-1", "13:00", by="S-9", role="general_manager"),
        )
        running.tell(fact("escalation.acknowledged", "complaint/C-1", ago(), by="S-9"))
        yield running
    server.drop("http_story")


DAY = {"date": "2026-03-05"}
ABOUT = {"about": "complaint/C-1", "amount": 200}


def told(kind: str, subject: str, hour: str, /, **data: Any) -> dict[str, Any]:
    return fact(kind, subject, f"2026-03-04 {hour}", **data)


def story(site: Site, subject: str = "complaint/C-1", **params: Any) -> dict[str, Any]:
    answer = site.get(f"/streams/{subject}/story", **params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_it_has_events_state_obligations_and_the_rules_in_force(site: Site) -> None:
    said = story(site)
    assert said["events"][0]["type"] == "complaint.received"
    assert said["state"]["handler"] == "S-1"
    assert "auto-4s@" in said["policy"]
    (promise,) = [each for each in said["obligations"] if each["clause"] == "general.promise"]
    assert (promise["status"], promise["title_zh"]) == ("breached", "承诺时限")
    assert promise["segments"][-1]["end"] == promise["due_at"]
    assert [step["type"] for step in promise["steps"]][-1] == "obligation.breached"


def test_it_says_who_was_alerted_when_and_who_took_it_on(site: Site) -> None:
    alerts = story(site)["alerts"]
    raised = [each for each in alerts if each["channel"] == "alerts.escalations"]
    assert raised[0]["to"] == ["customer_relations_manager"]
    assert "S-9" in {each.get("acknowledged_by") for each in alerts}
    last = {each["key"]: each for each in alerts}
    now = {each["key"]: each for each in site.items("/alerts", subject="complaint/C-1")}
    assert {key: {**now[key], "sequence": each["sequence"]} for key, each in last.items()} == last
    assert last.keys() == now.keys()


def test_what_happened_around_it_is_told_by_reference(site: Site) -> None:
    around = story(site)["around"]
    assert [(each["subject"], each["type"]) for each in around] == [
        ("complaint/C-2", "complaint.received"),
        ("visit/V-1", "visit.planned"),
        ("approval/A-1", "approval.requested"),
        ("approval/A-1", "approval.granted"),
    ]
    assert around[2]["line"] == "Somebody asked for an approval (kind: compensation, amount: 200, by: S-1)."
    assert around[3]["line_zh"] == "审批通过（行为人员工编号：S-9，角色：general_manager）。"
    assert [each["sequence"] for each in around] == sorted(each["sequence"] for each in around)


def test_seen_from_the_customer_the_visit_or_the_approval_it_is_around_as_well(site: Site) -> None:
    for subject in ("visit/V-1", "approval/A-1"):
        near = {each["subject"] for each in story(site, subject)["around"]}
        assert "complaint/C-1" in near, subject
        assert subject not in near


def test_all_of_it_is_as_it_was_and_as_it_was_known(site: Site) -> None:
    early = story(site, as_of="2026-03-04T11:30:00+08:00")
    assert {each["subject"] for each in early["around"]} == {"visit/V-1"}
    assert [each["status"] for each in early["obligations"] if each["clause"] == "general.promise"] == [
        "open"
    ]
    assert "S-9" not in {each.get("acknowledged_by") for each in early["alerts"]}
    assert early["as_of"] == "2026-03-04T11:30:00+08:00"
    before = story(site, known_at="2026-03-05T00:00:00Z")
    assert (before["events"], before["state"], before["alerts"], before["around"]) == ([], {}, [], [])


def test_nothing_personal_is_in_it(site: Site) -> None:
    text = site.get("/streams/complaint/C-1/story").text
    assert not any(secret in text for secret in (*SECRET.values(), "秘密"))


def test_a_stream_that_is_not_known_is_a_problem(site: Site) -> None:
    assert site.get("/streams/complaint/C-none/story").status_code == 404
