"""The publisher: what was recorded, answered and raised goes to its topics, nothing missing, nothing twice.

One is active, by an advisory lock of PostgreSQL; others stand by. It remembers in the database how far it
has come, but the topics know better: at its start, and after every failure, it reads back the last record
of each partition and skips what is there. The producer is aiokafka's, which Faust brings along: batches made
by hand cost an eighth of what kafka-python's cost, and within a session it is idempotent.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any

import psycopg
import structlog

from storage.connections import Connections
from storage.postgres import PostgresStorage
from streams import feeds
from streams.brokers import client_options
from streams.config import Settings
from streams.feeds import Channel, Feed, Post
from streams.logs import Outage, configure
from streams.parts import tables
from streams.readback import POSITION, Place, Unreadable, last_positions
from streams.together import together
from streams.topics import Topics
from streams.waiting import Unready, until_ready

LOCK = 4_851_004
LIMIT = 3_000
"""Rows of a feed in one round."""

IDLE_S = 1.0
"""How long to wait at most before looking without having been woken."""

STANDBY_S = 0.5
KEEP_EVERY = 20
"""Rounds of a feed that does not come to rest, from one time its place is written down to the next."""

PAUSES_S = (0.2, 0.5, 1.0, 2.0)
BATCH_BYTES = 256 * 1024
PATIENCE_S = 2.0
"""How long an acknowledgement may take before it is said that the broker is away."""

REQUEST_MS = 10_000
ENDING_S = 2.0

KEEPALIVE = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
"""The lock of a machine that has vanished is free again after about ten seconds."""


class Tail:
    """One feed on its way: how far it has come, and what of it each partition has already."""

    def __init__(self, feed: Feed, prefix: str, position: int, there: Mapping[Place, int]) -> None:
        self.feed = feed
        self.channels = {f"{prefix}.{channel.name}": channel for channel in feed.channels}
        self.there = {place: last for place, last in there.items() if place[0] in self.channels}
        self.position = min(self._from(topic, position) for topic in self.channels)
        self.kept = self.forgotten = self.position
        self.rounds = 0
        self.woken = asyncio.Event()

    def _from(self, topic: str, position: int) -> int:
        """Where to begin for a topic. What the database counts as published has reached it, so only what
        comes after that needs to be compared with it. A topic that keeps everything must hold that last
        message; if it does not, it was made anew, and what it lacks is published again. Where records expire
        it may have expired, so there the database's word stands."""
        there = [last for (of, _), last in self.there.items() if of == topic]
        if self.feed.kept and max(there, default=0) < position:
            structlog.get_logger().warning("the topic lacks what was published; publishing it again")
            return min(there, default=0)
        return position

    def read(self) -> Sequence[Post]:
        return self.feed.after(self.position, LIMIT)


class Session:
    """Publishing as the active one, with a producer of its own."""

    def __init__(self, producer: Any, tails: Sequence[Tail], counts: Mapping[str, int]) -> None:
        self.producer = producer
        self.tails = tails
        self.counts = counts

    async def send(self, tail: Tail, posts: Iterable[Post]) -> None:
        """All of them, acknowledged by the broker."""
        sent = [
            await self._send(place, tail.channels[place[0]], part)
            for place, part in self._placed(tail, posts).items()
        ]
        await asyncio.gather(*(answer for answers in sent for answer in answers))

    def _placed(self, tail: Tail, posts: Iterable[Post]) -> dict[Place, list[Post]]:
        """By partition, what is not there yet."""
        placed: dict[Place, list[Post]] = {}
        topics = {channel.name: topic for topic, channel in tail.channels.items()}
        for post in posts:
            topic = topics[post.channel]
            place = (topic, partition(post.key, self.counts[topic]))
            if post.position > tail.there.get(place, 0):
                placed.setdefault(place, []).append(post)
        return placed

    async def _send(self, place: Place, channel: Channel, posts: Sequence[Post]) -> list[Any]:
        answers, batch = [], self.producer.create_batch()
        for post in feeds.segments(posts) if channel.joined else posts:
            headers = [("content-type", channel.media), (POSITION, b"%d" % post.position)]
            while batch.append(key=post.key, value=post.value, timestamp=None, headers=headers) is None:
                answers.append(await self.producer.send_batch(batch, place[0], partition=place[1]))
                batch = self.producer.create_batch()
        answers.append(await self.producer.send_batch(batch, place[0], partition=place[1]))
        return answers


