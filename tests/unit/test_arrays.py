"""Lists of texts as arrays: the quick way says what psycopg's says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import PyFormat
from psycopg.types.array import ListDumper

from storage.arrays import TextsDumper

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))


def elements(array: bytes) -> list[str]:
    """The elements of a one-dimensional array of texts, as PostgreSQL reads it."""
    found: list[str] = []
    inside, quoted, word = array.decode()[1:-1], False, ""
    left = iter(inside)
    for letter in left:
        if letter == "\\":
            word += next(left)
        elif letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            found.append(word)
            word = ""
        else:
            word += letter
    return [*found, word]


@given(st.lists(TEXT, min_size=1))
def test_every_list_of_texts_reads_back_as_it_was(texts: list[str]) -> None:
    assert elements(bytes(TextsDumper(list).dump(texts))) == texts


@pytest.mark.parametrize("other", [[], [1, 2], ["a", None], [None]])
def test_any_other_list_goes_psycopgs_way(other: list[Any]) -> None:
    from psycopg.adapt import Transformer

    ours, theirs = (
        cls(list, Transformer()).upgrade(other, PyFormat.TEXT) for cls in (TextsDumper, ListDumper)
    )
    assert ours.dump(other) == theirs.dump(other)
