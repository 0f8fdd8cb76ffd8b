"""Recorded events from their topic into the read models, a batch of all partitions in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from projections.projection import Projector
from storage.connections import Connections
from streams.intake import Message


class Projecting:
    """Projects messages. For one thread, so that each partition's order is kept."""

    def __init__(self, projector: Projector, connections: Connections) -> None:
        self.projector = projector
        self.connections = connections

    def take(self, messages: Sequence[Message]) -> int:
        """Returns how many were new.

        Raises:
            OperationalError, OSError: the database is away; nothing is in.
        """
        if not messages:
            return 0
        with self.connections.take(_alive) as (connection, _):
            return self.projector.project(connection, _by_partition(messages))


def _by_partition(messages: Sequence[Message]) -> dict[tuple[str, int], list[tuple[int, bytes]]]:
    found: dict[tuple[str, int], list[tuple[int, bytes]]] = {}
    for message in messages:
        found.setdefault((message.topic, message.partition), []).append((message.offset, message.value))
    return found


def _alive(connection: psycopg.Connection) -> None:
    """A connection that the database has closed meanwhile is noticed here, and replaced."""
    connection.execute("SELECT 1")