@lru_cache(maxsize=100_000)
def partition(key: bytes, count: int) -> int:
    """Where every other client would put a message of this key as well."""
    from aiokafka.partitioner import murmur2  # type: ignore[import-untyped]

    return int(murmur2(key) & 0x7FFFFFFF) % count


def made_producer(settings: Settings) -> Any:
    from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=BATCH_BYTES,
        max_request_size=8 * 1024 * 1024,
        request_timeout_ms=REQUEST_MS,
        **client_options(settings),
    )


async def _silenced(producer: Any) -> None:
    """Ends a producer without a last attempt: what it had not been acknowledged is for the next session to
    find out, and it must not send it after that."""
    with suppress(Exception):
        await producer.client.close()
        await asyncio.wait_for(producer.stop(), ENDING_S)


class Publisher:
    """What one process does until it is asked to stop."""

    def __init__(self, settings: Settings, storage: PostgresStorage, connections: Connections) -> None:
        self.settings = settings
        self.connections = connections
        self.feeds = feeds.feeds(storage, connections)
        self.stopping = asyncio.Event()
        self.outage = Outage("the broker or the database")
        self.log = structlog.get_logger()

    async def work(self) -> None:
        """Sessions, one after the other: whatever goes wrong in one, the next finds out what has arrived."""
        from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

        tries = 0
        while not self.stopping.is_set():
            try:
                async with self._lock() as lock:
                    if await self._active(lock):
                        tries = 0
                        await self._session(lock)
            except (KafkaError, psycopg.Error, OSError, Unreadable, TimeoutError) as problem:
                self.outage.met(problem)
                await self._pause(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
                tries += 1

    @asynccontextmanager
    async def _lock(self) -> Any:
        """The connection that holds the lock and listens; the lock ends with it."""
        said = {**self.connections.parameters}
        said["options"] = f"{said.get('options', '')} {KEEPALIVE}"
        connection = await psycopg.AsyncConnection.connect(**said, autocommit=True)
        try:
            for channel in {feed.woken_by for feed in self.feeds}:
                await connection.execute(f"LISTEN {channel}".encode())
            yield connection
        finally:
            await connection.close()

    async def _active(self, lock: psycopg.AsyncConnection) -> bool:
        """Stands by until it has the lock; False when asked to stop first."""
        standing_by = False
        query = f"SELECT pg_try_advisory_lock({LOCK}, hashtext(%s))".encode()
        while not self.stopping.is_set():
            row = await (await lock.execute(query, [self.settings.topic_prefix])).fetchone()
            if row is not None and row[0]:
                return True
            if not standing_by:
                self.log.info("standing by: another publisher is active")
                standing_by = True
            self.outage.over()
            await self._pause(STANDBY_S)
        return False

    async def _session(self, lock: psycopg.AsyncConnection) -> None:
        producer = made_producer(self.settings)
        try:
            await producer.start()
            session = await self._begun(producer)
            self.outage.over()
            self.log.info("publishing", **{tail.feed.name: tail.position for tail in session.tails})
            await self._publish(session, lock)
        finally:
            await _silenced(producer)

    async def _begun(self, producer: Any) -> Session:
        prefix = self.settings.topic_prefix
        names = [topic for topic in Topics.under(prefix) if topic != f"{prefix}.intake"]
        there = await last_positions(self.settings.kafka, names, client_options(self.settings))
        counts = {topic: len(await producer.partitions_for(topic)) for topic in names}
        reached = await asyncio.to_thread(feeds.positions, self.connections, self.settings)
        tails = [Tail(feed, prefix, reached.get(feed.name, 0), there) for feed in self.feeds]
        return Session(producer, tails, counts)

    async def _publish(self, session: Session, lock: psycopg.AsyncConnection) -> None:
        """Each feed at its own pace, so that an alert does not wait for the receipts of a thousand facts.
        Ends when asked to stop, and with the first failure of any of them."""
        following = (self._follow(session, tail, lock) for tail in session.tails)
        await together((*following, self._listen(session, lock)))

    async def _follow(self, session: Session, tail: Tail, lock: psycopg.AsyncConnection) -> None:
        while not self.stopping.is_set():
            tail.woken.clear()
            posts = await asyncio.to_thread(tail.read)
            if not posts:
                await self._rest(tail)
            elif await self._sent(session.send(tail, posts), lock):
                await self._went(tail, posts[-1].position)

    async def _listen(self, session: Session, lock: psycopg.AsyncConnection) -> None:
        """Passes on who is woken; ends with the connection, and so with the lock."""
        while not self.stopping.is_set():
            async for notice in lock.notifies(timeout=IDLE_S):
                for tail in session.tails:
                    if tail.feed.woken_by == notice.channel:
                        tail.woken.set()

    async def _sent(self, sending: Coroutine[Any, Any, None], lock: psycopg.AsyncConnection) -> bool:
        """Waits for the broker's acknowledgement for as long as it takes: the producer goes on trying, and
        being idempotent sends nothing twice. False when asked to stop meanwhile; a lock that is lost is
        noticed, as another may be publishing by then."""
        task = asyncio.ensure_future(sending)
        try:
            while not (await asyncio.wait({task}, timeout=PATIENCE_S))[0]:
                self.outage.met(TimeoutError(f"no acknowledgement for {PATIENCE_S:.0f} s"))
                await lock.execute(b"SELECT 1")
                if self.stopping.is_set():
                    return False
            self.outage.over()
            task.result()
            return True
        finally:
            task.cancel()

    async def _went(self, tail: Tail, position: int) -> None:
        """How far it has come is written down now and then, as the topics know it too."""
        tail.position = position
        tail.rounds += 1
        if tail.rounds % KEEP_EVERY == 0:
            await asyncio.to_thread(self._keep, tail)
            await asyncio.to_thread(self._forget, tail)

    async def _rest(self, tail: Tail) -> None:
        """Until somebody wrote; a notification that was lost costs a second."""
        await asyncio.to_thread(self._keep, tail)
        try:
            await asyncio.wait_for(tail.woken.wait(), IDLE_S)
        except TimeoutError:
            await asyncio.to_thread(self._forget, tail)

    def _keep(self, tail: Tail) -> None:
        if tail.position > tail.kept:
            feeds.keep_position(self.connections, self.settings, tail.feed.name, tail.position)
            tail.kept = tail.position

    def _forget(self, tail: Tail) -> None:
        """What has been published leaves its outbox."""
        if tail.feed.forget is not None and tail.position > tail.forgotten:
            tail.feed.forget(tail.position)
            tail.forgotten = tail.position

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)


def run(settings: Settings) -> int:
    """Publishes until asked to stop (0); 2 when it could not begin."""
    configure("publisher", settings.instance)
    try:
        opened = until_ready(settings, lambda: _open(settings))
    except Unready as problem:
        print(f"huiyin publish: {problem}", file=sys.stderr)
        return 2
    if opened is None:
        return 0
    storage, connections = opened
    try:
        _run(Publisher, settings, storage, connections)
    finally:
        storage.close()
        connections.close()
    structlog.get_logger().info("stopped")
    return 0


def _open(settings: Settings) -> tuple[PostgresStorage, Connections]:
    """How far it has come need not reach the disk at once: the topics know it too."""
    storage, connections = tables(settings)
    connections.parameters["options"] += " -c synchronous_commit=off"
    connections.close()
    with connections.take(feeds.make_table):
        return storage, connections


def _run(made: type[Publisher], settings: Settings, *parts: Any) -> None:
    import uvloop

    async def work() -> None:
        publisher = made(settings, *parts)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, publisher.stopping.set)
        await publisher.work()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())
