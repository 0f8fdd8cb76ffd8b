"""The page of visits: what each manager planned, made and accounted for in a window, and before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http.language import language_of
from api.http.pages.asked import KINDS, Shown, WindowPage, address, choices, shown_window, within
from api.http.pages.charts import Point, trend
from api.http.pages.templates import render, told
from api.http.params import Name
from api.http.services import Services, services_of
from domain.working_time import Window
from projections.spans import before, days, share
from projections.visit_list import course
from projections.visits import COUNTS, compliance

router = APIRouter(include_in_schema=False)

PATH = "/view/visits"
LIST = "/view/visits/list"
SHOWN = 60
"""Managers on the page, those who need a look first; the rest follows on request."""

BACK = 5
"""Windows before the one that is shown, for the course of things."""

Row = dict[str, Any]


class VisitsPage(WindowPage):
    """Whose visits in which window."""

    manager: Name | None = None
    branch: Name | None = None
    all: bool = False


@router.get(PATH)
def page(request: Request, asked: Annotated[VisitsPage, Query()]) -> Response:
    services, t = services_of(request), told(language_of(request))
    whose = {"manager": asked.manager, "branch": asked.branch}
    shown = shown_window(services, PATH, asked, whose)
    spans = _course(services, asked, shown.span)
    found = _found(services, shown.span, whose)
    ordered = sorted(found, key=_urgency)
    rows = ordered if asked.all else ordered[:SHOWN]
    return render(
        request,
        "visits.html",
        here="visits",
        asked=asked,
        shown=shown,
        windows=choices(
            PATH,
            "window",
            [(kind, t(f"fig_{kind}")) for kind in KINDS],
            asked.window,
            {**whose, "at": asked.at},
        ),
        rows=[_linked(services, row, shown) for row in rows],
        hidden=len(ordered) - len(rows),
        all_of_them=address(PATH, window=asked.window, at=asked.at, **whose, all="true"),
        total=_linked(services, _total(shown.span, found), shown, whose) if rows else None,
        chart=trend(_points(services, spans, whose, t)),
        everybody=address(PATH, window=asked.window, at=asked.at),
    )


def _course(services: Services, asked: VisitsPage, span: Window) -> list[Window]:
    """The window with those before it, in order."""
    found = [span]
    for _ in range(BACK):
        found.append(before(asked.window, found[-1], services.parts.policy.calendar))
    return found[::-1]


def _found(services: Services, span: Window, whose: Mapping[str, Any]) -> list[Row]:
    calendar, now = services.parts.policy.calendar, services.now()
    return services.read(lambda one: compliance(one, (span,), calendar=calendar, now=now, **whose))


def _total(span: Window, rows: Sequence[Row]) -> Row:
    """Everybody's visits of a window; a customer whom two visited counts for both."""
    sums = {name: sum(row[name] for row in rows) for name in (*COUNTS, "missed")}
    due = sums["planned"] - sums["running"]
    return {
        "window": span.name,
        "manager": None,
        "branch": None,
        **sums,
        "completion": share(sums["made"], due),
        "unplanned_share": share(sums["unplanned_customers"], sums["customers"]),
        "on_site_share": share(sums["on_site_customers"], sums["held"]),
        "check_share": share(sums["checks"], sums["visits"]),
        "hours_per_day": share(sums["market_hours"], sums["market_days"]),
    }


def _points(services: Services, spans: Sequence[Window], whose: Mapping[str, Any], t: Any) -> list[Point]:
    calendar, now = services.parts.policy.calendar, services.now()
    found = services.read(lambda one: course(one, spans, calendar=calendar, now=now, **whose))
    return [_point(span.name, found.get(span.name) or NO_PLANS, t) for span in spans]


NO_PLANS = {"planned": 0, "made": 0, "running": 0}


def _point(name: str, row: Mapping[str, Any], t: Any) -> Point:
    due = row["planned"] - row["running"]
    made = share(row["made"], due)
    said = "—" if made is None else f"{100 * made:.0f} %"
    return Point(name, made, due, t("vis_point", name, said, row["made"], due))


def _urgency(row: Row) -> tuple[Any, ...]:
    """Who broke rules or missed most comes first."""
    return (-(row["violations"] + row["breaches"]), -row["missed"], row["completion"] or 0.0, row["manager"])


def _linked(services: Services, row: Row, shown: Shown, whose: Mapping[str, Any] | None = None) -> Row:
    """A row with the ways to the visits, violations and breaches that were counted."""
    of = {"manager": row["manager"]} if row["manager"] else dict(whose or {})
    first, last = days(shown.span, services.parts.policy.calendar)
    during = within(shown.span)
    plan = {**of, "planned_from": first.isoformat(), "planned_to": last.isoformat()}
    made = {**of, **during}
    breached = {f"breached_{name}": at for name, at in during.items()}
    staff, branch = of.get("manager"), of.get("branch")
    links = {
        "planned": address(LIST, over="true", **plan),
        **{name: address(LIST, became=name, **plan) for name in ("made", "excepted", "running", "missed")},
        "without_photo": address(LIST, became="excepted", photo="false", **plan),
        "moved": address(LIST, moved="true", **plan),
        "visits": address(LIST, **made),
        "summarised": address(LIST, summarised="true", **made),
        "not_summarised": address(LIST, summarised="false", **made),
        **{
            name: address(LIST, mode=name.replace("_", "-"), **made)
            for name in ("on_site", "phone", "network")
        },
        "unplanned": address(LIST, planned="false", **made),
        "violations": address("/view/violations", handler=staff, branch=branch, withdrawn="false", **during),
        "breaches": address("/view/breaches", whose=staff, branch=branch, withdrawn="false", **breached),
        "manager": address(PATH, window=shown.kind, at=shown.span.name, manager=row["manager"]),
    }
    return {**row, "due": row["planned"] - row["running"], "links": links}
