"""Reading one stream over HTTP: whose it is to see, by level, approval and branch; and that it was read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from api.http.access.table import CONFINED, TABLE
from domain.erasure import erase
from storage.keys import new_master
from streams.local import Database, free_ports
from tests.helpers.scenario import fact
from tests.helpers.site import Site, ago, new, serving, utc_now

MONDAY = "2026-03-09"


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url, [port] = server.create("http_reading"), free_ports(1)
    with serving(url, port, master_key=new_master()) as running:
        running.tell(
            fact("staff.joined", "staff/S-2", f"{MONDAY} 08:00", role="salesperson", department="sales"),
            fact("staff.joined", "staff/GM", f"{MONDAY} 08:00", role="general_manager", department="office"),
            *(
                fact("document.classified", f"document/{level}", f"{MONDAY} 08:00", **said)
                for level, said in DOCUMENTS.items()
            ),
        )
        yield running
    server.drop("http_reading")


DOCUMENTS: dict[str, dict[str, Any]] = {
    "public": {"level": "public"},
    "secret": {"level": "secret", "owner": "S-1", "named": ["S-3"]},
    "confidential": {"level": "confidential", "owner": "S-1", "named": ["S-3"]},
    "top-secret": {"level": "top-secret", "owner": "S-1", "named": ["S-3"]},
}


def customer(site: Site, **data: Any) -> str:
    """A new customer's file."""
    name = new("K")
    said = {"by": "S-1", "department": "sales", "name": "王小明", **data}
    site.tell(fact("customer.filed", f"customer/{name}", f"{MONDAY} 09:00", **said))
    return name


def approve(site: Site, name: str, by: str = "S-2", role: str = "department_manager") -> str:
    """A granted approval of reading a customer's file."""
    approval = f"approval/{new('A')}"
    asked = {"kind": "file-access", "by": by, "about": f"customer/{name}"}
    site.tell(
        fact("approval.requested", approval, f"{MONDAY} 10:00", **asked),
        fact("approval.granted", approval, f"{MONDAY} 11:00", by="M-1", role=role),
    )
    return approval


def ask(client: httpx.Client, subject: str, part: str = "/history", **params: Any) -> httpx.Response:
    return client.get(f"/streams/{subject}{part}", params=params)


