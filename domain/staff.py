"""A member of staff: role, place in the house, and whether they are still there.

Source: 000 4 (random-sample evaluation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.draw import draw, seed_of
from domain.envelope import Event
from domain.events import EvaluationSampled
from domain.frozen import replace
from domain.handover import held_by
from domain.rules import rule

if TYPE_CHECKING:
    from domain.engine import Emit, Turn
    from domain.policy import BoundClause
    from domain.stream import Stream

KIND = "staff"


@dataclass(frozen=True)
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
    place = {name: getattr(data, name) for name in ("role", "department", "branch", "manager")}
    return replace(state, **place, left=False)


def _left(state: Staff, _event: Event) -> Staff:
    return replace(state, left=True)


EVOLVE: dict[str, Callable[[Staff, Event], Staff]] = {"staff.joined": _joined, "staff.left": _left}


@rule("sample-evaluation", "evaluation.requested")
def sample_evaluation(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """Draws among the customers held at the time; where nobody gave a seed it comes from the request's
    identity, so that nobody chose it (000 4)."""
    from domain.engine import Emit

    data: Any = event.data
    held = held_by(turn.world, stream.subject.partition("/")[2], event.time, stream.policy)
    seed = data.seed if data.seed is not None else seed_of(event.source, event.id)
    drawn = draw(held, data.n, seed)
    sampled = EvaluationSampled(
        customers=drawn,
        seed=seed,
        candidates=tuple(sorted(held)),
        clause=clause.id,
        source=clause.cites,
        because=f"{len(drawn)} of {len(held)} customers held, drawn with seed {seed}",
    )
    yield Emit(sampled)
