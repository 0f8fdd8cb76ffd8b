"""Changing a copy of a frozen state."""

from __future__ import annotations

from typing import Any, TypeVar

S = TypeVar("S")


def replace(state: S, **changes: Any) -> S:
    """`dataclasses.replace` for frozen dataclasses without slots, ten times as fast: states change on every
    fact, and a state has many fields that do not."""
    copy = object.__new__(type(state))
    copy.__dict__.update(state.__dict__)
    copy.__dict__.update(changes)
    return copy
