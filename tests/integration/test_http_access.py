"""Who may ask for what over HTTP: every route by every role, keys, sessions, rates, headers and logs."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from api.http.access.places import Place, places_of
from api.http.access.table import CONFINED, TABLE, opens
from api.http.app import create_app
from api.http.guard import HEADERS
from storage import api_keys
from streams.config import Settings
from streams.local import Database, free_ports
from tests.helpers.cli import huiyin
from tests.helpers.scenario import fact
from tests.helpers.site import ONE, Site, ago, new, new_key, serving

ROLES = {"u": "upstream", "o": "ops", "a": "auditor", "r": "rule_author", "m": "admin"}
MATRIX = """
u...m POST /events
.oa.m GET /streams/{kind}/{name:path}/story
.oa.m GET /streams/{kind}/{name:path}/history
.oa.m GET /streams/{kind}/{name:path}
.oa.m GET /ownership/{customer:path}
.oa.m GET /complaints
.oa.m GET /sla/breaches
.oa.m GET /sla/upcoming
.oarm GET /violations
.oarm GET /kpis
.oa.m GET /alerts
.oa.m GET /alerts/stream
.o..m POST /alerts/{key:path}/acknowledge
.oarm GET /satisfaction
.oa.m GET /satisfaction/answers
.oarm GET /visits/compliance
.oa.m GET /visits
.oarm GET /office
.oarm GET /contacts
.oarm GET /rankings
.oarm GET /concentration
.oarm GET /retention
.oa.m GET /loyalty
.oa.m GET /checkpoint
.oa.m GET /proofs/consistency
.oa.m GET /proofs/{sequence}
.o..m GET /metrics
uoarm GET /me
.oa.m GET /
.oa.m GET /parts/{name}
.oa.m GET /open
.oa.m GET /complaints/{name:path}
.oa.m GET /view/complaints
.oa.m GET /view/proof/{kind}/{name:path}
.oa.m GET /view/satisfaction
.oa.m GET /view/answers
.oa.m GET /view/visits
.oa.m GET /view/visits/list
.oa.m GET /view/ownership
.oa.m GET /view/rankings
.oarm GET /view/violations
.oa.m GET /view/breaches
.oa.m GET /view/obligations
.oa.m GET /view/escalations
.oarm GET /view/kpis
.oarm GET /view/rules
.oarm GET /view/rules/{pack}
...rm GET /view/what-if
...rm POST /view/what-if
...rm GET /view/what-if/{run}
..a.m GET /view/audit
..a.m POST /view/audit/verifications
***** GET /health/live
***** GET /health/ready
***** GET /openapi.json
***** GET /asyncapi.json
***** GET /docs
***** GET /login
***** GET /static/{name}
***** POST /session
***** DELETE /session
"""
"""Upstream, ops, auditor, rule author, admin; and what is open to everybody."""

ROWS = {line.partition(" ")[2]: line.partition(" ")[0] for line in MATRIX.strip().splitlines()}
GIVEN = {
    "{kind}": "complaint",
    "{name:path}": "C-1",
    "{name}": "alerts",
    "{key:path}": "none",
    "{customer:path}": "K-1",
    "{sequence}": "1",
    "{pack}": "general",
    "{run}": "none",
}
LONG = {"POST /view/what-if", "POST /view/audit/verifications"}
"""What would begin a long work for those who may; for all others it is refused as everything is."""


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("http_access")
    with serving(url, *free_ports(1)) as running:
        running.tell(
            running.complaint("C-1", ago(hours=1)),
            fact("ownership.claimed", "customer/K-1", ago(hours=1), staff="S-1", basis="first-visit"),
        )
        yield running
    server.drop("http_access")


def routes() -> list[Place]:
    return list(places_of(create_app(Settings())))


def test_every_route_has_a_row_here_and_in_the_table_and_says_whether_it_can_be_confined() -> None:
    there = {f"{place.method} {place.path}" for place in routes()}
    assert there == set(ROWS)
    assert {f"{method} {path}" for method, path in TABLE} == there
    assert {place.path for place in routes() if ROWS[f"{place.method} {place.path}"] != "*****"} == set(
        CONFINED
    )


def address(path: str) -> str:
    for hole, value in GIVEN.items():
        path = path.replace(hole, value)
    return path


def asked(client: httpx.Client, row: str) -> httpx.Response:
    """What becomes of a request for a route; of a stream without an end, its beginning."""
    method, _, path = row.partition(" ")
    with client.stream(method, address(path), headers={"Accept": "application/json"}) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.read()
        return answer


def refusal(answer: httpx.Response) -> str | None:
    problem = answer.headers.get("content-type") == "application/problem+json"
    said = answer.json()["type"].removeprefix("/docs#") if problem else None
    return said if said in ("unauthenticated", "forbidden") else None


@pytest.mark.parametrize("row", ROWS)
def test_a_route_is_open_to_its_roles_and_to_nobody_else(site: Site, row: str) -> None:
    word = ROWS[row]
    nobody = asked(site.anonymous(), row)
    if word == "*****":
        assert nobody.status_code not in (401, 403)
        return
    assert (nobody.status_code, refusal(nobody)) == (401, "unauthenticated")
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    for letter, role in ROLES.items():
        if letter in word and row in LONG:
            continue
        answer = asked(site.as_role(role), row)
        if letter in word:
            assert refusal(answer) is None and answer.status_code < 500, (role, answer.status_code)
        else:
            assert (answer.status_code, refusal(answer)) == (403, "forbidden"), role


def test_a_route_without_a_row_is_open_to_nobody(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(TABLE, ("GET", "/complaints"))  # type: ignore[arg-type]
    assert not opens("admin", "GET", "/complaints")
    assert site.client.get("/complaints").status_code == 403


def test_openapi_says_which_roles_may(site: Site) -> None:
    paths = site.client.get("/openapi.json").json()["paths"]
    assert paths["/events"]["post"]["x-roles"] == ["admin", "upstream"]
    assert "401" in paths["/alerts"]["get"]["responses"]
    assert paths["/health/live"]["get"]["security"] == []


# ---- keys


def shown(site: Site, header: str) -> httpx.Response:
    return site.anonymous().get("/me", headers={"Authorization": header})


def test_a_key_says_who_somebody_is(site: Site) -> None:
    said = site.as_role("ops", "B-1", "B-2", name="S-7").get("/me").json()
    assert said == {"name": "S-7", "role": "ops", "branches": ["B-1", "B-2"]}


@pytest.mark.parametrize("change", ["{}x", "hy_{}", "{}=", "hy_aaaaaaaa_{}", "回音", "a.b.c"])
def test_what_is_no_key_proves_nothing(site: Site, change: str) -> None:
    key = new_key(site.settings.database_url, "ops")
    assert shown(site, f"Bearer {key}").status_code == 200
    header = f"Bearer {change.format(key)}".encode()
    answer = site.anonymous().get("/me", headers={b"Authorization": header})
    assert (answer.status_code, refusal(answer)) == (401, "unauthenticated")
    assert "invalid_token" in answer.headers["www-authenticate"]
    assert key not in answer.text
    assert shown(site, f"Basic {key}").status_code == 401


def test_the_secret_of_one_key_does_not_prove_another(site: Site) -> None:
    one, other = (new_key(site.settings.database_url, "ops").split("_") for _ in range(2))
    assert shown(site, f"Bearer hy_{one[1]}_{other[2]}").status_code == 401


def test_a_database_holds_no_key(site: Site) -> None:
    key = new_key(site.settings.database_url, "ops")
    rows = site.parts.connections.read("SELECT k::text FROM api_key k")
    assert not any(key in text or key.split("_")[2] in text for (text,) in rows)


def test_commands_make_list_and_revoke_keys(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.access.known.FRESH_S", 0.0)
    env = {"HUIYIN_DATABASE_URL": site.settings.database_url}
    made = huiyin("keys", "api", "new", "--role", "auditor", "--name", "AU-1", "--branch", "B-9", env=env)
    key = made.out.strip()
    assert shown(site, f"Bearer {key}").json()["name"] == "AU-1"
    listed = huiyin("keys", "api", "list", env=env)
    [line] = [line for line in listed.out.splitlines() if key.split("_")[1] in line]
    assert "auditor" in line and "B-9" in line and key not in listed.out
    assert huiyin("keys", "api", "revoke", key.split("_")[1], env=env).status == 0
    assert shown(site, f"Bearer {key}").status_code == 401
    assert huiyin("keys", "api", "revoke", key, env=env).status == 1


def test_a_key_of_nobody_is_not_made(site: Site) -> None:
    answer = huiyin("keys", "api", "new", "--role", "ops", env={"HUIYIN_DATABASE_URL": "postgresql://x"})
    assert answer.status == 2 and "--name" in answer.err


# ---- sessions


@pytest.fixture
def browser(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, timeout=20) as client:
        yield client


def log_in(site: Site, browser: httpx.Client, role: str = "ops", **headers: str) -> httpx.Response:
    key = new_key(site.settings.database_url, role, "S-7")
    return browser.post("/session", json={"key": key}, headers=headers)


def test_a_key_opens_a_session_that_scripts_cannot_read(site: Site, browser: httpx.Client) -> None:
    answer = log_in(site, browser)
    assert answer.json() == {"name": "S-7", "role": "ops", "branches": []}
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/", "max-age=43200"))
    assert browser.get("/complaints").status_code == 200
    assert browser.post("/events", content=b"{}", headers={"Content-Type": ONE}).status_code == 403


def test_over_an_encrypted_connection_the_cookie_keeps_to_those(site: Site, browser: httpx.Client) -> None:
    assert "secure" in log_in(site, browser, **{"X-Forwarded-Proto": "https"}).headers["set-cookie"].lower()


def test_who_leaves_is_not_known_any_more(site: Site, browser: httpx.Client) -> None:
    log_in(site, browser)
    held = {"Cookie": f"huiyin_session={browser.cookies['huiyin_session']}"}
    assert browser.delete("/session").status_code == 204
    assert browser.get("/me").status_code == 401
    assert site.anonymous().get("/me", headers=held).status_code == 401


def test_a_session_ends_with_its_key_and_with_its_time(
    site: Site, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.http.access.known.FRESH_S", 0.0)
    log_in(site, browser)
    token = browser.cookies["huiyin_session"]
    site.parts.connections.read(
        "UPDATE api_session SET expires_at = now() WHERE id = %s", [token.split("_")[1]]
    )
    assert browser.get("/me").status_code == 401
    log_in(site, browser)
    key = site.parts.connections.read("SELECT id FROM api_key ORDER BY created_at DESC LIMIT 1")[0][0]
    assert browser.get("/me").status_code == 200
    assert api_keys.revoke(site.parts.connections, key)
    assert browser.get("/me").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_a_page_of_another_site_changes_nothing(
    site: Site, browser: httpx.Client, headers: dict[str, str]
) -> None:
    assert log_in(site, browser, **headers).status_code == 403
    log_in(site, browser)
    path = f"/alerts/{quote('none', safe='')}/acknowledge"
    refused = browser.post(path, json={"by": "S-1"}, headers=headers)
    assert (refused.status_code, refusal(refused)) == (403, "forbidden")
    assert browser.delete("/session", headers=headers).status_code == 403
    assert browser.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b'{"key": "hy_no_no"}', "application/json", 401),
        (b'{"key": ""}', "application/json", 400),
        (b'{"keys": "x"}', "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"key": "x"}', "text/plain", 415),
        (b'{"key": "' + b"x" * 20_000 + b'"}', "application/json", 413),
    ],
)
def test_a_login_that_cannot_be_is_a_problem(site: Site, content: bytes, media: str, status: int) -> None:
    answer = site.anonymous().post("/session", content=content, headers={"Content-Type": media})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "set-cookie" not in answer.headers


def test_a_person_without_a_session_is_shown_the_login_and_comes_back(site: Site) -> None:
    answer = site.anonymous().get("/view/rankings?quarter=2026-Q1", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?next={quote('/view/rankings?quarter=2026-Q1')}"


# ---- rates


def test_who_asks_too_often_is_told_when_to_ask_again(server: Database) -> None:
    with serving(server.create("http_rates"), *free_ports(1), http_rate=1) as site:
        answers = [site.client.get("/me") for _ in range(8)]
        assert answers[0].status_code == 200
        refused = next(answer for answer in answers if answer.status_code != 200)
        assert (refused.status_code, refused.json()["type"]) == (429, "/docs#too-often")
        assert int(refused.headers["retry-after"]) >= 1
        assert site.as_role("ops", name="another").get("/me").status_code == 200
    server.drop("http_rates")


def test_an_address_that_tries_keys_has_to_wait_and_those_let_in_before_do_not(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.http.services.FAILURES_PER_S", 0.01)
    monkeypatch.setattr("api.http.services.FAILURES_AT_ONCE", 3.0)
    monkeypatch.setattr("api.http.access.known.FRESH_S", 0.0)
    with serving(server.create("http_tries"), *free_ports(1)) as site:
        assert site.client.get("/me").status_code == 200
        tries = [shown(site, f"Bearer hy_a_{number}").status_code for number in range(5)]
        assert tries == [401, 401, 401, 429, 429]
        assert site.anonymous().post("/session", json={"key": "hy_a_b"}).status_code == 429
        assert site.client.get("/me").status_code == 200
    server.drop("http_tries")


# ---- headers and logs


@pytest.mark.parametrize("path", ["/me", "/events", "/none", "/login", "/session"])
def test_refusals_carry_the_security_headers_too(site: Site, path: str) -> None:
    answer = site.anonymous().get(path)
    assert {name for name in HEADERS if name.lower() not in answer.headers} == set()


SECRETS = ("王小明", "13800138000", "秘密投诉内容")


def test_nothing_personal_and_no_key_is_logged_or_repeated(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """Facts that are refused, half-read bodies, wrong keys: what goes wrong is told without what was sent."""
    contact = {"name": SECRETS[0], "phone": SECRETS[1]}
    told = site.complaint(new(), summary=SECRETS[2], contact=contact)
    key = new_key(site.settings.database_url, "upstream")
    with caplog.at_level(logging.DEBUG):
        answers = [
            site.post(told),
            site.post({**told, "type": "complaint.nonsense"}),
            site.post({**told, "id": "another", "data": {**told["data"], "customer": 7}}),
            site.post({**told, "data": {**told["data"], "summary": SECRETS[2] + "!"}}),
            site.client.post(
                "/events", content=f'{{"data": "{SECRETS[2]}'.encode(), headers={"Content-Type": ONE}
            ),
            site.client.get("/complaints", params={"customer": SECRETS[0] * 100}),
            shown(site, f"Bearer {key}x"),
            site.anonymous().post("/session", json={"key": f"{key}x"}),
            site.anonymous().get("/me", headers={"Cookie": f"huiyin_session={key}"}),
        ]
    time.sleep(0.05)
    logged = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    said = "\n".join(answer.text for answer in answers)
    for secret in (*SECRETS, key):
        assert secret not in logged
        assert secret not in said
