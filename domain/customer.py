"""A customer: the file, the contacts, who registered as owner, what was bought and what became of it.

Source: 客户管理规范 001-1, 001-5; 001-3 (销售管理).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain import adjudication, leaving
from domain.dispute import ENDS, SAYS, Said
from domain.envelope import Event
from domain.events import ViolationFound
from domain.frozen import replace
from domain.matter import Deal, Verdict, name
from domain.registration import Claim
from domain.rules import Params, rule
from domain.stream import Stream, name_of

if TYPE_CHECKING:
    from domain.engine import Emit, Rejudge, Turn
    from domain.policy import BoundClause

KIND = "customer"
RULES_OF = (adjudication, leaving)
"""Where the rules about whose customer this is are registered."""


@dataclass(frozen=True)
class Customer:
    """What decisions need to know of a customer. `tracked`: claimed, and no deal closed since."""

    filed: bool = False
    filer: str | None = None
    manager: str | None = None
    department: str | None = None
    category: str | None = None
    registered: bool = False
    assigned: frozenset[str] = frozenset()
    claims: tuple[Claim, ...] = ()
    tracked: bool = False
    contract_signed: bool = False
    deals: tuple[Deal, ...] = ()
    said: tuple[Said, ...] = ()


INITIAL = Customer()


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
    return replace(state, claims=(*state.claims, claim), tracked=True)


def _reassigned(state: Customer, event: Event) -> Customer:
    """Whoever the customer passes to has the other's registrations, with their dates."""
    data: Any = event.data
    claims = (
        claim.pass_on(data.to, event.time) if claim.holder(event.time) == data.from_ else claim
        for claim in state.claims
    )
    return replace(state, manager=data.to, claims=tuple(claims))


def _signed(state: Customer, _event: Event) -> Customer:
    return replace(state, contract_signed=True)


def _dealt(state: Customer, event: Event) -> Customer:
    data: Any = event.data
    deal = Deal(name(f"{event.source}#{event.id}"), event.time, data, judged_at=event.time)
    return replace(state, deals=(*state.deals, deal), tracked=False)


def _said(state: Customer, event: Event) -> Customer:
    data: Any = event.data
    shares = tuple(getattr(data, "shares", {}).items())
    deals = state.deals
    if event.type in ENDS:
        deals = tuple(replace(deal, awaited=False) for deal in deals)
    return replace(state, said=(*state.said, Said(event.type, event.time, shares)), deals=deals)


def _of_deal(change: Callable[[Deal, Event, Any], Deal]) -> Callable[[Customer, Event], Customer]:
    def evolve(state: Customer, event: Event) -> Customer:
        data: Any = event.data
        deals = (
            replace(change(deal, event, data), judged_at=event.time) if deal.id == data.deal else deal
            for deal in state.deals
        )
        return replace(state, deals=tuple(deals))

    return evolve


def _adjudicated(deal: Deal, event: Event, data: Any) -> Deal:
    verdict = Verdict(data.rule, data.performance, data.commission)
    return replace(deal, verdict=verdict, adjudication=event.id, awaited=False)


def _reversed(deal: Deal, _event: Event, _data: Any) -> Deal:
    return replace(deal, verdict=None, adjudication=None)


def _ruling_needed(deal: Deal, _event: Event, _data: Any) -> Deal:
    return replace(deal, awaited=True)


EVOLVE: dict[str, Callable[[Customer, Event], Customer]] = {
    "customer.filed": _filed,
    "customer.registered": _registered,
    "customer.contact_assigned": _contact_assigned,
    "customer.reassigned": _reassigned,
    "ownership.claimed": _claimed,
    "contract.signed": _signed,
    "deal.closed": _dealt,
    **dict.fromkeys(SAYS, _said),
    "ownership.adjudicated": _of_deal(_adjudicated),
    "ownership.reversed": _of_deal(_reversed),
    "ownership.ruling_needed": _of_deal(_ruling_needed),
}


class CashTaken(Params):
    """Who takes no money, and what it is called when they do."""

    role: str
    detail: str


@rule("cash-taken", "payment.received", judged=True, params=CashTaken)
def cash_taken(turn: Turn, _stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """Salespeople take no money (001-3 (七)): by the role they had when the payment came."""
    from domain.engine import Emit

    data: Any = event.data
    role = turn.world.stream(f"staff/{data.received_by}").state_at(event.time).role
    if role == clause.row.params["role"]:
        yield Emit(
            ViolationFound(
                clause=clause.id,
                source=clause.cites,
                because=f"received by {data.received_by}, who joined as {role}",
                violation=f"{clause.id}:{name_of(event)}",
                detail=clause.row.params["detail"],
            )
        )


@rule("cash-taken", "staff.joined")
def judge_payments_again(
    turn: Turn, stream: Stream, _event: Event, _clause: BoundClause
) -> Iterator[Rejudge]:
    """Somebody's role became known after the payments they took."""
    from domain.engine import Rejudge

    staff = stream.subject.partition("/")[2]
    for subject in list(turn.world.links(f"payments-to/{staff}")):
        yield Rejudge(subject)
