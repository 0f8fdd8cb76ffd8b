"""The quarterly ranking of managers (003 七.3), shown with its parts.

A part is scaled so that 1 is best: shares as they are, counts against the highest count among those ranked.
The score is the weighted mean of the parts that there are; the weights are the pack's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """A manager's quarter. A share is None where its denominator is 0.

    `satisfaction`: satisfied ÷ answered. `completion`: planned visits made ÷ planned visits.
    """

    staff: str
    satisfaction: float | None = None
    completion: float | None = None
    breaches: int = 0
    violations: int = 0


@dataclass(frozen=True, slots=True)
class Ranked:
    """`rank` counts from 1; equal scores share a rank. `parts` are scaled from 0 to 1."""

    rank: int
    staff: str
    score: float | None
    parts: Mapping[str, float]
    record: Record


SHARES = ("satisfaction", "completion")
COUNTS = ("breaches", "violations")


def rank(records: Iterable[Record], weights: Mapping[str, float]) -> list[Ranked]:
    """The managers in order, the best first; those without any part to score come last."""
    told = sorted(records, key=lambda record: record.staff)
    highest = {name: max((getattr(record, name) for record in told), default=0) for name in COUNTS}
    scored = [(record, _parts(record, highest)) for record in told]
    scores = {record.staff: _score(parts, weights) for record, parts in scored}
    places = {staff: _place(score) for staff, score in scores.items()}
    ordered = sorted(scored, key=lambda pair: -places[pair[0].staff])
    ranks = _ranks([places[record.staff] for record, _ in ordered])
    return [
        Ranked(ranks[places[record.staff]], record.staff, scores[record.staff], parts, record)
        for record, parts in ordered
    ]


def _parts(record: Record, highest: Mapping[str, int]) -> dict[str, float]:
    shares = {name: getattr(record, name) for name in SHARES if getattr(record, name) is not None}
    counts = {name: 1 - getattr(record, name) / most if (most := highest[name]) else 1.0 for name in COUNTS}
    return {**shares, **counts}


def _score(parts: Mapping[str, float], weights: Mapping[str, float]) -> float | None:
    whole = sum(weights.get(name, 0) for name in parts)
    return sum(value * weights.get(name, 0) for name, value in parts.items()) / whole if whole else None


def _place(score: float | None) -> float:
    """What scores are compared by: those equal on paper are equal, though thirds are not exact in binary."""
    return -1.0 if score is None else round(score, 12)


def _ranks(ordered: Sequence[float]) -> dict[float, int]:
    """The place of the first of each score."""
    places = range(len(ordered), 0, -1)
    return dict(zip(reversed(ordered), places, strict=True))
