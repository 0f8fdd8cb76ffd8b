"""Lists of texts as PostgreSQL's arrays, written at once: psycopg looks at each text for what must be quoted,
and lists of some hundred texts go into every transaction.
"""

from __future__ import annotations

from typing import Any

import orjson
from psycopg import Connection
from psycopg.types.array import ListDumper


class TextsDumper(ListDumper):
    """JSON quotes texts as an array does, but for what it escapes; such lists, and lists of anything else, go
    psycopg's way."""

    def dump(self, obj: list[Any]) -> Any:
        if set(map(type, obj)) == {str}:
            written = orjson.dumps(obj)
            if b"\\" not in written:
                return b"{%b}" % written[1:-1]
        return super().dump(obj)


def register(connection: Connection[Any]) -> None:
    """For this connection's statements."""
    connection.adapters.register_dumper(list, TextsDumper)
