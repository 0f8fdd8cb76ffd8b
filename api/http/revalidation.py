"""Asking again costs no transfer: every JSON answer carries a strong ETag, and who has it still gets a 304.

The tag is a digest of the very bytes, so it is right whatever an answer is made of: the ledger, the read
models, the policy, the caller's role. An answer may be kept by its reader, never by what lies between, and
must be asked for again before it is used (RFC 9110 section 13, RFC 9111).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from hashlib import blake2b
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PRIVATE = "private, no-cache"
OF_THE_CALLER = ("Authorization", "Cookie", "Accept-Language")
"""Request headers that an answer depends on, wherever it comes from."""

ALWAYS_ANEW = "/health/"
"""Where a process says how it is: nobody should be told that it is as it was."""

KEPT = ("etag", "cache-control", "vary", "link", "content-location", "date", "expires")
"""What of an answer's headers a 304 repeats; those of content describe what is not there."""


def tag(content: bytes) -> str:
    return f'"{blake2b(content, digest_size=16).hexdigest()}"'


def known(asked: str, etag: str) -> bool:
    """Whether an If-None-Match names the tag; weak ones of it count, as a cache may have weakened it."""
    tags = [each.strip().removeprefix("W/") for each in asked.split(",")]
    return etag in tags or asked.strip() == "*"


class Revalidation:
    """Adds the tags, and answers 304 where the caller has what would be sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and not scope["path"].startswith(ALWAYS_ANEW):
            await self.app(scope, receive, _Held(scope, send))
        else:
            await self.app(scope, receive, send)


class _Held:
    """Holds a JSON answer back until all of it is there; everything else goes through as it comes."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.asked = Headers(scope=scope).get("if-none-match", "")
        self.send = send
        self.start: MutableMapping[str, Any] | None = None
        self.content = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_json(message):
            self.start = message
        elif self.start is None or message["type"] != "http.response.body":
            await self.send(message)
        else:
            self.content += message.get("body", b"")
            if not message.get("more_body"):
                await self._answer(self.start, bytes(self.content))

    async def _answer(self, start: Message, content: bytes) -> None:
        headers = MutableHeaders(scope=start)
        etag = headers.setdefault("ETag", tag(content))
        headers.setdefault("Cache-Control", PRIVATE)
        for name in OF_THE_CALLER:
            headers.add_vary_header(name)
        if known(self.asked, etag):
            kept = [(name, value) for name, value in start["headers"] if name.decode().lower() in KEPT]
            start, content = {**start, "status": 304, "headers": kept}, b""
        await self.send(start)
        await self.send({"type": "http.response.body", "body": content})


def _is_json(start: Message) -> bool:
    media = Headers(raw=start["headers"]).get("content-type", "").partition(";")[0]
    return start["status"] == 200 and media == "application/json"
