"""What is behind a number: the answers, visits, violations, breaches and missed figures that were counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.http.alerts import TOPICS
from api.http.behind import AnswerQuery, VisitQuery, visit_reader
from api.http.language import language_of
from api.http.lists import BreachQuery, KpiQuery, UpcomingQuery, ViolationQuery
from api.http.pages.asked import PageQuery, address
from api.http.pages.cells import KINDS, Within
from api.http.pages.templates import render, told
from api.http.params import From, Name, Paged, Period, To
from api.http.services import services_of
from projections import alerts, kpis, sla, violations
from projections.paging import Page
from projections.responses import responses

router = APIRouter(include_in_schema=False)

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
    opened_since: From | None = Field(default=None, alias="opened_from")
    opened_until: To | None = Field(default=None, alias="opened_to")


class EscalationPage(Period):
    """`from` and `to` are of when they were raised."""

    model_config = LENIENT

    clause: Name | None = None
    subject: Name | None = None
    severity: Literal["info", "warning", "high", "critical"] | None = None
    status: Literal["firing", "acknowledged", "resolved"] | None = None


class KpiPage(KpiQuery):
    model_config = LENIENT


class VisitPage(VisitQuery):
    model_config = LENIENT


# ---- routes


def _page(request: Request, name: str, reader: Callable[..., Page], asked: Paged, here: str) -> Response:
    services, language = services_of(request), language_of(request)
    of = Within(services, language, told(language))
    given = asked.filters(services.parts.policy.calendar)
    found = services.read(
        lambda connection: reader(connection, limit=asked.limit, cursor=asked.cursor, **given)
    )
    kind = KINDS[name]
    return render(
        request,
        "behind.html",
        here=here,
        name=name,
        filters=list(_filters(of, given)),
        headings=kind.headings,
        rows=[kind.cells(of, row) for row in found.items],
        next=found.next and _next(request, found.next),
        begun=asked.cursor is None,
        first=address(request.url.path, **_kept(request)),
        json=address(API[name], **ALSO.get(name, {}), **_kept(request)) if name in API else None,
    )


API: Mapping[str, str] = {
    "answers": "/satisfaction/answers",
    "violations": "/violations",
    "breaches": "/sla/breaches",
    "escalations": "/alerts",
    "kpis": "/kpis",
    "visits": "/visits",
}
"""The same list for programs."""

ALSO: Mapping[str, Mapping[str, str]] = {"escalations": {"topic": "escalations"}}
"""What programs say beside it."""


def _kept(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.query_params.items() if name not in ("cursor", "lang")}


def _next(request: Request, cursor: str) -> str:
    return address(request.url.path, **_kept(request), cursor=cursor)


def _filters(of: Within, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the list is narrowed to, in words."""
    for name, value in given.items():
        label = of.t(f"beh_filter_{name}")
        if isinstance(value, bool):
            yield label, of.t("yes" if value else "no")
        elif isinstance(value, datetime):
            yield label, of.moment(value).words
        elif name in ("clause", "kpi"):
            yield label, of.clause(value).words
        elif name in ("severity", "status"):
            yield label, of.t(value)
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


@router.get("/view/escalations")
def escalations_page(request: Request, asked: Annotated[EscalationPage, Query()]) -> Response:
    reader = partial(alerts.alerts, channel=TOPICS["escalations"])
    return _page(request, "escalations", reader, asked, "rules")


@router.get("/view/kpis")
def kpis_page(request: Request, asked: Annotated[KpiPage, Query()]) -> Response:
    return _page(request, "kpis", kpis.kpis, asked, "rankings")


@router.get("/view/visits/list")
def visits_page(request: Request, asked: Annotated[VisitPage, Query()]) -> Response:
    return _page(request, "visits", visit_reader(services_of(request)), asked, "visits")
