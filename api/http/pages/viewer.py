"""Who looks at a page, and how they want it to look."""

from __future__ import annotations

from typing import Literal, NamedTuple

from starlette.requests import Request

from api.http.access.principal import Role, principal_or_none

THEMES = ("light", "dark")


class Me(NamedTuple):
    """Who looks, and as what; an empty role is somebody who has not signed in."""

    name: str
    role: Role | Literal[""]
    branches: tuple[str, ...] = ()


NOBODY = Me("", "")
"""Whoever opens a page that is open to everybody."""


def me_of(request: Request) -> Me:
    """Whoever the access layer found behind the request."""
    found = principal_or_none(request)
    return NOBODY if found is None else Me(found.name, found.role, tuple(sorted(found.branches)))


def theme_of(request: Request) -> str:
    """What was chosen by the switch; empty follows the system."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in THEMES else ""
