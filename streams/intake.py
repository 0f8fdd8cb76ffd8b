"""Facts from the intake topic into the ledger, each once, with the position up to which they were taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import psycopg
import structlog

from domain.envelope import Rejected
from domain.ledger import Batch, Incoming, Ledger

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OSError)
"""What says that the database is away, and nothing of the messages."""


class Message(NamedTuple):
    """A message of a partition, as it came."""

    topic: str
    partition: int
    offset: int
    value: bytes
    headers: Mapping[str, bytes]

    @property
    def source(self) -> str:
        """The name under which the ledger keeps this partition's position."""
        return f"{self.topic}/{self.partition}"

    @property
    def origin(self) -> str:
        return f"{self.source}@{self.offset}"


class Intake:
    """Takes messages in. For one thread: the order of messages is kept by taking them one batch at a time."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def take(self, messages: Sequence[Message], now: datetime) -> int:
        """All of them in one transaction; returns how many were new. A message that breaks the ledger becomes
        a dead letter, and the others are taken in.

        Raises:
            OperationalError, OSError: the database is away; nothing was taken in.
        """
        if not messages:
            return 0
        read = [(message, _read(message)) for message in messages]
        try:
            return self._take(read, now)
        except AWAY:
            raise
        except Exception as problem:
            structlog.get_logger().error("a batch of facts failed; taking them one by one", problem=problem)
            return sum(self._take_alone(message, incoming, now) for message, incoming in read)

    def _take(self, read: Sequence[tuple[Message, Incoming]], now: datetime) -> int:
        """The positions are read under the writer's lock: another worker that had the partition a moment ago
        has either written before, and is seen, or writes after, and sees this."""
        new: list[Incoming] = []

        def work(batch: Batch) -> None:
            known = batch.unit.positions()
            new[:] = [
                incoming for message, incoming in read if message.offset >= known.get(message.source, 0)
            ]
            batch.know(new)
            for incoming in new:
                batch.take(incoming)
            ends = {message.source: message.offset + 1 for message, _ in read}
            batch.changes.positions.update(
                (source, end) for source, end in ends.items() if end > known.get(source, 0)
            )

        self.ledger.work(work, now)
        return len(new)

    def _take_alone(self, message: Message, incoming: Incoming, now: datetime) -> int:
        try:
            return self._take([(message, incoming)], now)
        except AWAY:
            raise
        except Exception as problem:
            structlog.get_logger().error(
                "a fact failed; it is refused", origin=message.origin, problem=problem
            )
            return self._take([(message, _refused(incoming, problem))], now)


def _read(message: Message) -> Incoming:
    """A fact, or why there is none; a reader that breaks says so of the message, not of the worker."""
    try:
        return Incoming.read(message.value, message.headers, message.origin)
    except Exception as problem:
        unread = Incoming(message.value, None, None, message.headers, message.origin)
        return _refused(unread, problem)


def _refused(incoming: Incoming, problem: Exception) -> Incoming:
    kind = type(problem).__name__
    rejection = Rejected(
        "internal",
        f"The system failed on this fact ({kind}); it is kept here, replay it after a correction.",
        None,
        f"系统处理该事实时出错（{kind}）；事实已保留，修正后请重放。",
    )
    return Incoming(incoming.raw, None, rejection, incoming.headers, incoming.origin)


__all__ = ["AWAY", "Intake", "Message"]
