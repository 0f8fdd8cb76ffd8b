"""What pages load beside themselves: styles, scripts and the icon, from this package only."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.pages.templates import HERE
from api.http.problems import Problem

router = APIRouter(include_in_schema=False)

MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Asset(NamedTuple):
    """A file as it is served; its tag changes with its content."""

    content: bytes
    media: str
    tag: str


@cache
def assets() -> Mapping[str, Asset]:
    """The files of the folder, read once; nothing else can be asked for."""
    files = [file for file in sorted((HERE / "static").iterdir()) if file.suffix in MEDIA]
    return {file.name: _asset(file.read_bytes(), MEDIA[file.suffix]) for file in files}


def _asset(content: bytes, media: str) -> Asset:
    return Asset(content, media, f'"{blake2b(content, digest_size=12).hexdigest()}"')


@router.get("/static/{name}")
def asset(request: Request, name: str) -> Response:
    """Browsers ask whether theirs is still the one there is, so that no page runs with an old script."""
    found = assets().get(name)
    if found is None:
        raise Problem("not-found", "There is no such file.", "没有此文件。")
    headers = {"Cache-Control": "no-cache", "ETag": found.tag}
    if found.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media, headers=headers)
