"""The dashboard's first page: what needs somebody now, what is due, what was missed, how customers feel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import psycopg
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from api.http.figures import RollupQuery, figures
from api.http.pages.templates import HERE, local, render
from api.http.problems import Problem
from api.http.services import Services, services_of
from domain.events import KINDS
from projections import alerts, sla
from projections.paging import Page

router = APIRouter(include_in_schema=False)

SHOWN = 50
FEW = 12
RANK = {name: place for place, name in enumerate(("critical", "high", "warning", "info"))}
ASSETS: Mapping[str, tuple[str, str]] = {
    "app.css": ("text/css", "no-cache"),
    "app.js": ("text/javascript", "no-cache"),
    "icon.svg": ("image/svg+xml", "max-age=86400"),
}

Values = dict[str, Any]


def _shown(services: Services, at: datetime | None) -> Values | None:
    """A time for people, and for programs, which add how far away it is."""
    return (
        None if at is None else {"iso": at.isoformat(), "text": local(at, services.parts.policy.calendar.tz)}
    )


def _title(services: Services, clause: str, lang: str) -> str:
    bound = services.parts.policy.clauses.get(clause)
    return clause if bound is None else str(getattr(bound.row.title, lang))


def _alerts(services: Services, lang: str) -> Values:
    """Unresolved alerts, the gravest first, those that nobody took on before the others."""
    page: Page = services.read(lambda one: alerts.alerts(one, limit=500, current=True))
    rows = [
        {
            **row,
            "topic": row["channel"].partition(".")[2],
            "title": row.get("title_zh") if lang == "zh" and row.get("title_zh") else row["title"],
            "raised": _shown(services, row["raised_at"]),
            "due": _shown(services, row.get("due_at")),
            "climbs": _shown(services, row.get("next_at")),
        }
        for row in page.items
    ]
    rows.sort(key=lambda row: (row["status"] == "acknowledged", RANK[row["severity"]]))
    return {"alerts": rows[:SHOWN], "more": len(rows) - SHOWN}


def _obligations(name: str, reader: Callable[..., Page]) -> Callable[[Services, str], Values]:
    def rows(services: Services, lang: str) -> Values:
        page = services.read(lambda one: reader(one, limit=FEW))
        return {
            name: [
                {
                    **row,
                    "title": _title(services, row["clause"], lang),
                    "due": _shown(services, row["due_at"]),
                }
                for row in page.items
            ]
        }

    return rows


def _satisfaction(services: Services, _lang: str) -> Values:
    """The latest months in which somebody answered."""
    found = [each for each in figures(services, RollupQuery()) if each.answered]
    return {"months": found[-6:], "latest": found[-1] if found else None}


PARTS: Mapping[str, Callable[[Services, str], Values]] = {
    "alerts": _alerts,
    "upcoming": _obligations("upcoming", sla.upcoming),
    "breaches": _obligations("breaches", sla.breaches),
    "satisfaction": _satisfaction,
}
"""The parts of the page; each can be fetched again by itself."""


@router.get("/")
def dashboard(request: Request) -> Response:
    from api.http.language import language_of

    try:
        services, lang = services_of(request), language_of(request)
        values = {name: value for part in PARTS.values() for name, value in part(services, lang).items()}
        return render(request, "index.html", away=False, **values)
    except psycopg.OperationalError:
        return render(request, "index.html", away=True)


@router.get("/parts/{name}")
def part(request: Request, name: str) -> Response:
    from api.http.language import language_of

    if name not in PARTS:
        raise Problem("not-found", "See /docs for what there is.", "可用接口见 /docs。")
    return render(request, f"_{name}.html", **PARTS[name](services_of(request), language_of(request)))


@router.get("/open")
def open_history(subject: str = "") -> Response:
    """The form that leads to a history."""
    from urllib.parse import quote

    kind, _, name = subject.strip().partition("/")
    if kind not in KINDS or not name:
        en = "A stream is <kind>/<id>, such as complaint/C-1."
        raise Problem("unknown-stream", en, "事件流为 <类别>/<编号>，例如 complaint/C-1。", "subject")
    return RedirectResponse(f"/streams/{kind}/{quote(name)}/history", 303)


@router.get("/static/{name}")
def asset(name: str) -> Response:
    if name not in ASSETS:
        raise Problem("not-found", "There is no such file.", "没有此文件。")
    media, caching = ASSETS[name]
    return FileResponse(HERE / "static" / name, media_type=media, headers={"Cache-Control": caching})
