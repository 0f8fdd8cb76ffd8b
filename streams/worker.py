"""The Faust worker: facts into the ledger, recorded events into the read models, and the clock.

Offsets are acknowledged after the database has committed, and the position in the database is the truth:
what Kafka delivers again is skipped there. An agent that fails ends the process, and so does progress that
stops; whoever started it starts it again. Blocking work has a thread of its own for the ledger and one for
the read models, so that order is kept and the loop stays free.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import structlog

from domain.pack import PackError
from streams.brokers import faust_credentials
from streams.clock import tick
from streams.config import Settings
from streams.intake import AWAY, Intake, Message
from streams.logs import Outage, configure
from streams.parts import Parts
from streams.projector import Projecting
from streams.standing import standing
from streams.topics import Topics
from streams.waiting import Unready, until_ready
from streams.watch import STALLED_S, Sweeper, Watch

BATCH = 500
SEGMENTS = 8
WITHIN_S = 0.01
"""So many messages (of what was recorded: so many segments), or what came in so many seconds, are handed on
together: what a lone fact waits."""

SWITCH_S = 0.0005
"""How long a thread may keep the others waiting: by Python's own 5 ms the loop would starve, which needs a
little time for every message while the lanes are busy."""

CLOCK_S = 0.25
PAUSES_S = (0.2, 0.5, 1.0, 2.0)
WATCH_S = 5.0
STOPPING_S = 25.0
"""How long a stop may take before the process ends without ceremony, which loses nothing."""


def now() -> datetime:
    return datetime.now(UTC)


class Lane:
    """Blocking work of one kind in one thread, tried again for as long as the database is away."""

    def __init__(self, name: str, stopping: Callable[[], bool]) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._stopping = stopping
        self.outage = Outage(f"the database ({name})")

    async def run(self, work: Callable[..., int], *given: Any) -> int | None:
        """What the work returns; None when the process was asked to stop before it could be done."""
        loop, tries = asyncio.get_running_loop(), 0
        while True:
            try:
                done = await loop.run_in_executor(self._thread, work, *given)
            except AWAY as problem:
                self.outage.met(problem)
            else:
                self.outage.over()
                return done
            if self._stopping():
                return None
            await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1


class Buffer:
    """Messages that wait for their lane; whoever puts waits while there are many."""

    def __init__(self, many: int = BATCH) -> None:
        self._many = many
        self._events: list[Any] = []
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, batch: Sequence[Any]) -> None:
        await self._room.wait()
        self._events.extend(batch)
        self._some.set()
        if len(self._events) >= self._many:
            self._room.clear()

    async def get(self) -> list[Any]:
        await self._some.wait()
        taken, self._events = self._events, []
        self._some.clear()
        self._room.set()
        return taken


def messages(batch: Sequence[Any]) -> list[Message]:
    return [_message(event.message) for event in batch]


def _message(raw: Any) -> Message:
    """A tombstone is an empty message here: no fact, and answered as such."""
    pairs = raw.headers.items() if isinstance(raw.headers, dict) else raw.headers or ()
    headers = {str(name): value or b"" for name, value in pairs}
    return Message(raw.topic, raw.partition, raw.offset, raw.value or b"", headers)


class Work:
    """The agents and timers of one worker on their app."""

    def __init__(self, settings: Settings, parts: Parts, app: Any) -> None:
        self.app = app
        self.parts = parts
        self.stopping = False
        self.ledger_lane = Lane("ledger", lambda: self.stopping)
        self.models_lane = Lane("read models", lambda: self.stopping)
        self.watch = Watch()
        self.sweeper = Sweeper()
        self._ticking: asyncio.Future[None] | None = None
        self._clock_failed = Outage("the clock")
        topics = Topics.under(settings.topic_prefix)
        self._agent("intake", topics.intake, self.ledger_lane, self._take_facts(self._intake(settings)))
        self._agent("projector", topics.segments, self.models_lane, self._project(), SEGMENTS)
        app.timer(CLOCK_S)(self._tick)
        app.timer(WATCH_S)(self._look)

    def _intake(self, settings: Settings) -> Intake:
        return Intake(self.parts.ledger, lambda topic: standing(settings, topic))

    def _take_facts(self, intake: Intake) -> Callable[[list[Message]], int]:
        return lambda batch: intake.take(batch, now())

    def _project(self) -> Callable[[list[Message]], int]:
        return Projecting(self.parts.projector, self.parts.connections).take

    def _agent(
        self, name: str, topic: str, lane: Lane, take: Callable[[list[Message]], int], at_once: int = BATCH
    ) -> None:
        from mode import CrashingSupervisor

        from streams.delivery import Bytes

        async def agent(stream: Any) -> None:
            buffer = Buffer(at_once)
            taking = asyncio.ensure_future(self._take_all(buffer, lane, take))
            try:
                async for batch in stream.noack_take(at_once, within=WITHIN_S):
                    await buffer.put(batch)
            finally:
                taking.cancel()

        source = self.app.topic(topic, schema=Bytes(key_type=bytes, value_type=bytes))
        self.app.agent(source, name=name, concurrency=1, supervisor_strategy=CrashingSupervisor)(agent)

    async def _take_all(self, buffer: Buffer, lane: Lane, take: Callable[[list[Message]], int]) -> None:
        """One batch at a time, made of all that came while the one before was taken: the more there is to
        do, the larger the batches and the less each message costs."""
        try:
            while True:
                batch = await buffer.get()
                if await lane.run(take, messages(batch)) is None:
                    self._leave_unacknowledged()
                    return
                for event in batch:
                    event.ack()
                self.watch.took(batch)
                self.sweeper.worked()
        except Exception as problem:
            structlog.get_logger().error("a batch could not be taken", problem=problem)
            await self.app.crash(problem)

    def _leave_unacknowledged(self) -> None:
        """Faust would wait for these messages for ever; whoever starts next takes them."""
        self.app.conf.stream_wait_empty = False

    async def _tick(self) -> None:
        """Looks again only when it has looked: the ledger's thread may be busy with facts."""
        if not self.stopping and (self._ticking is None or self._ticking.done()):
            self._ticking = asyncio.ensure_future(self._let_fall_due())

    async def _let_fall_due(self) -> None:
        """Never the end of the worker: facts are taken while a timer's rule is mended."""
        try:
            await self.ledger_lane.run(tick, self.parts.ledger, now)
            self._clock_failed.over()
        except Exception as problem:
            self._clock_failed.met(problem)

    async def _look(self) -> None:
        if self.ledger_lane.outage or self.models_lane.outage or self.stopping:
            self.watch.excuse()
        self.sweeper.look()
        consumer = self.app.consumer
        ends = await asyncio.wait_for(consumer.highwaters(*consumer.assignment()), STALLED_S)
        self.watch.check(dict(ends))

    def stop(self) -> None:
        """Asked to stop: what waits for the database waits no longer."""
        self.stopping = True
        if self.ledger_lane.outage or self.models_lane.outage:
            self._leave_unacknowledged()
        asyncio.get_running_loop().call_later(STOPPING_S, os._exit, 1)


