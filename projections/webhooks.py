"""How far each receiver of webhooks has been told of alerts, and what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from psycopg import Connection
from psycopg.rows import dict_row

from projections.alerts import as_alert, outbox_after
from projections.table import Row

TABLE = """
    CREATE TABLE IF NOT EXISTS webhook (
        name text PRIMARY KEY,
        position bigint,
        sequence bigint NOT NULL DEFAULT 0,
        delivered_at timestamptz,
        refused bigint NOT NULL DEFAULT 0,
        failures integer NOT NULL DEFAULT 0,
        failing_since timestamptz,
        problem text
    )
"""
"""`position`: of the outbox, up to which all is delivered; null: nothing yet. `sequence`: of the ledger, up
to which at least the alerts were known then. `refused`: requests that a receiver would never take."""


class Told(NamedTuple):
    """What a receiver is to be told next, and how far that is."""

    changes: Sequence[tuple[int, str, Row]]
    position: int
    sequence: int
    first: bool = False


def register(connection: Connection[Any], names: Sequence[str]) -> None:
    """A row for each receiver that is configured, and for no other."""
    connection.execute("DELETE FROM webhook WHERE name <> ALL (%s)", [list(names)])
    connection.execute(
        "INSERT INTO webhook (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [list(names)]
    )


_ENDS = """SELECT w.position, w.sequence, (SELECT coalesce(min(position) - 1, 0) FROM alert_outbox) AS first,
        coalesce((SELECT max(position) FROM alert_outbox), w.position, 0) AS last,
        coalesce((SELECT min(sequence) FROM projection_partition),
            (SELECT min(sequence) FROM projection_through), 0) AS through
    FROM webhook w WHERE name = %s"""

_STANDING = """SELECT * FROM alert WHERE status <> 'resolved' OR (%s AND sequence > %s)
    ORDER BY raised_at, key"""


def next_for(connection: Connection[Any], name: str, limit: int) -> Told:
    """The changes after those delivered; where they have left the outbox meanwhile, or there were none yet,
    all alerts as they stand, with those that were resolved since. All as of one moment: alerts and outbox
    change together."""
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = cursor.execute(_ENDS, [name]).fetchone()
        assert row is not None
        known = row["position"]
        if known is not None and known >= row["first"]:
            found = outbox_after(connection, known, limit)
            changes = [(place, channel, orjson.loads(value)) for place, channel, _, value in found]
            return Told(changes, found[-1][0] if found else known, row["through"])
        alerts = cursor.execute(_STANDING, [known is not None, row["sequence"]]).fetchall()
    standing = [(row["last"], alert["channel"], _plain(as_alert(alert))) for alert in alerts]
    return Told(standing, row["last"], row["through"], known is None)


def _plain(alert: Row) -> Row:
    """As the outbox has it."""
    found: Row = orjson.loads(orjson.dumps(alert))
    return found


def delivered(connection: Connection[Any], name: str, told: Told, refused: int, now: datetime) -> None:
    connection.execute(
        "UPDATE webhook SET position = %s, sequence = %s, refused = refused + %s, delivered_at = %s,"
        " failures = 0, failing_since = NULL, problem = NULL WHERE name = %s",
        [told.position, told.sequence, refused, now, name],
    )


def failed(connection: Connection[Any], name: str, problem: str, now: datetime) -> None:
    connection.execute(
        "UPDATE webhook SET failures = failures + 1, problem = %s,"
        " failing_since = coalesce(failing_since, %s) WHERE name = %s",
        [problem, now, name],
    )


def states(connection: Connection[Any]) -> list[Row]:
    """Each receiver: its name, how many changes behind, and since when and why it cannot be reached."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT name, delivered_at, refused, failures, failing_since, problem, (SELECT count(*)"
            " FROM alert_outbox o WHERE o.position > coalesce(w.position, 0)) AS behind"
            " FROM webhook w ORDER BY name"
        ).fetchall()
