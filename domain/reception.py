"""A reception desk (接待): whose turn it is (001-3 (二)).

Every opening starts a new day. Turns go round in the order given; somebody who was out on business or busy
when their turn came makes it up after they return, somebody on leave does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.envelope import Event
from domain.events import ReceptionAssigned
from domain.frozen import replace
from domain.rules import rule

if TYPE_CHECKING:
    from domain.engine import Emit, Turn
    from domain.policy import BoundClause
    from domain.stream import Stream

KIND = "reception"

MAKES_UP = frozenset({"business", "busy"})
"""The absences after which missed turns are made up."""


@dataclass(frozen=True)
class Reception:
    """One day at the desk. `turn`: whose turn it is, as a place in the order; `missed`: the turns still to
    be made up, in the order in which they were missed; `out`: who is out, and why."""

    order: tuple[str, ...] = ()
    turn: int = 0
    out: tuple[tuple[str, str], ...] = ()
    missed: tuple[str, ...] = ()

    @property
    def present(self) -> tuple[str, ...]:
        away = {staff for staff, _ in self.out}
        return tuple(staff for staff in self.order if staff not in away)

    @property
    def round(self) -> tuple[str, ...]:
        """Everybody once, beginning with whose turn it is."""
        return (*self.order[self.turn :], *self.order[: self.turn])

    @property
    def next(self) -> str | None:
        """Who has the next new customer: missed turns first, then the order goes on where it stood."""
        present = self.present
        return next((staff for staff in (*self.missed, *self.round) if staff in present), None)


INITIAL = Reception()


def _opened(_state: Reception, event: Event) -> Reception:
    data: Any = event.data
    return Reception(tuple(dict.fromkeys(data.order)))


def _left(state: Reception, event: Event) -> Reception:
    data: Any = event.data
    return replace(state, out=(*_without(state.out, data.staff), (data.staff, data.reason)))


def _returned(state: Reception, event: Event) -> Reception:
    data: Any = event.data
    return replace(state, out=_without(state.out, data.staff))


def _without(out: tuple[tuple[str, str], ...], staff: str) -> tuple[tuple[str, str], ...]:
    return tuple(entry for entry in out if entry[0] != staff)


def _assigned(state: Reception, event: Event) -> Reception:
    """A turn was made up, or the order went on: who was passed over meanwhile and may make it up, will."""
    data: Any = event.data
    if data.designated or data.staff not in state.order:
        return state
    if data.staff in state.missed:
        place = state.missed.index(data.staff)
        return replace(state, missed=state.missed[:place] + state.missed[place + 1 :])
    passed = state.round[: state.round.index(data.staff)]
    makes_up = {staff for staff, reason in state.out if reason in MAKES_UP}
    missed = tuple(staff for staff in passed if staff in makes_up)
    turn = (state.order.index(data.staff) + 1) % len(state.order)
    return replace(state, turn=turn, missed=state.missed + missed)


EVOLVE: dict[str, Callable[[Reception, Event], Reception]] = {
    "reception.opened": _opened,
    "reception.left": _left,
    "reception.returned": _returned,
    "reception.assigned": _assigned,
}


@rule("rotation", "reception.arrived")
def rotate(_turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """New customers who ask for nobody go to the next in order who is in; nobody in: nothing is lost."""
    data: Any = event.data
    reception: Reception = stream.state_at(event.time)
    if data.returning or data.designated is not None or reception.next is None:
        return
    why = "makes up a turn" if reception.next in reception.missed else "is next"
    because = f"{reception.next} {why}; in: {', '.join(reception.present)}"
    yield _assign(reception.next, event, clause, because)


@rule("designated-reception", "reception.arrived")
def designate(_turn: Turn, _stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """Who comes for the first time and asks for somebody is theirs, outside the rotation."""
    data: Any = event.data
    if not data.returning and data.designated is not None:
        yield _assign(data.designated, event, clause, f"{data.customer} asked for {data.designated}")


def _assign(staff: str, event: Event, clause: BoundClause, because: str) -> Emit:
    from domain.engine import Emit

    data: Any = event.data
    return Emit(
        ReceptionAssigned(
            clause=clause.id,
            source=clause.cites,
            because=because,
            staff=staff,
            customer=data.customer,
            designated=data.designated is not None,
        )
    )
