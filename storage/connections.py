"""Connections that are kept between uses, and made anew at once after the database was away.

Not psycopg's pool: its pauses between attempts grow to a minute, and the database's return is not noticed
until they are over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from storage import arrays

T = TypeVar("T")

LIMITS = {"statement_timeout": "60s", "lock_timeout": "15s", "idle_in_transaction_session_timeout": "30s"}
"""What a stopped or stuck process may cost the others: the writer's lock is free again after 30 s."""

CONNECT_S = 5
KEPT = 8


class Connections:
    """Connections to one schema of one database, in autocommit; safe to use from several threads."""

    def __init__(self, url: str, schema: str) -> None:
        said: dict[str, Any] = conninfo_to_dict(url)
        settings = {**LIMITS, "search_path": f'"{schema}"', "TimeZone": "UTC"}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self.parameters = {"connect_timeout": CONNECT_S, **said}
        self.parameters["options"] = f"{options} {said.get('options') or ''}".strip()
        self._idle: list[psycopg.Connection] = []
        self._closings = 0

    def connect(self) -> psycopg.Connection:
        connection = psycopg.connect(**self.parameters, autocommit=True, prepare_threshold=2)
        arrays.register(connection)
        return connection

    @contextmanager
    def take(self, first: Callable[[psycopg.Connection], T]) -> Iterator[tuple[psycopg.Connection, T]]:
        """A connection, and what `first` found on it: with a new connection if a kept one is gone."""
        closings = self._closings
        connection, found = self._opened(first)
        try:
            yield connection, found
        finally:
            self._put_back(connection, keep=closings == self._closings)

    def read(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of one statement."""

        def rows(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
            with connection.cursor(binary=True) as cursor:
                cursor.execute(query.encode(), parameters or None)
                return cursor.fetchall() if cursor.description else []

        with self.take(rows) as (_, found):
            return found

    def close(self) -> None:
        """Those in use by other threads are closed when they are done with."""
        self._closings += 1
        while self._idle:
            self._idle.pop().close()

    def _opened(self, first: Callable[[psycopg.Connection], T]) -> tuple[psycopg.Connection, T]:
        while self._idle:
            connection = self._idle.pop()
            try:
                return connection, first(connection)
            except psycopg.Error:
                lost = connection.broken
                self._put_back(connection)
                if not lost:
                    raise
        connection = self.connect()
        try:
            return connection, first(connection)
        except BaseException:
            self._put_back(connection)
            raise

    def _put_back(self, connection: psycopg.Connection, keep: bool = True) -> None:
        resting = connection.info.transaction_status == TransactionStatus.IDLE
        if keep and resting and not connection.closed and len(self._idle) < KEPT:
            self._idle.append(connection)
        else:
            connection.close()
