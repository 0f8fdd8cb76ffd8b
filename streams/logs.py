"""Logging of the roles: one line an event on standard error, quiet, and without personal data.

Only the kind of an error and its first line are logged: what PostgreSQL quotes of a row comes after it.
An outage is one line at its beginning and one at its end, however often it is met in between.
"""

import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

AGAIN_S = 60.0
"""How long a message that is the same but for its figures is not repeated: clients of an absent broker log
a hundred lines a second."""

SHOWN = 200


class Once(logging.Filter):
    """Lets each message of a library through once a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        what, now = (record.name, str(record.msg)[:SHOWN]), self._clock()
        if now - self._said.get(what, -AGAIN_S) < AGAIN_S:
            return False
        self._said[what] = now
        return True


def _own_lines(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its kind and first line."""
    problem = event.pop("problem", None)
    return event if problem is None else {**event, "problem": brief(problem)}


def brief(problem: BaseException) -> str:
    """The kind of an error and its first line: the others may quote rows."""
    lines = str(problem).strip().splitlines()
    return f"{type(problem).__name__}: {lines[0][:SHOWN]}" if lines else type(problem).__name__


def _libraries() -> logging.Handler:
    """What libraries log, as lines like ours, warnings and worse."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Once())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
            foreign_pre_chain=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _without_trace,
            ],
            pass_foreign_args=False,
        )
    )
    return handler


def _without_trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = event.get("_record")
    if record is not None and record.exc_info and record.exc_info[1] is not None:
        event["problem"] = brief(record.exc_info[1])
        record.exc_info = record.exc_text = None
    event.pop("exc_info", None)
    return {**event, "event": str(event["event"]).splitlines()[0][:SHOWN] if event["event"] else ""}


def configure(role: str, instance: str) -> None:
    """For the process of a role, at its start."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _own_lines,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(role=role, instance=instance)
    root = logging.getLogger()
    root.handlers[:] = [_libraries()]
    root.setLevel(logging.WARNING)


class Outage:
    """Something that others provide is away: said once when it goes, once when it is back."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.what = what
        self._clock = clock
        self._since: float | None = None

    def __bool__(self) -> bool:
        return self._since is not None

    def met(self, problem: BaseException) -> None:
        if self._since is None:
            self._since = self._clock()
            structlog.get_logger().error(f"{self.what} is away; trying again", problem=problem)

    def over(self) -> None:
        if self._since is not None:
            away = self._clock() - self._since
            self._since = None
            structlog.get_logger().warning(f"{self.what} is back", away_s=round(away, 1))
