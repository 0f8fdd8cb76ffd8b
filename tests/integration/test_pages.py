"""The dashboard's pages as they are rendered: what they show, to whom, and what they lead to."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from urllib.parse import unquote

import psycopg
import pytest

from streams.local import Database, free_ports
from tests.helpers.scenario import fact
from tests.helpers.site import Site, ago, new, serving

SIGNING = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("pages_rendered")
    with serving(url, *free_ports(1), signing_key=SIGNING) as running:
        running.tell(
            running.complaint(
                "P-1", "2026-03-04T10:00:00+08:00", handler="S-1", branch="B-1", summary="多收服务费"
            ),
            fact(
                "complaint.promised",
                "complaint/P-1",
                "2026-03-04 10:30",
                answer_by="2026-03-04T16:00:00+08:00",
            ),
            fact("complaint.awaiting", "complaint/P-1", "2026-03-04 11:00", whom="supplier"),
            fact("complaint.resumed", "complaint/P-1", "2026-03-04 12:00"),
            running.complaint("P-2", branch="B-2", signals=["door-blocking"], summary="<b>噪音</b>"),
        )
        yield running
    server.drop("pages_rendered")


def page(site: Site, path: str, language: str = "en", role: str = "admin", status: int = 200) -> str:
    headers = {"Accept": "text/html", "Accept-Language": language}
    answer = site.as_role(role).get(path, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.text


# ---- a complaint


def test_a_complaint_shows_its_obligations_with_the_pause_in_them(site: Site) -> None:
    shown = page(site, "/complaints/P-1")
    assert "A promise is kept" in shown and 'class="over"' in shown
    assert "Somebody else is waited for" in shown or "complaint.awaiting" in shown
    assert "多收服务费" not in shown


def test_as_of_and_known_at_rewind_it_in_either_page(site: Site) -> None:
    for path in ("/complaints/P-1", "/streams/complaint/P-1/history"):
        then = page(site, f"{path}?as_of=2026-03-04T10:10:00%2B08:00")
        assert "Shown as it was" in then and "complaint.promised" not in then
        before = page(site, f"{path}?known_at=2026-03-04T10:10:00%2B08:00", "zh")
        assert "届时尚无任何记录" in before


def test_a_time_that_is_none_is_a_page_that_says_so(site: Site) -> None:
    assert "That cannot be shown" in page(site, "/complaints/P-1?as_of=yesterday", status=400)


def test_a_complaint_that_is_not_known_leads_to_the_search(site: Site) -> None:
    shown = page(site, "/complaints/none", "zh", status=404)
    assert "此处没有内容" in shown and 'href="/view/complaints"' in shown


def test_the_badge_is_of_what_is_stored_now(site: Site) -> None:
    site.tell(site.complaint(name := new("SEAL")))
    path = f"/view/proof/complaint/{name}"
    assert site.get("/checkpoint").status_code == 200
    assert "Proven" in page(site, path)
    site.tell(fact("complaint.assigned", f"complaint/{name}", ago(seconds=1), handler="S-2"))
    assert "newer events are covered by the next checkpoint" in page(site, path)
    with psycopg.connect(site.settings.database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE stored_events SET state = convert_to(replace(convert_from(state, 'UTF8'),"
            " '吵闹', '安静'), 'UTF8') WHERE originator_id = %s",
            [f"complaint/{name}"],
        )
    assert "Altered" in page(site, path)
    assert "已被改动" in page(site, path, "zh")


# ---- the search


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("branch=B-1", {"P-1"}),
        ("branch=B-2&major=true&status=&customer=", {"P-2"}),
        ("words=服务费", {"P-1"}),
        ("from=2026-03-04&to=2026-03-04", {"P-1"}),
        ("from=2026-03-05&to=2026-03-06", set()),
        ("overdue=true&branch=B-1", {"P-1"}),
        ("handler=S-1&limit=1", {"P-1"}),
    ],
)
def test_complaints_are_found_by_what_stands_in_the_address(site: Site, query: str, found: set[str]) -> None:
    shown = page(site, f"/view/complaints?{query}")
    assert set(re.findall(r'<th scope="row"><a href="/complaints/([^"]+)"', shown)) == found


def test_pages_of_a_search_follow_each_other(site: Site) -> None:
    first = page(site, "/view/complaints?limit=1")
    link = re.search(r'href="(/view/complaints\?[^"]+)" rel="next"', first)
    assert link is not None
    second = page(site, link[1].replace("&amp;", "&"))
    names = [re.findall(r'<th scope="row"><a href="([^"]+)"', shown) for shown in (first, second)]
    assert len(names[0]) == len(names[1]) == 1 and names[0] != names[1]


def test_an_id_that_is_typed_leads_to_its_page(site: Site) -> None:
    for typed in ("P-1", "complaint/P-1"):
        answer = site.client.get("/view/complaints", params={"words": typed})
        assert (answer.status_code, answer.headers["location"]) == (303, "/complaints/P-1")


@pytest.mark.parametrize("query", ["status=lost", "cursor=none", "words=多", "from=never", "colour=red"])
def test_a_filter_that_cannot_be_used_is_named_beside_the_form(site: Site, query: str) -> None:
    shown = page(site, f"/view/complaints?{query}", status=400)
    assert 'role="alert"' in shown and "<form" in shown


# ---- the first page


def test_alerts_can_be_narrowed_and_say_what_comes_next(site: Site) -> None:
    shown = page(site, "/parts/alerts?severity=critical")
    assert "complaint/P-2" in shown and "complaint/P-1" not in shown
    assert "Step 1 of" in shown and "climbs to" in shown
    assert "complaint/P-2" not in page(site, "/parts/alerts?branch=B-1&kind=sla")
    assert "complaint/P-1" in page(site, "/parts/alerts?staff=S-1")


def test_many_alerts_are_shown_in_pages_that_come_quickly(site: Site) -> None:
    names = [new("MANY") for _ in range(120)]
    site.tell(*(site.complaint(name, branch="B-9", signals=["door-blocking"]) for name in names))
    shown = page(site, "/?branch=B-9&limit=50")
    assert shown.count('class="alert ') == 50 and "data-more" in shown
    begun = time.perf_counter()
    page(site, "/parts/alerts?branch=B-9&limit=500")
    assert time.perf_counter() - begun < 2.0


def test_who_may_not_acknowledge_is_shown_no_button(site: Site) -> None:
    assert "data-ack=" in page(site, "/", role="ops")
    assert "data-ack=" not in page(site, "/", role="auditor")


# ---- who may see what


def test_the_navigation_has_what_the_role_may_open(site: Site) -> None:
    assert 'href="/view/audit"' in page(site, "/", role="auditor")
    assert 'href="/view/audit"' not in page(site, "/", role="ops")


def test_a_page_that_is_not_for_the_role_says_what_to_do(site: Site) -> None:
    shown = page(site, "/", role="rule_author", status=403)
    assert "Not for your role" in shown and "Ask an administrator" in shown


def test_who_has_not_signed_in_is_led_to_the_sign_in_and_back(site: Site) -> None:
    answer = site.anonymous().get("/complaints/P-1?as_of=x", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert unquote(answer.headers["location"]) == "/login?next=/complaints/P-1?as_of=x"
    assert 'data-next="/"' in site.anonymous().get("/login?next=//evil.example").text


def test_assets_are_sent_again_only_when_they_changed(site: Site) -> None:
    first = site.client.get("/static/app.js")
    again = site.client.get("/static/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
