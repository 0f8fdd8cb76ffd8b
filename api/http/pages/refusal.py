"""Problems as pages: what a person sees where a program gets problem details."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.http.language import language_of
from api.http.pages.templates import render, told


class Shown(NamedTuple):
    """How a problem looks: its icon, its texts (`<texts>_title`, `<texts>_do`), and where to go from it."""

    icon: str
    texts: str
    to: str = "/"
    label: str = "home"
    retry: bool = False


BY_STATUS: Mapping[int, Shown] = {
    403: Shown("denied", "denied"),
    404: Shown("missing", "missing", "/view/complaints", "page_search"),
    500: Shown("warning", "broken"),
    503: Shown("away", "away", retry=True),
}
OTHERWISE = Shown("info", "wrong")
UNKNOWN = 401


def wants_page(request: Request) -> bool:
    """Whether a person's browser opens this address, rather than a program or a script of a page."""
    first = request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip()
    return request.method == "GET" and first == "text/html"


def refused(request: Request, status: int, detail: str, headers: Mapping[str, str]) -> Response:
    """The page of a problem; who is not known yet signs in first, and goes on from there."""
    if status == UNKNOWN:
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(here)}", 303)
    shown, t = BY_STATUS.get(status, OTHERWISE), told(language_of(request))
    answer = render(
        request,
        "state.html",
        status,
        kind=shown.icon,
        title=t(f"{shown.texts}_title"),
        todo=t(f"{shown.texts}_do"),
        href="" if shown.retry else shown.to,
        label="" if shown.retry else t(shown.label),
        retry=shown.retry,
        detail=detail,
    )
    answer.headers.update({name: value for name, value in headers.items() if name != "Content-Language"})
    return answer
