"""Hearing that the server is to stop, before it waits for its open answers.

A server ends when its open answers have ended, and a stream of alerts never does by itself: without this,
every watcher would hold a stop up until the server's patience is over.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def heard(tell: Callable[[], None]) -> Iterator[None]:
    """Tells of a stop in the running loop, and passes the signal on to whoever heard it before us."""
    loop = asyncio.get_running_loop()
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in SIGNALS} if main else {}
    ours = {number: handler for number, handler in before.items() if callable(handler)}

    def hear(number: int, frame: FrameType | None) -> Any:
        loop.call_soon_threadsafe(tell)
        return ours[number](number, frame)  # type: ignore[index]

    for number in ours:
        signal.signal(number, hear)
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
