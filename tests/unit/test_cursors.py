"""Cursors: they come back as they went out, and nothing else is taken for one."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.cursors import BadCursor, decode, encode

ORDER = (("at", "c.at", "timestamptz"), ("subject", "c.subject", "text"), ("number", "c.number", "bigint"))
OTHER = (("due_at", "o.due_at", "timestamptz"), *ORDER[1:])
ROW = {"at": datetime(2026, 3, 4, 5, 6, 7, 8, UTC), "subject": "complaint/投诉-1", "number": 7, "more": "x"}


def forged(values: bytes) -> str:
    return base64.urlsafe_b64encode(b"\0" * 6 + values).decode().rstrip("=")


def test_a_cursor_gives_back_the_values_of_the_order_and_nothing_more() -> None:
    assert decode(ORDER, encode(ORDER, ROW)) == {name: ROW[name] for name in ("at", "subject", "number")}


def test_a_cursor_can_stand_in_an_address_as_it_is() -> None:
    assert encode(ORDER, ROW).replace("-", "").replace("_", "").isalnum()


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(BadCursor):
        decode(OTHER, encode(ORDER, ROW))


@pytest.mark.parametrize("place", range(0, 60, 7))
def test_a_cursor_that_was_altered_anywhere_is_refused(place: int) -> None:
    cursor = encode(ORDER, ROW)
    altered = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
    with pytest.raises(BadCursor):
        decode(ORDER, altered)


@pytest.mark.parametrize(
    "cursor", ["", "x", "no cursor", "回音", forged(b'[1,"2026-03-04T00:00:00Z","C",1]'), forged(b"null")]
)
def test_what_was_made_by_hand_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        decode(ORDER, cursor)


@given(st.text(max_size=200))
def test_no_text_does_more_than_being_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        decode(ORDER, cursor)
