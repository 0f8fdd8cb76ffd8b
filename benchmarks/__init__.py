"""Measurements of the whole, each beside the bare library or the broker it stands on, in the same run.

A benchmark is a module here with a docstring and `run() -> Iterable[Table]`; `python -m benchmarks` runs all,
`python -m benchmarks NAME…` those named. One that has options of its own also has `arguments(parser)`, and
its `run` is given what was said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """What was measured, a row for each case; cells are written as they are given."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[object]] = field(default_factory=list)
    failed: bool = False
    """Whether a row is not as it should be."""

    def __str__(self) -> str:
        lines = [list(map(str, self.columns)), *([_cell(cell) for cell in row] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        head, *body = [" | ".join(map(str.rjust, line, widths)) for line in lines]
        return "\n".join([f"\n{self.title}", head, "-" * len(head), *body])


def _cell(value: object) -> str:
    """Figures with thousands apart; ratios with two places."""
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
