"""What is behind a number: the answers, visits, violations, breaches and missed figures that were counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.http.behind import AnswerQuery, VisitQuery, visit_reader
from api.http.language import language_of
from api.http.lists import BreachQuery, KpiQuery, UpcomingQuery, ViolationQuery
from api.http.pages import registry
from api.http.pages.asked import PageQuery, address
from api.http.pages.templates import local, render, told
from api.http.params import Instant, Paged
from api.http.services import Services, services_of
from projections import kpis, sla, violations
from projections.paging import Page
from projections.responses import responses

router = APIRouter(include_in_schema=False)

Row = Mapping[str, Any]


class Cell(NamedTuple):
    """One value of a row: what it says, where it leads, and how it is set."""

    words: str
    href: str | None = None
    kind: str = ""


class Within(NamedTuple):
    """What cells are written with."""

    services: Services
    language: str
    t: Any

    def moment(self, at: datetime | None) -> Cell:
        words = "—" if at is None else local(at, self.services.parts.policy.calendar.tz)
        return Cell(words, kind="when")

    def clause(self, name: str) -> Cell:
        policy = self.services.parts.policy
        bound = policy.clauses.get(name) or policy.kpis.get(name)
        title = name if bound is None else str(getattr(bound.row.title, self.language))
        return Cell(title, f"/view/rules/{bound.pack.id}#{name}" if bound else None, "clause")

    def stream(self, subject: str) -> Cell:
        return Cell(subject, registry.address(subject), "stream")

    def plain(self, value: Any) -> Cell:
        return Cell("—" if value in (None, "", []) else str(value))

    def verdict(self, row: Row) -> Cell:
        name = "satisfied" if row["satisfied"] else "dissatisfied" if row["dissatisfied"] else "neither"
        return Cell(self.t(f"beh_{name}"), kind=name)


Cells = Callable[[Within, Row], Sequence[Cell]]


class Kind(NamedTuple):
    """A list: its headings, and the cells of a row beneath them."""

    headings: Sequence[str]
    cells: Cells


def _answer(of: Within, row: Row) -> Sequence[Cell]:
    score = of.plain(row["score"] or ("·" if row["answered"] else of.t("beh_asked", row["asked"])))
    return (
        of.moment(row["at"]),
        of.stream(row["subject"]),
        of.verdict(row) if row["answered"] else Cell("—"),
        score,
        *(of.plain(row[name]) for name in ("staff", "branch", "category", "channel", "survey", "stage")),
    )


def _violation(of: Within, row: Row) -> Sequence[Cell]:
    missing = f" ({', '.join(row['missing'])})" if row["missing"] else ""
    return (
        of.moment(row["found_at"]),
        of.stream(row["subject"]),
        of.clause(row["clause"]),
        Cell(f"{row['detail']}{missing}", kind="code"),
        of.plain(row["handler"]),
        of.plain(row["branch"]),
        of.moment(row["withdrawn_at"]),
    )


def _breach(of: Within, row: Row) -> Sequence[Cell]:
    return (
        of.moment(row["due_at"]),
        of.stream(row["subject"]),
        of.clause(row["clause"]),
        Cell(of.t(f"beh_state_{row['state'].replace('-', '_')}"), kind=row["state"]),
        of.moment(row["done_at"]),
        of.plain(row["duty_of"] or row["handler"]),
        of.plain(row["branch"]),
    )


def _kpi(of: Within, row: Row) -> Sequence[Cell]:
    at = row["missed_at"] or row["restated_at"]
    return (
        of.moment(at),
        of.stream(row["subject"]),
        of.clause(row["kpi"]),
        of.plain(row["window"]),
        of.plain(row["dimension"]),
        Cell(f"{row['value']:g}", kind="number"),
        Cell("—" if row["threshold"] is None else f"{row['threshold']:g}", kind="number"),
        Cell(of.t("yes" if row["missed"] else "beh_restated"), kind="missed" if row["missed"] else ""),
    )


def _visit(of: Within, row: Row) -> Sequence[Cell]:
    return (
        of.plain(row["planned_for"]),
        of.stream(row["subject"]),
        Cell(of.t(f"beh_visit_{row['became']}"), kind=row["became"]),
        of.moment(row["started_at"]),
        of.moment(row["summarised_at"]),
        of.plain(row["manager"]),
        of.plain(row["customer"]),
        of.plain(of.t(f"beh_mode_{row['mode']}".replace("-", "_")) if row["mode"] else None),
    )


KINDS: Mapping[str, Kind] = {
    "answers": Kind(
        ("at", "stream", "verdict", "score", "staff", "branch", "category", "channel", "survey", "stage"),
        _answer,
    ),
    "violations": Kind(("at", "stream", "clause", "code", "staff", "branch", "withdrawn"), _violation),
    "obligations": Kind(("due", "stream", "clause", "state", "done", "staff", "branch"), _breach),
    "breaches": Kind(("due", "stream", "clause", "state", "done", "staff", "branch"), _breach),
    "kpis": Kind(("at", "stream", "clause", "window", "dimension", "value", "threshold", "missed"), _kpi),
    "visits": Kind(
        ("planned_for", "stream", "became", "started", "summarised", "manager", "customer", "mode"), _visit
    ),
}


# ---- what may be asked: as of the API, but for what else stands in a page's address

LENIENT = PageQuery.model_config


class AnswerPage(AnswerQuery):
    model_config = LENIENT


class ViolationPage(ViolationQuery):
    model_config = LENIENT


class BreachPage(BreachQuery):
    model_config = LENIENT


class ObligationPage(UpcomingQuery):
    model_config = LENIENT

    state: Literal["open", "met", "breached", "done-late", "withdrawn"] | None = None
    opened_since: Instant | None = Field(default=None, alias="opened_from")
    opened_until: Instant | None = Field(default=None, alias="opened_to")


class KpiPage(KpiQuery):
    model_config = LENIENT


class VisitPage(VisitQuery):
    model_config = LENIENT


# ---- routes


def _page(request: Request, name: str, reader: Callable[..., Page], asked: Paged, here: str) -> Response:
    services, language = services_of(request), language_of(request)
    of = Within(services, language, told(language))
    found = services.read(
        lambda connection: reader(connection, limit=asked.limit, cursor=asked.cursor, **asked.filters())
    )
    kind = KINDS[name]
    return render(
        request,
        "behind.html",
        here=here,
        name=name,
        filters=list(_filters(of, asked)),
        headings=kind.headings,
        rows=[kind.cells(of, row) for row in found.items],
        next=found.next and _next(request, found.next),
        begun=asked.cursor is None,
        first=address(request.url.path, **_kept(request)),
        json=address(API[name], **_kept(request)) if name in API else None,
    )


API: Mapping[str, str] = {
    "answers": "/satisfaction/answers",
    "violations": "/violations",
    "breaches": "/sla/breaches",
    "kpis": "/kpis",
    "visits": "/visits",
}
"""The same list for programs."""


def _kept(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.query_params.items() if name not in ("cursor", "lang")}


def _next(request: Request, cursor: str) -> str:
    return address(request.url.path, **_kept(request), cursor=cursor)


def _filters(of: Within, asked: Paged) -> Iterator[tuple[str, str]]:
    """What the list is narrowed to, in words."""
    for name, value in asked.filters().items():
        label = of.t(f"beh_filter_{name}")
        if isinstance(value, bool):
            yield label, of.t("yes" if value else "no")
        elif isinstance(value, datetime):
            yield label, of.moment(value).words
        elif name in ("clause", "kpi"):
            yield label, of.clause(value).words
        elif name in ("counted", "became", "state"):
            yield label, of.t(f"beh_{name}_{value}".replace("-", "_"))
        else:
            yield label, str(value)


@router.get("/view/answers")
def answers_page(request: Request, asked: Annotated[AnswerPage, Query()]) -> Response:
    return _page(request, "answers", responses, asked, "satisfaction")


@router.get("/view/violations")
def violations_page(request: Request, asked: Annotated[ViolationPage, Query()]) -> Response:
    return _page(request, "violations", violations.violations, asked, "rules")


@router.get("/view/breaches")
def breaches_page(request: Request, asked: Annotated[BreachPage, Query()]) -> Response:
    return _page(request, "breaches", sla.breaches, asked, "rules")


@router.get("/view/obligations")
def obligations_page(request: Request, asked: Annotated[ObligationPage, Query()]) -> Response:
    return _page(request, "obligations", sla.obligations, asked, "rules")


@router.get("/view/kpis")
def kpis_page(request: Request, asked: Annotated[KpiPage, Query()]) -> Response:
    return _page(request, "kpis", kpis.kpis, asked, "rankings")


@router.get("/view/visits/list")
def visits_page(request: Request, asked: Annotated[VisitPage, Query()]) -> Response:
    return _page(request, "visits", visit_reader(services_of(request)), asked, "visits")
