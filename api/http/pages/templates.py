"""Rendering: templates, the texts of a language, and times in the installation's own zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.because import wording
from api.http.language import COOKIE, language_of
from api.http.pages.registry import address, pages_of
from api.http.pages.texts import SCRIPTED, TEXTS
from api.http.pages.viewer import me_of, theme_of
from api.i18n import Language

HERE = Path(__file__).parent
VARY = "Accept-Language, Cookie, Authorization"
YEAR_S = 365 * 24 * 60 * 60


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(HERE / "templates")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["address"] = address
    return environment


def told(language: Language) -> Any:
    """How templates say a text: `t("name", value, …)`."""

    def t(name: str, *values: object) -> str:
        return TEXTS[name].within(language).format(*values)

    return t


def marked(language: Language) -> Any:
    """As `t`, for texts that hold markup of their own."""

    def tm(name: str) -> Markup:
        return Markup(TEXTS[name].within(language))

    return tm


def local(at: datetime | str, zone: tzinfo) -> str:
    """An instant as a clock on the wall says it."""
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M")


INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")


def reader(request: Request, language: Language) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """How templates say a reason that is on record, and the written rule that it comes from."""
    from api.http.services import services_of  # its modules render pages themselves

    def why(sentence: str) -> str:
        policy = services_of(request).parts.policy
        said = wording(policy, language).because(sentence)
        return INSTANT.sub(lambda found: local(found[0], policy.calendar.tz), said)

    def cited(source: str) -> str:
        return wording(services_of(request).parts.policy, language).source(source)

    return why, cited


def _frame(request: Request, language: Language) -> dict[str, Any]:
    """What every page needs, whatever it shows."""
    me, (why, cited) = me_of(request), reader(request, language)
    here = request.url.include_query_params(lang="en" if language == "zh" else "zh")
    return {
        "lang": language,
        "html_lang": "zh-Hans" if language == "zh" else "en",
        "t": told(language),
        "tm": marked(language),
        "why": why,
        "cited": cited,
        "other": f"{here.path}?{here.query}",
        "me": me,
        "theme": theme_of(request),
        "nav": pages_of(me.role),
        "here": None,
        "said": {name: TEXTS[name].within(language) for name in SCRIPTED},
    }


def page(request: Request, name: str, values: Mapping[str, Any]) -> str:
    """A page's HTML in the language of the request; `here` is the page's name in the registry."""
    frame = _frame(request, language_of(request))
    return _environment().get_template(name).render({**frame, **values})


def render(request: Request, name: str, /, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; the language that was switched to is remembered."""
    headers = {"Vary": VARY, "Content-Language": language_of(request)}
    answer = HTMLResponse(page(request, name, values), status, headers)
    if request.query_params.get("lang") in ("en", "zh"):
        chosen = request.query_params["lang"]
        answer.set_cookie(COOKIE, chosen, max_age=YEAR_S, httponly=True, samesite="lax")
    return answer
