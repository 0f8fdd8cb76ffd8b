"""HEAD for whatever answers GET (RFC 9110 section 9.3.2): load balancers and link checkers ask so."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Asks for the whole answer and passes on its headers only; a stream without end is hung up on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        told = asyncio.Event()

        async def headers_only(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
            elif not told.is_set():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                told.set()

        await self.app({**scope, "method": "GET"}, _until(told, receive), headers_only)


def _until(told: asyncio.Event, receive: Receive) -> Receive:
    """The client as the application sees it: gone as soon as it was told what it wanted to know."""

    async def received() -> Message:
        said, done = asyncio.ensure_future(receive()), asyncio.ensure_future(told.wait())
        try:
            await asyncio.wait((said, done), return_when=asyncio.FIRST_COMPLETED)
            return {"type": "http.disconnect"} if told.is_set() else await said
        finally:
            said.cancel()
            done.cancel()

    return received
