"""Windows of the local calendar as rows that queries join: what happens at `ends` belongs to the window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from domain.working_time import Calendar, Window, window
from domain.working_time.windows import WindowKind, local_day
from projections.table import Row

WINDOWS = (
    "unnest(%(names)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[],"
    " %(first_days)s::date[], %(last_days)s::date[]) AS w (window_name, starts, ends, first_day, last_day)"
)
"""In a FROM clause: the windows, as `w`."""


def inside(column: str) -> str:
    """Whether an instant belongs to the window. The bounds of all windows let an index find it."""
    within = f"{column} > %(first_start)s AND {column} <= %(last_end)s"
    return f"{within} AND {column} > w.starts AND {column} <= w.ends"


def day_of(column: str) -> str:
    """The local day that an instant belongs to; 00:00 is 24:00 of the day before."""
    return f"(({column} - interval '1 microsecond') AT TIME ZONE %(zone)s)::date"


def end_of(column: str) -> str:
    """24:00 of a day, as an instant."""
    return f"(({column} + 1)::timestamp AT TIME ZONE %(zone)s)"


EACH_DAY = f"""(SELECT day::date AS day, {end_of("day::date")} AS ends
    FROM generate_series(%(earliest_day)s::date, %(latest_day)s::date, '1 day') AS day OFFSET 0) AS d"""
"""In a FROM clause: the local days of all windows as `d`, with the end of each; OFFSET has it computed once
a day and not once a row."""


def windows(kind: WindowKind, first: date, last: date, calendar: Calendar) -> tuple[Window, ...]:
    """The windows of a kind that hold any of the local days from `first` to `last`, in order."""
    found: list[Window] = []
    day = first
    while day <= last:
        found.append(window(kind, calendar.end_of(day.toordinal()), calendar))
        day = days(found[-1], calendar)[1] + timedelta(days=1)
    return tuple(found)


def days(span: Window, calendar: Calendar) -> tuple[date, date]:
    """The first and the last local day of a window."""
    return calendar.local(span.start).date(), local_day(span.end, calendar)


def before(kind: WindowKind, span: Window, calendar: Calendar) -> Window:
    """The window of a kind before another one."""
    return window(kind, span.start, calendar)


def parameters(spans: Sequence[Window], calendar: Calendar) -> dict[str, Any]:
    """What `WINDOWS` and the functions above take."""
    bounds = [days(span, calendar) for span in spans]
    return {
        "names": [span.name for span in spans],
        "starts": [span.start for span in spans],
        "ends": [span.end for span in spans],
        "first_days": [first for first, _ in bounds],
        "last_days": [last for _, last in bounds],
        "first_start": min((span.start for span in spans), default=None),
        "last_end": max((span.end for span in spans), default=None),
        "earliest_day": min((first for first, _ in bounds), default=None),
        "latest_day": max((last for _, last in bounds), default=None),
        "zone": calendar.tz.key,
    }


def ask(connection: Connection[Any], query: str, values: dict[str, Any]) -> list[Row]:
    """The rows of one statement, as mappings."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def share(part: float, whole: float) -> float | None:
    """None where there is nothing to be a share of."""
    return part / whole if whole else None
