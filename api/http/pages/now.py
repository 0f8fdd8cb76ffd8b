"""The first page: what needs somebody now, what is due next, and how the pipeline does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from api.http.language import language_of
from api.http.pages import pipeline, words
from api.http.pages.looks import looks_of
from api.http.pages.registry import address
from api.http.pages.templates import VARY, page, render
from api.http.pages.timeline import timeline
from api.http.pages.viewer import Me, me_of
from api.http.params import Name
from api.http.params import Query as Parameters
from api.http.problems import Problem
from api.http.services import services_of
from api.i18n import Language
from projections import sla, watching
from projections.paging import MOST, Page

router = APIRouter(include_in_schema=False)

SHOWN = 50
FEW = 10
DAY = timedelta(hours=24)
SEVERITIES = ("critical", "high", "warning", "info")
KINDS = ("escalations", "sla", "satisfaction")

Values = dict[str, Any]


class Watching(Parameters):
    """Which alerts are looked at; every choice stands in the address."""

    kind: Literal["escalations", "sla", "satisfaction", ""] = ""
    severity: Literal["critical", "high", "warning", "info", ""] = ""
    status: Literal["firing", "acknowledged", "resolved", ""] = ""
    branch: Name | Literal[""] = ""
    role: Name | Literal[""] = ""
    staff: Name | Literal[""] = ""
    cursor: Name | None = None
    limit: int = Field(default=SHOWN, ge=1, le=500)
    lang: Literal["en", "zh"] | None = None

    @property
    def narrowed(self) -> bool:
        return any((self.kind, self.severity, self.status, self.branch, self.role, self.staff))


class Look:
    """One look at the installation: by whom, in which language, at which alerts, when."""

    def __init__(self, request: Request, asked: Watching) -> None:
        self.services = services_of(request)
        self.lang: Language = language_of(request)
        self.me: Me = me_of(request)
        self.asked = asked
        self.now: datetime = self.services.now()
        self.branches = list(self.me.branches) or None


# ---- alerts


def _filters(look: Look) -> dict[str, Any]:
    asked = look.asked
    chosen = {
        name: getattr(asked, name) or None for name in ("severity", "status", "branch", "role", "staff")
    }
    return chosen | {
        "channel": f"alerts.{asked.kind}" if asked.kind else None,
        "current": None if asked.status else True,
        "branches": look.branches,
    }


def _alerts(look: Look) -> Values:
    found: Page = look.services.read(
        lambda one: watching.watched(one, limit=look.asked.limit, cursor=look.asked.cursor, **_filters(look))
    )
    rows = [_row(look, row) for row in found.items]
    return {"alerts": rows, "more": found.next is not None, "after": _after(look, found.next, len(rows))}


def _after(look: Look, cursor: str | None, count: int) -> str | None:
    """Where the rest is, when the page holds as many as it may."""
    if cursor is None or count < MOST:
        return None
    chosen = {name: value for name, value in look.asked if value and name not in ("lang", "limit", "cursor")}
    return "/?" + urlencode({**chosen, "cursor": cursor})


def _row(look: Look, row: Values) -> Values:
    """An alert as its card shows it."""
    services, lang = look.services, look.lang
    topic = row["channel"].partition(".")[2]
    due = row.get("due_at")
    return {
        **row,
        "topic": topic,
        "title": row.get("title_zh") if lang == "zh" and row.get("title_zh") else row["title"],
        "href": address(row["subject"]) if "history_url" in row else None,
        "raised": words.shown(services, row["raised_at"]),
        "due": words.shown(services, due),
        "left": None if due is None else _left(look, due),
        "climbs": words.shown(services, row.get("next_at")),
        "told": words.roles(row["to"], lang),
        "step": _step(look, row) if topic == "escalations" else None,
        "source": row.get("source"),
        "by": row.get("acknowledged_by"),
        "open": row["status"] == "firing" and topic == "escalations",
        "revision": f"{row['updated_at'].timestamp():.3f}{row['status']}",
    }


def _left(look: Look, due: datetime) -> Values:
    seconds = (due - look.now).total_seconds()
    return {"over": seconds < 0, "length": words.length(seconds, look.lang)}


def _step(look: Look, row: Values) -> Values:
    """Where on its ladder an escalation is, and who is told next."""
    level, ladder = row.get("level") or 1, words.ladder(look.services, row.get("clause"), row["key"])
    above = ladder[level] if level < len(ladder) else ()
    return {"level": level, "of": max(len(ladder), level), "next": words.roles(above, look.lang)}


def _filtering(look: Look) -> Values:
    """The choices of the filters, and how many open alerts each severity and kind has."""

    def read(one: Any) -> tuple[Any, Any]:
        return watching.tallies(one, look.branches), watching.choices(one, look.branches)

    tallies, choices = look.services.read(read)
    return {
        "total": sum(tallies.values()),
        "by_severity": [(name, _sum(tallies, 0, name)) for name in SEVERITIES],
        "by_kind": [(name, _sum(tallies, 1, f"alerts.{name}")) for name in KINDS],
        "branches": choices["branch"],
        "roles": [(name, words.role(name, look.lang)) for name in choices["role"]],
    }


def _sum(tallies: Mapping[tuple[str, str], int], place: int, name: str) -> int:
    return sum(count for key, count in tallies.items() if key[place] == name)


# ---- what is due


def _upcoming(look: Look) -> Values:
    found = look.services.read(lambda one: sla.upcoming(one, limit=FEW))
    soon = look.services.read(lambda one: sla.upcoming(one, limit=500, since=look.now, until=look.now + DAY))
    zone = look.services.parts.policy.calendar.tz
    return {
        "upcoming": [_owed(look, row) for row in found.items],
        "line": timeline([row["due_at"] for row in soon.items], look.now, zone),
    }


def _breaches(look: Look) -> Values:
    found = look.services.read(lambda one: sla.breaches(one, limit=FEW, outstanding=True))
    return {"breaches": [_owed(look, row) for row in found.items]}


def _owed(look: Look, row: Values) -> Values:
    return {
        **row,
        "title": words.title(look.services, row["clause"], look.lang),
        "href": address(row["subject"]),
        "due": words.shown(look.services, row["due_at"]),
        "left": _left(look, row["due_at"]),
    }


def _pipeline(look: Look) -> Values:
    return {"pipeline": pipeline.health(look.services)}


PARTS: Mapping[str, tuple[Callable[[Look], Values], ...]] = {
    "alerts": (_filtering, _alerts),
    "upcoming": (_upcoming,),
    "breaches": (_breaches,),
    "pipeline": (_pipeline,),
}
"""The parts of the page; each can be fetched again by itself."""


# ---- routes

Asked = Annotated[Watching, Query()]


@router.get("/")
def now(request: Request, asked: Asked) -> Response:
    look = Look(request, asked)
    values = {name: value for part in PARTS.values() for one in part for name, value in one(look).items()}
    return render(request, "now.html", here="now", asked=asked, **values)


@router.get("/parts/{name}")
def part(request: Request, name: str, asked: Asked) -> Response:
    if name not in PARTS:
        raise Problem("not-found", "See /docs for what there is.", "可用接口见 /docs。")
    look = Look(request, asked)

    def make() -> str:
        values = {key: value for one in PARTS[name] for key, value in one(look).items()}
        return page(request, f"_{name}.html", {"asked": asked, **values})

    key = (name, look.lang, look.me.role, look.me.branches, str(asked))
    content = looks_of(request).get(look.services.feed.changes, key, make)
    return HTMLResponse(content, headers={"Vary": VARY})
