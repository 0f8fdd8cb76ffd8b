"""Alerts: the list, the stream that resumes, and the acknowledgement."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from streams.local import Database, free_ports
from tests.helpers.scenario import fact
from tests.helpers.site import Site, ago, new, serving

Told = tuple[str, str, dict[str, Any]]
"""(id, event, data) of a server-sent event."""


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("http_alerts")
    with serving(url, *free_ports(1)) as running:
        yield running
    server.drop("http_alerts")


def blocked(site: Site) -> str:
    """A complaint that escalates at once; its alert's key."""
    name = new()
    site.tell(site.complaint(name, signals=["door-blocking"]))
    [alert] = site.items("/alerts", subject=f"complaint/{name}", topic="escalations")
    return str(alert["key"])


def acknowledge(site: Site, key: str, body: Any = None, media: str = "application/json") -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body or {"by": "S-7"}).encode()
    path = f"/alerts/{quote(key, safe='')}/acknowledge"
    return site.ask("POST", path, content=content, headers={"Content-Type": media})


def events(lines: Iterator[str]) -> Iterator[Told]:
    """A stream taken apart as the WHATWG has it; comments and `retry` say nothing here."""
    said: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            said[name] = value
        elif "data" in said:
            yield said["id"], said["event"], json.loads(said["data"])
            said = {}


class Watcher(threading.Thread):
    """Somebody who watches, until enough has come or the patience is over."""

    def __init__(self, site: Site, enough: int, **headers: str) -> None:
        super().__init__(daemon=True)
        self.site, self.enough, self.headers = site, enough, headers
        self.told: list[Told] = []
        self.at: list[float] = []
        self.began = threading.Event()

    def run(self) -> None:
        with self.site.client.stream("GET", "/alerts/stream", headers=self.headers, timeout=15) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.iter_lines()
            next(lines)
            self.began.set()
            for told in events(lines):
                self.told.append(told)
                self.at.append(time.monotonic())
                if len(self.told) >= self.enough:
                    return


@pytest.fixture
def watch(site: Site) -> Callable[..., Watcher]:
    def begin(enough: int, **headers: str) -> Watcher:
        watcher = Watcher(site, enough, **headers)
        watcher.start()
        assert watcher.began.wait(10)
        time.sleep(0.5)
        return watcher

    return begin


def test_an_escalation_is_an_alert_with_all_that_somebody_needs(site: Site) -> None:
    key = blocked(site)
    [alert] = [each for each in site.items("/alerts") if each["key"] == key]
    assert (alert["status"], alert["severity"], alert["channel"]) == (
        "firing",
        "critical",
        "alerts.escalations",
    )
    assert alert["title"] and alert["title_zh"] and alert["source"] and alert["to"]
    assert site.client.get(alert["history_url"]).status_code == 200


def test_alerts_are_filtered(site: Site) -> None:
    name = new()
    overdue = "2026-03-04T16:00:00+08:00"
    site.tell(
        site.complaint(name, "2026-03-04T10:00:00+08:00"),
        fact("complaint.promised", f"complaint/{name}", "2026-03-04 10:30", answer_by=overdue),
    )
    found = site.items("/alerts", subject=f"complaint/{name}", topic="sla", clause="general.promise")
    assert [(alert["severity"], alert["due_at"]) for alert in found] == [("high", "2026-03-04T08:00:00Z")]
    assert site.items("/alerts", subject=f"complaint/{name}", topic="satisfaction") == []
    assert site.items("/alerts", subject=f"complaint/{name}", status="resolved") == []
    assert {alert["status"] for alert in site.items("/alerts", current="true")} <= {"firing", "acknowledged"}


def test_acknowledging_records_who_did_it(site: Site) -> None:
    key = blocked(site)
    answer = acknowledge(site, key).json()
    assert (answer["status"], answer["acknowledged_by"]) == ("acknowledged", "S-7")
    assert answer["receipt"]["status"] == "recorded"
    site.settle()
    [alert] = [each for each in site.items("/alerts", status="acknowledged") if each["key"] == key]
    assert alert["acknowledged_by"] == "S-7"
    told = site.get(f"/streams/{alert['subject']}/history").json()
    fact_ = next(each for each in told if each["type"] == "escalation.acknowledged")
    assert (fact_["data"], fact_["actor"]) == ({"by": "S-7", "clause": alert["clause"]}, "test")


def test_acknowledging_twice_records_once(site: Site) -> None:
    key = blocked(site)
    first = acknowledge(site, key)
    before_the_worker, last = acknowledge(site, key), site.parts.storage.last_sequence()
    site.settle()
    after_the_worker = acknowledge(site, key)
    assert [each.status_code for each in (first, before_the_worker, after_the_worker)] == [200, 200, 200]
    assert "receipt" not in before_the_worker.json() and "receipt" not in after_the_worker.json()
    assert site.parts.storage.last_sequence() == last


def test_an_alert_that_is_not_known_cannot_be_acknowledged(site: Site) -> None:
    assert acknowledge(site, "escalation:complaint/C-0:none").status_code == 404
    assert acknowledge(site, "nul\0").status_code == 404


