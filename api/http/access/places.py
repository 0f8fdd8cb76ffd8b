"""Which route a request is for, known before anything else is done with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path


class Place(NamedTuple):
    """A route: its method and its path as it is declared, which is its row in the table."""

    method: str
    path: str


def places_of(app: FastAPI) -> Iterator[Place]:
    """All routes of an application in the order in which they are tried."""
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            yield Place(method, str(route.path))


class Map:
    """Finds the route of a request as the router does: the first that fits."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._patterns = [(place, _pattern(place.path)) for place in places]

    def find(self, method: str, path: str) -> Place | None:
        return next(
            (place for place, pattern in self._patterns if place.method == method and pattern.match(path)),
            None,
        )


def _pattern(path: str) -> re.Pattern[str]:
    return compile_path(path)[0]
