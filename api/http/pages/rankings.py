"""The page of rankings: who stands where in a quarter, where problems concentrate, which figures missed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http.language import language_of
from api.http.pages.asked import PageQuery, WindowPage, address, choices, shown_window, within
from api.http.pages.templates import render, told
from api.http.params import Name
from api.http.services import Services, services_of
from api.i18n import Language
from domain.policy import BoundKpi
from domain.working_time import Window
from projections.concentration import UNKNOWN, concentrated
from projections.handling import missed
from projections.ranking import ranking, weights_of
from projections.spans import days

router = APIRouter(include_in_schema=False)

PATH = "/view/rankings"
OF = ("complaints", "breaches", "violations")
PER = ("manager", "root-cause")
AT_ONCE = 60
"""Ranks on the page, the best first, and bars of the Pareto chart, at most; the rest follows on request."""

SHOWN = 15
"""Bars of the Pareto chart, at least; the vital few are more where problems are spread evenly."""

Row = dict[str, Any]


class RankingsPage(PageQuery):
    """Which quarter, whose, and what is shared out."""

    at: Name | None = None
    branch: Name | None = None
    of: Literal["complaints", "breaches", "violations"] = "complaints"
    per: Literal["manager", "root-cause"] = "manager"
    all: bool = False


@router.get(PATH)
def page(request: Request, asked: Annotated[RankingsPage, Query()]) -> Response:
    services, language = services_of(request), language_of(request)
    t = told(language)
    kept = {"branch": asked.branch, "of": asked.of, "per": asked.per}
    shown = shown_window(services, PATH, WindowPage(window="quarter", at=asked.at), kept)
    whole = {"at": asked.at, **kept}
    weights = weights_of(services.parts.policy)
    ranked = _ranked(services, shown.span, asked)
    rows = ranked if asked.all else ranked[:AT_ONCE]
    return render(
        request,
        "rankings.html",
        here="rankings",
        asked=asked,
        shown=shown,
        everybody=address(PATH, at=asked.at),
        weights=[(t(f"rank_{name}"), name, weight) for name, weight in weights.items()],
        rows=[{**row, "links": _behind(services, row["staff"], shown.span)} for row in rows],
        hidden=len(ranked) - len(rows),
        all_of_them=address(PATH, **whole, all="true"),
        of=choices(PATH, "of", [(each, t(f"rank_of_{each}")) for each in OF], asked.of, whole),
        per=choices(
            PATH, "per", [(each, t(f"rank_per_{each}".replace("-", "_"))) for each in PER], asked.per, whole
        ),
        pareto=_pareto(services, shown.span, asked),
        kpis=_figures(services, shown.span, language),
        unknown=UNKNOWN,
    )


def _ranked(services: Services, quarter: Window, asked: RankingsPage) -> list[Row]:
    policy = services.parts.policy
    return services.read(
        lambda one: ranking(
            one,
            quarter,
            weights_of(policy),
            calendar=policy.calendar,
            now=services.now(),
            branch=asked.branch,
        )
    )


def _behind(services: Services, staff: str, quarter: Window) -> dict[str, str]:
    """What the parts of a score were counted from."""
    first, last = days(quarter, services.parts.policy.calendar)
    breached = {f"breached_{name}": at for name, at in within(quarter).items()}
    return {
        "satisfaction": address("/view/answers", counted="rated", staff=staff, **within(quarter)),
        "completion": address(
            "/view/visits/list", manager=staff, over="true", planned_from=first, planned_to=last
        ),
        "breaches": address("/view/breaches", whose=staff, withdrawn="false", **breached),
        "violations": address("/view/violations", handler=staff, withdrawn="false", **within(quarter)),
        "visits": address("/view/visits", window="quarter", at=quarter.name, manager=staff),
    }


# ---- where problems concentrate


def _pareto(services: Services, span: Window, asked: RankingsPage) -> dict[str, Any]:
    """The bars with the running total before and after each, of all that was counted."""
    calendar = services.parts.policy.calendar
    found = services.read(
        lambda one: concentrated(
            one, (span,), calendar=calendar, of=asked.of, per=asked.per, branch=asked.branch
        )
    )
    vital = sum(row["vital"] for row in found)
    many = len(found) if asked.all else min(AT_ONCE, max(SHOWN, vital))
    rows = [
        {**row, "before": row["cumulative"] - row["share"], "link": _counted(row, span, asked)}
        for row in found[:many]
    ]
    return {
        "rows": rows,
        "rest": len(found) - len(rows),
        "rest_share": 1 - rows[-1]["cumulative"] if rows else 0,
        "of": rows[0]["of"] if rows else 0,
        "vital": vital,
        "most": rows[0]["share"] if rows else 1,
    }


def _counted(row: Row, span: Window, asked: RankingsPage) -> str | None:
    """The list that a bar was counted from; there is none of what nobody said."""
    if row["name"] == UNKNOWN:
        return None
    said = {"branch": asked.branch, **within(span)}
    if asked.of == "complaints":
        name = "handler" if asked.per == "manager" else "root_cause"
        return address("/view/complaints", **{name: row["name"]}, counted="true", **said)
    if asked.per == "root-cause":
        return address("/view/complaints", root_cause=row["name"], counted="true")
    if asked.of == "violations":
        return address("/view/violations", handler=row["name"], withdrawn="false", **said)
    breached = {f"breached_{name}": at for name, at in within(span).items()}
    return address("/view/breaches", whose=row["name"], branch=asked.branch, withdrawn="false", **breached)


# ---- figures


def _figures(services: Services, span: Window, language: Language) -> list[Row]:
    """Every figure that the packs in force ask for, and how often it was missed in the quarter."""
    calendar = services.parts.policy.calendar
    found = services.read(lambda one: missed(one, span, calendar=calendar))
    rows = [_figure(bound, found, span, language) for bound in services.parts.policy.kpis.values()]
    return sorted(rows, key=lambda row: (-row["misses"], row["id"]))


def _figure(bound: BoundKpi, found: list[Row], span: Window, language: Language) -> Row:
    row = bound.row
    mine = [one for one in found if one["kpi"] == row.id]
    whose = sorted({one["subject"].partition("/")[2] for one in mine})
    return {
        "id": row.id,
        "title": getattr(row.title, language),
        "text": getattr(row.text, language),
        "source": bound.pack.cites(row.source, language),
        "limit": row.threshold,
        "at_least": row.at_least is not None,
        "window": row.window,
        "per": row.per,
        "misses": len(mine),
        "whose": whose[:6],
        "others": max(len(whose) - 6, 0),
        "link": address("/view/kpis", kpi=row.id, missed="true", **within(span)),
        "rule": f"/view/rules/{bound.pack.id}#{row.id}",
    }
