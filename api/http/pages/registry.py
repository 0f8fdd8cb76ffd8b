"""The pages of the dashboard: one row each, from which the navigation and its shortcuts are made."""

from __future__ import annotations

from typing import Literal, NamedTuple
from urllib.parse import quote

from api.http.access.principal import Role
from api.http.access.table import opens


class Row(NamedTuple):
    """A page: its text is `page_<name>`, its icon `icon-<name>` in `_icons.html`, `key` follows a `g`."""

    name: str
    path: str
    key: str


PAGES = (
    Row("now", "/", "n"),
    Row("search", "/view/complaints", "c"),
    Row("satisfaction", "/view/satisfaction", "s"),
    Row("visits", "/view/visits", "v"),
    Row("ownership", "/view/ownership", "o"),
    Row("rankings", "/view/rankings", "r"),
    Row("rules", "/view/rules", "u"),
    Row("audit", "/view/audit", "a"),
)


def pages_of(role: Role | Literal[""]) -> list[Row]:
    """The pages that a role may open, as the table of access has it."""
    return [page for page in PAGES if role and opens(role, "GET", page.path)]


def address(subject: str) -> str:
    """Where a stream is looked at: a complaint has a page of its own."""
    kind, _, name = subject.partition("/")
    return f"/complaints/{quote(name)}" if kind == "complaint" else f"/streams/{quote(subject)}/history"
