"""A visit (走访): planned or not, started, excepted or moved, ended, summed up, reviewed.

Source: 徐州市烟草公司客户经理工作规范 (003); 001-13; 004.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from domain.envelope import Event

KIND = "visit"


@dataclass(frozen=True, slots=True)
class Visit:
    """What decisions need to know of a visit. Where plan and start differ, what was started counts."""

    customer: str | None = None
    manager: str | None = None
    branch: str | None = None
    mode: str | None = None
    date: date | None = None
    purpose: str = "routine"
    appointment: datetime | None = None
    planned: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None
    summarised: bool = False
    reported: bool = False


INITIAL = Visit()


def _planned(state: Visit, event: Event) -> Visit:
    data: Any = event.data
    return replace(
        state,
        customer=state.customer or data.customer,
        manager=state.manager or data.manager,
        mode=state.mode or data.mode,
        date=data.date,
        purpose=data.purpose or "routine",
        appointment=data.appointment,
        planned=True,
    )


def _started(state: Visit, event: Event) -> Visit:
    data: Any = event.data
    return replace(
        state,
        customer=data.customer or state.customer,
        manager=data.manager or state.manager,
        branch=data.branch or state.branch,
        mode=data.mode or state.mode,
        started_at=event.time,
    )


def _rescheduled(state: Visit, event: Event) -> Visit:
    data: Any = event.data
    return replace(state, date=data.date)


def _ended(state: Visit, event: Event) -> Visit:
    return replace(state, ended_at=event.time)


def _summarised(state: Visit, _event: Event) -> Visit:
    return replace(state, summarised=True)


def _reported(state: Visit, _event: Event) -> Visit:
    return replace(state, reported=True)


EVOLVE: dict[str, Callable[[Visit, Event], Visit]] = {
    "visit.planned": _planned,
    "visit.started": _started,
    "visit.rescheduled": _rescheduled,
    "visit.ended": _ended,
    "visit.summarised": _summarised,
    "visit.reported": _reported,
}


def may_begin_again(state: Visit, event: Event) -> bool:
    """A planned visit starts once; a plan learned after the start but dated before it is a late fact."""
    if event.type == "visit.started":
        return state.started_at is None
    return not state.planned and state.started_at is not None and event.time < state.started_at


def incomplete(state: Visit, event: Event) -> str | None:
    """The field that a visit nobody planned lacks: who visited whom, and how, must then be said."""
    if event.type != "visit.started" or state.planned:
        return None
    return next((name for name in ("customer", "manager", "mode") if getattr(event.data, name) is None), None)
