"""Whose customers a leaver's customers become: drawn at random among those there (001-3 (五)3(12)).

Seed and candidates are on record, so that anyone can repeat the draw (`domain.draw`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.draw import draw, seed_of
from domain.events import CustomerReassigned
from domain.registration import owner, validity
from domain.rules import Params, rule
from domain.stream import Stream, name_of

if TYPE_CHECKING:
    from domain.engine import Emit, Turn, World
    from domain.envelope import Event
    from domain.policy import BoundClause


class Candidates(Params):
    """Who is drawn among where nobody is in."""

    role: str


@rule("draw-leavers-customers", "staff.left", params=Candidates)
def draw_leavers_customers(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """Each customer that somebody owned when they left is drawn for by itself."""
    leaver = stream.subject.partition("/")[2]
    yield from _draw(turn, owned_at(turn.world, leaver, event.time), leaver, event, clause)


@rule("draw-leavers-customers", "ownership.claimed", "customer.reassigned")
def draw_late(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """A customer who turns out to have been somebody's when they left is drawn for as the others were."""
    until = validity(stream.policy)
    for staff in sorted({person for claim in stream.state.claims for person in claim.holders}):
        for told in turn.world.stream(f"staff/{staff}").story:
            since = told.type == "staff.left" and told.time >= event.time
            if since and owner(stream.state.claims, told.time, until) == staff:
                yield from _draw(turn, [stream.subject], staff, told, clause)


def _draw(
    turn: Turn, subjects: Iterable[str], leaver: str, left: Event, clause: BoundClause
) -> Iterator[Emit]:
    """Each of the customers by itself, if there is anybody to draw among."""
    candidates = sorted(candidates_at(turn.world, left.time, clause.row.params["role"]) - {leaver})
    for subject in subjects if candidates else ():
        yield _reassign(subject, leaver, candidates, left, clause)


def _reassign(subject: str, leaver: str, candidates: list[str], left: Event, clause: BoundClause) -> Emit:
    from domain.engine import Emit

    data: Any = left.data
    seed = seed_of(name_of(left), subject)
    (drawn,) = draw(candidates, 1, seed)
    reassigned = CustomerReassigned(
        **{"from": leaver},
        to=drawn,
        reason=data.reason,
        clause=clause.id,
        source=clause.cites,
        because=f"{leaver} left ({data.reason}); drawn among {', '.join(candidates)} with seed {seed}",
        seed=seed,
        candidates=tuple(candidates),
    )
    return Emit(reassigned, subject, left.time)


def owned_at(world: World, staff: str, at: datetime) -> list[str]:
    """The customers somebody owned at an instant: theirs is the earliest valid registration, or, where
    none is valid any more, the earliest."""
    return [
        subject
        for subject in sorted(world.links(f"registered-by/{staff}"))
        for customer in [world.stream(subject)]
        if owner(customer.state.claims, at, validity(customer.policy)) == staff
    ]


def candidates_at(world: World, at: datetime, role: str) -> set[str]:
    """Those in at any open reception; where nobody is, all who joined in the role. Leavers are neither."""
    receptions = [world.stream(subject).state_at(at) for subject in sorted(world.links("receptions"))]
    there = {staff for reception in receptions for staff in reception.present if not _left(world, staff, at)}
    return there or {staff for staff in world.links("staff") if _serves(world, staff, at, role)}


def _left(world: World, staff: str, at: datetime) -> bool:
    return bool(world.stream(f"staff/{staff}").state_at(at).left)


def _serves(world: World, staff: str, at: datetime, role: str) -> bool:
    state = world.stream(f"staff/{staff}").state_at(at)
    return state.role == role and not state.left
