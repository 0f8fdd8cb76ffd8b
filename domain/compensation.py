"""Who may grant how much to a customer who complained (001-10 2.9)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.envelope import Event
from domain.rules import Params, refusal

if TYPE_CHECKING:
    from domain.engine import World
    from domain.policy import BoundClause
    from domain.stream import Stream

DECIMALS = 6
"""To which sums of money are compared: 0.1 and 0.2 are 0.3."""


class Authority(Params):
    """Up to what sum each role may grant, and the role that may grant any."""

    authority: dict[str, float]
    unlimited: str


@refusal("over-authority", params=Authority)
def over_authority(world: World, stream: Stream, event: Event, clause: BoundClause, state: Any) -> bool:
    """Compensation beyond what an approval, and the authority of who granted it, covers (001-10 2.9)."""
    data: Any = event.data
    total = round(state.compensated + data.amount, DECIMALS)
    about = world.links(f"approvals-about/{stream.subject}")
    named = [f"approval/{data.approval}"] if data.approval else list(about)
    known = [approval for approval in named if approval in about]
    return not any(_covers(world, approval, total, clause, event.time) for approval in known)


def _covers(world: World, approval: str, total: float, clause: BoundClause, at: datetime) -> bool:
    state = world.stream(approval).state_at(at)
    if state.kind != "compensation" or not state.granted:
        return False
    limits = clause.row.params["authority"]
    return any(
        total <= (state.amount if state.amount is not None else total)
        and total <= limits.get(role, float("inf") if role == clause.row.params["unlimited"] else -1)
        for role in state.granted_by_role
    )
