"""Rendering: templates, the texts of a language, and times in the installation's own zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.http.language import COOKIE, language_of
from api.http.pages.texts import TEXTS
from api.i18n import Language

HERE = Path(__file__).parent
YEAR_S = 365 * 24 * 60 * 60


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(HERE / "templates")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _told(language: Language) -> Any:
    def t(name: str, *values: object) -> str:
        return TEXTS[name].within(language).format(*values)

    return t


def local(at: datetime | str, zone: tzinfo) -> str:
    """An instant as a clock on the wall says it."""
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def page(request: Request, name: str, values: Mapping[str, Any]) -> str:
    """A page's HTML in the language of the request."""
    language = language_of(request)
    here = request.url.include_query_params(lang="en" if language == "zh" else "zh")
    return (
        _environment()
        .get_template(name)
        .render(
            lang=language,
            html_lang="zh-Hans" if language == "zh" else "en",
            t=_told(language),
            other=f"{here.path}?{here.query}",
            texts={name: text.within(language) for name, text in TEXTS.items()},
            **values,
        )
    )


def render(request: Request, name: str, **values: Any) -> HTMLResponse:
    """A page; the language that was switched to is remembered."""
    headers = {"Vary": "Accept-Language, Cookie", "Content-Language": language_of(request)}
    answer = HTMLResponse(page(request, name, values), headers=headers)
    if request.query_params.get("lang") in ("en", "zh"):
        chosen = request.query_params["lang"]
        answer.set_cookie(COOKIE, chosen, max_age=YEAR_S, httponly=True, samesite="lax")
    return answer
