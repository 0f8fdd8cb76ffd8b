"""Changing a copy of a frozen state."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

S = TypeVar("S")

Slot = tuple[str, Callable[[Any], Any], Callable[[Any, Any], None]]


@cache
def _slots(cls: type) -> tuple[Slot, ...]:
    """How each slot of a class is read and written, past the guard that keeps it frozen."""
    found = ((name, vars(cls)[name]) for name in cls.__slots__)  # type: ignore[attr-defined]
    return tuple((name, slot.__get__, slot.__set__) for name, slot in found)


def replace(state: S, **changes: Any) -> S:
    """`dataclasses.replace` for frozen dataclasses with slots, many times as fast: states change on every
    fact, and a state has many fields that do not."""
    cls: Any = type(state)
    copy: S = object.__new__(cls)
    for name, read, write in _slots(cls):
        write(copy, changes[name] if name in changes else read(state))
    return copy
