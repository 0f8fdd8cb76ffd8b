"""Wall clock and instant, in a zone that may change its clocks.

Every instant handed out carries a fixed offset (the one in force then) instead of the zone itself: two
times that share a zone object compare by wall clock, which is wrong in the hour that is lived twice.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

DAY_SECONDS: Final = 86_400
MIDNIGHT: Final = time(0)
# Zones known to have kept one offset since a year; the tz database, files asia and etcetera.
_STEADY: Final = {"Asia/Shanghai": (8, 1992), "UTC": (0, 2), "Etc/UTC": (0, 2)}


@lru_cache(maxsize=4096)
def one(zone: tzinfo) -> tzinfo:
    """The one object for an offset: times that share it are compared and moved without asking it anything."""
    return zone


def read_instant(text: str) -> datetime:
    """An ISO 8601 time with its offset kept as written; a fact's time is looked at some twenty times.

    Raises:
        ValueError: it is none.
    """
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is None else at.astimezone(one(at.tzinfo))


def steady(tz: ZoneInfo) -> datetime | None:
    """The first 00:00 from which a zone has kept its one offset, if it has: adding to it needs no zone."""
    known = _STEADY.get(tz.key)
    return datetime(known[1], 1, 1, tzinfo=one(timezone(timedelta(hours=known[0])))) if known else None


def localize(at: datetime, tz: ZoneInfo) -> datetime:
    """The same instant, written with the offset that the zone has then."""
    local = at.astimezone(tz)
    return local.replace(tzinfo=one(timezone(local.utcoffset() or timedelta())), fold=0)


def instant(day: date, seconds: int, tz: ZoneInfo) -> datetime:
    """A wall-clock time of a day as an instant; 86 400 seconds are 24:00.

    A time that the clock skips is read with the offset before the change, one that it shows twice is its
    first showing (RFC 5545, 3.3.5).
    """
    wall = datetime.combine(day, MIDNIGHT) + timedelta(seconds=seconds)
    return localize(wall.replace(tzinfo=tz).astimezone(UTC), tz)