def test_what_is_no_escalation_cannot_be_acknowledged(site: Site) -> None:
    name = new()
    site.tell(
        site.complaint(name, "2026-03-04T10:00:00+08:00"),
        fact(
            "complaint.promised",
            f"complaint/{name}",
            "2026-03-04 10:30",
            answer_by="2026-03-04T16:00:00+08:00",
        ),
    )
    key = site.items("/alerts", subject=f"complaint/{name}", topic="sla")[0]["key"]
    answer = acknowledge(site, key)
    assert (answer.status_code, answer.json()["type"]) == (409, "/docs#cannot-acknowledge")
    assert "Only escalations" in answer.json()["detail"]


def test_what_is_resolved_cannot_be_acknowledged(site: Site) -> None:
    key = blocked(site)
    subject = key.split(":")[1]
    site.tell(fact("complaint.withdrawn", subject, ago(seconds=1), reason="a mistake"))
    assert site.items("/alerts", status="resolved", subject=subject)
    assert acknowledge(site, key).status_code == 409


@pytest.mark.parametrize(
    ("body", "media", "status", "field"),
    [
        (b"{", "application/json", 400, None),
        (b"[]", "application/json", 400, None),
        (b"{}", "application/json", 400, "by"),
        (b'{"by": ""}', "application/json", 400, "by"),
        (b'{"by": 7}', "application/json", 400, "by"),
        (b'{"by": "S-1", "why": "x"}', "application/json", 400, "why"),
        (b'{"by": "S-1"}', "text/plain", 415, "Content-Type"),
        (b" " * 20_000, "application/json", 413, None),
    ],
)
def test_a_body_that_cannot_be_used_is_a_problem(
    site: Site, body: bytes, media: str, status: int, field: str | None
) -> None:
    answer = acknowledge(site, "any", body, media)
    assert (answer.status_code, answer.json().get("field")) == (status, field)


# ---- the stream


def test_a_change_is_told_within_a_second_of_being_written(site: Site, watch: Any) -> None:
    watcher = watch(1)
    site.post(site.complaint(new(), signals=["door-blocking"]))
    began = time.monotonic()
    site.settle()
    watcher.join(5)
    assert watcher.told[0][1] == "alert"
    assert watcher.at[0] - began < 1


def test_a_stream_resumes_where_it_was_broken_off(site: Site, watch: Any) -> None:
    watcher = watch(1)
    first = blocked(site)
    watcher.join(5)
    [(last, _, alert)] = watcher.told
    missed = [blocked(site) for _ in range(3)]
    again = Watcher(site, 4, **{"Last-Event-ID": last})
    again.start()
    assert again.began.wait(10)
    time.sleep(0.5)
    live = blocked(site)
    again.join(5)
    assert alert["key"] == first
    assert [told["key"] for _, _, told in again.told] == [*missed, live]
    assert [int(number) for number, _, _ in again.told] == sorted(int(number) for number, _, _ in again.told)


def test_every_change_of_an_alert_is_told(site: Site, watch: Any) -> None:
    watcher = watch(2)
    key = blocked(site)
    acknowledge(site, key)
    site.settle()
    watcher.join(5)
    assert [(told["key"], told["status"]) for _, _, told in watcher.told] == [
        (key, "firing"),
        (key, "acknowledged"),
    ]
    assert {told["channel"] for _, _, told in watcher.told} == {"alerts.escalations"}


def test_many_watchers_are_told_the_same(site: Site, watch: Any) -> None:
    watchers = [watch(2) for _ in range(3)]
    keys = [blocked(site), blocked(site)]
    for watcher in watchers:
        watcher.join(5)
    assert all([told["key"] for _, _, told in watcher.told] == keys for watcher in watchers)


def test_who_missed_what_is_not_kept_is_told_to_read_anew(site: Site) -> None:
    blocked(site)
    with site.parts.connections.take(lambda one: one.execute("DELETE FROM alert_outbox")):
        watcher = Watcher(site, 1, **{"Last-Event-ID": "0"})
        watcher.start()
        watcher.join(5)
    assert watcher.told[0][1:] == ("reload", {})


def test_what_left_the_outbox_unseen_is_told_as_a_reason_to_read_anew(site: Site, watch: Any) -> None:
    watcher = watch(1)
    with site.parts.connections.take(lambda one: one.execute("SELECT 1")) as (connection, _):
        connection.execute("SELECT nextval(pg_get_serial_sequence('alert_outbox', 'position'))")
    watcher.join(5)
    assert watcher.told[0][1] == "reload"


def test_a_stop_does_not_wait_for_who_watches(site: Site, root: Path) -> None:
    [port] = free_ports(1)
    given = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **replace(site.settings, http_port=port).to_env()}
    with subprocess.Popen([sys.executable, "-m", "api.cli", "serve"], env=given, cwd=root) as process:
        other = Site(site.settings.database_url, port)
        _until_it_answers(other)
        watcher = Watcher(other, 1)
        watcher.start()
        assert watcher.began.wait(10)
        began = time.monotonic()
        process.terminate()
        assert process.wait(20) in (0, -signal.SIGTERM)
        assert time.monotonic() - began < 4
        other.close()


def _until_it_answers(site: Site) -> None:
    for _ in range(200):
        try:
            assert site.client.get("/health/ready").status_code == 200
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the API did not start")


@pytest.mark.parametrize("position", ["x", "-1", "1.5", "9" * 40])
def test_a_position_that_is_none_is_a_problem(site: Site, position: str) -> None:
    answer = site.ask("GET", "/alerts/stream", headers={"Last-Event-ID": position})
    assert (answer.status_code, answer.json()["field"]) == (400, "Last-Event-ID")
