"""Where problems concentrate (000 5): the share of complaints, breaches and violations of each manager and
each root cause, the largest first, with the running total (Pareto)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

VITAL = 0.8
"""The share of all problems that the vital few account for (Juran's 80/20)."""


@dataclass(frozen=True, slots=True)
class Concentrated:
    """`share` and `cumulative` are of all problems counted; `vital`: one of the few that matter most."""

    name: str
    count: int
    share: float
    cumulative: float
    vital: bool


def concentration(problems: Iterable[str | None], unknown: str = "unknown") -> list[Concentrated]:
    """One name for each problem: whose it is, or what caused it; None where nobody said."""
    counted = Counter(problem or unknown for problem in problems)
    whole, before, rows = counted.total(), 0, []
    for name, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        total = before + count
        rows.append(Concentrated(name, count, count / whole, total / whole, before < VITAL * whole))
        before = total
    return rows
