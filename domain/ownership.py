"""Whose deal it is (销售归属): an ordered table, the first row that applies divides the deal.

The rows, their order and their shares are clauses of a pack; this module says when each kind of row
applies and who its parties are. Source: 001-3 (五).

In the table **A** received the deal, **B** is somebody else: the holder of the earliest registration valid
when the deal closed, else of the earliest expired one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from domain.dispute import Dispute
from domain.division import divide, exactly, fractions
from domain.events import DealClosed
from domain.registration import Registration, earliest
from domain.rules import rule

if TYPE_CHECKING:
    from domain.engine import Turn
    from domain.envelope import Event
    from domain.policy import BoundClause
    from domain.stream import Stream

DEPARTMENT = "department"
"""Stands for a person where nobody in particular has a deal."""

Parties = Mapping[str, Sequence[str]]


def name(identity: str) -> str:
    """An event's identity as others may refer to it: short enough for an id, whatever the sender chose."""
    return identity if len(identity) <= 200 else sha256(identity.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a deal is divided, and by which row."""

    rule: str
    performance: Mapping[str, float]
    commission: Mapping[str, float]


@dataclass(frozen=True, slots=True)
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


def _on(applies: bool, **parties: str) -> Parties | None:
    return {role: (person,) for role, person in parties.items()} if applies else None


def _with_b(applies: Callable[[Matter, Registration], bool]) -> Callable[[Matter], Parties | None]:
    """Rows that speak of B need one."""

    def case(matter: Matter) -> Parties | None:
        b = matter.b
        return _on(applies(matter, b), A=matter.a, B=b.staff) if b is not None else None

    return case


def _with_named_b(applies: Callable[[Matter, str], bool]) -> Callable[[Matter], Parties | None]:
    def case(matter: Matter) -> Parties | None:
        b = matter.named_b
        return _on(applies(matter, b), A=matter.a, B=b) if b is not None else None

    return case


def _refused(matter: Matter, b: Registration) -> bool:
    return b.staff in matter.deal.refuses


def _nth_visit(matter: Matter) -> Parties | None:
    """A is asked for on a later visit of somebody whom others registered before."""
    others = [person for person in matter.registered if person != matter.a]
    again = (matter.deal.visit_number or 1) > 1 and matter.deal.designated == matter.a
    return {"A": (matter.a,), "others": others} if again and others else None


def _several_named(matter: Matter) -> Parties | None:
    """The first named who is there; A, who received in rotation, where none is."""
    if len(matter.named) < 2 or matter.deal.designated is not None:
        return None
    return _on(True, first=next((one for one in matter.named if one in matter.present), matter.a))


def _first_registered(matter: Matter) -> Parties | None:
    valid = [one.staff for one in matter.registrations if one.valid]
    return _on(True, first=valid[0]) if valid else None


def _first(person: str | None) -> Parties | None:
    return _on(True, first=person) if person is not None else None


CASES: dict[str, Callable[[Matter], Parties | None]] = {
    "quarrelled": lambda m: _on(m.dispute.quarrelled, department=DEPARTMENT),
    "settled": lambda m: _on(bool(m.dispute.shares) and not m.dispute.open),
    "at-event": lambda m: _on(bool(m.deal.at_event)),
    "complaint-verified": _with_b(lambda m, b: _refused(m, b) and m.faulted == b.staff),
    "seeking-discount": _with_b(lambda m, _b: bool(m.deal.seeking_discount)),
    "refused-valid": _with_b(lambda m, b: _refused(m, b) and b.valid),
    "refused-expired": _with_b(lambda m, b: _refused(m, b) and not b.valid),
    "nth-visit": _nth_visit,
    "forgot-valid": _with_b(lambda m, b: bool(m.deal.forgot_name) and b.valid),
    "forgot-expired": _with_b(lambda m, b: bool(m.deal.forgot_name) and not b.valid),
    "several-named": _several_named,
    "named-present": _with_named_b(lambda m, b: b in m.present),
    "named-absent-same-day": _with_named_b(lambda m, b: b not in m.present and m.deal.assisted_on == m.day),
    "named-absent": _with_named_b(lambda m, b: b not in m.present),
    "referred": lambda m: _first(m.referrer),
    "family": lambda m: _first(m.family),
    "first-registration": _first_registered,
    "unregistered": lambda m: _on(not any(one.valid for one in m.registrations), A=m.a),
}
"""When each kind of row applies, and who its parties are; None where it does not apply."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: a clause that names a case, and who has how much of the deal.

    Without shares it divides as the parties or the manager did; `ruling` leaves it to the manager.
    """

    id: str
    case: str
    performance: Mapping[str, float]
    commission: Mapping[str, float]
    ruling: bool = False

    @classmethod
    def of(cls, clause: BoundClause) -> Row:
        params = clause.row.params
        shares = params.get("performance", {})
        ruling = bool(params.get("ruling"))
        return cls(clause.id, params["case"], shares, params.get("commission", shares), ruling)

    def divide(self, matter: Matter, parties: Parties) -> Verdict:
        return Verdict(
            self.id,
            self._divide(matter, parties, self.performance),
            self._divide(matter, parties, self.commission),
        )

    def _divide(self, matter: Matter, parties: Parties, shares: Mapping[str, float]) -> Mapping[str, float]:
        parts = (
            fractions(parties, shares)
            if shares
            else {person: exactly(share) for person, share in matter.dispute.shares}
        )
        return divide(parts, (*matter.registered, matter.a))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the table says of a deal: a verdict, or that the manager must rule. `row` is the row that says
    so; an open dispute needs none."""

    row: str | None
    verdict: Verdict | None
    because: str


@rule("adjudication-row")
def adjudication_row(_turn: Turn, _stream: Stream, _event: Event, _clause: BoundClause) -> None:
    """Asked by no event: a row of the table, read when a deal is adjudicated."""


def adjudicate(table: Iterable[Row], matter: Matter) -> Outcome | None:
    """What the first row that applies says; None where the table has none.

    An open dispute leaves the deal to the manager, unless it was quarrelled over.
    """
    for row in table:
        parties = CASES[row.case](matter)
        if parties is None:
            continue
        if matter.dispute.open and row.case != "quarrelled":
            return Outcome(None, None, f"the dispute is open; {_inputs(matter)}")
        if row.ruling:
            return Outcome(row.id, None, f"{row.id} ({row.case}) is left to the manager; {_inputs(matter)}")
        return Outcome(row.id, row.divide(matter, parties), f"{row.id} ({row.case}): {_inputs(matter)}")
    return None


_TOLD = {
    "b": "B is",
    "faulted": "the complaint was found reasonable against",
    "referrer": "the old customer's original receiver is",
    "family": "the family's first owner is",
}


def _inputs(matter: Matter) -> str:
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
