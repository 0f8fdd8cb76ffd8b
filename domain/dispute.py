"""Disputes about a deal: opened, quarrelled over, settled by the parties or ruled by the manager.

What is said of disputes names no deal. It is about the deal closed last before it, and before the first
deal about that one; a dispute that is open while a further deal closes is about that deal as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.frozen import replace


@dataclass(frozen=True, slots=True)
class Said:
    """One fact about a dispute; `shares` where the parties or the manager divided the deal."""

    type: str
    at: datetime
    shares: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Dispute:
    """What has become of the dispute about one deal. `shares` are the latest settled or ruled."""

    open: bool = False
    quarrelled: bool = False
    shares: tuple[tuple[str, float], ...] = ()

    def hear(self, said: Said) -> Dispute:
        return _HEAR[said.type](self, said)


def _opened(dispute: Dispute, _said: Said) -> Dispute:
    return replace(dispute, open=True)


def _divided(dispute: Dispute, said: Said) -> Dispute:
    return replace(dispute, open=False, shares=said.shares)


def _quarrelled(dispute: Dispute, _said: Said) -> Dispute:
    return replace(dispute, open=False, quarrelled=True)


_HEAR: Mapping[str, Callable[[Dispute, Said], Dispute]] = {
    "ownership.disputed": _opened,
    "dispute.settled": _divided,
    "ownership.ruled": _divided,
    "dispute.quarrelled": _quarrelled,
    "ruling.defied": _quarrelled,
}
SAYS = tuple(_HEAR)
ENDS = tuple(name for name in _HEAR if name != "ownership.disputed")


def dispute_about(said: Sequence[Said], closings: Sequence[datetime], number: int) -> Dispute:
    """The dispute about the deal closed at `closings[number]`; both sequences are in the order of time."""
    start = closings[number] if number else None
    end = closings[number + 1] if number + 1 < len(closings) else None
    dispute = Dispute(start is not None and _is_open_at(said, closings, number - 1, start))
    for fact in said:
        if end is not None and fact.at >= end and not dispute.open:
            break
        if start is None or fact.at >= start:
            dispute = dispute.hear(fact)
    return dispute


def _is_open_at(said: Sequence[Said], closings: Sequence[datetime], number: int, at: datetime) -> bool:
    return dispute_about([fact for fact in said if fact.at < at], closings[: number + 1], number).open
