"""Obligations as bars: how their time was counted, when they were done, and by how much that was too late.

Each bar has a scale of its own, from the opening to the due date, as half an hour and a month stand side by
side. What is overdue is drawn behind the due date, at most a third as long as the time that was allowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

WIDE = 1000
TAIL = 0.35
"""Of the time allowed: the longest overdue tail that is drawn to scale."""


class Part(NamedTuple):
    """A stretch of a bar, from `x` on, of `kind`: counted, uncounted, paused or over."""

    x: float
    width: float
    kind: str


class Bar(NamedTuple):
    """An obligation as it is drawn: places from 0 to 1000."""

    parts: Sequence[Part]
    due: float
    warn: float | None
    done: float | None
    now: float | None
    unused: Part | None
    cut: bool


class _Scale:
    """Places of instants on a bar."""

    def __init__(self, start: datetime, due: datetime, end: datetime) -> None:
        self.start = start
        allowed = max(due - start, timedelta(seconds=1))
        over = max(end - due, timedelta())
        self.cut = over > allowed * TAIL
        self.last = due + (allowed * TAIL if self.cut else over)
        self.whole = max(self.last - start, timedelta(seconds=1))

    def place(self, at: datetime) -> float:
        return round(WIDE * min(max((at - self.start) / self.whole, 0.0), 1.0), 1)


def bar(owed: Mapping[str, Any], ended: datetime | None, moment: datetime) -> Bar:
    """The bar of an obligation as `domain.story.Owed` has it; `ended` is when it was done, if it was."""
    start, due = owed["opened_at"], owed["due_at"]
    open_still = owed["status"] == "open" or (owed["status"] == "breached" and ended is None)
    end = ended or (moment if open_still else due)
    paused_to = max((each["end"] for each in owed["segments"]), default=due)
    scale = _Scale(start, max(due, min(paused_to, end)), end)
    late, at = owed["status"] == "breached", ended or (moment if open_still else None)
    return Bar(
        parts=[*_parts(owed, scale), *([_part(scale, due, end, "over")] if late and end > due else [])],
        due=scale.place(due),
        warn=scale.place(owed["warn_at"]) if owed["warn_at"] else None,
        done=scale.place(ended) if ended else None,
        now=scale.place(moment) if open_still and start <= moment else None,
        unused=_part(scale, at, scale.last, "unused") if at is not None and at < due else None,
        cut=scale.cut and late,
    )


def _parts(owed: Mapping[str, Any], scale: _Scale) -> list[Part]:
    """The stretches that are known; where none are, one that says only from when to when."""
    stretches = owed["segments"] or [{"start": scale.start, "end": owed["due_at"], "kind": "counted"}]
    return [_part(scale, each["start"], each["end"], each["kind"]) for each in stretches]


def _part(scale: _Scale, start: datetime, end: datetime, kind: str) -> Part:
    left, right = scale.place(start), scale.place(end)
    return Part(left, round(max(right - left, 0.0), 1), kind)
