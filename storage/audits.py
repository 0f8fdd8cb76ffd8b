"""What auditors look at beside the ledger: verifications and their outcome, and the latest checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from storage.connections import Connections

TABLES = """
CREATE TABLE IF NOT EXISTS verification_run (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL, by text NOT NULL, outcome text NOT NULL, events bigint, size bigint,
    checkpoints bigint, findings json NOT NULL DEFAULT '[]');
"""
"""`outcome`: sound, findings, or failed (it did not come to an end)."""

FINDINGS = 100
"""Findings that are kept of one run, at most; how many there were is kept too."""


@dataclass(frozen=True, slots=True)
class VerificationRun:
    """One run and what came of it; `findings` are lines in English and Chinese."""

    started_at: datetime
    ended_at: datetime
    by: str
    outcome: str
    events: int | None = None
    size: int | None = None
    checkpoints: int | None = None
    findings: Sequence[dict[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """A checkpoint as it is listed."""

    size: int
    key: str
    root: bytes
    made_at: datetime


def add_run(connections: Connections, run: VerificationRun) -> None:
    statement = """INSERT INTO verification_run
        (started_at, ended_at, by, outcome, events, size, checkpoints, findings)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"""
    findings = orjson.dumps(list(run.findings[:FINDINGS])).decode()
    figures = [run.events, run.size, run.checkpoints]
    connections.read(statement, [run.started_at, run.ended_at, run.by, run.outcome, *figures, findings])


def runs(connections: Connections, limit: int = 20) -> list[VerificationRun]:
    """The latest first."""
    query = """SELECT started_at, ended_at, by, outcome, events, size, checkpoints, findings::text
        FROM verification_run ORDER BY position DESC LIMIT %s"""
    return [_run(row) for row in connections.read(query, [limit])]


def _run(row: tuple[Any, ...]) -> VerificationRun:
    started_at, ended_at, by, outcome, events, size, signed, findings = row
    told = orjson.loads(findings)
    return VerificationRun(started_at, ended_at, by, outcome, events, size, signed, told)


def checkpoints(connections: Connections, limit: int = 10) -> list[Checkpointed]:
    """The latest first."""
    query = "SELECT size, key, root, made_at FROM checkpoint ORDER BY made_at DESC, size DESC LIMIT %s"
    return [Checkpointed(*row) for row in connections.read(query, [limit])]


def checkpoint_count(connections: Connections) -> int:
    return int(connections.read("SELECT count(*) FROM checkpoint")[0][0])
