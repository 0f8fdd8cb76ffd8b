"""Charts as inline SVG: bars beneath each other (with Pareto's line), and columns over labels.

No script and nothing from elsewhere. Every mark has a title that says its label and value, so that a chart
can be read aloud; the numbers stand in the table beside it as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10

from api.i18n import Language
from api.reports.model import Bar, Chart, Series

WIDE = 720
LABEL, VALUE = 180, 90
BAR, GAP = 18, 8
HIGH, FOOT, AXIS = 180, 34, 46
MANY = 16
"""Labels beneath columns, at most; of more every n-th is written."""


def chart(wanted: Chart, language: Language) -> str:
    """The chart as an svg element; empty where there is nothing to draw."""
    title = wanted.title.within(language)
    if wanted.series:
        return columns(title, wanted.labels, wanted.series, language)
    return bars(title, wanted.bars)


def _svg(title: str, high: float, marks: Sequence[str]) -> str:
    name = escape(title, quote=True)
    return (
        f'<svg class="chart" viewBox="0 0 {WIDE} {high:g}" role="img" aria-label="{name}">'
        f"<title>{escape(title)}</title>{''.join(marks)}</svg>"
    )


def _text(x: float, y: float, words: str, anchor: str = "start", name: str = "") -> str:
    kind = f' class="{name}"' if name else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{kind}>{escape(words)}</text>'


def short(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


# ---- bars beneath each other


def bars(title: str, told: Sequence[Bar]) -> str:
    """A bar for each, as long as its value is of the largest."""
    if not told:
        return ""
    most = max((bar.value for bar in told), default=0) or 1
    room = WIDE - LABEL - VALUE
    marks = [mark for place, bar in enumerate(told) for mark in _bar(bar, place, room * bar.value / most)]
    return _svg(title, len(told) * (BAR + GAP) + GAP, [*marks, *_line(told, room)])


def _top(place: int) -> int:
    return GAP + place * (BAR + GAP)


def _bar(bar: Bar, place: int, length: float) -> Iterator[str]:
    top, words = _top(place), f"{bar.label}: {bar.shown}"
    rect = (
        f'<rect class="mark s0" x="{LABEL}" y="{top}" width="{length:.1f}" height="{BAR}">'
        f"<title>{escape(words)}</title></rect>"
    )
    yield _text(LABEL - 8, top + BAR - 5, short(bar.label, 22), "end")
    yield f'<a href="{escape(bar.link, quote=True)}">{rect}</a>' if bar.link else rect
    yield _text(LABEL + length + 6, top + BAR - 5, bar.shown, name="value")


def _line(told: Sequence[Bar], room: float) -> Iterator[str]:
    """The running total, where the bars have one."""
    points = [
        (LABEL + room * bar.line, _top(place) + BAR / 2)
        for place, bar in enumerate(told)
        if bar.line is not None
    ]
    if len(points) > 1:
        yield f'<polyline class="line" points="{" ".join(f"{x:.1f},{y:g}" for x, y in points)}"/>'


# ---- columns over labels


def step(most: float) -> float:
    """A round distance between the lines of an axis, of which five at most are needed."""
    if most <= 0:
        return 1
    rough = most / 5
    power = 10 ** floor(log10(rough))
    found = next(times * power for times in (1, 2, 5, 10) if times * power >= rough)
    return float(max(found, 1)) if float(most).is_integer() else float(found)


def columns(title: str, labels: Sequence[str], series: Sequence[Series], language: Language) -> str:
    """For each label a column of each series, as high as its value is of the axis."""
    most = max((value for one in series for value in one.values), default=0)
    if not labels or most <= 0:
        return ""
    by = step(most)
    top = by * ceil(most / by - 1e-9)
    marks = [*_axis(by, top), *_legend(series, language), *_labels(labels)]
    for number, one in enumerate(series):
        marks += _columns(labels, one, number, len(series), top, language)
    return _svg(title, HIGH + FOOT + 22, marks)


def _y(value: float, top: float) -> float:
    return 22 + HIGH * (1 - value / top)


def _axis(by: float, top: float) -> Iterator[str]:
    for number in range(round(top / by) + 1):
        value = by * number
        y = _y(value, top)
        yield f'<line class="axis" x1="{AXIS}" x2="{WIDE}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(AXIS - 6, y + 4, f"{value:g}", "end")


def _legend(series: Sequence[Series], language: Language) -> Iterator[str]:
    if len(series) < 2:
        return
    for number, one in enumerate(series):
        x = AXIS + number * 160
        yield f'<rect class="s{number % 4}" x="{x}" y="3" width="10" height="10"/>'
        yield _text(x + 15, 12, one.title.within(language))


def _labels(labels: Sequence[str]) -> Iterator[str]:
    room, every = (WIDE - AXIS) / len(labels), ceil(len(labels) / MANY)
    for place, label in enumerate(labels):
        if place % every == 0:
            yield _text(AXIS + room * (place + 0.5), HIGH + 22 + 18, short(label, 12), "middle")


def _columns(
    labels: Sequence[str], one: Series, number: int, of: int, top: float, language: Language
) -> Iterator[str]:
    room = (WIDE - AXIS) / len(labels)
    wide, name = room * 0.8 / of, one.title.within(language)
    for place, (label, value) in enumerate(zip(labels, one.values, strict=True)):
        x, y = AXIS + room * (place + 0.1) + wide * number, _y(value, top)
        words = escape(f"{label}, {name}: {value:g}")
        yield (
            f'<rect class="mark s{number % 4}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}"'
            f' height="{22 + HIGH - y:.1f}"><title>{words}</title></rect>'
        )
