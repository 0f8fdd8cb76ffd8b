"""The pages of figures, rules and audit: their numbers are the API's, and each leads to what was counted."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from api.http.pages import rankings, satisfaction, visits
from api.http.pages.words import roles
from domain.policy import load_policy
from streams.local import Database, free_ports
from tests.helpers.scenario import at, fact
from tests.helpers.site import Site, serving

NOW = at("2026-03-20 12:00")
PACKS = ("tobacco-xuzhou", "real-estate-sales")
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
KEY = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE="


def now() -> datetime:
    return NOW


def received(name: str, when: str, handler: str, **data: Any) -> dict[str, Any]:
    said = {"customer": "K-1", "category": "delivery", "channel": "phone", "summary": "……", **data}
    return fact("complaint.received", f"complaint/{name}", when, handler=handler, **said)


def planned(name: str, day: int, manager: str = "S-1") -> dict[str, Any]:
    said = {"customer": "K-1", "manager": manager, "mode": "on-site", "date": f"2026-03-{day:02}"}
    return fact("visit.planned", f"visit/{name}", "2026-03-01 12:00", **said)


def started(name: str, when: str, **data: Any) -> list[dict[str, Any]]:
    later = str(at(when) + timedelta(minutes=40))[:16]
    return [
        fact("visit.started", f"visit/{name}", when, **data),
        fact("visit.ended", f"visit/{name}", later),
    ]


def answers(complaint: str, day: int, scores: list[int]) -> list[dict[str, Any]]:
    return [
        fact("feedback.given", f"complaint/{complaint}", f"2026-03-{day:02} 10:{minute:02}", score=score)
        for minute, score in enumerate(scores)
    ]


FACTS = [
    fact(
        "staff.joined",
        "staff/S-1",
        "2026-02-01 09:00",
        role="customer_manager",
        department="D",
        branch="B-1",
    ),
    fact("customer.filed", "customer/K-1", "2026-02-02 12:00", by="S-1"),
    received("C-1", "2026-03-02 09:00", "S-1", branch="B-1"),
    received("C-2", "2026-03-03 09:00", "S-2"),
    received("C-3", "2026-03-04 09:00", "S-2"),
    fact("complaint.replied", "complaint/C-2", "2026-03-03 10:00", text="……", final=True, by="S-2"),
    fact("complaint.feedback_solicited", "complaint/C-1", "2026-03-04 09:00"),
    *answers("C-1", 5, [2, 4, 5]),
    *answers("C-2", 6, [1, 5]),
    fact("complaint.resolved", "complaint/C-2", "2026-03-07 10:00", resolution="……", root_cause="courier"),
    planned("V-1", 3),
    planned("V-2", 4),
    planned("V-3", 5),
    planned("V-4", 25),
    planned("V-6", 6, "S-2"),
    *started("V-1", "2026-03-03 08:20"),
    fact("visit.summarised", "visit/V-1", "2026-03-03 09:30", text="……"),
    fact("visit.excepted", "visit/V-2", "2026-03-04 10:00", reason="closed"),
    *started("V-5", "2026-03-06 09:00", customer="K-2", manager="S-1", mode="phone"),
    *started("V-6", "2026-03-06 08:10"),
    fact("ownership.claimed", "customer/K-9", "2026-03-02 09:00", staff="S-7", basis="first-visit"),
    fact("deal.closed", "customer/K-9", "2026-03-05 09:00", amount=900, received_by="S-8", refuses=["S-7"]),
    fact("ownership.claimed", "customer/K-8", "2026-03-02 09:00", staff="S-7", basis="first-visit"),
    fact("deal.closed", "customer/K-8", "2026-03-05 09:00", amount=700, received_by="S-8", at_event=True),
    fact("document.classified", "document/D-1", "2026-03-02 09:00", level="top-secret", owner="S-1"),
    fact("access.requested", "document/D-1", "2026-03-06 09:00", by="S-5", department="D", purpose="review"),
]


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("pages_figures")
    with serving(url, *free_ports(1), now, PACKS, signing_key=KEY) as running:
        running.tell(*FACTS)
        yield running
    server.drop("pages_figures")


def opened(site: Site, path: str, language: str = "en", role: str = "admin") -> str:
    client = site.client if role == "admin" else site.as_role(role)
    answer = client.get(path, headers={"Accept": "text/html", "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


def links(page: str, to: str) -> list[tuple[str, str]]:
    """Address and words of each link that begins so."""
    found = re.findall(rf'<a [^>]*?href="({re.escape(to)}[^"]*)"[^>]*>(.*?)</a>', page, re.S)
    return [(unescape(href), re.sub(r"<[^>]+>", "", words).strip()) for href, words in found]


def rows(page: str) -> int:
    return page.count("<tr>") - 1 if "<tbody>" in page else 0


# ---- every number leads to what was counted

LISTS = (
    *("/view/answers", "/view/visits/list", "/view/violations", "/view/breaches", "/view/escalations"),
    "/view/kpis",
)
PAGES = [
    "/view/satisfaction",
    *(f"/view/satisfaction?per={per}" for per in ("staff", "branch", "category", "channel")),
    "/view/visits",
    "/view/visits?window=week&at=2026-W10",
    "/view/visits?manager=S-1",
    "/view/rankings",
    "/view/rankings?of=breaches",
    "/view/rankings?of=violations",
    "/view/rules/tobacco-xuzhou",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_number_leads_to_as_many_rows(site: Site, path: str) -> None:
    page = opened(site, path)
    counted = {}
    for to in (*LISTS, "/view/obligations"):
        for href, words in links(page, to):
            number = re.search(r"(\d+)(?= without)|(\d+)$", words)
            if number is not None:
                counted[href] = int(number[0])
    assert counted
    assert {href: rows(opened(site, href)) for href in counted} == counted


# ---- the numbers are the API's


def test_satisfaction_says_what_the_api_says(site: Site) -> None:
    [march] = site.items("/satisfaction", window="month", **MARCH)
    page = opened(site, "/view/satisfaction")
    assert (march["satisfied"], march["rated"], march["dissatisfied"], march["asked"]) == (3, 5, 2, 1)
    assert "<b>60<small> %</small></b>" in page
    assert ">3/5</a>" in page


def test_satisfaction_is_compared_by_staff_the_lowest_first(site: Site) -> None:
    page = opened(site, "/view/satisfaction?per=staff")
    named = [words for _, words in links(page, "/view/satisfaction?per=staff&amp;window=month&amp;value")]
    found = site.items("/satisfaction", per="staff", window="month", **MARCH)
    by_share = sorted(found, key=lambda row: row["satisfied_share"])
    assert named == [row["value"] for row in by_share] == ["S-2", "S-1"]


def test_visits_say_what_the_api_says(site: Site) -> None:
    found = {row["manager"]: row for row in site.items("/visits/compliance", **MARCH)}
    page = opened(site, "/view/visits")
    for row in (found["S-1"], found["S-2"]):
        due = row["planned"] - row["running"]
        assert f">{row['made']}/{due}</a>" in page
    due = sum(row["planned"] - row["running"] for row in found.values())
    made = sum(row["made"] for row in found.values())
    assert f"2026-03: {100 * made / due:.0f} % made, {made} of {due}" in page
    shown = opened(site, "/view/visits?window=month&at=2026-02")
    assert "Nobody held" not in shown
    assert "V-1" not in shown


def test_a_ranking_shows_its_parts(site: Site) -> None:
    found = site.get("/rankings").json()["items"]
    page = opened(site, "/view/rankings")
    assert [f"{row['score']:.3f}" for row in found] == re.findall(r"<b>(\d\.\d{3})</b>", page)
    for row in found:
        assert f'"rank">{row["rank"]}</span>' in page


@pytest.mark.parametrize("of", ["complaints", "breaches", "violations"])
def test_bars_are_the_concentration_that_the_api_tells(site: Site, of: str) -> None:
    found = site.items("/concentration", of=of, window="quarter", **MARCH)
    page = opened(site, f"/view/rankings?of={of}")
    chart = page[page.index('class="figures pareto"') :]
    shares = re.findall(r'<rect class="fill" y="6" width="([\d.]+)"', chart)
    assert shares == [f"{100 * row['share']:.2f}" for row in found]


def test_ownership_shows_the_row_that_matched_and_its_inputs(site: Site) -> None:
    [deal] = site.get("/ownership/K-9").json()["deals"]
    page = opened(site, "/view/ownership")
    one = opened(site, "/view/ownership?customer=K-9")
    for shown in (page, one):
        assert f"<code>{deal['rule']}</code>" in shown
        assert "refuses S-7" in shown
        for staff, share in deal["commission"].items():
            assert f"{staff} <b>{100 * share:g} %</b>" in shown
    assert f"/view/rules/real-estate-sales#{deal['rule']}" in page


def test_a_deal_that_the_rules_leave_open_is_shown_as_waiting(site: Site) -> None:
    [deal] = site.get("/ownership/K-8").json()["deals"]
    assert deal["state"] == "ruling-needed"
    waiting = opened(site, "/view/ownership").partition('id="h-awaited"')[2]
    assert "/view/ownership?customer=K-8" in waiting
    assert "待裁定" in opened(site, "/view/ownership?customer=K-8", "zh")


# ---- rules


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_pack_is_shown_clause_by_clause_in_its_own_words(site: Site, language: str) -> None:
    policy = load_policy(["tobacco-xuzhou"])
    page = unescape(opened(site, "/view/rules/tobacco-xuzhou", language))
    for row in policy.packs[-1].clause:
        assert f'id="{row.id}"' in page
        assert {row.text.zh, getattr(row.text, language), getattr(row.title, language)} <= {
            text for text in (row.text.zh, row.text.en, row.title.zh, row.title.en) if text in page
        }
        assert policy.packs[-1].cites(row.source, language) in page


def test_what_refuses_a_number_nobody_may_open_is_no_link(site: Site) -> None:
    mine = opened(site, "/view/rules/tobacco-xuzhou", role="rule_author")
    assert links(mine, "/view/breaches") == []
    assert links(mine, "/view/violations")
    assert links(opened(site, "/view/rules/tobacco-xuzhou"), "/view/breaches")


def test_escalations_of_a_rule_lead_to_who_was_told_and_how_it_stands(site: Site) -> None:
    [(href, times), *_] = links(opened(site, "/view/rules/tobacco-xuzhou"), "/view/escalations")
    page, chinese = opened(site, href), opened(site, href, "zh")
    assert rows(page) == int(times.split()[-1]) > 0
    assert "firing" in page and "告警中" in chinese
    [(api, _)] = links(page, "/alerts")
    found = site.client.get(api).json()["items"]
    assert len(found) == rows(page)
    assert all(roles(each["to"], "en") in page and roles(each["to"], "zh") in chinese for each in found)


@pytest.mark.parametrize(
    ("module", "limit", "path"),
    [
        (rankings, "AT_ONCE", "/view/rankings"),
        (visits, "SHOWN", "/view/visits"),
        (satisfaction, "SHOWN", "/view/satisfaction?per=staff"),
    ],
)
def test_a_long_table_shows_the_first_rows_and_leads_to_the_rest(
    site: Site, monkeypatch: pytest.MonkeyPatch, module: Any, limit: str, path: str
) -> None:
    whole = rows(opened(site, path))
    monkeypatch.setattr(module, limit, 1)
    short = opened(site, path)
    assert rows(short) < whole
    [(rest, words), *_] = [link for link in links(short, path.partition("?")[0]) if "all=true" in link[0]]
    assert words.startswith("Show the other")
    assert rows(opened(site, rest)) == whole


def test_a_pack_that_is_not_there_is_answered_so(site: Site) -> None:
    assert site.client.get("/view/rules/none", headers={"Accept": "text/html"}).status_code == 404


# ---- what if

FORM = {"first": "2026-03-01", "last": "2026-03-20"}


def asked(site: Site, language: str = "en", **form: str) -> httpx.Response:
    headers = {"Accept": "text/html", "Accept-Language": language}
    return site.client.post("/view/what-if", data={**FORM, **form}, headers=headers)


def answered(site: Site, begun: httpx.Response) -> str:
    assert begun.status_code == 303, begun.text
    until = time.monotonic() + 30
    while 'http-equiv="refresh"' in (page := opened(site, begun.headers["location"])):
        assert time.monotonic() < until
        time.sleep(0.2)
    return page


def test_another_figure_is_replayed_over_the_recorded_facts(site: Site) -> None:
    begun = asked(site, clause="xuzhou.first-responder", figure="1 working day")
    page = answered(site, begun)
    row = page[page.index('<span class="note"><code>xuzhou.first-responder</code>') :].partition("</tr>")[0]
    assert "<code>obligation.breached</code>" in page
    assert f"{len(FACTS)} facts replayed" in page
    opened_, met, *_ = re.findall(r'<td class="number">(.*?)</td>', row)
    assert (re.sub("<[^>]+>", "", opened_), re.sub("<[^>]+>", "", met)) == ("3", "1")


def test_other_packs_are_replayed_over_the_recorded_facts(site: Site) -> None:
    page = answered(site, asked(site, packs="general"))
    row = page[page.index('<span class="note"><code>xuzhou.first-responder</code>') :].partition("</tr>")[0]
    assert re.search(r"3 → <b>0</b>", row)


def test_a_figure_that_is_none_is_answered_with_what_would_be_one(site: Site) -> None:
    page = answered(site, asked(site, clause="xuzhou.first-responder", figure="soon"))
    assert "&#39;soon&#39; is not a period" in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"first": "today"}, "请填写起始日"),
        ({"first": "2026-03-20", "last": "2026-03-01"}, "结束日不得早于起始日"),
        ({"clause": "xuzhou.first-responder"}, "填写改后的数值"),
        ({}, "请选择其他规则包"),
    ],
)
def test_a_form_that_asks_nothing_comes_back_with_the_reason(
    site: Site, form: dict[str, str], said: str
) -> None:
    answer = asked(site, "zh", **form)
    assert answer.status_code == 400
    assert said in answer.text


# ---- audit


def test_a_verification_is_started_by_a_button_and_its_outcome_kept(site: Site) -> None:
    begun = site.client.post("/view/audit/verifications")
    assert begun.headers["location"].startswith("/view/audit")
    until = time.monotonic() + 30
    while "nothing altered" not in (page := opened(site, "/view/audit")):
        assert time.monotonic() < until
        time.sleep(0.2)
    events = site.parts.storage.last_sequence()
    assert f"<dd>{events:,}</dd>" in page


def test_the_audit_page_says_who_asked_to_read_and_what_was_answered(site: Site) -> None:
    page = opened(site, "/view/audit?group=access", role="auditor")
    assert [words for words in ("access requested", "access denied", "erased</span>") if words in page] == [
        "access requested",
        "access denied",
    ]
    assert "review" in page
    assert links(page, "/view/audit?by=S-5")


def test_the_latest_checkpoint_is_shown_with_its_root(site: Site) -> None:
    signed = site.client.get("/checkpoint", headers={"Accept": "application/json"}).json()
    page = unescape(opened(site, "/view/audit"))
    assert signed["root"] in page
    assert f"{signed['size']:,}" in page


# ---- nothing to show


@pytest.mark.parametrize(
    ("path", "en", "zh"),
    [
        ("/view/satisfaction?per=staff&value=nobody", "Nobody was asked", "尚无询问或答复"),
        ("/view/visits?window=month&at=2025-01", "Nobody held a customer", "无人持有客户"),
        ("/view/rankings?at=2025-Q1", "Nobody to rank", "无可排名人员"),
        ("/view/ownership?customer=nobody", "Nothing is known", "没有客户"),
        ("/view/ownership?rule=none", "No deal was divided", "尚无成交划分"),
        ("/view/violations?clause=none", "Nothing fits", "没有符合条件的记录"),
        ("/view/audit?by=nobody", "Nothing of this kind", "没有此类记录"),
    ],
)
def test_where_there_is_nothing_the_page_says_what_to_do(site: Site, path: str, en: str, zh: str) -> None:
    assert en in opened(site, path)
    assert zh in opened(site, path, "zh")


@pytest.mark.parametrize("path", ["/view/visits?at=yesterday", "/view/satisfaction?per=person"])
def test_what_cannot_be_asked_is_refused(site: Site, path: str) -> None:
    assert site.client.get(path, headers={"Accept": "text/html"}).status_code == 400
