"""What a worker watches over in itself: that it makes progress, and that its memory is swept in time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

STALLED_S = 120.0
"""Messages waiting this long without one being taken, with the database there: the consumer has stopped."""

IDLE_S = 2.0
SWEEP_S, LATEST_S = 60.0, 900.0
"""Not more often than this, and even without an idle moment after that."""

OFTEN, SELDOM, NEVER = 20_000, 20, 1_000_000


class Stalled(Exception):
    """Messages wait and none is taken."""


class Watch:
    """Whether messages are taken as long as there are some (a consumer can stop without a word)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: dict[Any, int] = {}
        self._moved = clock()

    def took(self, batch: Sequence[Any]) -> None:
        self._moved = self._clock()
        for event in batch:
            self._taken[event.message.tp] = event.message.offset + 1

    def excuse(self) -> None:
        """Nothing could be taken, for a reason that is known."""
        self._moved = self._clock()

    def check(self, ends: dict[Any, int | None]) -> None:
        """Raises Stalled, given the ends of the partitions that this worker has."""
        behind = [tp for tp, end in ends.items() if end is not None and end > self._taken.get(tp, end)]
        if not behind:
            self._moved = self._clock()
        elif self._clock() - self._moved > STALLED_S:
            raise Stalled(f"{len(behind)} partitions have messages and none is taken")


class Sweeper:
    """Python sweeps all that lives again and again, which with fifty thousand streams in memory stops the
    worker for a quarter of a second every few seconds. What is young is swept as ever; all of it when there
    is nothing to do. Little waits for that: what the ledger lets go of holds no circles."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sweep: Callable[[], Any] = gc.collect
    ) -> None:
        self._clock = clock
        self._sweep = sweep
        self._worked = self._swept = clock()

    def begin(self) -> None:
        """What is there from the start stays, and need not be looked at again."""
        self._sweep()
        gc.freeze()
        gc.set_threshold(OFTEN, SELDOM, NEVER)

    def worked(self) -> None:
        self._worked = self._clock()

    def look(self) -> None:
        """Sweeps if it is time; called every few seconds."""
        now = self._clock()
        since = now - self._swept
        if since > LATEST_S or (since > SWEEP_S and now - self._worked > IDLE_S):
            self._sweep()
            self._swept = self._clock()
