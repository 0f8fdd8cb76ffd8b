"""A ledger, and what it answers."""

import json
from typing import Any

from domain.incoming import Incoming
from domain.ledger import Ledger
from domain.memory import MemoryStorage
from domain.messages import Receipt
from domain.policy import load_policy
from tests.helpers.complaints import Fact, replied, settled
from tests.helpers.scenario import at, received

GENERAL = load_policy(["general"])
MONDAY, TUESDAY = "2026-03-09", "2026-03-10"
NOON = f"{MONDAY} 12:00"
RECEIVED = received("C-1", f"{MONDAY} 09:00")
REPLIED = replied(f"{MONDAY} 10:00")


def ledger() -> Ledger:
    storage = MemoryStorage(keeps_outgoing=True)
    return Ledger(storage, storage.recorder, GENERAL)


def record(book: Ledger, *facts: Fact | bytes, now: str = NOON) -> list[Receipt]:
    raw = (one if isinstance(one, bytes) else json.dumps(one).encode() for one in facts)
    return book.record([Incoming.read(one) for one in raw], at(now)).receipts


def answer(*facts: Fact | bytes, now: str = NOON) -> Receipt:
    """The receipt of the last fact, when all are told to an empty ledger."""
    return record(ledger(), *facts, now=now)[-1]


def again(one: Fact, **changes: Any) -> Fact:
    return {**one, **changes}


CLOSED = [RECEIVED, *settled(MONDAY)]
