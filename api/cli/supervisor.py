"""Keeping children alive: what crashes is started again after growing pauses; all stops in order."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from streams.child import Child, ChildFailed, Server

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Before the next start of what crashed; the last one for all further ones."""

STEADY_S = 20.0
"""After this long alive, a crash counts as the first one again."""

HOPELESS = 8
"""Starts in a row that failed outright (not: crashed later), after which nothing is hoped for any more."""

LOG_KEPT = 20_000_000  # bytes; a longer log is put aside when its role starts


class Kept(Protocol):
    """What a supervisor keeps alive."""

    name: str

    def start(self) -> None: ...
    def alive(self) -> bool: ...
    def stop(self) -> None: ...
    def last_words(self) -> str: ...


@dataclass
class KeptServer:
    """A broker or a database: its start returns when it answers."""

    name: str
    server: Server

    def start(self) -> None:
        self.server.start()

    def alive(self) -> bool:
        return self.server.child is not None and self.server.child.process.poll() is None

    def stop(self) -> None:
        self.server.stop()

    def last_words(self) -> str:
        return self.server.child.tail() if self.server.child else ""


@dataclass
class Role:
    """A command of ours as a process of its own, with a log of its own."""

    name: str
    words: Sequence[str]
    logs: Path
    child: Child | None = None

    def start(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{self.name}.log"
        if log.exists() and log.stat().st_size > LOG_KEPT:
            log.replace(log.with_suffix(".log.1"))
        self.child = Child([sys.executable, "-P", "-m", "api.cli", *self.words], log, signal.SIGTERM)

    def alive(self) -> bool:
        return self.child is not None and self.child.process.poll() is None

    def stop(self) -> None:
        if self.alive() and self.child is not None:
            self.child.stop(signal.SIGTERM)

    def last_words(self) -> str:
        return self.child.tail() if self.child else ""


@dataclass
class _Watch:
    """How one of the kept has fared."""

    kept: Kept
    since: float = 0.0
    falls: int = 0
    failures: int = 0
    again: float | None = None


@dataclass
class Supervisor:
    """Starts in the order in which it is given, and stops in the opposite one.

    `say` is told of every fall and return: (name, event, detail), event being fell, back or failed.
    """

    say: Callable[[str, str, str], None]
    clock: Callable[[], float] = time.monotonic
    watches: list[_Watch] = field(default_factory=list)

    def add(self, kept: Kept, tries: int = 1) -> None:
        """Starts one and keeps it from now on; after a kill its predecessor may take a moment to be gone.

        Raises:
            ChildFailed: it does not start.
        """
        for left in reversed(range(tries)):
            try:
                kept.start()
                break
            except ChildFailed:
                if not left:
                    raise
                time.sleep(2.0)
        self.watches.append(_Watch(kept, self.clock()))

    def look(self) -> None:
        """One look at everything; blocks only while a server comes back.

        Raises:
            ChildFailed: something does not start any more, however often it is tried.
        """
        for watch in self.watches:
            if watch.again is not None:
                self._try_again(watch)
            elif not watch.kept.alive():
                self._fell(watch)

    def _fell(self, watch: _Watch) -> None:
        now = self.clock()
        if now - watch.since > STEADY_S:
            watch.falls = 0
        pause = PAUSES_S[min(watch.falls, len(PAUSES_S) - 1)]
        watch.falls += 1
        watch.again = now + pause
        self.say(watch.kept.name, "fell", watch.kept.last_words())

    def _try_again(self, watch: _Watch) -> None:
        if watch.again is None or self.clock() < watch.again:
            return
        try:
            watch.kept.start()
        except ChildFailed as problem:
            watch.failures += 1
            if watch.failures >= HOPELESS:
                raise
            watch.again = self.clock() + PAUSES_S[min(watch.failures, len(PAUSES_S) - 1)]
            self.say(watch.kept.name, "failed", str(problem))
        else:
            watch.since, watch.again, watch.failures = self.clock(), None, 0
            self.say(watch.kept.name, "back", "")

    def stop(self) -> None:
        """Everything, one after the other; what does not hear is killed by whoever started it."""
        while self.watches:
            self.watches.pop().kept.stop()
