"""Registrations of ownership (销售登记): who made them, who holds them, how long they are valid.

Source: 001-3 (五)2(1): valid for two months; (五)3(12): whoever a customer passes to inherits the date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from domain.frozen import replace
from domain.pack import PeriodText
from domain.rules import Params, rule
from domain.working_time import deadline, parse_period

if TYPE_CHECKING:
    from domain.engine import Turn
    from domain.envelope import Event
    from domain.policy import BoundClause, Policy
    from domain.stream import Stream

Until = Callable[[datetime], datetime | None]
"""The last instant at which a registration made at an instant is valid; None: for ever."""


@dataclass(frozen=True)
class Claim:
    """One registration, as `staff` made it. `passed` says who it passed to since, and when."""

    staff: str
    at: datetime
    basis: str
    referred_by: str | None = None
    family_of: str | None = None
    passed: tuple[tuple[datetime, str], ...] = ()

    def holder(self, at: datetime) -> str:
        """Whose registration it was at an instant; its date stays the same whoever that is."""
        return next((to for moment, to in reversed(self.passed) if moment <= at), self.staff)

    @property
    def holders(self) -> tuple[str, ...]:
        """Everybody whose registration it ever was."""
        return (self.staff, *(to for _, to in self.passed))

    def pass_on(self, to: str, at: datetime) -> Claim:
        return replace(self, passed=(*self.passed, (at, to)))


@dataclass(frozen=True, slots=True)
class Registration:
    """A claim as it stood at one instant, in which `valid` is judged."""

    staff: str
    at: datetime
    until: datetime | None
    valid: bool

    def __str__(self) -> str:
        verb = "valid until" if self.valid else "expired"
        until = f", {verb} {self.until.isoformat()}" if self.until else ""
        return f"{self.staff} (registered {self.at.isoformat()}{until})"


def validity(policy: Policy) -> Until:
    """How long registrations are valid by a policy; for ever where it does not say."""
    for clause in policy.with_rule("registration-validity"):
        period = parse_period(clause.row.params["within"])
        return lambda at: deadline(at, period, clause.calendar).due_at
    return lambda _at: None


class Validity(Params):
    within: PeriodText


@rule("registration-validity", params=Validity)
def registration_validity(_turn: Turn, _stream: Stream, _event: Event, _clause: BoundClause) -> None:
    """Asked by no event: adjudications look the period up (001-3 (五)2(1))."""


def registrations(claims: Iterable[Claim], at: datetime, until: Until) -> tuple[Registration, ...]:
    """All registrations made by an instant, the earliest first; the expired ones too."""
    made = sorted((claim for claim in claims if claim.at <= at), key=lambda claim: claim.at)
    return tuple(_registration(claim, at, until(claim.at)) for claim in made)


def _registration(claim: Claim, at: datetime, until: datetime | None) -> Registration:
    return Registration(claim.holder(at), claim.at, until, until is None or at <= until)


def earliest(found: Iterable[Registration]) -> Registration | None:
    """The earliest valid registration, else the earliest expired one."""
    known = list(found)
    return next((one for one in known if one.valid), known[0] if known else None)


def owner(claims: Iterable[Claim], at: datetime, until: Until) -> str | None:
    """Whose customer it is at an instant."""
    first = earliest(registrations(claims, at, until))
    return first.staff if first else None
