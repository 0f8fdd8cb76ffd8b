"""A branch: what is derived about it (its KPIs). Nothing is told of it directly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from domain.envelope import Event

KIND = "branch"


@dataclass(frozen=True)
class Branch:
    """Nothing that a decision needs."""


INITIAL = Branch()
EVOLVE: dict[str, Callable[[Branch, Event], Branch]] = {}
