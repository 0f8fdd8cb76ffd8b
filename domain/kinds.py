"""The kinds of stream there are, and where each one's state evolves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from domain import (
    access,  # noqa: F401  (registers its rules)
    approval,
    branch,
    compensation,  # noqa: F401  (registers its check)
    complaint,
    customer,
    document,
    reception,
    staff,
    visit,
)
from domain.envelope import Event
from domain.events import STREAMS

Evolver = Callable[[Any, Event], Any]


def _never(_state: Any, _event: Event) -> bool:
    return False


def _always(_state: Any, _event: Event) -> bool:
    return True


def _complete(_state: Any, _event: Event) -> str | None:
    return None


def _no_timers(_stream: Any) -> Iterator[datetime]:
    return iter(())


def _nothing_expires(_stream: Any, _at: datetime) -> Iterable[Any]:
    return ()


@dataclass(frozen=True)
class Kind:
    """One kind of stream: its first state, how events change it, and what time alone does to it."""

    name: str
    initial: Any
    table: dict[str, Evolver]
    begins_with: tuple[str, ...] = ()
    may_begin_again: Callable[[Any, Event], bool] = _never
    incomplete: Callable[[Any, Event], str | None] = _complete
    refused_after_close: frozenset[str] = frozenset()
    timers: Callable[[Any], Iterator[datetime]] = _no_timers
    expire: Callable[[Any, datetime], Iterable[Any]] = _nothing_expires

    @property
    def has_timers(self) -> bool:
        return self.timers is not _no_timers

    def evolve(self, state: Any, event: Event) -> Any:
        """The state after an event. Total: an event that changes nothing leaves it as it is."""
        change = self.table.get(event.type)
        return change(state, event) if change else state


def _kind(module: Any, **more: Any) -> Kind:
    return Kind(module.KIND, module.INITIAL, module.EVOLVE, **more)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind(
            complaint,
            begins_with=("complaint.received",),
            refused_after_close=complaint.REFUSED_AFTER_CLOSE,
        ),
        _kind(
            visit,
            begins_with=("visit.planned", "visit.started"),
            may_begin_again=visit.may_begin_again,
            incomplete=visit.incomplete,
        ),
        _kind(customer),
        _kind(staff),
        _kind(approval, begins_with=("approval.requested",)),
        _kind(reception, begins_with=("reception.opened",), may_begin_again=_always),
        _kind(
            document,
            begins_with=("document.classified",),
            may_begin_again=_always,
            timers=document.timers,
            expire=document.expire,
        ),
        _kind(branch),
    )
}


def _state_fields(kind: Kind) -> frozenset[str]:
    cls = type(kind.initial)
    properties = {name for name, value in vars(cls).items() if isinstance(value, property)}
    return frozenset({field.name for field in fields(cls)} | properties)


STATE_FIELDS: dict[str, frozenset[str]] = {name: _state_fields(kind) for name, kind in KINDS.items()}


def kinds_of(event_type: str) -> tuple[str, ...]:
    """The kinds of stream on which an event of this type may be told."""
    return (
        STREAMS.get(event_type)
        or tuple(k for k in KINDS if k == event_type.partition(".")[0])
        or tuple(KINDS)
    )
