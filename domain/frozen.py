"""Changing a copy of a frozen state."""

from __future__ import annotations

from typing import Any, TypeVar

S = TypeVar("S")

_set = object.__setattr__


def replace(state: S, **changes: Any) -> S:
    """`dataclasses.replace` for frozen dataclasses with slots, ten times as fast: states change on every
    fact, and a state has many fields that do not."""
    cls = type(state)
    copy = object.__new__(cls)
    for name in cls.__slots__:  # type: ignore[attr-defined]
        _set(copy, name, changes[name] if name in changes else getattr(state, name))
    return copy