def kind(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("/docs#")


def recorded(site: Site, subject: str, *types: str) -> list[dict[str, Any]]:
    """What the ledger has of some types, without reading it over HTTP."""
    from api.story import events_of
    from domain.history import shown

    told = (shown(event) for event in events_of(site.parts.storage, subject))
    return [each for each in told if each["type"] in types]


READS = ("access.requested", "access.granted", "access.denied", "history.read")


# ---- customers' files


def test_ops_read_a_customers_file_by_an_approval_which_one_reading_uses_up(site: Site) -> None:
    name = customer(site)
    approval, ops = approve(site, name), site.as_role("ops", name="S-2")
    assert ask(ops, f"customer/{name}").status_code == 200
    assert [each["type"] for each in recorded(site, approval, "approval.used")] == ["approval.used"]
    refused = ask(ops, f"customer/{name}")
    assert (refused.status_code, kind(refused)) == (403, "access-denied")
    said = [each["type"] for each in recorded(site, f"customer/{name}", *READS)]
    assert said == ["access.requested", "access.granted", "access.requested", "access.denied"]


@pytest.mark.parametrize("part", ["", "/history", "/story"])
def test_without_an_approval_no_part_of_a_file_is_shown_and_the_attempt_is_on_record(
    site: Site, part: str
) -> None:
    name = customer(site)
    refused = ask(site.as_role("ops", name="S-2"), f"customer/{name}", part)
    assert (refused.status_code, kind(refused)) == (403, "access-denied")
    assert "S-1" not in refused.text
    asked, denied = recorded(site, f"customer/{name}", *READS)
    assert (asked["data"]["by"], asked["data"]["department"]) == ("S-2", "sales")
    assert denied["type"] == "access.denied"


def test_an_approval_covers_whoever_asked_for_it_and_nobody_else(site: Site) -> None:
    name = customer(site)
    approve(site, name, by="S-9", role="general_manager")
    assert ask(site.as_role("ops", name="S-2"), f"customer/{name}").status_code == 403
    assert ask(site.as_role("ops", name="S-9"), f"customer/{name}").status_code == 200


def test_a_request_that_is_refused_for_another_reason_uses_nothing_up(site: Site) -> None:
    name = customer(site)
    approval = approve(site, name)
    assert ask(site.as_role("ops", name="S-2"), f"customer/{name}", as_of="yesterday").status_code == 400
    assert recorded(site, approval, "approval.used") == []


@pytest.mark.parametrize("role", ["auditor", "admin"])
def test_who_reads_by_office_says_what_for_and_is_on_record(site: Site, role: str) -> None:
    subject = f"customer/{customer(site)}"
    reader = site.as_role(role, name="AU-1")
    refused = ask(reader, subject)
    assert (refused.status_code, kind(refused), refused.json()["field"]) == (403, "purpose-needed", "purpose")
    assert recorded(site, subject, *READS) == []
    shown = ask(reader, subject, purpose="季度审计").json()
    assert shown[-1]["type"] == "history.read"
    data = shown[-1]["data"]
    assert (data["by"], data["role"], data["purpose"]) == ("AU-1", role, "季度审计")
    assert data["source"] and data["because"]
    assert ask(reader, subject, "/story", purpose="again").json()["reads"][0]["by"] == "AU-1"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "What do you read this for?"), ("zh", "您为何查阅？")]
)
def test_a_person_is_asked_what_for_on_a_page(site: Site, language: str, words: str) -> None:
    path = f"/streams/customer/{customer(site)}/history"
    auditor, headers = site.as_role("auditor"), {"Accept": "text/html", "Accept-Language": language}
    asked = auditor.get(path, headers=headers, params={"as_of": "2026-03-10T00:00:00Z"})
    assert asked.status_code == 403 and words in asked.text
    assert 'name="purpose"' in asked.text and 'value="2026-03-10T00:00:00Z"' in asked.text
    shown = auditor.get(path, headers=headers, params={"purpose": "audit"})
    assert shown.status_code == 200 and "format=json&amp;purpose=audit" in shown.text


def test_what_is_known_of_a_complaint_is_read_without_ado(site: Site) -> None:
    name = new()
    site.tell(site.complaint(name))
    assert ask(site.as_role("ops"), f"complaint/{name}").status_code == 200
    assert recorded(site, f"complaint/{name}", *READS) == []


def test_being_read_makes_no_fact_late(site: Site) -> None:
    name = customer(site)
    ask(site.as_role("auditor"), f"customer/{name}", purpose="audit")
    site.tell(fact("customer.contacted", f"customer/{name}", f"{MONDAY} 12:00", staff="S-1", channel="phone"))
    types = [each["type"] for each in recorded(site, f"customer/{name}", "obligation.withdrawn")]
    assert types == []


# ---- documents by their level

LEVELS = """
              public  secret  confidential  top-secret
S-3 ops       yes     yes     yes           yes
S-1 ops       yes     yes     yes           no
S-2 ops       yes     no      no            no
GM ops        yes     yes     yes           yes
X auditor     yes     why     why           no
X admin       yes     why     why           no
S-3 auditor   yes     why     why           yes
"""
"""Who, as what, reads a document of which level; why: by office, to those who say what for."""

ROWS = [line.split() for line in LEVELS.strip().splitlines()]
CELLS = [(*row[:2], level, word) for row in ROWS[1:] for level, word in zip(ROWS[0], row[2:], strict=True)]


@pytest.mark.parametrize(("name", "role", "level", "word"), CELLS)
def test_a_document_is_read_by_those_whom_its_level_allows(
    site: Site, name: str, role: str, level: str, word: str
) -> None:
    reader = site.as_role(role, name=name)
    answers = {"yes": (200, 200), "why": (403, 200), "no": (403, 403)}[word]
    asked = (ask(reader, f"document/{level}"), ask(reader, f"document/{level}", purpose="audit"))
    assert tuple(answer.status_code for answer in asked) == answers


# ---- personal fields


