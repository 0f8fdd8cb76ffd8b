"""Recording who has a deal: adjudicated when it closes, and again whenever something changes that.

Nothing is edited: what changes an adjudication records `ownership.reversed` and a new one.
Source: 001-3 (五).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.dispute import SAYS, dispute_about
from domain.events import OwnershipAdjudicated, OwnershipReversed, OwnershipRulingNeeded
from domain.matter import Deal, Matter, Verdict, name
from domain.ownership import Outcome, adjudicate, table_of
from domain.registration import Claim, registrations, validity
from domain.rules import rule
from domain.working_time import local_day

if TYPE_CHECKING:
    from domain.customer import Customer
    from domain.engine import Emit, Turn, World
    from domain.envelope import Event
    from domain.policy import BoundClause
    from domain.stream import Stream


@rule("adjudicate", "deal.closed", "ownership.claimed", "customer.reassigned", *SAYS)
def adjudicate_customer(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """What was told of a customer decides its deals, and those of whom it referred or is family of."""
    yield from _judge(turn, stream.subject, event, clause)
    if event.type in ("ownership.claimed", "customer.reassigned"):
        referred = turn.world.links(f"kin-of/{stream.subject}")
        for subject in sorted({*referred, *_family_of(turn.world, stream.subject)} - {stream.subject}):
            yield from _judge(turn, subject, event, clause)


@rule("adjudicate", "complaint.received", "complaint.investigated")
def adjudicate_complaint(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """A complaint found reasonable after a deal that names it changes who has the deal."""
    for subject in list(turn.world.links(f"deals-naming/{stream.subject}")):
        yield from _judge(turn, subject, event, clause)


def _judge(turn: Turn, subject: str, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """Adjudicates all deals of a customer, and records what differs from what is on record."""
    customer = turn.world.stream(subject)
    if not customer.state.deals:
        return
    table = table_of(customer.policy)
    for number in range(len(customer.state.deals)):
        matter = matter_of(turn.world, customer, number, clause)
        outcome = adjudicate(table, matter)
        if outcome is not None:
            yield from _record(turn, customer, number, outcome, event, clause)


def _record(
    turn: Turn, customer: Stream, number: int, outcome: Outcome, event: Event, clause: BoundClause
) -> Iterator[Emit]:
    from domain.engine import Emit

    deal: Deal = customer.state.deals[number]
    at = _when(turn, deal, event)
    if outcome.verdict is None:
        if not deal.awaited:
            yield Emit(_ruling_needed(customer, deal, outcome, clause), customer.subject, at)
    elif outcome.verdict != deal.verdict:
        if deal.verdict is not None:
            yield Emit(_reversal(deal, deal.verdict, event, clause), customer.subject, at)
        yield Emit(_adjudication(customer, deal, outcome, outcome.verdict), customer.subject, at)


def _when(turn: Turn, deal: Deal, event: Event) -> datetime:
    """When the word was spoken: with the fact, or, where the fact is dated before the last word on the
    deal, when it was learned."""
    last = deal.judged_at or deal.at
    return event.time if event.time >= last else max(turn.now, last)


def _adjudication(customer: Stream, deal: Deal, outcome: Outcome, verdict: Verdict) -> OwnershipAdjudicated:
    row = customer.policy.clauses[verdict.rule]
    return OwnershipAdjudicated(
        clause=row.id,
        source=row.cites,
        because=outcome.because,
        rule=verdict.rule,
        performance=dict(verdict.performance),
        commission=dict(verdict.commission),
        deal=deal.id,
    )


def _reversal(deal: Deal, undone: Verdict, event: Event, clause: BoundClause) -> OwnershipReversed:
    return OwnershipReversed(
        clause=clause.id,
        source=clause.cites,
        because=f"{event} changes who has the deal",
        adjudication=name(deal.adjudication or ""),
        rule=undone.rule,
        performance=dict(undone.performance),
        commission=dict(undone.commission),
        deal=deal.id,
    )


def _ruling_needed(
    customer: Stream, deal: Deal, outcome: Outcome, clause: BoundClause
) -> OwnershipRulingNeeded:
    row = customer.policy.clauses.get(outcome.row or clause.id, clause)
    return OwnershipRulingNeeded(
        clause=row.id,
        source=row.cites,
        because=outcome.because,
        reason=outcome.because.partition(";")[0],
        deal=deal.id,
    )


def matter_of(world: World, customer: Stream, number: int, clause: BoundClause) -> Matter:
    """All that the division of a customer's deal may depend on, as far as it is known now."""
    state: Customer = customer.state
    deal = state.deals[number]
    return Matter(
        deal.data,
        local_day(deal.at, clause.calendar),
        registrations(state.claims, deal.at, validity(customer.policy)),
        dispute_about(state.said, [one.at for one in state.deals], number),
        _faulted(world, deal),
        _referrer(world, customer, deal.at),
        _family(world, customer, deal.at),
    )


def _faulted(world: World, deal: Deal) -> str | None:
    """Whom the complaint named with the deal accuses, where it was found reasonable."""
    if deal.data.complaint_against is None:
        return None
    complaint: Any = world.stream(f"complaint/{deal.data.complaint_against}").state
    return complaint.accused if complaint.found_reasonable else None


def _claims(world: World, customer: str, until: datetime) -> list[Claim]:
    """A customer's claims made by an instant, the earliest first."""
    claims: Iterable[Claim] = world.stream(customer).state.claims
    return sorted((claim for claim in claims if claim.at <= until), key=lambda claim: claim.at)


def _referrer(world: World, customer: Stream, at: datetime) -> str | None:
    """The original receiver of the old customer who referred this one: who made the first claim there,
    whoever it passed to since."""
    for claim in customer.state.claims:
        old = f"customer/{claim.referred_by}" if claim.referred_by is not None else customer.subject
        if old != customer.subject and (claims := _claims(world, old, at)):
            return claims[0].staff
    return None


def _family(world: World, customer: Stream, at: datetime) -> str | None:
    """The holder of the family's first registration, where that is earlier than the customer's own."""
    own = _claims(world, customer.subject, at)
    relatives = _family_of(world, customer.subject) - {customer.subject}
    first = min(
        (claim for relative in relatives for claim in _claims(world, relative, at)[:1]),
        key=lambda claim: claim.at,
        default=None,
    )
    if first is None or (own and first.at >= own[0].at):
        return None
    return first.holder(at)


def _family_of(world: World, customer: str) -> frozenset[str]:
    """A customer and all who are family, whichever was said to be family of the other, and theirs in turn."""

    def relatives(subject: str) -> list[str]:
        naming = (kin for kin in world.links(f"kin-of/{subject}") if subject in _named_by(world, kin))
        return [*_named_by(world, subject), *naming]

    known, ahead = {customer}, [customer]
    while ahead:
        new = set(relatives(ahead.pop())) - known
        known |= new
        ahead.extend(new)
    return frozenset(known)


def _named_by(world: World, customer: str) -> set[str]:
    """Whom a customer's registrations name as family."""
    claims: Iterable[Claim] = world.stream(customer).state.claims
    return {f"customer/{claim.family_of}" for claim in claims if claim.family_of is not None}
