"""Facts from the intake topic into the ledger, each once, with the position up to which they were taken.

A position counts for the topic that it was kept for: should Kafka have lost its data, or the topic have been
made anew, its messages are taken from the first on, and facts that are known already are duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import psycopg
import structlog

from domain.envelope import Rejected
from domain.ledger import Batch, Incoming, Ledger
from streams.standing import Standing

AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OSError)
"""What says that the database is away, and nothing of the messages."""

Place = tuple[str, int]
"""A topic and one of its partitions."""


class Message(NamedTuple):
    """A message of a partition, as it came."""

    topic: str
    partition: int
    offset: int
    value: bytes
    headers: Mapping[str, bytes]

    @property
    def place(self) -> Place:
        return self.topic, self.partition

    @property
    def origin(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"


class Intake:
    """Takes messages in. For one thread: the order of messages is kept by taking them one batch at a time."""

    def __init__(self, ledger: Ledger, ask: Callable[[str], Standing]) -> None:
        """`ask` says which topic has a name now, and raises OSError when the broker does not answer."""
        self.ledger = ledger
        self._ask = ask
        self._standing: dict[str, Standing] = {}

    def take(self, messages: Sequence[Message], now: datetime) -> int:
        """All of them in one transaction; returns how many were new. A message that breaks the ledger becomes
        a dead letter, and the others are taken in.

        Raises:
            OperationalError, OSError: the database or the broker is away; nothing was taken in.
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
        """What seems to be in already is passed over only when the broker says that its topic is the one of
        before: a loss of data would otherwise go on as a loss of facts."""
        taken = self._take_if(read, now, sure=False)
        if taken is None:
            self._standing.clear()
            taken = self._take_if(read, now, sure=True)
        return taken or 0

    def _take_if(self, read: Sequence[tuple[Message, Incoming]], now: datetime, sure: bool) -> int | None:
        """How many were new; None, and nothing was taken in, where some seem not to be and nobody is sure.

        The positions are read under the writer's lock: another worker that had the partition a moment ago
        has either written before, and is seen, or writes after, and sees this."""
        sources = self._sources(read)
        new: list[Incoming] = []
        doubtful = False

        def work(batch: Batch) -> None:
            nonlocal doubtful
            first = self._first_new(batch.unit.positions(), sources, sure)
            new[:] = [incoming for message, incoming in read if message.offset >= first[message.place]]
            doubtful = not sure and len(new) < len(read)
            if not doubtful:
                _take_in(batch, new)
                batch.changes.positions.update(_ends(read, sources, first))

        self.ledger.work(work, now)
        return None if doubtful else len(new)

    def _sources(self, read: Sequence[tuple[Message, Incoming]]) -> dict[Place, str]:
        """By partition, the name under which its position is kept."""
        places = {message.place for message, _ in read}
        for topic in {topic for topic, _ in places} - set(self._standing):
            self._standing[topic] = self._ask(topic)
        return {place: self._standing[place[0]].source(*place) for place in places}

    def _first_new(
        self, kept: Mapping[str, int], sources: Mapping[Place, str], sure: bool
    ) -> Mapping[Place, int]:
        """By partition, the first offset that is not in. A position beyond the end, as the broker has just
        told it, is of a log that was cut short: none of it counts."""
        found = {place: kept.get(source, 0) for place, source in sources.items()}
        if not sure:
            return found
        ends = {place: self._standing[place[0]].ends.get(place[1], 0) for place in found}
        return {place: first if first <= ends[place] else 0 for place, first in found.items()}

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


def _take_in(batch: Batch, new: Sequence[Incoming]) -> None:
    batch.know(new)
    for incoming in new:
        batch.take(incoming)


def _ends(
    read: Sequence[tuple[Message, Incoming]], sources: Mapping[Place, str], first: Mapping[Place, int]
) -> dict[str, int]:
    """The positions to keep: what comes after each partition's last message, where that is further on."""
    ends = {message.place: message.offset + 1 for message, _ in read}
    return {sources[place]: end for place, end in ends.items() if end > first[place]}


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
