"""The page on which a person signs in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.pages.templates import render

router = APIRouter(include_in_schema=False)


def _within(address: str) -> str:
    """Only ever a page of this site: `//evil.example` and `/\\\\evil.example` are others."""
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if safe else "/"


@router.get("/login")
def login(request: Request) -> Response:
    return render(request, "login.html", next=_within(request.query_params.get("next", "/")))
