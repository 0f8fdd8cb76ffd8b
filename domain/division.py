"""Dividing one deal among people: whole ten-thousandths that sum to exactly 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import floor

WHOLE = 10_000
"""Shares are written with at most 4 decimals."""

Shares = Mapping[str, float]


def fractions(parties: Mapping[str, Sequence[str]], shares: Mapping[str, float]) -> dict[str, Fraction]:
    """Each person's part, where several people in one role share its part equally."""
    parts: dict[str, Fraction] = {}
    for role, share in shares.items():
        for person in parties[role]:
            parts[person] = parts.get(person, Fraction(0)) + exactly(share) / len(parties[role])
    return parts


def exactly(share: float) -> Fraction:
    """A share as it is written: 0.8 is four fifths, not the binary number next to it."""
    return Fraction(str(share))


def divide(parts: Mapping[str, Fraction], registered: Iterable[str]) -> dict[str, float]:
    """The parts in at most 4 decimals, summing to exactly 1; the rest of an uneven division goes to the
    earliest registered of those who share. `registered` has the earliest first."""
    units = {person: floor(part * WHOLE) for person, part in parts.items()}
    if rest := WHOLE - sum(units.values()):
        units[_to_whom(parts, units, rest, registered)] += rest
    return {person: 1 if unit == WHOLE else unit / WHOLE for person, unit in units.items() if unit}


def _to_whom(
    parts: Mapping[str, Fraction], units: Mapping[str, int], rest: int, registered: Iterable[str]
) -> str:
    """Where nobody who shares is registered, the largest part has the rest."""
    uneven = [person for person in parts if parts[person] * WHOLE != units[person]]
    able = [person for person in uneven or parts if units[person] + rest >= 0]
    largest = max(able or parts, key=lambda person: parts[person])
    return next((person for person in registered if person in able), largest)
