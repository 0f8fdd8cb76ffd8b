"""The form that leads from a subject that somebody typed to its page."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from api.http.pages.registry import address
from api.http.problems import Problem
from domain.events import KINDS

router = APIRouter(include_in_schema=False)


@router.get("/open")
def open_history(subject: str = "") -> Response:
    kind, _, name = subject.strip().partition("/")
    if kind not in KINDS or not name:
        en = "A stream is <kind>/<id>, such as complaint/C-1."
        raise Problem("unknown-stream", en, "事件流为 <类别>/<编号>，例如 complaint/C-1。", "subject")
    return RedirectResponse(address(f"{kind}/{name}"), 303)
