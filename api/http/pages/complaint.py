"""The page of a complaint."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

router = APIRouter(include_in_schema=False)


@router.get("/complaints/{name:path}")
def complaint(name: str) -> Response:
    return RedirectResponse(f"/streams/complaint/{quote(name)}/history", 303)
