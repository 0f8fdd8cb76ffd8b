"""Handing over the customers of somebody who leaves (001-5 16.4), by whatever a policy calls holding them.

Held are customers by their file and its reassignments; where a policy knows registrations of ownership, by
ownership.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from domain import holding
from domain.envelope import Event
from domain.leaving import owned_at
from domain.registration import owner, validity
from domain.rules import rule

if TYPE_CHECKING:
    from domain.engine import Owe, Turn, World
    from domain.policy import BoundClause, Policy
    from domain.stream import Stream


def _by_ownership(policy: Policy) -> bool:
    return bool(policy.with_rule("registration-validity"))


def held_by(world: World, staff: str, at: datetime, policy: Policy) -> list[str]:
    """The ids of the customers that somebody held at an instant, in order."""
    if _by_ownership(policy):
        return sorted(subject.partition("/")[2] for subject in owned_at(world, staff, at))
    return sorted(holding.held_at(world.links(holding.key(staff)), at))


def _holder(customer: Stream, at: datetime) -> str | None:
    """Who held a customer at an instant, by all that is known now."""
    if _by_ownership(customer.policy):
        return owner(customer.state_at(at).claims, at, validity(customer.policy))
    return holding.holder_at(customer, at)


def _named(customer: Stream) -> set[str]:
    """Everybody who may ever have held a customer."""
    return {*holding.holders(customer), *(claim.staff for claim in customer.state.claims)}


@rule("handover", "staff.left")
def owe_handover(turn: Turn, stream: Stream, event: Event, _clause: BoundClause) -> Iterator[Owe]:
    """Each customer that somebody who leaves holds is handed over."""
    from domain.engine import Owe

    staff = stream.subject.partition("/")[2]
    for customer in held_by(turn.world, staff, event.time, stream.policy):
        yield Owe(f"customer/{customer}", of=staff)


@rule("handover", *sorted(holding.CHANGES), "ownership.claimed")
def learned_after_they_left(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> None:
    """A late fact may show that somebody held the customer when they left, or that they did not."""
    from domain import obligations

    for staff in _named(stream):
        for left in _departures(turn.world.stream(f"staff/{staff}")):
            duty = stream.duties.get(f"{clause.id}:{staff}")
            if _holder(stream, left.time) == staff:
                obligations.owe(turn, stream, clause, staff, left)
            elif duty is not None and duty.opened_at == left.time and duty.status in ("open", "breached"):
                obligations.withdraw(turn, stream, duty, event, turn.now)


def _departures(staff: Stream) -> list[Event]:
    return [event for event in staff.story if event.type == "staff.left"]
