"""An approval (审批): asked for, granted by roles in their order, used once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domain.envelope import Event
from domain.frozen import replace

KIND = "approval"


@dataclass(frozen=True, slots=True)
class Approval:
    """What decisions need to know of an approval. `granted_by_role` keeps the order of the grants."""

    kind: str | None = None
    by: str | None = None
    about: str | None = None
    amount: float | None = None
    department: str | None = None
    granted_by_role: tuple[str, ...] = ()
    refused: bool = False
    used: bool = False


INITIAL = Approval()


def _requested(state: Approval, event: Event) -> Approval:
    data: Any = event.data
    return replace(
        state, kind=data.kind, by=data.by, about=data.about, amount=data.amount, department=data.department
    )


def _granted(state: Approval, event: Event) -> Approval:
    data: Any = event.data
    return replace(state, granted_by_role=(*state.granted_by_role, data.role))


def _refused(state: Approval, _event: Event) -> Approval:
    return replace(state, refused=True)


def _used(state: Approval, _event: Event) -> Approval:
    return replace(state, used=True)


EVOLVE: dict[str, Callable[[Approval, Event], Approval]] = {
    "approval.requested": _requested,
    "approval.granted": _granted,
    "approval.refused": _refused,
    "approval.used": _used,
}
