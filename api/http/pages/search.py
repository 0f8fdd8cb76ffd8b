"""The page that finds complaints: every filter stands in the address, to be kept or sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.language import language_of
from api.http.lists import ComplaintQuery
from api.http.pages import words
from api.http.pages.registry import address
from api.http.pages.templates import render, told
from api.http.pages.texts import TEXTS
from api.http.problems import from_errors
from api.http.services import Services, services_of
from api.i18n import Language
from domain.events import KINDS
from projections import complaints
from projections.paging import BadQuery, Page

router = APIRouter(include_in_schema=False)
PATH = "/view/complaints"

Values = dict[str, Any]
NOT_FILTERS = frozenset({"limit", "cursor", "lang"})
CHOICES: Mapping[str, tuple[str, ...]] = {
    "status": ("open", "closed", "withdrawn", "merged"),
    "kind": ("complaint", "appeal", "inquiry"),
    "major": ("true", "false"),
    "overdue": ("true", "false"),
}
SAID = {"status": "status", "kind": "search_kind"}
TYPED = ("customer", "handler", "branch", "category")
DAYS = ("from", "to")
KNOWN = frozenset(field.alias or name for name, field in ComplaintQuery.model_fields.items())


@router.get(PATH)
def search(request: Request) -> Response:
    services, lang = services_of(request), language_of(request)
    asked = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    if (subject := _named(services, asked)) is not None:
        return RedirectResponse(address(subject), 303)
    page, wrong = _found(services, asked, lang)
    return render(
        request,
        "search.html",
        200 if wrong is None else 400,
        here="search",
        asked=asked,
        wrong=wrong,
        rows=[_row(services, row, lang) for row in page.items],
        next=_link(asked, cursor=page.next) if page.next else None,
        first=_link(asked, cursor=None) if "cursor" in asked else None,
        chosen=_chosen(asked, lang),
        choices=CHOICES,
        typed=TYPED,
        days={name: _day(asked.get(name, ""), services.parts.policy.calendar.tz) for name in DAYS},
    )


def _named(services: Services, asked: Mapping[str, str]) -> str | None:
    """The subject, or the complaint's id, that somebody typed instead of words, if there is one."""
    typed = asked.get("words", "")
    if not typed or any(name not in ("words", "lang") for name in asked) or "\0" in typed:
        return None
    subject = typed if typed.partition("/")[0] in KINDS else f"complaint/{typed}"
    found = services.read(
        lambda one: one.execute("SELECT 1 FROM about WHERE subject = %s", [subject]).fetchone()
    )
    return subject if found else None


def _found(services: Services, asked: Mapping[str, str], lang: Language) -> tuple[Page, str | None]:
    """The complaints, or what is wrong with the filters."""
    given = {name: value for name, value in asked.items() if name != "lang"}
    try:
        query = ComplaintQuery.model_validate(given)
        reader = partial(complaints.search, texts=services.parts.projector.context.texts)
        limit, cursor = query.limit, query.cursor
        filters = query.filters(services.parts.policy.calendar)
        return services.read(lambda one: reader(one, limit=limit, cursor=cursor, **filters)), None
    except ValidationError as errors:
        return Page([], None), from_errors(errors.errors(), sorted(KNOWN)).detail.within(lang)
    except BadQuery:
        return Page([], None), told(lang)("search_bad_cursor")


def _day(value: str, zone: tzinfo) -> str:
    """What the form's field for a day shows of an instant that a link came with."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return ""
    return value if len(value) == 10 or at.tzinfo is None else at.astimezone(zone).date().isoformat()


def _row(services: Services, row: Mapping[str, Any], lang: Language) -> Values:
    received = row["received_at"]
    return {
        **row,
        "name": row["subject"].partition("/")[2],
        "href": address(row["subject"]),
        "received": words.shown(services, received),
    }


def _link(asked: Mapping[str, str], **change: str | None) -> str:
    kept = {name: value for name, value in ({**asked, **change}).items() if value and name != "lang"}
    return f"{PATH}?{urlencode(kept)}" if kept else PATH


def _chosen(asked: Mapping[str, str], lang: Language) -> list[tuple[str, str, str]]:
    """What narrows the search, each with the search without it: links bring filters that the form has not."""
    t = told(lang)
    return [
        (
            t(f"search_{name}") if name in KNOWN else name,
            _said(name, value, lang),
            _link(asked, **{name: None, "cursor": None}),
        )
        for name, value in asked.items()
        if name not in NOT_FILTERS
    ]


def _said(name: str, value: str, lang: Language) -> str:
    """A choice as its form says it."""
    text = TEXTS.get({"true": "yes", "false": "no"}.get(value, f"{SAID.get(name, '?')}_{value}"))
    return value if text is None else text.within(lang)
