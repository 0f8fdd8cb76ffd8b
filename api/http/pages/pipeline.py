"""How the pipeline itself does, in the few figures that ops look at; `/metrics` has them all."""

from __future__ import annotations

from typing import Any, NamedTuple

from psycopg import Connection

from api.http.services import Services

LATE = 500
"""Events behind, from which the read models are called late: less is one busy moment."""

CLOCK_S = 60


class Figure(NamedTuple):
    """A figure, its text's name, and whether somebody should look at it."""

    name: str
    value: int
    bad: bool


_QUERY = """
    SELECT (SELECT coalesce(max(notification_id), 0) FROM stored_events) AS events,
        coalesce(greatest((SELECT max(sequence) FROM projection_partition),
            (SELECT max(sequence) FROM projection_through)), 0) AS projected,
        (SELECT count(*) FROM dead_letter) AS dead,
        (SELECT count(*) FROM parked) AS parked,
        (SELECT coalesce(greatest(extract(epoch FROM now() - min(at)), 0), 0) FROM due) AS clock
"""


def health(services: Services) -> list[Figure]:
    """What was recorded, how far behind the read models are, what was refused, what waits."""

    def read(connection: Connection[Any]) -> Any:
        return connection.execute(_QUERY).fetchone()

    events, projected, dead, parked, clock = (int(value) for value in services.read(read))
    behind = max(events - projected, 0)
    return [
        Figure("events", events, False),
        Figure("lag", behind, behind > LATE),
        Figure("clock", clock, clock > CLOCK_S),
        Figure("dead", dead, dead > 0),
        Figure("parked", parked, False),
    ]
