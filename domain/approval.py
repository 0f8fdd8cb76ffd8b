"""An approval (审批): asked for, granted by roles in their order, used once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.envelope import Event
from domain.events import ExpenseCapped
from domain.frozen import replace
from domain.rules import Params, refusal, rule

if TYPE_CHECKING:
    from domain.engine import Emit, Turn, World
    from domain.policy import BoundClause
    from domain.stream import Stream

KIND = "approval"


@dataclass(frozen=True)
class Approval:
    """What decisions need to know of an approval. `granted_by_role` keeps the order of the grants. The last
    word of each role counts: refusing takes its grant back, granting its refusal."""

    kind: str | None = None
    by: str | None = None
    about: str | None = None
    amount: float | None = None
    department: str | None = None
    granted_by_role: tuple[str, ...] = ()
    refused_by_role: frozenset[str] = frozenset()
    used: bool = False

    @property
    def granted(self) -> bool:
        """Some role granted it, and none's last word is a refusal."""
        return bool(self.granted_by_role) and not self.refused_by_role


INITIAL = Approval()


def _requested(state: Approval, event: Event) -> Approval:
    data: Any = event.data
    return replace(
        state, kind=data.kind, by=data.by, about=data.about, amount=data.amount, department=data.department
    )


def _granted(state: Approval, event: Event) -> Approval:
    role = event.data.role  # type: ignore[attr-defined]
    granted = (*state.granted_by_role, role)
    return replace(state, granted_by_role=granted, refused_by_role=state.refused_by_role - {role})


def _refused(state: Approval, event: Event) -> Approval:
    role = event.data.role  # type: ignore[attr-defined]
    granted = tuple(other for other in state.granted_by_role if other != role)
    return replace(state, granted_by_role=granted, refused_by_role=state.refused_by_role | {role})


def _used(state: Approval, _event: Event) -> Approval:
    return replace(state, used=True)


EVOLVE: dict[str, Callable[[Approval, Event], Approval]] = {
    "approval.requested": _requested,
    "approval.granted": _granted,
    "approval.refused": _refused,
    "approval.used": _used,
}


@refusal("customer-not-registered")
def about_unregistered(
    world: World, _stream: Stream, event: Event, _clause: BoundClause, _state: Any
) -> bool:
    """An expense about a customer who was not registered when it was asked for (001-5 18.1)."""
    data: Any = event.data
    about = data.about or ""
    return about.startswith("customer/") and not world.stream(about).state_at(event.time).registered


class InOrder(Params):
    """The roles that must grant, in their order."""

    roles: tuple[str, ...]


@refusal("granted-in-order", params=InOrder)
def not_granted_in_order(
    _world: World, _stream: Stream, _event: Event, clause: BoundClause, state: Any
) -> bool:
    """Whether the roles that must grant, in their order, have not all granted (001-2)."""
    grants = iter(state.granted_by_role)
    return not all(role in grants for role in clause.row.params["roles"])


class Cap(Params):
    """The kind of approval that is capped, and at what amount."""

    kind: str
    cap: float


@rule("expense-cap", "approval.requested", params=Cap)
def cap(_turn: Turn, _stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """What exceeds the cap is paid from the own pocket (001-13 七.2)."""
    from domain.engine import Emit

    data: Any = event.data
    limit = clause.row.params["cap"]
    if data.kind == clause.row.params["kind"] and (data.amount or 0) > limit:
        excess = round(data.amount - limit, 2)
        because = f"{data.amount:g} asked for, {limit:g}{clause.assumed} allowed"
        said = {"clause": clause.id, "source": clause.cites, "because": because}
        yield Emit(ExpenseCapped(cap=limit, own_account=excess, **said))
