"""Charts as numbers for templates: everything lies in a field of 100 by 100 that stretches with the page.

The marks are drawn as inline SVG that keeps its strokes; words stand beside it as text of the page, so that
they stay readable on a phone. The numbers are always in a table too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LABELS = 6
"""Labels beneath a trend, at most."""


class Point(NamedTuple):
    """One window of a trend: a share of something, None where there is nothing to be a share of."""

    label: str
    share: float | None
    of: int
    words: str


class Dot(NamedTuple):
    x: float
    y: float
    words: str


class Column(NamedTuple):
    x: float
    width: float
    height: float
    words: str


class Trend(NamedTuple):
    """A line of shares over columns of their denominators."""

    line: str
    dots: Sequence[Dot]
    columns: Sequence[Column]
    labels: Sequence[str]
    most: int


def trend(points: Sequence[Point]) -> Trend:
    """The line breaks where a window has nothing to be a share of; columns are of the largest."""
    room = 100 / max(len(points), 1)
    most = max((point.of for point in points), default=0)
    dots = [
        Dot(round(room * (place + 0.5), 2), round(100 - 100 * point.share, 2), point.words)
        for place, point in enumerate(points)
        if point.share is not None
    ]
    columns = [
        Column(round(room * (place + 0.14), 2), round(room * 0.72, 2), _part(point.of, most), point.words)
        for place, point in enumerate(points)
    ]
    return Trend(_line(points, room), dots, columns, _few([point.label for point in points]), most)


def _part(value: int, most: int) -> float:
    return round(100 * value / most, 2) if most else 0.0


def _line(points: Sequence[Point], room: float) -> str:
    steps, drawn = [], False
    for place, point in enumerate(points):
        if point.share is None:
            drawn = False
            continue
        steps.append(f"{'L' if drawn else 'M'}{room * (place + 0.5):.2f} {100 - 100 * point.share:.2f}")
        drawn = True
    return "".join(steps)


def _few(labels: Sequence[str]) -> list[str]:
    """As many labels as can be read, each where its window is; the others are empty."""
    every = -(-len(labels) // LABELS) or 1
    return [label if (len(labels) - 1 - place) % every == 0 else "" for place, label in enumerate(labels)]
