"""Pages, contracts, health and figures; and what becomes of a request when the database is away."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from api.http.app import create_app
from api.http.guard import HEADERS
from api.http.services import AGAIN_S
from streams.config import Settings
from streams.local import Database, free_ports
from tests.helpers.scenario import fact
from tests.helpers.site import Site, ago, new, serving


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("http_pages")
    with serving(url, *free_ports(1)) as running:
        running.tell(
            running.complaint(
                "C-1", "2026-03-04T10:00:00+08:00", handler="S-1", summary="<script>秘密</script>"
            ),
            fact(
                "complaint.promised",
                "complaint/C-1",
                "2026-03-04 10:30",
                answer_by="2026-03-04T16:00:00+08:00",
            ),
            running.complaint("C-<b>2</b>", signals=["door-blocking"]),
            fact("complaint.promised", "complaint/C-<b>2</b>", ago(minutes=1), answer_by=ago(hours=-20)),
            fact("feedback.given", "complaint/C-1", ago(minutes=1), score=5),
        )
        yield running
    server.drop("http_pages")


@pytest.fixture
def away() -> Iterator[Site]:
    """The API with no database."""
    database, port = free_ports(2)
    with serving(f"postgresql://postgres@127.0.0.1:{database}/none", port) as running:
        yield running


def page(site: Site, path: str, language: str = "en") -> str:
    answer = site.client.get(path, headers={"Accept": "text/html", "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


# ---- the dashboard


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "Alerts",
                "Due next",
                "Not met in time",
                "Pipeline",
                "A promise is kept",
                "Acknowledge",
            ],
        ),
        ("zh-CN", ["告警", "即将到期", "逾期", "处理链路", "承诺时限", "确认"]),
    ],
)
def test_the_dashboard_shows_what_needs_somebody(site: Site, language: str, words: list[str]) -> None:
    shown = page(site, "/", language)
    assert [word for word in words if word not in shown] == []
    assert "/complaints/C-1" in shown


def test_what_people_wrote_is_text_on_pages(site: Site) -> None:
    shown = page(site, "/") + page(site, "/streams/complaint/C-%3Cb%3E2%3C%2Fb%3E/history")
    assert "C-<b>2</b>" not in shown
    assert "C-&lt;b&gt;2&lt;/b&gt;" in shown
    assert "秘密" not in page(site, "/streams/complaint/C-1/history")


def test_links_to_histories_lead_there(site: Site) -> None:
    links = set(re.findall(r'href="(/complaints/[^"]+)"', page(site, "/")))
    assert links
    assert {site.client.get(link, follow_redirects=True).status_code for link in links} == {200}


def test_the_language_switch_is_remembered(site: Site) -> None:
    first = site.client.get("/?lang=zh", headers={"Accept-Language": "en"})
    assert "件件有落实" in first.text
    later = site.client.get("/", headers={"Accept-Language": "en", "Cookie": f"lang={first.cookies['lang']}"})
    site.client.cookies.clear()
    assert 'lang="zh-Hans"' in later.text


@pytest.mark.parametrize("name", ["alerts", "upcoming", "breaches", "pipeline"])
def test_a_part_of_the_page_can_be_had_by_itself(site: Site, name: str) -> None:
    shown = page(site, f"/parts/{name}")
    assert shown.strip() and "<html" not in shown


def test_nothing_is_loaded_from_elsewhere(site: Site) -> None:
    for path in ("/", "/docs", "/streams/complaint/C-1/history"):
        shown = page(site, path)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', shown)
        for asset in re.findall(r'(?:src|href)="(/static/[^"]+)"', shown):
            assert site.client.get(asset).status_code == 200


def test_a_subject_that_was_typed_leads_to_its_history(site: Site) -> None:
    answer = site.client.get("/open", params={"subject": " complaint/C-1 "})
    assert (answer.status_code, answer.headers["location"]) == (303, "/complaints/C-1")
    assert site.client.get("/open", params={"subject": "//evil.example"}).status_code == 404


def test_files_beside_the_assets_are_not_served(site: Site) -> None:
    for path in ("/static/none.css", "/static/..%2froutes.py", "/parts/none", "/none"):
        answer = site.client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, "/docs#not-found")


@pytest.mark.parametrize("path", ["/", "/alerts", "/none", "/static/app.css", "/health/live", "/docs"])
def test_every_answer_carries_the_security_headers(site: Site, path: str) -> None:
    answer = site.client.get(path)
    assert {name for name in HEADERS if name.lower() not in answer.headers} == set()


# ---- contracts


def test_openapi_says_what_each_operation_takes_and_answers(site: Site) -> None:
    document = site.client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operations = [
        (path, operation) for path, methods in document["paths"].items() for operation in methods.values()
    ]
    assert len({operation["operationId"] for _, operation in operations}) == len(operations)
    for path, operation in operations:
        assert operation["summary"] and operation["tags"], path
        for status, answer in operation["responses"].items():
            assert answer["description"], (path, status)
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (path, status)


def test_every_reference_in_openapi_leads_somewhere_and_every_schema_is_one(site: Site) -> None:
    document = site.client.get("/openapi.json").json()
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for reference in re.findall(r'"\$ref":"#/([^"]+)"', site.client.get("/openapi.json").text):
        found: Any = document
        for step in reference.split("/"):
            found = found[step]


@pytest.mark.parametrize(("language", "words"), [("en", "Report facts"), ("zh", "提交事实")])
def test_openapi_is_in_the_language_asked_for(site: Site, language: str, words: str) -> None:
    answer = site.client.get("/openapi.json", headers={"Accept-Language": language})
    operations = [each for path in answer.json()["paths"].values() for each in path.values()]
    texts = [each[name] for each in operations for name in ("summary", "description") if name in each]
    assert operations[0]["summary"] == words
    assert all(bool(re.search("[一-鿿]", text)) == (language == "zh") for text in texts)
    assert " | " not in answer.text


def test_asyncapi_is_that_of_the_installation(site: Site) -> None:
    document = site.client.get("/asyncapi.json").json()
    assert document["asyncapi"] == "3.0.0"
    assert document["channels"]["intake"]["address"] == "huiyin.intake"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_documentation_has_every_operation_and_kind_of_problem(site: Site, language: str) -> None:
    shown = page(site, "/docs", language)
    document = site.client.get("/openapi.json").json()
    assert [path for path in document["paths"] if path not in shown] == []
    assert 'id="cannot-acknowledge"' in shown


# ---- health and figures


def test_a_process_that_answers_lives(site: Site) -> None:
    assert site.get("/health/live").json() == {"status": "live"}


def test_readiness_says_how_far_the_workers_are_behind(site: Site) -> None:
    site.settle()
    said = site.get("/health/ready").json()
    assert (said["status"], said["behind"]) == ("ready", 0)
    site.post(site.complaint(new()))
    later = site.get("/health/ready").json()
    assert later["behind"] == later["events"] - said["projected"] > 0
    site.settle()


def test_figures_for_prometheus_follow_what_happens(site: Site) -> None:
    def figures() -> dict[tuple[str, str], float]:
        families = text_string_to_metric_families(site.client.get("/metrics").text)
        return {
            (sample.name, next(iter(sample.labels.values()), "")): sample.value
            for family in families
            for sample in family.samples
        }

    before = figures()
    site.post(site.complaint(new()))
    site.post({})
    after = figures()
    changed = {key: value - before.get(key, 0) for key, value in after.items()}
    assert changed["huiyin_http_facts_total", "recorded"] == 1
    assert changed["huiyin_http_facts_total", "rejected"] == 1
    assert changed["huiyin_dead_letters", "malformed"] == 1
    assert changed["huiyin_facts_known", "recorded"] == 1
    assert changed["huiyin_projection_lag_events", ""] == changed["huiyin_events", ""] > 0
    assert after["huiyin_database_up", ""] == 1
    assert {name for name, _ in after} >= {"huiyin_alerts", "huiyin_outbox", "huiyin_parked"}


# ---- without a database


def test_without_a_database_facts_are_refused_and_may_be_sent_again(away: Site) -> None:
    answer = away.post(away.complaint(new()))
    assert (answer.status_code, answer.json()["type"]) == (503, "/docs#unavailable")
    assert answer.headers["retry-after"] == "5"


def test_without_a_database_the_process_lives_but_is_not_ready(away: Site) -> None:
    assert away.get("/health/live").status_code == 200
    assert away.get("/health/ready").status_code == 503
    assert away.get("/alerts").status_code == 503


def test_a_database_that_goes_away_is_seen_by_whoever_watched_the_figures(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.http.access.known.FRESH_S", 0.0)
    with serving(server.create("http_gone"), *free_ports(1)) as site:
        assert "huiyin_database_up 1.0" in site.client.get("/metrics").text
        server.drop("http_gone")
        assert "huiyin_database_up 0.0" in site.client.get("/metrics").text


def test_without_a_database_the_dashboard_says_so(away: Site) -> None:
    answer = away.client.get("/", headers={"Accept": "text/html", "Accept-Language": "zh"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "无法连接数据库" in answer.text


def test_a_database_that_comes_up_later_is_found(server: Database) -> None:
    url = server.url("http_later")
    with serving(url, *free_ports(1)) as site:
        assert site.post(site.complaint(new())).status_code == 503
        server.create("http_later")
        time.sleep(AGAIN_S)
        assert site.post(site.complaint(new())).json()["status"] == "recorded"
    server.drop("http_later")


def test_a_database_that_restarts_is_found_again(server: Database) -> None:
    url = server.create("http_restarts")
    with serving(url, *free_ports(1)) as site:
        told = site.complaint(new())
        assert site.post(told).json()["status"] == "recorded"
        _end_sessions(server, "http_restarts")
        assert site.post(told).json()["status"] == "duplicate"
        assert site.get("/alerts").status_code == 200
    server.drop("http_restarts")


def _end_sessions(server: Database, database: str) -> None:
    """What a restart does to those who are connected."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(query, [database])


# ---- mistakes of ours


def test_a_mistake_of_ours_is_a_problem_and_its_log_repeats_nothing(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.http import lists

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("王小明 13800138000")

    monkeypatch.setattr(lists.complaints, "search", fail)
    with caplog.at_level(logging.ERROR):
        answer = site.client.get("/complaints", params={"customer": "K-1"})
    assert (answer.status_code, answer.json()["type"]) == (500, "/docs#internal")
    assert answer.headers["x-content-type-options"] == "nosniff"
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "RuntimeError" in logged and "王小明" not in logged and "王小明" not in answer.text


def test_making_an_application_connects_to_nothing() -> None:
    create_app(Settings("postgresql://nobody@192.0.2.1:1/none"))