def faust_app(settings: Settings, folder: str) -> Any:
    """No tables, no leader and no web server: one consumer group, and nothing declared."""
    import faust

    from streams.delivery import Silent, Transport

    app = faust.App(
        f"{settings.topic_prefix}-worker",
        broker=[f"kafka://{address}" for address in settings.kafka.split(",")],
        broker_credentials=faust_credentials(settings),
        broker_session_timeout=6.0,
        broker_heartbeat_interval=2.0,
        broker_commit_interval=0.5,
        broker_request_timeout=20.0,
        stream_wait_empty=True,
        consumer_group_instance_id=f"{settings.topic_prefix}-{settings.instance}",
        consumer_auto_offset_reset="earliest",
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        web_enabled=False,
        datadir=folder,
        autodiscover=False,
        Monitor=Silent,
    )
    app.transport = Transport(app.conf.broker_consumer, app)
    return app


def run(settings: Settings) -> int:
    """Works until asked to stop (0); 1 when it ended by itself, 2 when it could not begin."""
    configure("worker", settings.instance)
    log = structlog.get_logger()
    try:
        parts = until_ready(settings, lambda: Parts.open(settings))
    except (Unready, PackError) as problem:
        print(f"huiyin worker: {problem}", file=sys.stderr)
        return 2
    if parts is None:
        return 0
    folder = tempfile.mkdtemp(prefix="huiyin-worker-")
    try:
        code = _work(settings, parts, folder)
    finally:
        parts.close()
        shutil.rmtree(folder, ignore_errors=True)
    log.info("stopped", code=code)
    return code


def _work(settings: Settings, parts: Parts, folder: str) -> int:
    import faust
    import uvloop

    sys.setswitchinterval(SWITCH_S)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = faust_app(settings, folder)
    work = Work(settings, parts, app)
    work.sweeper.begin()

    class Worker(faust.Worker):
        def _schedule_shutdown(self, signal: Any) -> None:
            work.stop()
            super()._schedule_shutdown(signal)

    worker = Worker(app, loop=loop, quiet=True, redirect_stdouts=False, override_logging=False)
    worker.spinner = None
    try:
        worker.execute_from_commandline()
    except SystemExit as end:
        return 0 if end.code in (0, None) or work.stopping else 1
    except Exception as problem:
        structlog.get_logger().error("the worker failed", problem=problem)
        return 0 if work.stopping else 1
