"""GET /streams: what a stream is, and its history in every format."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from storage.postgres import PostgresStorage
from streams.local import Database, free_ports
from tests.helpers.scenario import fact
from tests.helpers.site import Site, ago, serving

SECRET = {"name": "王小明", "phone": "13800138000"}


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("http_streams")
    with serving(url, *free_ports(1)) as running:
        running.tell(
            running.complaint(
                "C-1", "2026-03-04T10:00:00+08:00", summary="秘密投诉", contact=SECRET, handler="S-1"
            ),
            fact(
                "complaint.promised",
                "complaint/C-1",
                "2026-03-04 10:30",
                answer_by="2026-03-04T16:00:00+08:00",
            ),
            running.complaint("C-2", signals=["door-blocking"]),
            running.complaint("分/一 二", ago(hours=1)),
        )
        yield running
    server.drop("http_streams")


def history(site: Site, name: str = "C-1", **params: Any) -> list[dict[str, Any]]:
    answer = site.get(f"/streams/complaint/{name}/history", **params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def page(site: Site, language: str, **params: Any) -> str:
    headers = {"Accept": "text/html", "Accept-Language": language}
    return site.ask("GET", "/streams/complaint/C-1/history", params=params, headers=headers).text


def test_the_state_says_what_is_so_what_is_owed_and_what_fires(site: Site) -> None:
    said = site.get("/streams/complaint/C-1").json()
    assert said["subject"] == "complaint/C-1"
    assert (said["state"]["handler"], said["state"]["status"]) == ("S-1", "open")
    owed = {each["clause"]: each["status"] for each in said["obligations"]}
    assert owed["general.promise"] == "breached"
    assert said["escalations"]


def test_a_major_complaint_has_its_escalation_firing(site: Site) -> None:
    said = site.get("/streams/complaint/C-2").json()
    assert said["state"]["major"] is True
    assert {each["severity"] for each in said["escalations"]} == {"critical"}


def test_the_state_is_not_sent_again_to_who_has_it(site: Site) -> None:
    etag = site.get("/streams/complaint/C-1").headers["etag"]
    answer = site.ask("GET", "/streams/complaint/C-1", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_name_may_hold_slashes_and_any_script(site: Site) -> None:
    path = f"/streams/complaint/{quote('分/一 二')}"
    assert site.get(path).json()["subject"] == "complaint/分/一 二"
    assert site.get(f"{path}/history").json()[0]["subject"] == "complaint/分/一 二"


def test_a_history_has_every_event_with_its_rule_source_and_reason(site: Site) -> None:
    told = history(site)
    assert told[0]["type"] == "complaint.received"
    assert [each["sequence"] for each in told] == sorted(each["sequence"] for each in told)
    breach = next(each for each in told if each["type"] == "obligation.breached")
    assert all(breach["data"][name] for name in ("clause", "source", "because"))


def test_personal_fields_are_hidden_and_not_shown_without_a_purpose(site: Site) -> None:
    received = history(site)[0]["data"]
    assert (received["summary"], received["contact"]) == ("●●●", "●●●")
    answer = site.get("/streams/complaint/C-1/history", personal=1)
    assert (answer.status_code, answer.json()["type"]) == (403, "/docs#purpose-needed")


@pytest.mark.parametrize("media", ["application/json", "text/html", "text/csv", "application/xml"])
def test_no_format_shows_what_is_personal(site: Site, media: str) -> None:
    answer = site.ask("GET", "/streams/complaint/C-1/history", headers={"Accept": media})
    assert answer.headers["content-type"].partition(";")[0] == media
    assert not any(secret in answer.text for secret in (*SECRET.values(), "秘密投诉"))


def test_things_as_they_were_leave_out_what_came_later(site: Site) -> None:
    types = {each["type"] for each in history(site, as_of="2026-03-04T10:00:00+08:00")}
    assert "complaint.received" in types
    assert not types & {"complaint.promised", "obligation.breached"}
    assert history(site, as_of="2026-03-04T09:59:59+08:00") == []


def test_things_as_they_were_known_leave_out_what_was_learned_later(site: Site) -> None:
    assert history(site, known_at="2026-03-05T00:00:00Z") == []
    assert len(history(site, known_at=ago(hours=-1))) == len(history(site))


def test_a_plus_that_was_not_escaped_is_understood(site: Site) -> None:
    answer = site.client.get("/streams/complaint/C-1/history?as_of=2026-03-04T10:00:00+08:00")
    assert answer.json() == history(site, as_of="2026-03-04T02:00:00Z") != []


def test_csv_has_a_row_an_event(site: Site) -> None:
    answer = site.ask("GET", "/streams/complaint/C-1/history", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["type"] for row in rows] == [each["type"] for each in history(site)]


def test_xes_has_an_event_an_event(site: Site) -> None:
    answer = site.get("/streams/complaint/C-1/history", format="xes")
    events = ElementTree.fromstring(answer.content).iter("{http://www.xes-standard.org/}event")
    assert len(list(events)) == len(history(site))


def test_the_page_explains_each_step_in_english_and_chinese(site: Site) -> None:
    english, chinese = page(site, "en"), page(site, "zh-CN")
    assert "A promise is kept" in english and "An obligation was not met in time." in english
    assert "承诺时限" in chinese and "义务逾期未履行。" in chinese
    assert 'lang="zh-Hans"' in chinese and "客户管理规范14" in chinese
    assert "2026-03-04 16:00" in english


def test_the_page_says_when_nothing_had_happened_yet(site: Site) -> None:
    assert "Nothing had happened" in page(site, "en", as_of="2020-01-01T00:00:00Z")


def test_a_format_that_is_not_offered_is_a_problem_that_names_those_that_are(site: Site) -> None:
    answer = site.ask("GET", "/streams/complaint/C-1/history", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.json()["field"]) == (406, "Accept")
    assert "text/csv" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/streams/complaint/C-none",
        "/streams/complaint/C-none/history",
        "/streams/planet/earth",
        "/streams/complaint/%00",
        "/streams/complaint/%EF%BF%BD",
        f"/streams/complaint/{'x' * 500}",
    ],
)
def test_a_stream_that_is_not_known_is_a_problem(site: Site, path: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "/docs#unknown-stream")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"as_of": "2026-03-04T10:00:00"}, "as_of"),
        ({"as_of": "2026-03-04"}, "as_of"),
        ({"known_at": "yesterday"}, "known_at"),
        ({"known_at": ""}, "known_at"),
        ({"as_off": "2026-03-04T10:00:00Z"}, "as_off"),
        ({"format": "pdf"}, "format"),
        ({"personal": "perhaps"}, "personal"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(site: Site, params: dict[str, str], field: str) -> None:
    problem = site.get("/streams/complaint/C-1/history", **params).json()
    assert (problem["status"], problem["field"]) == (400, field)
    assert field in problem["detail"]


def test_a_misspelt_parameter_is_answered_with_the_nearest(site: Site) -> None:
    problem = site.get("/streams/complaint/C-1/history", as_off="2026-03-04T10:00:00Z").json()
    assert "did you mean as_of?" in problem["detail"]


# ---- what it costs


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Each reading of a stream, with the version after which it was read."""
    readings: list[tuple[str, int]] = []
    reading = PostgresStorage.history

    def noted(storage: PostgresStorage, subject: str, after: int = 0) -> Any:
        readings.append((subject, after))
        return reading(storage, subject, after)

    monkeypatch.setattr(PostgresStorage, "history", noted)
    return readings


@pytest.mark.parametrize(
    "path",
    [
        "/streams/complaint/C-1",
        "/streams/complaint/C-1/history",
        "/streams/complaint/C-1/history?format=html",
        "/streams/complaint/C-1/story",
        "/complaints/C-1",
        "/view/proof/complaint/C-1",
    ],
)
def test_a_stream_is_read_once_for_a_request(site: Site, read: list[tuple[str, int]], path: str) -> None:
    assert site.client.get(path).status_code == 200
    assert read == [("complaint/C-1", 0)]


def test_of_a_stream_whose_reading_is_recorded_only_the_record_is_read_after_that(
    site: Site, read: list[tuple[str, int]]
) -> None:
    site.tell(fact("customer.filed", "customer/K-9", "2026-03-04 09:00", by="S-1", name="王小明"))
    shown = site.get("/streams/customer/K-9/history", purpose="audit").json()
    assert shown[-1]["type"] == "history.read"
    (whole, rest) = [reading for reading in read if reading[0] == "customer/K-9"]
    assert (whole[1], rest[1]) == (0, len(shown) - 1)
