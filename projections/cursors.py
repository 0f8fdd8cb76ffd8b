"""Cursors: where the next page of a list begins, as a text that is nobody's business but the list's.

A cursor holds the order's values of the last row shown, so a page begins after that row whatever was added
or taken away before it. It carries a version, the list that it belongs to and a check sum: one that was cut
off, altered, made by hand or taken from another list is refused before the database sees any of it. It
grants nothing: filters and permissions are those of each request.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import orjson

from domain.events.base import instant

Order = Sequence[tuple[str, str, str]]
"""Columns of a result with their SQL expression and type."""

VERSION = 1
SUM = 6
"""Bytes of the check sum."""

LONGEST = 400
"""Characters of a text in a cursor: identifiers of streams have fewer."""


class BadCursor(ValueError):
    """No cursor of this list."""


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or "\0" in value:
        raise BadCursor
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise BadCursor
    return value


READERS: Mapping[str, Callable[[object], Any]] = {"timestamptz": instant, "text": _text, "bigint": _number}
"""By SQL type, what reads a value out of a cursor."""


def encode(order: Order, row: Mapping[str, Any]) -> str:
    """The cursor of the page after a row."""
    values = orjson.dumps([VERSION, *(row[name] for name, _, _ in order)])
    return base64.urlsafe_b64encode(_sum(order, values) + values).decode().rstrip("=")


def decode(order: Order, cursor: str) -> dict[str, Any]:
    """The values by column.

    Raises:
        BadCursor: this is no cursor of this list.
    """
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        said, values = content[:SUM], content[SUM:]
        if said != _sum(order, values):
            raise BadCursor
        version, *found = orjson.loads(values)
        if version != VERSION:
            raise BadCursor
        return {name: READERS[kind](value) for (name, _, kind), value in zip(order, found, strict=True)}
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadCursor from error


def _sum(order: Order, values: bytes) -> bytes:
    names = ",".join(f"{name} {kind}" for name, _, kind in order)
    return blake2b(values, key=names.encode()[:64], digest_size=SUM).digest()
