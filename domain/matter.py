"""What the division of one deal may depend on, and the last word on it (001-3 (五)).

**A** received the deal; **B** is somebody else: the holder of the earliest registration valid when the deal
closed, else of the earliest expired one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

from domain.dispute import Dispute
from domain.events import DealClosed
from domain.registration import Registration, earliest


def name(identity: str) -> str:
    """An event's identity as others may refer to it: short enough for an id, whatever the sender chose."""
    return identity if len(identity) <= 200 else sha256(identity.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a deal is divided, and by which row."""

    rule: str
    performance: Mapping[str, float]
    commission: Mapping[str, float]


@dataclass(frozen=True)
class Deal:
    """A deal and the last word on it: a verdict on record, or a ruling that is `awaited`."""

    id: str
    at: datetime
    data: DealClosed
    verdict: Verdict | None = None
    adjudication: str | None = None
    awaited: bool = False
    judged_at: datetime | None = None


@dataclass(frozen=True)
class Matter:
    """All that the division of one deal may depend on.

    `registrations`: those made by the deal's time, the earliest first. `faulted`: whom the complaint named
    with the deal accuses, where it was found reasonable. `day`: the deal's local day.
    """

    deal: DealClosed
    day: date
    registrations: tuple[Registration, ...]
    dispute: Dispute
    faulted: str | None = None
    referrer: str | None = None
    family: str | None = None

    @property
    def a(self) -> str:
        return self.deal.received_by

    @cached_property
    def b(self) -> Registration | None:
        return earliest(one for one in self.registrations if one.staff != self.a)

    @cached_property
    def registered(self) -> tuple[str, ...]:
        """Everybody registered, the earliest first."""
        return tuple(dict.fromkeys(one.staff for one in self.registrations))

    @property
    def named(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.deal.named))

    @cached_property
    def named_b(self) -> str | None:
        """B where the customer names people: the one named; of several the one designated; never A."""
        only = self.named[0] if len(self.named) == 1 else self.deal.designated if self.named else None
        return only if only != self.a else None

    @property
    def present(self) -> frozenset[str]:
        return frozenset((self.a, *self.deal.present))


_TOLD = {
    "b": "B is",
    "faulted": "the complaint was found reasonable against",
    "referrer": "the old customer's original receiver is",
    "family": "the family's first owner is",
}


def inputs(matter: Matter) -> str:
    """What the division rests on, in a line: the deal as it was told, and what was known beside it."""
    known = ((words, getattr(matter, name)) for name, words in _TOLD.items())
    told = (f"{words} {value}" for words, value in known if value is not None)
    return "; ".join((f"A is {matter.a}", *told, *_of_dispute(matter.dispute), *_deal(matter.deal)))


def _of_dispute(dispute: Dispute) -> Iterator[str]:
    if dispute.quarrelled:
        yield "quarrelled over, or the ruling defied"
    if dispute.shares:
        yield "settled or ruled " + ", ".join(f"{person} {share}" for person, share in dispute.shares)


def _deal(deal: DealClosed) -> Iterator[str]:
    said: dict[str, Any] = deal.wire()
    for name in sorted(said.keys() - {"amount", "received_by"}):
        value = said[name]
        yield f"{name} {', '.join(value) if isinstance(value, list | tuple) else value}"
