"""The outermost layer: what every answer carries, and what becomes of a mistake of ours."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.language import language_of
from api.http.problems import Problem

LOG = logging.getLogger("huiyin.http")

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
"""Nothing is loaded from elsewhere, framed elsewhere, or kept in caches unless an answer says so itself."""


class Guard:
    """Adds the headers to every answer; answers an error nobody foresaw without a word of its content."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _complete(MutableHeaders(scope=message))
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        except Exception as error:
            _log(scope, error)
            if started:
                raise
            problem = Problem("internal", "It was logged; tell operations.", "已记录日志；请联系运维。")
            await problem.response(language_of(Request(scope)))(scope, receive, guarded)


def _complete(headers: MutableHeaders) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


def _log(scope: Mapping[str, Any], error: Exception) -> None:
    """The kind of error and its place; never its message, which may repeat what somebody sent."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    LOG.error("%s %s: %s at %s", scope["method"], scope.get("route_path", ""), type(error).__name__, places)
