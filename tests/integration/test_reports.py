"""Periodic reports: every number of the page is what its link finds; the tables say what was counted."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from api.cli.edge import Edge
from api.cli.main import run
from domain.envelope import Event
from domain.ledger import Incoming
from domain.working_time import Window, window_named
from streams.clock import tick
from streams.inprocess import recorded
from streams.local import Database, free_ports
from tests.helpers.quarter import END, story
from tests.helpers.scenario import at
from tests.helpers.site import Site, serving

PACKS = ("auto-4s", "tobacco-xuzhou", "real-estate-sales")
NOW = at(END)


def now() -> datetime:
    return NOW


@dataclass
class Office:
    """An installation with a quarter's records, its API, and its commands."""

    site: Site
    events: list[Event]
    out: Path

    def report(self, *words: str, out: Path | None = None, **env: str) -> tuple[int, str, str]:
        stdout, stderr = io.BytesIO(), io.StringIO()
        environ = {"HUIYIN_DATA": "/nowhere", "HUIYIN_LANG": "en", **self.site.settings.to_env(), **env}
        edge = Edge(io.BytesIO(), stdout, stderr, environ, now)
        status = run(["report", *words, "--out", str(out or self.out)], edge)
        return status, stdout.getvalue().decode(), stderr.getvalue()

    def page(self, *words: str, **env: str) -> str:
        status, out, err = self.report(*words, **env)
        assert (status, err) == (0, "")
        return Path(out.splitlines()[0]).read_text("utf-8")

    def table(self, name: str) -> list[dict[str, str]]:
        text = (self.out / name).read_text("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def office(server: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    url = server.create("reports")
    with serving(url, *free_ports(1), now, PACKS) as site:
        ledger = site.parts.ledger
        ledger.record([Incoming.read(json.dumps(one).encode()) for one in story(7)], NOW)
        while tick(ledger, now):
            continue
        events = list(recorded(site.parts.storage))
        with psycopg.connect(url, autocommit=True) as connection:
            site.parts.projector.project_events(connection, events)
        yield Office(site, events, tmp_path_factory.mktemp("reports"))
    server.drop("reports")


class Cells(HTMLParser):
    """The linked cells of a page's tables: what is written, and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._link: str | None = None
        self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "td":
            self._cell = True
        elif tag == "a" and self._cell:
            self._link = dict(attrs)["href"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._cell = False
        elif tag == "a":
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._cell and self._link:
            self.found.append((data, self._link))


def cells(page: str) -> list[tuple[str, str]]:
    parser = Cells()
    parser.feed(page)
    return parser.found


PERIODS = [("--week", "2026-W07"), ("--month", "2026-02"), ("--quarter", "2026-Q1")]
COUNTING = ("/complaints", "/violations", "/sla/breaches", "/kpis")


@pytest.mark.parametrize("period", PERIODS)
def test_every_count_of_the_page_is_what_its_link_finds(office: Office, period: tuple[str, str]) -> None:
    followed = Counter[str]()
    for written, link in cells(office.page(*period)):
        address = urlsplit(link)
        if address.path not in COUNTING:
            continue
        if "." in written:
            continue
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        items = office.site.items(address.path, **asked, limit="500")
        assert len(items) == int(written), link
        followed[address.path] += 1
    assert set(followed) == set(COUNTING) and followed.total() > 10


@pytest.mark.parametrize("period", PERIODS)
def test_every_other_link_leads_somewhere(office: Office, period: tuple[str, str]) -> None:
    links = {link for _, link in cells(office.page(*period))}
    kinds: dict[str, str] = {re.sub(r"[^/]*\d.*", "", urlsplit(link).path): link for link in links}
    for link in kinds.values():
        assert office.site.client.get(link).status_code == 200, link
    if period[0] == "--quarter":
        assert {"/rankings", "/loyalty", "/retention", "/office", "/visits/compliance"} <= kinds.keys()


# ---- what the tables say


class Missed(NamedTuple):
    subject: str
    kpi: str
    window: str
    since: datetime
    value: float


def of(office: Office, *types: str) -> list[Event]:
    return [event for event in office.events if event.type in types]


def counted(office: Office, name: str) -> list[Event]:
    """Complaints of a window, neither inquiries nor withdrawn, as the events tell it."""
    span = window_named(name, office.site.parts.policy.calendar)
    withdrawn = {event.subject for event in of(office, "complaint.withdrawn")}
    return [
        event
        for event in of(office, "complaint.received")
        if span.holds(event.time) and event.data.kind != "inquiry" and event.subject not in withdrawn
    ]


@pytest.mark.parametrize(("period", "name"), [("--week", "2026-W07"), ("--month", "2026-02")])
def test_the_complaint_report_counts_what_the_events_tell(office: Office, period: str, name: str) -> None:
    office.page(period, name)
    complaints = counted(office, name)
    total = office.table(f"report-{name}-complaints-overview.csv")[-1]
    resolved = {event.subject for event in of(office, "complaint.resolved")}
    done = sum(event.subject in resolved for event in complaints)
    assert total["Period"] == name
    assert int(total["Received"]) == len(complaints)
    assert (int(total["Resolved: number"]), int(total["Resolved: of"])) == (done, len(complaints))
    by = {
        row["Category"]: int(row["Received"])
        for row in office.table(f"report-{name}-complaints-by-category.csv")
    }
    assert by == Counter(event.data.category for event in complaints)
    major = {event.subject for event in of(office, "complaint.classified")} & {e.subject for e in complaints}
    assert {row["Complaint"] for row in office.table(f"report-{name}-major-complaints.csv")} == major


def test_the_deadlines_of_a_month_are_those_due_in_it(office: Office) -> None:
    office.page("--month", "2026-02")
    span = window_named("2026-02", office.site.parts.policy.calendar)
    last: dict[tuple[str, str], Event] = {}
    for event in of(office, *(f"obligation.{word}" for word in ("opened", "met", "breached", "withdrawn"))):
        last[(event.subject, event.data.obligation)] = event
    standing = [e for e in last.values() if e.type != "obligation.withdrawn" and span.holds(e.data.due_at)]
    rows = {row["Clause"]: row for row in office.table("report-2026-02-deadlines.csv")}
    assert {clause: int(row["Due"]) for clause, row in rows.items()} == Counter(
        e.data.clause for e in standing
    )
    met = Counter(e.data.clause for e in standing if e.type == "obligation.met")
    assert {clause: int(row["In time"]) for clause, row in rows.items() if row["In time"] != "0"} == met


def test_the_office_has_its_days_in_the_weekly_and_monthly_report(office: Office) -> None:
    office.page("--month", "2026-02")
    days = office.table("report-2026-02-office-by-day.csv")
    (month,) = office.table("report-2026-02-office-by-month.csv")
    staff = office.table("report-2026-02-office-by-staff.csv")
    for column in ("Visitors", "Callers", "Deals", "New"):
        assert sum(int(row[column]) for row in days) == int(month[column]) > 0
    assert sum(int(row["Deals"]) for row in staff) == int(month["Deals"])
    office.page("--week", "2026-W07")
    assert office.table("report-2026-W07-office-by-day.csv")
    assert len(office.table("report-2026-W07-office-by-week.csv")) == 1


def test_the_monthly_check_shows_each_managers_visits_and_missed_figures(office: Office) -> None:
    office.page("--month", "2026-02")
    rows = office.table("report-2026-02-visits.csv")
    span = window_named("2026-02", office.site.parts.policy.calendar)
    started = Counter(e.data.manager for e in of(office, "visit.started") if span.holds(e.time))
    assert {row["Manager"]: int(row["Visits"]) for row in rows} == started
    told = missed(office, span)
    own = office.table("report-2026-02-missed-figures.csv")
    assert Counter((row["Of"], float(row["Value"])) for row in own) == Counter(
        (one.subject, one.value) for one in told if one.window == "2026-02"
    )
    often = {
        (row["Of"], row["Figure"]): int(row["Windows missed"])
        for row in office.table("report-2026-02-missed-how-often.csv")
    }
    titles = office.site.parts.policy.kpis
    assert often == Counter((one.subject, titles[one.kpi].row.title.en) for one in told)
    assert own and len(often) > 3


def missed(office: Office, span: Window) -> list[Missed]:
    """Figures missed in a window whose last word still misses the threshold."""
    found: dict[tuple[str, str, str, str | None], Missed] = {}
    for event in of(office, "kpi.missed", "kpi.restated"):
        data = event.data
        key = event.subject, data.kpi, data.window, data.dimension
        since = found[key].since if key in found else event.time
        found[key] = Missed(event.subject, data.kpi, data.window, since, data.value)
    kpis = office.site.parts.policy.kpis
    return [one for one in found.values() if kpis[one.kpi].row.missed(one.value) and span.holds(one.since)]


def test_the_quarter_ranks_managers_with_weights_and_parts(office: Office) -> None:
    page = office.page("--quarter", "2026-Q1")
    rows = office.table("report-2026-Q1-ranking.csv")
    ranked = office.site.get("/rankings", quarter="2026-Q1").json()["items"]
    assert [(int(row["Rank"]), row["Manager"]) for row in rows] == [(r["rank"], r["staff"]) for r in ranked]
    assert "Satisfaction 1, Completion 1, Breaches 1, Violations 1" in page
    grades = office.table("report-2026-Q1-loyalty-grades.csv")
    graded = Counter(row["grade"] for row in office.site.items("/loyalty", quarter="2026-Q1"))
    assert {row["Grade"]: int(row["Customers"]) for row in grades if row["Customers"] != "0"} == graded


def test_every_stage_of_both_surveys_is_told_answered_or_not(office: Office) -> None:
    office.page("--quarter", "2026-Q1")
    span = window_named("2026-Q1", office.site.parts.policy.calendar)
    rows = office.table("report-2026-Q1-surveys.csv")
    assert Counter(row["Survey"] for row in rows) == {"SSI": 7, "CSI": 6}
    given = Counter(event.data.stage for event in of(office, "feedback.given") if span.holds(event.time))
    assert {row["Stage"]: int(row["Answers"]) for row in rows if row["Answers"] != "0"} == {
        stage: count for stage, count in given.items() if stage
    }


def test_shares_name_what_they_are_of(office: Office) -> None:
    page = office.page("--month", "2026-02")
    shares = re.findall(r">(?:<a [^>]*>)?([\d.]+) % \(([\d.,]+)/([\d.,]+)\)", page)
    assert len(shares) > 10
    for share, part, whole in shares:
        assert float(share) == pytest.approx(100 * float(part) / float(whole), abs=0.051)


# ---- languages, files, edges


def test_the_report_is_in_the_language_asked_for(office: Office) -> None:
    english, chinese = office.page("--month", "2026-02"), office.page("--month", "2026-02", "--lang", "zh")
    assert '<html lang="en">' in english and '<html lang="zh-Hans">' in chinese
    assert not re.findall("[\u4e00-\u9fff]{4,}", re.sub(r"<p class=.soft.>.*?</p>", "", english))
    headings = re.findall(r"<h[123][^>]*>(.*?)</h", chinese)
    assert headings and all(re.search("[\u4e00-\u9fff]", heading) for heading in headings)
    by_environment = office.page("--month", "2026-02", HUIYIN_LANG="zh")
    assert '<html lang="zh-Hans">' in by_environment


def test_a_page_needs_nothing_from_elsewhere_and_runs_no_script(office: Office) -> None:
    page = office.page("--quarter", "2026-Q1", "--url", "https://huiyin.example/")
    assert "<script" not in page and "@import" not in page and " src=" not in page
    links = {urlsplit(link).netloc for link in re.findall(r'href="([^"]+)"', page)}
    assert links == {"", "huiyin.example"}
    assert page.count("<svg") >= 5


def test_nothing_personal_is_in_a_report(office: Office) -> None:
    for period in PERIODS:
        assert "……" not in office.page(*period)


def test_a_report_made_again_is_the_same(office: Office) -> None:
    assert office.page("--month", "2026-02") == office.page("--month", "2026-02")


def test_a_running_period_says_that_it_is_not_over(office: Office) -> None:
    assert "not over" in office.page("--month", "2026-04")
    assert "not over" not in office.page("--month", "2026-02")


def test_a_period_without_records_says_so(office: Office) -> None:
    page = office.page("--week", "2024-W10")
    assert "Nothing in this period." in page


def test_the_files_are_named_one_a_line_the_page_first(office: Office, tmp_path: Path) -> None:
    status, out, _ = office.report("--week", "2026-W07", out=tmp_path / "new" / "folder")
    files = out.splitlines()
    assert status == 0 and files[0].endswith("report-2026-W07.html")
    assert sorted(files) == sorted(str(path) for path in (tmp_path / "new" / "folder").iterdir())


WRONG = [
    (["--week", "2026-W60"], "'2026-W60' is no week; write e.g. 2026-W03"),
    (["--week", "2026-01"], "'2026-01' is no week"),
    (["--month", "2026-13"], "'2026-13' is no month; write e.g. 2026-01"),
    (["--month", "2026-W03"], "'2026-W03' is no month"),
    (["--quarter", "2026-Q5"], "'2026-Q5' is no quarter; write e.g. 2026-Q1"),
    (["--quarter", "9999-Q4"], "'9999-Q4' is no quarter"),
    (["--month", "0000-01"], "'0000-01' is no month"),
    (["--month", ""], "'' is no month"),
    (["--month", "2026-05"], "2026-05 has not begun yet."),
    ([], "say one period"),
    (["--week", "2026-W03", "--month", "2026-01"], "say one period"),
    (["--year", "2026"], "--year"),
    (["--month", "2026-02", "--lang", "fr"], "--lang"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_a_period_that_is_none_is_one_clear_line(office: Office, words: list[str], said: str) -> None:
    status, out, err = office.report(*words)
    (line,) = err.splitlines()
    assert (status, out) == (2, "") and said in line


def test_a_bad_period_is_told_in_chinese_too(office: Office) -> None:
    assert office.report("--week", "2026-W60", HUIYIN_LANG="zh")[2].strip() == (
        "--week：'2026-W60' 不是有效的周；例如 2026-W03。"
    )


def test_a_folder_that_cannot_be_written_is_one_clear_line(office: Office, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, _, err = office.report("--month", "2026-02", out=tmp_path / "file")
    assert status == 2 and "cannot be written" in err and len(err.splitlines()) == 1


def test_a_database_that_is_away_is_one_clear_line(office: Office) -> None:
    away = {"HUIYIN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    status, _, err = office.report("--month", "2026-02", **away)
    assert status == 2 and "PostgreSQL cannot be reached" in err and len(err.splitlines()) == 1
