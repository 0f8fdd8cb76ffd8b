"""What falls due: every worker looks, the writer's lock lets one act, and what was done is no longer due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from domain.ledger import Ledger

AT_A_TIME = 200
ROUNDS = 5
"""After this many rounds facts get their turn again, however much is due."""


def tick(ledger: Ledger, now: Callable[[], datetime]) -> int:
    """Lets what is due have its effects; returns how many rounds that took. Looking needs no lock.

    Raises:
        OperationalError, OSError: the database is away; what was due still is.
    """
    for done in range(ROUNDS):
        due = ledger.storage.next_due()
        if due is None or due > now():
            return done
        ledger.tick(now(), AT_A_TIME)
    return ROUNDS
