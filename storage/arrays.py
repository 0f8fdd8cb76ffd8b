"""Lists as PostgreSQL's arrays, written at once: psycopg looks at each text for what must be quoted, and some
hundred texts go into every transaction.
"""

from __future__ import annotations

from datetime import datetime
from types import NoneType
from typing import Any

import orjson
from psycopg import Connection
from psycopg.types.array import ListDumper

KINDS: tuple[set[type], ...] = ({str}, {int}, {datetime})


class JsonDumper(ListDumper):
    """JSON writes texts, whole numbers, instants and nothings as an array does, but for what it escapes; such
    texts, and lists of anything else, go psycopg's way."""

    def dump(self, obj: list[Any]) -> Any:
        if set(map(type, obj)) - {NoneType} in KINDS:
            written = orjson.dumps(obj)
            if b"\\" not in written:
                return b"{%b}" % written[1:-1]
        return super().dump(obj)


def register(connection: Connection[Any]) -> None:
    """For this connection's statements."""
    connection.adapters.register_dumper(list, JsonDumper)
