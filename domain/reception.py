"""A reception desk (接待): whose turn it is (001-3 (二))."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from domain.envelope import Event

KIND = "reception"


@dataclass(frozen=True, slots=True)
class Reception:
    """What decisions need to know of a reception's day."""

    order: tuple[str, ...] = ()


INITIAL = Reception()
EVOLVE: dict[str, Callable[[Reception, Event], Reception]] = {}
