"""The reference in docs/ is what the documents say today."""

from __future__ import annotations

from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from domain.events import TYPES

DOCS = Path(__file__).parent.parent.parent / "docs"
FILES = [DOCS / place / f"reference-{name}.md" for place in ("", "zh") for name in ("http", "events")]


@cache
def made() -> dict[Path, str]:
    spec = spec_from_file_location("reference", DOCS / "reference.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    pages: dict[Path, str] = module.pages()
    return pages


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(DOCS)))
def test_the_reference_is_current(file: Path) -> None:
    assert file.read_text("utf-8") == made()[file], "run `make reference`"


def test_every_event_and_every_kind_of_alert_topic_is_in_it() -> None:
    events = made()[DOCS / "reference-events.md"]
    assert [name for name in TYPES if f"### `{name}`" not in events] == []
    assert "`huiyin.alerts.satisfaction`" in events


def test_no_page_says_something_in_both_languages() -> None:
    """Texts of the contract are `English | 中文`; a reference has one of the two."""
    for file in FILES:
        lines = made()[file].splitlines()
        assert [line for line in lines if " | " in line and not line.startswith("|")] == []
