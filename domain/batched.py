"""Many things, some at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(many: Iterable[T], size: int) -> Iterator[list[T]]:
    """In lists of `size`, the last one shorter; nothing is taken from `many` before it is asked for."""
    left = iter(many)
    while some := list(islice(left, size)):
        yield some
