"""`POST /events` played by a stand-in: it keeps what it was sent, and makes trouble when it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Door(ThreadingHTTPServer):
    """Answers each fact as recorded; `trouble` answers are given first, each once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.batches: list[list[Any]] = []
        self.refused: list[list[Any]] = []
        self.tokens: list[str | None] = []
        self.trouble: list[tuple[int, Any]] = []
        self.headers: Mapping[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def ids(self) -> list[str]:
        """Of the facts it took, as they came."""
        return [fact["id"] for batch in self.batches for fact in batch]


class Asked(BaseHTTPRequestHandler):
    server: Door

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.tokens.append(self.headers["Authorization"])
        try:
            said = json.loads(body)
        except ValueError:
            return self._answer(400, {"title": "malformed", "detail": "The message is not valid JSON."})
        facts = said if isinstance(said, list) else [said]
        if self.server.trouble:
            self.server.refused.append(facts)
            return self._answer(*self.server.trouble.pop(0))
        self.server.batches.append(facts)
        receipts = [{"id": fact["id"], "source": fact["source"], "status": "recorded"} for fact in facts]
        return self._answer(200, receipts)

    def _answer(self, status: int, value: Any) -> None:
        self.send_response(status)
        for name, text in self.server.headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_: object) -> None:
        """The test's output stays readable."""


@contextmanager
def standing() -> Iterator[Door]:
    """A door while it stands."""
    with Door() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
