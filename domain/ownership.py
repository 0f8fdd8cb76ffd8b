"""Whose deal it is (销售归属): an ordered table, the first row that applies divides the deal.

The rows, their order and their shares are clauses of a pack; this module says when each kind of row
applies and who its parties are. Source: 001-3 (五).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from domain.division import divide, exactly, fractions
from domain.matter import Matter, Verdict, inputs
from domain.registration import Registration
from domain.rules import Params, rule

if TYPE_CHECKING:
    from domain.engine import Turn
    from domain.envelope import Event
    from domain.policy import BoundClause, Policy
    from domain.stream import Stream

DEPARTMENT = "department"
"""Stands for a person where nobody in particular has a deal."""

Parties = Mapping[str, Sequence[str]]
"""Who plays which part in a row: A, B, others, first, or the department."""


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


@dataclass(frozen=True, slots=True)
class Case:
    """When a kind of row applies, and who its parties are (None: it does not); the parties' names."""

    parties: Callable[[Matter], Parties | None]
    roles: tuple[str, ...] = ()


AB = ("A", "B")
CASES: dict[str, Case] = {
    "quarrelled": Case(lambda m: _on(m.dispute.quarrelled, department=DEPARTMENT), ("department",)),
    "settled": Case(lambda m: _on(bool(m.dispute.shares) and not m.dispute.open)),
    "at-event": Case(lambda m: _on(bool(m.deal.at_event))),
    "complaint-verified": Case(_with_b(lambda m, b: _refused(m, b) and m.faulted == b.staff), AB),
    "seeking-discount": Case(_with_b(lambda m, _b: bool(m.deal.seeking_discount)), AB),
    "refused-valid": Case(_with_b(lambda m, b: _refused(m, b) and b.valid), AB),
    "refused-expired": Case(_with_b(lambda m, b: _refused(m, b) and not b.valid), AB),
    "nth-visit": Case(_nth_visit, ("A", "others")),
    "forgot-valid": Case(_with_b(lambda m, b: bool(m.deal.forgot_name) and b.valid), AB),
    "forgot-expired": Case(_with_b(lambda m, b: bool(m.deal.forgot_name) and not b.valid), AB),
    "several-named": Case(_several_named, ("first",)),
    "named-present": Case(_with_named_b(lambda m, b: b in m.present), AB),
    "named-absent-same-day": Case(
        _with_named_b(lambda m, b: b not in m.present and m.deal.assisted_on == m.day), AB
    ),
    "named-absent": Case(_with_named_b(lambda m, b: b not in m.present), AB),
    "referred": Case(lambda m: _first(m.referrer), ("first",)),
    "family": Case(lambda m: _first(m.family), ("first",)),
    "first-registration": Case(_first_registered, ("first",)),
    "unregistered": Case(lambda m: _on(not any(one.valid for one in m.registrations), A=m.a), ("A",)),
}


class Row(Params):
    """What a row of the table says: its case, and who has how much of the deal.

    Without shares it divides as the parties or the manager did; `ruling` leaves the deal to the manager.
    Where performance and commission are divided alike, the commission need not be said.
    """

    case: str
    performance: dict[str, float] = Field(default_factory=dict)
    commission: dict[str, float] = Field(default_factory=dict)
    ruling: bool = False

    @model_validator(mode="after")
    def _understood(self) -> Row:
        if self.case not in CASES:
            raise ValueError(f"{self.case!r} is no case; known are {', '.join(CASES)}")
        _check_shares(self.case, self.performance)
        _check_shares(self.case, self.commission)
        if not (self.performance or self.ruling or self.case == "settled"):
            raise ValueError("needs `performance`, the shares of the deal, or `ruling = true`")
        return self

    def divide(self, id_: str, matter: Matter, parties: Parties) -> Verdict:
        performance = self._divide(matter, parties, self.performance)
        commission = self._divide(matter, parties, self.commission or self.performance)
        return Verdict(id_, performance, commission)

    def _divide(self, matter: Matter, parties: Parties, shares: Mapping[str, float]) -> Mapping[str, float]:
        parts = (
            fractions(parties, shares)
            if shares
            else {person: exactly(share) for person, share in matter.dispute.shares}
        )
        return divide(parts, (*matter.registered, matter.a))


def _check_shares(case: str, shares: Mapping[str, float]) -> None:
    if unknown := shares.keys() - set(CASES[case].roles):
        roles = ", ".join(CASES[case].roles) or "nobody"
        raise ValueError(f"{case} divides among {roles}, not {', '.join(sorted(unknown))}")
    if shares and (sum(map(exactly, shares.values())) != 1 or min(shares.values()) < 0):
        raise ValueError("the shares must sum to exactly 1, none below 0")


Table = Sequence[tuple[str, Row]]
"""The rows with their clauses' ids, in their order."""


def table_of(policy: Policy) -> Table:
    return [(clause.id, Row(**clause.row.params)) for clause in policy.with_rule("adjudication-row")]


@rule("adjudication-row", params=Row)
def adjudication_row(_turn: Turn, _stream: Stream, _event: Event, _clause: BoundClause) -> None:
    """Asked by no event: a row of the table, read when a deal is adjudicated."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the table says of a deal: a verdict, or that the manager must rule. `row` is the row that says
    so; an open dispute needs none."""

    row: str | None
    verdict: Verdict | None
    because: str


def adjudicate(table: Table, matter: Matter) -> Outcome | None:
    """What the first row that applies says; None where the table has none.

    An open dispute leaves the deal to the manager, unless it was quarrelled over.
    """
    for id_, row in table:
        if (parties := CASES[row.case].parties(matter)) is not None:
            return _outcome(id_, row, matter, parties)
    return None


def _outcome(id_: str, row: Row, matter: Matter, parties: Parties) -> Outcome:
    if matter.dispute.open and row.case != "quarrelled":
        return Outcome(None, None, f"the dispute is open; {inputs(matter)}")
    if row.ruling:
        return Outcome(id_, None, f"{id_} ({row.case}) is left to the manager; {inputs(matter)}")
    return Outcome(id_, row.divide(id_, matter, parties), f"{id_} ({row.case}): {inputs(matter)}")
