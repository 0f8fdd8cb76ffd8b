"""A complaint (投诉): from its receipt over answer, resolution and closing to what is owed afterwards.

Source: 投诉管理规定 (000), 001-4, 001-10, 001-14; ISO 10002.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.envelope import Event
from domain.events import ComplaintClassified, ComplaintReopened
from domain.frozen import replace
from domain.pack import Severity
from domain.repetition import is_repeat
from domain.rules import Params, rule

if TYPE_CHECKING:
    from domain.engine import Emit, Turn
    from domain.policy import BoundClause
    from domain.stream import Stream

KIND = "complaint"


@dataclass(frozen=True)
class Complaint:
    """What decisions need to know of a complaint. `cycle` counts its reopenings."""

    customer: str | None = None
    category: str | None = None
    channel: str | None = None
    kind: str = "complaint"
    urgent: bool = False
    branch: str | None = None
    accused: str | None = None
    received_at: datetime | None = None
    handler_at_receipt: str | None = None
    handler: str | None = None
    contact_given: frozenset[str] = frozenset()
    signals: tuple[str, ...] = ()
    major: bool = False
    status: str = "open"
    status_before_merge: str = "open"
    cycle: int = 1
    resolved: bool = False
    answered: bool = False
    found_reasonable: bool = False
    prewarned: frozenset[str] = frozenset()
    reported_up: frozenset[str] = frozenset()
    crisis_met: bool = False
    compensated: float = 0
    paused_since: datetime | None = None
    pauses: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def echoed(self) -> bool:
        """件件有落实、事事有回音: resolved, and answered for good, in the current cycle."""
        return self.resolved and self.answered

    @property
    def closed(self) -> bool:
        """Closed and not reopened since; what was closed and then merged is closed still."""
        return self._is("closed")

    @property
    def withdrawn(self) -> bool:
        """Withdrawn and not reopened since; merging what was withdrawn does not bring it back."""
        return self._is("withdrawn")

    def _is(self, status: str) -> bool:
        return status in (self.status, self.status == "merged" and self.status_before_merge)


INITIAL = Complaint()

REFUSED_AFTER_CLOSE = frozenset(
    f"complaint.{act}"
    for act in (
        "verified assigned promised replied investigated reinspected handed_over "
        "awaiting resumed resolved closed withdrawn"
    ).split()
)


def _received(state: Complaint, event: Event) -> Complaint:
    data: Any = event.data
    contact = data.contact
    given = {name for name, value in contact if value and value.strip()} if contact is not None else set()
    return replace(
        state,
        customer=data.customer,
        category=data.category,
        channel=data.channel,
        kind=data.kind or "complaint",
        urgent=bool(data.urgent),
        branch=data.branch,
        accused=data.accused,
        received_at=event.time,
        handler_at_receipt=data.handler,
        handler=state.handler or data.handler,
        contact_given=frozenset(given),
        signals=(*data.signals, *state.signals) if data.signals else state.signals,
    )


def _assigned(state: Complaint, event: Event) -> Complaint:
    data: Any = event.data
    return replace(state, handler=data.handler)


def _replied(state: Complaint, event: Event) -> Complaint:
    data: Any = event.data
    return replace(state, answered=True) if data.final else state


def _resolved(state: Complaint, _event: Event) -> Complaint:
    return replace(state, resolved=True)


def _investigated(state: Complaint, event: Event) -> Complaint:
    data: Any = event.data
    return replace(state, found_reasonable=data.reasonable)


def _signalled(state: Complaint, event: Event) -> Complaint:
    data: Any = event.data
    return replace(state, signals=(*state.signals, data.signal))


def _classified(state: Complaint, event: Event) -> Complaint:
    data: Any = event.data
    return replace(state, major=data.major)


def _prewarned(state: Complaint, event: Event) -> Complaint:
    data: Any = event.data
    return replace(state, prewarned=state.prewarned | frozenset(data.to))


def _reported_up(state: Complaint, event: Event) -> Complaint:
    data: Any = event.data
    return replace(state, reported_up=state.reported_up | frozenset(data.to))


def _crisis_met(state: Complaint, event: Event) -> Complaint:
    data: Any = event.data
    return replace(state, crisis_met=state.crisis_met or data.chaired_by == "general_manager")


def _compensated(state: Complaint, event: Event) -> Complaint:
    data: Any = event.data
    return replace(state, compensated=state.compensated + data.amount)


def _awaiting(state: Complaint, event: Event) -> Complaint:
    return replace(state, paused_since=state.paused_since or event.time)


def _resumed(state: Complaint, event: Event) -> Complaint:
    if state.paused_since is None:
        return state
    return replace(state, paused_since=None, pauses=(*state.pauses, (state.paused_since, event.time)))


def _closed(state: Complaint, event: Event) -> Complaint:
    return replace(_resumed(state, event), status="closed")


def _reopened(state: Complaint, _event: Event) -> Complaint:
    return replace(state, status="open", cycle=state.cycle + 1, resolved=False, answered=False)


def _withdrawn(state: Complaint, _event: Event) -> Complaint:
    return replace(state, status="withdrawn")


def _merged(state: Complaint, _event: Event) -> Complaint:
    if state.status == "merged":
        return state
    return replace(state, status="merged", status_before_merge=state.status)


def _unmerged(state: Complaint, _event: Event) -> Complaint:
    return replace(state, status=state.status_before_merge) if state.status == "merged" else state


EVOLVE: dict[str, Callable[[Complaint, Event], Complaint]] = {
    "complaint.received": _received,
    "complaint.assigned": _assigned,
    "complaint.replied": _replied,
    "complaint.resolved": _resolved,
    "complaint.investigated": _investigated,
    "complaint.signalled": _signalled,
    "complaint.classified": _classified,
    "complaint.prewarned": _prewarned,
    "complaint.reported_up": _reported_up,
    "complaint.crisis_met": _crisis_met,
    "complaint.compensated": _compensated,
    "complaint.awaiting": _awaiting,
    "complaint.resumed": _resumed,
    "complaint.closed": _closed,
    "complaint.reopened": _reopened,
    "complaint.withdrawn": _withdrawn,
    "complaint.merged": _merged,
    "complaint.unmerged": _unmerged,
}


def is_dissatisfied(data: Any, at_most: float) -> bool:
    """Whether feedback says no: not satisfied, or a score of at most `at_most` of 5."""
    return data.satisfied is False or (data.score is not None and data.score <= at_most)


class Dissatisfied(Params):
    """The score, of 5, that counts as a no."""

    score_at_most: float


@rule("reopen-when-dissatisfied", "feedback.given", judged=True, params=Dissatisfied)
def reopen(_turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """Dissatisfaction with a resolved or closed complaint reopens it (001-4 4.4)."""
    from domain.engine import Emit

    state = stream.state
    over = stream.kind == KIND and (state.status == "closed" or (state.resolved and state.status == "open"))
    if over and is_dissatisfied(event.data, clause.row.params["score_at_most"]):
        reason = "the customer is not satisfied"
        yield Emit(ComplaintReopened(reason=reason, clause=clause.id, source=clause.cites, because=reason))


class KeyAccount(Params):
    """The category of customers whose complaints carry at least this severity."""

    category: str
    severity: Severity


@rule("key-account", params=KeyAccount)
def key_account(_turn: Turn, _stream: Stream, _event: Event, _clause: BoundClause) -> None:
    """Asked by no event: escalations look its figures up (001-7 5)."""


class Major(Params):
    """The signals that make a complaint major."""

    signals: tuple[str, ...]


@rule("classify-major", "complaint.received", "complaint.signalled", judged=True, params=Major)
def classify(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """Any major signal makes the complaint major, once (001-10 2.5)."""
    from domain.engine import Emit

    if stream.state.major:
        return
    repeat = ("repeat",) if is_repeat(turn.world, stream) else ()
    signals = dict.fromkeys((*stream.state.signals, *repeat))
    major = tuple(signal for signal in signals if signal in clause.row.params["signals"])
    if major:
        because = f"signals {', '.join(major)}"
        yield Emit(
            ComplaintClassified(
                major=True, signals=major, clause=clause.id, source=clause.cites, because=because
            )
        )
