"""A member of staff: role, place in the house, and whether they are still there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from domain.envelope import Event

KIND = "staff"


@dataclass(frozen=True, slots=True)
class Staff:
    """What decisions need to know of somebody."""

    role: str | None = None
    department: str | None = None
    branch: str | None = None
    manager: str | None = None
    left: bool = False


INITIAL = Staff()


def _joined(state: Staff, event: Event) -> Staff:
    data: Any = event.data
    return replace(
        state, role=data.role, department=data.department, branch=data.branch, manager=data.manager, left=False
    )


def _left(state: Staff, _event: Event) -> Staff:
    return replace(state, left=True)


EVOLVE: dict[str, Callable[[Staff, Event], Staff]] = {"staff.joined": _joined, "staff.left": _left}
