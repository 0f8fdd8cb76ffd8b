"""Upcoming deadlines as a line of hours, drawn as inline SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

HOURS = 24
HOUR = timedelta(hours=1)


class Column(NamedTuple):
    """What is due in one hour: `height` from 0 to 1 of the highest."""

    place: int
    label: str
    due: int
    height: float


def timeline(due: Sequence[datetime], now: datetime, zone: tzinfo, hours: int = HOURS) -> list[Column]:
    """A column for each of the next hours by the local clock; none where nothing is due in them."""
    first = now.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    counts = Counter(int((at - first) // HOUR) for at in due if first <= at < first + hours * HOUR)
    most = max(counts.values(), default=0)
    return [
        Column(hour, (first + hour * HOUR).strftime("%H:00"), counts[hour], counts[hour] / most)
        for hour in range(hours if most else 0)
    ]
