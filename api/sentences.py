"""Sentences that are kept in English, said again in Chinese: each kind of sentence is a row with gaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

Texts = Mapping[str, str]
"""Whole sentences that are known as such, from English to Chinese."""

Reader = Callable[[str, Texts], str | None]
"""A gap's value in Chinese; None: it is none of what this gap can hold, and another row may know it."""


class Row(NamedTuple):
    """A kind of sentence in both languages, with the same gaps: `{name}`."""

    en: str
    zh: str


@dataclass(frozen=True)
class Sentences:
    """Rows, the first that fits says it; `gaps` is what a gap takes, by its name (any other: anything).

    `read` says how what stands in a gap is said in Chinese (otherwise as it is); a gap in `nested` holds
    another sentence of these.
    """

    rows: Sequence[Row]
    gaps: Mapping[str, str] = field(default_factory=dict)
    read: Mapping[str, Reader] = field(default_factory=dict)
    nested: frozenset[str] = frozenset()

    def chinese(self, sentence: str, texts: Texts | None = None) -> str | None:
        """None: no row knows it."""
        if texts and sentence in texts:
            return texts[sentence]
        for row in self.rows:
            if found := _pattern(row.en, tuple(self.gaps.items())).fullmatch(sentence):
                said = {
                    name: self._said(name, value, texts or {}) for name, value in found.groupdict().items()
                }
                if None not in said.values():
                    return row.zh.format_map(said)
        return None

    def _said(self, gap: str, value: str, texts: Texts) -> str | None:
        if gap in self.nested:
            return self.chinese(value, texts)
        return self.read[gap](value, texts) if gap in self.read else value


@cache
def _pattern(en: str, gaps: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    takes = dict(gaps)
    parts = re.split(r"\{(\w+)\}", en)
    holes = [f"(?P<{name}>{takes.get(name, '.+?')})" for name in parts[1::2]]
    words = [re.escape(part) for part in parts[::2]]
    return re.compile("".join(a + b for a, b in zip(words, [*holes, ""], strict=True)), re.DOTALL)


def listed(value: str, _: Texts) -> str:
    """Items one after the other."""
    return value.replace(", ", "、").replace(" or ", " 或 ")


def known(words: Texts) -> Reader:
    """One of these words; any other is none."""
    return lambda value, _: words.get(value)
