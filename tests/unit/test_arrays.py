"""Lists as arrays: the quick way says what psycopg's says."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.array import ListDumper

from storage.arrays import JsonDumper

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
    assert elements(bytes(JsonDumper(list).dump(texts))) == texts


NUMBERS = st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1).filter(any)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(NUMBERS)
def test_whole_numbers_and_nothings_read_back_as_they_were(numbers: list[int | None]) -> None:
    read = [None if word == "null" else int(word) for word in elements(bytes(JsonDumper(list).dump(numbers)))]

    assert read == numbers


@given(st.lists(st.datetimes(timezones=OFFSETS), min_size=1))
def test_instants_read_back_as_they_were(instants: list[datetime]) -> None:
    written = elements(bytes(JsonDumper(list).dump(instants)))

    assert [datetime.fromisoformat(word) for word in written] == instants


@pytest.mark.parametrize("other", [[], [b"\x00", b'"'], [1.5], [True, False], [None]])
def test_any_other_list_goes_psycopgs_way(other: list[Any]) -> None:
    ours, theirs = (
        cls(list, Transformer()).upgrade(other, PyFormat.TEXT) for cls in (JsonDumper, ListDumper)
    )
    assert ours.dump(other) == theirs.dump(other)
