"""Handing over the customers of somebody who leaves (001-5 16.4), by whatever a policy calls holding them.

Held are customers by their file and its reassignments; in a sales office, by ownership. Where a sales office
and others are one installation, customers whom somebody registered are held by ownership.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from domain import holding, obligations
from domain.envelope import Event
from domain.leaving import owned_at
from domain.registration import owner, validity
from domain.rules import rule
from domain.stream import name_of

if TYPE_CHECKING:
    from domain.engine import Turn, World
    from domain.pack import Pack
    from domain.policy import BoundClause, Policy
    from domain.stream import Duty, Stream


@lru_cache(maxsize=64)
def _by_ownership_only(policy: Policy) -> bool:
    """Whether every pack that an installation names is one of a sales office."""
    packs = {pack.id: pack for pack in policy.packs}
    included = {name for pack in policy.packs for name in pack.includes}
    return all(_of_sales(pack, packs) for pack in policy.packs if pack.id not in included)


def _of_sales(pack: Pack, packs: Mapping[str, Pack]) -> bool:
    """Whether a pack, or one that it includes, knows registrations of ownership."""
    own = any(clause.rule == "registration-validity" for clause in pack.clause)
    return own or any(_of_sales(packs[name], packs) for name in pack.includes if name in packs)


def _is_owned(customer: Stream, at: datetime) -> bool:
    """Whether ownership says who holds a customer, rather than the file."""
    policy = customer.policy
    if not policy.with_rule("registration-validity"):
        return False
    return _by_ownership_only(policy) or bool(customer.state_at(at).claims)


def held_by(world: World, staff: str, at: datetime, policy: Policy) -> list[str]:
    """The ids of the customers that somebody held at an instant, in order."""
    by_file = (f"customer/{customer}" for customer in holding.held_at(world.links(holding.key(staff)), at))
    if not policy.with_rule("registration-validity"):
        held = set(by_file)
    elif _by_ownership_only(policy):
        held = set(owned_at(world, staff, at))
    else:
        held = {*owned_at(world, staff, at), *_not_owned(world, by_file, at)}
    return sorted(subject.partition("/")[2] for subject in held)


def _not_owned(world: World, subjects: Iterable[str], at: datetime) -> Iterator[str]:
    return (subject for subject in subjects if not _is_owned(world.stream(subject), at))


def _holder(customer: Stream, at: datetime) -> str | None:
    """Who held a customer at an instant, by all that is known now."""
    if _is_owned(customer, at):
        return owner(customer.state_at(at).claims, at, validity(customer.policy))
    return holding.holder_at(customer, at)


def _named(customer: Stream) -> set[str]:
    """Everybody who may ever have held a customer."""
    return {*holding.holders(customer), *(claim.staff for claim in customer.state.claims)}


@rule("handover", "staff.left")
def owe_handover(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> None:
    """Each customer that somebody who leaves holds is handed over."""
    staff = stream.subject.partition("/")[2]
    for customer in held_by(turn.world, staff, event.time, stream.policy):
        _judge(turn, turn.world.stream(f"customer/{customer}"), clause, staff, event)


@rule("handover", *sorted(holding.CHANGES), "ownership.claimed")
def learned_after_they_left(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> None:
    """A late fact may show that somebody held the customer when they left, or that they did not."""
    for staff in _named(stream):
        _judge(turn, stream, clause, staff, event)


def _judge(turn: Turn, customer: Stream, clause: BoundClause, staff: str, cause: Event) -> None:
    """What somebody's departures, in their order, make owed for one customer, by all that is known now."""
    running: Event | None = None
    for left in _departures(turn.world.stream(f"staff/{staff}")):
        duty = _duty(customer, clause, left)
        if running is not None and _runs(customer, clause, staff, running, left.time):
            _take_back(turn, customer, duty, cause, "open", "breached", "met")
        elif _holder(customer, left.time) == staff:
            running = left
            if not _said(customer, staff, duty, left):
                key = duty.key if duty is not None else _key(customer, clause, staff, left)
                obligations.owe(turn, customer, clause, key, staff, left)
        else:
            _take_back(turn, customer, duty, cause, "open", "breached")
            running = left if duty is not None and duty.status == "met" else running


def _departures(staff: Stream) -> list[Event]:
    return [event for event in staff.story if event.type == "staff.left"]


def _duty(customer: Stream, clause: BoundClause, left: Event) -> Duty | None:
    """What one departure made owed for a customer."""
    duties = (duty for duty in customer.duties.values() if duty.clause == clause.id)
    return next((duty for duty in duties if duty.opening.causationid == name_of(left)), None)


def _key(customer: Stream, clause: BoundClause, staff: str, left: Event) -> str:
    """Only a departure after the first needs more than the name."""
    key = f"{clause.id}:{staff}"
    return f"{key}:{name_of(left)}" if key in customer.duties else key


def _said(customer: Stream, staff: str, duty: Duty | None, left: Event) -> bool:
    """Whether what a departure makes owed is on record: a breach that was disproved is not opened anew."""
    if duty is None or duty.status != "withdrawn":
        return duty is not None
    return duty.was_breached and _handed_over(customer, staff, left.time, duty.due_at)


def _runs(customer: Stream, clause: BoundClause, staff: str, left: Event, at: datetime) -> bool:
    """Whether what a departure made owed was neither met nor breached yet at an instant."""
    due_at = obligations.term(clause, left).due_at
    return at <= due_at and not _handed_over(customer, staff, left.time, at)


def _handed_over(customer: Stream, staff: str, since: datetime, by: datetime) -> bool:
    told = (event for event in customer.story if since <= event.time <= by)
    return any(event.type == "customer.reassigned" and _from(event) == staff for event in told)


def _from(reassigned: Event) -> str:
    data: Any = reassigned.data
    return str(data.from_)


def _take_back(turn: Turn, customer: Stream, duty: Duty | None, cause: Event, *statuses: str) -> None:
    if duty is not None and duty.status in statuses:
        obligations.withdraw(turn, customer, duty, cause, turn.now)
