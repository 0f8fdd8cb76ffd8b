"""Waiting, at the start of a role, for what others provide: the broker with its topics, and the database."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from streams.brokers import checked_options
from streams.clients import opened
from streams.config import Settings, variable
from streams.intake import AWAY
from streams.logs import Outage, brief
from streams.topics import Topics

T = TypeVar("T")

PATIENCE_S = 30.0
PAUSE_S = 0.5


class Unready(Exception):
    """What a role cannot begin without; one line that says what to do."""


def until_ready(settings: Settings, opened: Callable[[], T], patience: float = PATIENCE_S) -> T | None:
    """What `opened` opens, once broker, topics and database are there; None when asked to stop meanwhile.

    Raises:
        Unready: one of them did not come in time.
    """
    with _asked_to_stop() as stop:
        _await(
            lambda: _see_topics(settings),
            _broker_problems(),
            Outage(f"the broker {settings.kafka}"),
            stop,
            patience,
        )
        answer = _await(opened, AWAY, Outage(f"the database ({variable('database_url')})"), stop, patience)
        return None if stop.is_set() else answer


def _await(
    ask: Callable[[], T],
    away: tuple[type[Exception], ...],
    outage: Outage,
    stop: threading.Event,
    patience: float,
) -> T | None:
    """What `ask` answers as soon as it does; None once asked to stop."""
    deadline = time.monotonic() + patience
    while not stop.is_set():
        try:
            answer = ask()
        except away as problem:
            outage.met(problem)
            if time.monotonic() > deadline:
                raise Unready(f"{outage.what} does not answer / 无应答: {brief(problem)}") from None
            stop.wait(PAUSE_S)
        else:
            outage.over()
            return answer
    return None


def _broker_problems() -> tuple[type[Exception], ...]:
    from kafka.errors import KafkaError

    return (KafkaError, OSError)


def _see_topics(settings: Settings) -> None:
    """Raises Unready when topics are missing: a consumer of a missing topic waits without a word."""
    from kafka import KafkaAdminClient

    if settings.kafka:
        _see_any(settings.kafka)
    security = checked_options(settings)
    asked = {"bootstrap_servers": settings.kafka, "request_timeout_ms": 5000, "bootstrap_timeout_ms": 5000}
    with opened(KafkaAdminClient, **asked, **security) as admin:
        missing = sorted(set(Topics.under(settings.topic_prefix)) - set(admin.list_topics()))
    if missing:
        raise Unready(
            f"topics are missing; run `huiyin topics create` / 缺少主题，请先运行 `huiyin topics create`: "
            f"{', '.join(missing)}"
        )


def _see_any(addresses: str) -> None:
    """Raises OSError when nobody listens at any of the addresses; the client would look for 30 s first."""
    for last, address in enumerate(reversed(found := addresses.split(","))):
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=2).close()
        except OSError:
            if last == len(found) - 1:
                raise
        else:
            return


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """SIGTERM and SIGINT while waiting; signals reach the main thread only."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {
        number: signal.signal(number, lambda *_: asked.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
