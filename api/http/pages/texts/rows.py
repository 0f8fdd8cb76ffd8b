"""Rows of texts: `name | English | 中文`, one a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from api.i18n import Text


def _rows(part: str) -> Iterator[tuple[str, Text]]:
    for line in part.strip().splitlines():
        name, en, zh = (cell.strip() for cell in line.split(" | "))
        yield name, Text(en, zh)


def read(*parts: str) -> Mapping[str, Text]:
    """The texts by their names.

    Raises:
        ValueError: two rows have one name.
    """
    found: dict[str, Text] = {}
    for name, text in (row for part in parts for row in _rows(part)):
        if name in found:
            raise ValueError(f"two texts are named {name}")
        found[name] = text
    return found
