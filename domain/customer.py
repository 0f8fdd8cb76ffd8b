"""A customer: the file, who holds it, who was registered as its owner, what was bought.

Source: 客户管理制度 001-1, 001-5; 001-3 (销售归属).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.envelope import Event

KIND = "customer"


@dataclass(frozen=True, slots=True)
class Claim:
    """A registration of ownership. Whoever a customer is reassigned to inherits its date."""

    staff: str
    at: datetime
    basis: str
    referred_by: str | None = None
    family_of: str | None = None
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Customer:
    """What decisions need to know of a customer."""

    contacts: int = 0
    filed: bool = False
    filer: str | None = None
    manager: str | None = None
    department: str | None = None
    category: str | None = None
    registered: bool = False
    assigned: frozenset[str] = frozenset()
    claims: tuple[Claim, ...] = ()
    contract_signed: bool = False
    deals: int = 0


INITIAL = Customer()


def _contacted(state: Customer, _event: Event) -> Customer:
    return replace(state, contacts=state.contacts + 1)


def _filed(state: Customer, event: Event) -> Customer:
    data: Any = event.data
    return replace(
        state,
        filed=True,
        filer=data.by,
        manager=data.manager or data.by,
        department=data.department or state.department,
        category=data.category or state.category,
    )


def _registered(state: Customer, _event: Event) -> Customer:
    return replace(state, registered=True)


def _contact_assigned(state: Customer, event: Event) -> Customer:
    data: Any = event.data
    return replace(state, assigned=state.assigned | {data.staff})


def _claimed(state: Customer, event: Event) -> Customer:
    data: Any = event.data
    claim = Claim(data.staff, event.time, data.basis, data.referred_by, data.family_of)
    return replace(state, claims=(*state.claims, claim))


def _reassigned(state: Customer, event: Event) -> Customer:
    data: Any = event.data
    inherited = tuple(
        replace(claim, staff=data.to, inherited=True) for claim in state.claims if claim.staff == data.from_
    )
    return replace(state, manager=data.to, claims=(*state.claims, *inherited))


def _signed(state: Customer, _event: Event) -> Customer:
    return replace(state, contract_signed=True)


def _dealt(state: Customer, _event: Event) -> Customer:
    return replace(state, deals=state.deals + 1)


EVOLVE: dict[str, Callable[[Customer, Event], Customer]] = {
    "customer.contacted": _contacted,
    "customer.filed": _filed,
    "customer.registered": _registered,
    "customer.contact_assigned": _contact_assigned,
    "customer.reassigned": _reassigned,
    "ownership.claimed": _claimed,
    "contract.signed": _signed,
    "deal.closed": _dealt,
}