def test_personal_fields_are_shown_to_an_auditor_who_says_what_for(site: Site) -> None:
    name = new()
    site.tell(site.complaint(name, contact={"name": "王小明", "phone": "13800138000"}))
    auditor, subject = site.as_role("auditor", name="AU-1"), f"complaint/{name}"
    assert kind(ask(auditor, subject, personal=True)) == "purpose-needed"
    shown = ask(auditor, subject, personal=True, purpose="申诉复核")
    assert shown.json()[0]["data"]["contact"]["name"] == "王小明"
    [read] = recorded(site, subject, "history.read")
    assert (read["data"]["personal"], read["data"]["purpose"]) == (True, "申诉复核")
    assert ask(auditor, subject).json()[0]["data"]["contact"] == "●●●"


def test_ops_never_see_personal_fields(site: Site) -> None:
    name = new()
    site.tell(site.complaint(name))
    refused = ask(site.as_role("ops"), f"complaint/{name}", personal=True, purpose="curious")
    assert (refused.status_code, kind(refused)) == (403, "personal-fields")
    assert recorded(site, f"complaint/{name}", *READS) == []


def test_reading_what_is_left_of_an_erased_customer_is_on_record(site: Site) -> None:
    name, who = new(), customer(site)
    site.tell(site.complaint(name, customer=who))
    erase(site.parts.ledger, who, "asked for", utc_now())
    shown = ask(site.as_role("ops", name="S-2"), f"complaint/{name}").json()
    assert (shown[-1]["type"], shown[-1]["data"]["by"]) == ("history.read", "S-2")


# ---- branches


@pytest.fixture(scope="module")
def branches(site: Site) -> Iterator[Site]:
    """Two branches with a complaint, a visit, a manager and a customer each."""
    for branch in ("B-1", "B-2"):
        manager, who = f"M-{branch}", f"K-{branch}"
        site.tell(
            fact(
                "staff.joined",
                f"staff/{manager}",
                f"{MONDAY} 08:00",
                role="sales_manager",
                department="sales",
                branch=branch,
            ),
            fact("customer.filed", f"customer/{who}", f"{MONDAY} 09:00", by=manager, manager=manager),
            site.complaint(
                f"C-{branch}",
                f"{MONDAY}T10:00:00+08:00",
                branch=branch,
                customer=who,
                signals=["door-blocking"],
            ),
            fact(
                "complaint.promised",
                f"complaint/C-{branch}",
                f"{MONDAY} 10:30",
                answer_by=f"{MONDAY}T16:00:00+08:00",
            ),
            fact("feedback.given", f"complaint/C-{branch}", ago(minutes=1), score=5),
            fact(
                "visit.planned",
                f"visit/V-{branch}",
                f"{MONDAY} 09:00",
                customer=who,
                manager=manager,
                date="2026-03-10",
                mode="on-site",
            ),
        )
    yield site


ONE_BRANCH = ("/complaints", "/alerts", "/sla/breaches", "/violations", "/sla/upcoming", "/kpis")


@pytest.mark.parametrize("path", ONE_BRANCH)
def test_lists_hold_what_belongs_to_the_branch_and_nothing_else(branches: Site, path: str) -> None:
    ours = branches.as_role("ops", "B-1").get(path, params={"limit": 500}).json()["items"]
    assert not [row for row in ours if "B-2" in str(row)]
    everything = branches.as_role("ops").get(path, params={"limit": 500}).json()["items"]
    mine = [row for row in everything if "B-1" in str(row)]
    assert [row for row in ours if "B-1" in str(row)] == mine


WHOLE = sorted(path for path, may in CONFINED.items() if may and "{" not in path and path != "/alerts/stream")


@pytest.mark.parametrize("path", [path for path in WHOLE if ("GET", path) in TABLE])
def test_no_route_tells_anything_of_another_branch(branches: Site, path: str) -> None:
    for media in ("application/json", "text/html"):
        answer = branches.as_role("admin", "B-1").get(path, headers={"Accept": media})
        assert answer.status_code < 500
        assert "B-2" not in answer.text


def test_two_branches_are_the_sum_of_each(branches: Site) -> None:
    both = branches.as_role("ops", "B-1", "B-2").get("/complaints").json()["items"]
    assert {row["branch"] for row in both} == {"B-1", "B-2"}


