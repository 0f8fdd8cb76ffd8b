"""What sending a message costs: the publisher's way beside kafka-python's producer, both idempotent.

The publisher makes its batches by hand, for aiokafka; kafka-python takes message by message. Both send the
same messages of 600 bytes to one topic of four partitions, acknowledged by all, a few thousand at a time as
rounds of publishing are. CPU seconds are the client's alone.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kafka import KafkaProducer

from benchmarks import Table
from domain.batched import batched
from streams.clients import opened
from streams.config import Settings
from streams.feeds import PLAIN, Channel, Feed, Post
from streams.local import Broker
from streams.publisher import BATCH_BYTES, LIMIT, Session, Tail, made_producer
from streams.readback import POSITION
from streams.topics import create

MESSAGES = 60_000
PREFIX = "producers"
CHANNEL = Channel("receipts", PLAIN)
TOPIC = f"{PREFIX}.{CHANNEL.name}"
PARTITIONS = 4

Rounds = Sequence[Sequence[Post]]


def rounds() -> Rounds:
    posts = [Post(at, CHANNEL.name, b"complaint/C-%d" % at, b"x" * 600) for at in range(1, MESSAGES + 1)]
    return [*batched(posts, LIMIT)]


async def publisher(settings: Settings, sent: Rounds) -> None:
    producer = made_producer(settings)
    await producer.start()
    tail = Tail(Feed(CHANNEL.name, (CHANNEL,), lambda *_: ()), PREFIX, 0, {})
    session = Session(producer, [tail], {TOPIC: PARTITIONS})
    for posts in sent:
        await session.send(tail, posts)
    await producer.stop()


def kafka_python(settings: Settings, sent: Rounds) -> None:
    options = {"enable_idempotence": True, "acks": "all", "batch_size": BATCH_BYTES}
    with opened(KafkaProducer, bootstrap_servers=settings.kafka, **options) as producer:
        for posts in sent:
            for post in posts:
                headers = [("content-type", CHANNEL.media), (POSITION, b"%d" % post.position)]
                producer.send(TOPIC, post.value, post.key, headers=headers)
            producer.flush()


def measured(send: Callable[[], Any]) -> tuple[float, float]:
    """Messages a second, and CPU seconds for the lot."""
    wall, cpu = time.perf_counter(), time.process_time()
    send()
    return MESSAGES / (time.perf_counter() - wall), time.process_time() - cpu


def run() -> Iterator[Table]:
    table = Table(f"Sending {MESSAGES:,} messages of 600 bytes", ("", "messages/s", "CPU s"))
    sent = rounds()
    with tempfile.TemporaryDirectory() as place, Broker(Path(place)) as broker:
        create(broker.bootstrap, PREFIX, PARTITIONS)
        settings = Settings("", broker.bootstrap, PREFIX)
        table.rows.append(("publisher", *measured(lambda: asyncio.run(publisher(settings, sent)))))
        table.rows.append(("kafka-python", *measured(lambda: kafka_python(settings, sent))))
    yield table
