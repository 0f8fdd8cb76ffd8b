"""A command run in this process, in a world of its own: what it is given, and what it answers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.cli.edge import Edge
from api.cli.main import run

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]


def huiyin(
    *words: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    now: Callable[[], datetime] = lambda: NOW,
) -> Answer:
    """`huiyin words…`, in English unless the environment says otherwise, beside no running `up`."""
    out, err = io.BytesIO(), io.StringIO()
    environ = {"HUIYIN_DATA": "/nowhere", "HUIYIN_LANG": "en", **(env or {})}
    edge = Edge(io.BytesIO(stdin), out, err, environ, now)
    status = run(words, edge)
    return Answer(status, out.getvalue().decode(), err.getvalue())


def refused(answer: Answer) -> str:
    """The one line that a command ends with when it was misused; nothing else is printed."""
    assert answer.status == 2
    assert answer.out == ""
    (line,) = answer.err.splitlines()
    assert "Traceback" not in line
    return line