def test_a_filter_for_another_branch_finds_nothing(branches: Site) -> None:
    found = branches.as_role("ops", "B-1").get("/complaints", params={"branch": "B-2"}).json()
    assert found["items"] == []


@pytest.mark.parametrize("subject", ["complaint/C-B-{}", "visit/V-B-{}", "staff/M-B-{}"])
@pytest.mark.parametrize("part", ["", "/history", "/story"])
def test_a_stream_of_another_branch_does_not_exist(branches: Site, subject: str, part: str) -> None:
    ops = branches.as_role("ops", "B-1")
    assert ask(ops, subject.format(1), part).status_code == 200
    refused = ask(ops, subject.format(2), part)
    assert (refused.status_code, kind(refused)) == (404, "unknown-stream")


def test_what_happened_around_it_elsewhere_is_left_out(branches: Site) -> None:
    """The customer has complained to the other branch too."""
    branches.tell(branches.complaint("C-B-2-too", branch="B-2", customer="K-B-1"))
    path, ops = "/streams/complaint/C-B-1/story", branches.as_role("ops", "B-1")
    assert "C-B-2-too" in branches.as_role("ops").get(path).text
    assert "C-B-2-too" not in ops.get(path).text
    page = {"Accept": "text/html"}
    assert "C-B-2-too" in branches.as_role("ops").get("/complaints/C-B-1", headers=page).text
    assert "C-B-2-too" not in ops.get("/complaints/C-B-1", headers=page).text


def test_a_file_of_another_branch_is_not_even_asked_for(branches: Site) -> None:
    auditor = branches.as_role("auditor", "B-1")
    assert ask(auditor, "customer/K-B-1", purpose="audit").status_code == 200
    assert ask(auditor, "customer/K-B-2", purpose="audit").status_code == 404
    assert recorded(branches, "customer/K-B-2", *READS) == []


def test_figures_are_those_of_the_branch(branches: Site) -> None:
    ops, everybody = branches.as_role("ops", "B-1"), branches.as_role("ops")

    def total(client: httpx.Client, **params: str) -> list[tuple[int, int]]:
        rows = client.get("/satisfaction", params=params).json()["items"]
        return [(row["answered"], row["satisfied"]) for row in rows if row["answered"]]

    assert total(ops) == total(everybody, per="branch", value="B-1") == [(1, 1)]
    managers = ops.get("/visits/compliance", params={"from": "2026-03-01", "to": "2026-03-31"}).json()
    assert {row["manager"] for row in managers["items"]} == {"M-B-1"}
    assert {row["value"] for row in ops.get("/satisfaction", params={"per": "branch"}).json()["items"]} <= {
        "B-1"
    }


def test_an_alert_of_another_branch_cannot_be_acknowledged(branches: Site) -> None:
    alerts = branches.as_role("ops").get("/alerts", params={"topic": "escalations"}).json()["items"]
    key = next(row["key"] for row in alerts if row["subject"] == "complaint/C-B-2")
    ops = branches.as_role("ops", "B-1")
    refused = ops.post(f"/alerts/{quote(key, safe='')}/acknowledge", json={"by": "S-1"})
    assert (refused.status_code, kind(refused)) == (404, "unknown-alert")


def test_changes_of_other_branches_are_not_told_as_they_happen(branches: Site) -> None:
    with branches.as_role("ops", "B-1").stream("GET", "/alerts/stream", params={"after": 0}) as answer:
        told = ""
        for line in answer.iter_lines():
            told += line
            if "C-B-1" in line:
                break
    assert "C-B-2" not in told


@pytest.mark.parametrize("path", ["/metrics", "/checkpoint", "/proofs/1"])
def test_what_cannot_leave_out_other_branches_is_closed(branches: Site, path: str) -> None:
    assert branches.as_role("admin", "B-1").get(path).status_code == 403


def test_a_question_of_everybody_is_not_narrowed_by_the_one_before(branches: Site) -> None:
    everybody, ours = branches.as_role("ops"), branches.as_role("ops", "B-1")
    for _ in range(4):
        assert len(everybody.get("/complaints", params={"customer": "K-B-2"}).json()["items"]) == 1
        assert ours.get("/complaints", params={"customer": "K-B-2"}).json()["items"] == []
