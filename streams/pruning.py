"""Where no publisher runs, what none will take any more leaves the outboxes.

A receipt or a dead letter goes as soon as its topic would have let it go. Of the changes of alerts those stay
that somebody may resume from, and each situation's latest word, which is what its topic keeps as well.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from psycopg import Connection

from storage.connections import Connections
from streams.feeds import RESUMABLE
from streams.topics import CONFIGS

EVERY = timedelta(hours=1)
ANSWERS = ("receipts", "dead-letters")

EXPIRED = "DELETE FROM ledger_outbox WHERE channel = %s AND made_at < %s"
OUTDATED = """DELETE FROM alert_outbox AS change
    USING (SELECT key, max(position) AS last FROM alert_outbox GROUP BY key) AS latest
    WHERE change.key = latest.key AND change.position < latest.last
    AND change.position <= (SELECT max(position) FROM alert_outbox) - %s"""


class Pruning:
    """Once in a while; `round` may be called as often as one likes."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        self.done: datetime | None = None

    def round(self, now: datetime) -> int:
        """How many rows went.

        Raises:
            OperationalError: the database is away; what should go goes in a later round.
        """
        if self.done is not None and now - self.done < EVERY:
            return 0
        with self.connections.take(lambda one: one.execute("SELECT 1")) as (connection, _):
            gone = prune(connection, now)
        self.done = now
        return gone


def prune(connection: Connection, now: datetime) -> int:
    expired = sum(
        connection.execute(EXPIRED.encode(), [channel, now - kept(channel)]).rowcount for channel in ANSWERS
    )
    return expired + connection.execute(OUTDATED.encode(), [RESUMABLE]).rowcount


def kept(channel: str) -> timedelta:
    """For how long the topic of this channel would keep it."""
    return timedelta(milliseconds=int(CONFIGS[channel]["retention.ms"]))
