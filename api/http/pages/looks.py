"""The same look for many: a part of a page that many watch is rendered once for each change of an alert.

Fifty screens that follow the alerts ask for the same part at the same moment; it costs them little more than
one. What was rendered is kept until the next change, and a few seconds at most.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any

from starlette.requests import Request

KEPT_S = 5.0
MOST = 200


class Looks:
    """What was rendered since the last change."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._since: tuple[int, int] = (-1, -1)
        self._made: dict[tuple[Any, ...], str] = {}

    def get(self, change: int, key: tuple[Any, ...], make: Callable[[], str]) -> str:
        """What `make` makes, or made since that change for the same key."""
        since = (change, int(monotonic() / KEPT_S))
        with self._lock:
            if since != self._since or len(self._made) >= MOST:
                self._since, self._made = since, {}
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]


def looks_of(request: Request) -> Looks:
    """Those of the application."""
    state = request.app.state
    if not hasattr(state, "looks"):
        state.looks = Looks()
    looks: Looks = state.looks
    return looks
