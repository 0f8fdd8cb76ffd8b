"""Repeated complaints (反复投诉): a customer's further complaint in the same category (001-10 2.5).

A customer's complaints are indexed by category and month, so that looking for the ones nearby in time
costs the same however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.envelope import Event
from domain.rules import Params, rule

if TYPE_CHECKING:
    from domain.engine import Rejudge, Turn, World
    from domain.policy import BoundClause
    from domain.stream import Stream


def _month(at: datetime) -> int:
    """Months since the year 0, in UTC."""
    moment = at.astimezone(UTC)
    return moment.year * 12 + moment.month - 1


def _key(customer: str, category: str, month: int) -> str:
    return f"complaints-of/{customer}/{category}/{month // 12}-{month % 12 + 1:02}"


def link(_stream: Stream, event: Event) -> Iterator[tuple[str, str, Any]]:
    """Where a complaint is found by its customer; an inquiry is no complaint."""
    data: Any = event.data
    if data.kind != "inquiry":
        yield _key(data.customer, data.category, _month(event.time)), event.subject, event.time.isoformat()


def _keys_around(customer: str, category: str, at: datetime, apart: timedelta) -> Iterator[str]:
    for month in range(_month(at - apart), _month(at + apart) + 1):
        yield _key(customer, category, month)


def keys_near(event: Event) -> Iterator[str]:
    """What is likely to be looked up when a complaint comes in: within a month of it."""
    data: Any = event.data
    return _keys_around(data.customer, data.category, event.time, timedelta(days=30))


def _nearby(world: World, stream: Stream, days: float) -> Iterator[tuple[str, timedelta]]:
    """The customer's other complaints in the same category within so many days, and how long before; none
    for what is told of a complaint as if it had happened before the complaint came in."""
    mine, limit = stream.state, timedelta(days=days)
    if mine.kind == "inquiry" or mine.received_at is None:
        return
    for key in _keys_around(mine.customer, mine.category, mine.received_at, limit):
        for subject, received in world.links(key).items():
            apart = mine.received_at - datetime.fromisoformat(received)
            if subject != stream.subject and abs(apart) <= limit:
                yield subject, apart


def is_repeat(world: World, stream: Stream) -> bool:
    """Whether another stood when this one was received: neither withdrawn nor merged."""
    received = stream.state.received_at
    for clause in stream.policy.with_rule("repeat"):
        for subject, apart in _nearby(world, stream, clause.row.params["days"]):
            other = world.stream(subject)
            before = apart > timedelta(0) or (not apart and other.began and other.subject < stream.subject)
            if before and other.state_at(received).status not in ("withdrawn", "merged"):
                return True
    return False


class Repeat(Params):
    """Within how many days, as instants, a further complaint is a repeat."""

    days: float


@rule("repeat", "complaint.received", params=Repeat)
def judge_later_ones(turn: Turn, stream: Stream, _event: Event, clause: BoundClause) -> Iterator[Rejudge]:
    """A complaint learned late may make later ones repeats."""
    from domain.engine import Rejudge

    for subject, apart in list(_nearby(turn.world, stream, clause.row.params["days"])):
        if apart < timedelta(0):
            yield Rejudge(subject)
