"""Work that takes long, in processes of its own: one of a kind at a time, with a limit, kept for a while.

Each is a module that reads a question from standard input and writes its answer to standard output, both in
JSON. The settings go along as environment variables, never as arguments.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Any

import orjson

KEPT = 50
"""Outcomes that are remembered, of all kinds."""

LOG = logging.getLogger("huiyin.http")


class Busy(Exception):
    """Work of this kind runs already; `args[0]` is its id."""


@dataclass
class Run:
    """One piece of work. While it runs, neither `answer` nor `failed` is set."""

    id: str
    kind: str
    by: str
    asked: Mapping[str, Any]
    started_at: datetime
    ended_at: datetime | None = None
    answer: dict[str, Any] | None = None
    failed: str | None = None
    """too-long, or broken."""

    @property
    def running(self) -> bool:
        return self.ended_at is None


@dataclass
class Background:
    """All work of one application."""

    settings: Mapping[str, str]
    runs: OrderedDict[str, Run] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(
        self,
        kind: str,
        asked: Mapping[str, Any],
        by: str,
        limit_s: float,
        then: Callable[[Run], None] = lambda _run: None,
    ) -> Run:
        """Begins the work that the module `kind` does; `then` is told when it ended.

        Raises:
            Busy: work of this kind runs already.
        """
        with self._lock:
            for run in self.runs.values():
                if run.kind == kind and run.running:
                    raise Busy(run.id)
            run = Run(token_urlsafe(9), kind, by, dict(asked), datetime.now(UTC))
            self.runs[run.id] = run
            while len(self.runs) > KEPT:
                self.runs.popitem(last=False)
        threading.Thread(target=self._work, args=(run, limit_s, then), name=kind, daemon=True).start()
        return run

    def stop(self) -> None:
        """Ends what still runs, as nobody will read its answer."""
        for process in list(self._processes.values()):
            process.kill()

    def _work(self, run: Run, limit_s: float, then: Callable[[Run], None]) -> None:
        try:
            run.answer = self._answered(run, limit_s)
        except subprocess.TimeoutExpired:
            run.failed = "too-long"
        except Exception as error:
            run.failed = "broken"
            LOG.error("%s failed (%s)", run.kind, type(error).__name__)
        finally:
            run.ended_at = datetime.now(UTC)
            self._processes.pop(run.id, None)
            self._tell(run, then)

    def _tell(self, run: Run, then: Callable[[Run], None]) -> None:
        try:
            then(run)
        except Exception as error:
            LOG.error("the outcome of %s was not kept (%s)", run.kind, type(error).__name__)

    def _answered(self, run: Run, limit_s: float) -> dict[str, Any]:
        process = subprocess.Popen(
            [sys.executable, "-m", run.kind],
            env={**os.environ, **self.settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._processes[run.id] = process
        try:
            said, _ = process.communicate(orjson.dumps(run.asked), limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        if process.returncode:
            raise RuntimeError(run.kind)
        answer: dict[str, Any] = orjson.loads(said)
        return answer
