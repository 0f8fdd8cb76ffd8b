"""What is to be published: recorded events, and the outboxes of the ledger and of the alerts, in their order.

Each feed has positions that rise, and all that is published of it carries its position as a header, so that
the topics themselves say how far publishing has come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson
import psycopg

from domain.mapper import UPCASTS, upcast
from projections import alerts
from storage.connections import Connections
from storage.postgres import CHANNEL, PostgresStorage
from storage.proofs import SIGNED, Signed
from streams.config import Settings
from streams.topics import CONFIGS

EVENT, EVENTS = b"application/cloudevents+json", b"application/cloudevents-batch+json"
PLAIN, NOTE = b"application/json", b"text/plain; charset=utf-8"

SEGMENT_BYTES = 128 * 1024
"""How much one segment holds, about: some two hundred events."""

RESUMABLE = 10_000
"""How many changes of alerts stay after they are published: whoever follows them over HTTP and was away
goes on from the last one they saw."""


class Post(NamedTuple):
    """A message to publish: `channel` is its topic's name without the prefix."""

    position: int
    channel: str
    key: bytes
    value: bytes


class Channel(NamedTuple):
    """A topic by its name without the prefix, and what its messages are; where they are `joined`, what goes
    to one partition at one time goes as one message."""

    name: str
    media: bytes
    joined: bool = False


@dataclass(frozen=True)
class Feed:
    """One source of messages, the channels they go to, and what forgets those that have gone."""

    name: str
    channels: tuple[Channel, ...]
    after: Callable[[int, int], Sequence[Post]]
    forget: Callable[[int], object] | None = None
    kept: bool = False
    """Whether its topics keep everything, so that they alone say how far publishing has come."""
    woken_by: str = CHANNEL
    """The channel on which the database says that there is more of it."""


def feeds(storage: PostgresStorage, connections: Connections) -> tuple[Feed, ...]:
    """Those first that alerts wait for: what is read and sent in one moment goes out in this order."""
    return (
        _alert_feed(connections),
        _event_feed(storage),
        _answer_feed(storage),
        _checkpoint_feed(storage),
    )


def _event_feed(storage: PostgresStorage) -> Feed:
    """Recorded events, each as a message, and once more as segments for our own projector, as a message costs
    Faust more than the events in it; those first, as alerts wait for them."""
    channels = (Channel("segments", EVENTS, joined=True), Channel("events", EVENT))

    def after(position: int, limit: int) -> list[Post]:
        told = [
            (sequence, subject.encode(), published(sequence, topic, state))
            for sequence, subject, topic, state in storage.events_after(position, limit)
        ]
        return [Post(at, channel.name, key, value) for channel in channels for at, key, value in told]

    return Feed("events", channels, after, kept=True)


def segments(posts: Sequence[Post]) -> Iterator[Post]:
    """Posts to one partition as lists of a bounded size, each in the place of its last."""
    part: list[Post] = []
    size = 0
    for post in posts:
        if part and size + len(post.value) > SEGMENT_BYTES:
            yield _segment(part)
            part, size = [], 0
        part.append(post)
        size += len(post.value)
    if part:
        yield _segment(part)


def _segment(part: Sequence[Post]) -> Post:
    return part[-1]._replace(value=b"[%b]" % b",".join(post.value for post in part))


def published(sequence: int, event_type: str, state: bytes) -> bytes:
    """A stored event in today's shape with its sequence, which storing it gave it."""
    if event_type in UPCASTS:
        state = orjson.dumps(upcast(orjson.loads(state)))
    return b'%b,"sequence":%d}' % (state[:-1], sequence)


def _answer_feed(storage: PostgresStorage) -> Feed:
    """Receipts and dead letters."""

    def after(position: int, limit: int) -> list[Post]:
        return [
            Post(row.position, row.channel, row.key.encode(), row.value)
            for row in storage.outbox_after(position, limit)
        ]

    channels = (Channel("receipts", PLAIN), Channel("dead-letters", PLAIN))
    return Feed("answers", channels, after, storage.forget_outbox)


def _checkpoint_feed(storage: PostgresStorage) -> Feed:
    """Signed checkpoints as they are, each a note that `verify --anchor` takes: once they are in a topic that
    somebody else keeps, the ledger cannot be written anew. Of two processes that sign at once, the smaller
    checkpoint may come too late and stay out; the greater one holds all that it held."""

    def after(position: int, limit: int) -> list[Post]:
        found = storage.proofs.checkpoints_after(position, limit)
        return [Post(one.checkpoint.size, "checkpoints", _origin(one), one.note.encode()) for one in found]

    return Feed("checkpoints", (Channel("checkpoints", NOTE),), after, kept=True, woken_by=SIGNED)


def _origin(signed: Signed) -> bytes:
    return signed.checkpoint.origin.encode()


def _alert_feed(connections: Connections) -> Feed:
    def after(position: int, limit: int) -> list[Post]:
        with connections.take(lambda one: alerts.outbox_after(one, position, limit)) as (_, rows):
            return [Post(place, channel, key.encode(), value) for place, channel, key, value in rows]

    def forget(up_to: int) -> None:
        with connections.take(lambda one: alerts.forget_outbox(one, up_to - RESUMABLE)):
            return

    channels = tuple(Channel(name, PLAIN) for name in CONFIGS if name.startswith("alerts."))
    return Feed("alerts", channels, after, forget, woken_by=alerts.WAKE)


# ---- how far publishing has come, as the database knows it

TABLE = """CREATE TABLE IF NOT EXISTS published (
    prefix text, feed text, position bigint NOT NULL, PRIMARY KEY (prefix, feed))"""
"""By topic prefix: under a new one everything is published again."""

MAKING = 4_851_003


def make_table(connection: psycopg.Connection) -> None:
    with connection.transaction():
        connection.execute(f"SELECT pg_advisory_xact_lock({MAKING})".encode())
        connection.execute(TABLE.encode())


def positions(connections: Connections, settings: Settings) -> dict[str, int]:
    query = "SELECT feed, position FROM published WHERE prefix = %s"
    return dict(connections.read(query, [settings.topic_prefix]))


def keep_position(connections: Connections, settings: Settings, feed: str, position: int) -> None:
    """Called when the broker has acknowledged everything up to there."""
    query = """INSERT INTO published VALUES (%s, %s, %s)
        ON CONFLICT (prefix, feed) DO UPDATE SET position = excluded.position"""
    connections.read(query, [settings.topic_prefix, feed, position])
