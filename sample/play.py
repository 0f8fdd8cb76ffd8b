"""The sample as facts around a moment, so that whoever watches sees something fall due within minutes.

Its files hold times as `{…}`, counted from the minute at which it is played (`now`, China time):

    {-5 08:20}   08:20 of the fifth working day before today
    {-5}         that day's date
    {-45 min}    45 minutes before now; {+4 min} is for promises, nothing has happened in the future
    {play}       the minute itself, which is in every id: played again for the same minute, the same facts;
                 in the dealer's customers too, or tomorrow's play would be a repeated complaint of each

A line's `learned` says when it was learned, where that was later than it happened.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from api.mapping import facts_of
from domain.working_time import CN

HERE = Path(__file__).parent
WEEKS = {"xuzhou.jsonl": "/sample/xuzhou", "dealer.jsonl": "/sample/dealer"}
HOLE = re.compile(r"\{(?:(?P<play>play)|(?P<minutes>[+-]\d+) min|(?P<day>-\d+)(?: (?P<clock>\d\d:\d\d))?)\}")
CFPB_DAYS = 7
"""Of the consumer complaints the last so many days are played; the file is for trying maps."""

Learned = tuple[datetime, dict[str, Any]]


@dataclass(frozen=True)
class Play:
    """The moment around which everything is dated."""

    now: datetime

    @classmethod
    def around(cls, now: datetime) -> Play:
        return cls(now.astimezone(CN.tz).replace(second=0, microsecond=0))

    @cached_property
    def name(self) -> str:
        return f"{self.now:%Y%m%dT%H%M}"

    def day(self, back: int) -> date:
        """The working day so many before today, by the State Council's schedule."""
        day = self.now.toordinal()
        while back:
            day -= 1
            back -= CN.works(day)
        return date.fromordinal(day)

    def write(self, hole: re.Match[str]) -> str:
        """What stands for a hole in a line of the sample."""
        if hole["play"]:
            return self.name
        if hole["minutes"]:
            return (self.now + timedelta(minutes=int(hole["minutes"]))).isoformat()
        day = self.day(-int(hole["day"]))
        if not hole["clock"]:
            return day.isoformat()
        return datetime.combine(day, time.fromisoformat(hole["clock"]), CN.tz).isoformat()


def facts(now: datetime) -> Iterable[bytes]:
    """The sample as CloudEvents JSON in the order learned; `now` is cut to its minute.

    Whenever it is played there are breaches, a major complaint and a reopening in it, and promises that
    end within five minutes after `now`.
    """
    play = Play.around(now)
    learned = [*_consumers(play), *(fact for file in WEEKS for fact in _week(play, file))]
    return [orjson.dumps(fact) for _, fact in sorted(learned, key=lambda pair: pair[0])]


def longest_story(now: datetime) -> str:
    """The stream of the sample whose history is most worth reading: a major complaint."""
    return f"complaint/QC-01-{Play.around(now).name}"


def _week(play: Play, file: str) -> Iterator[Learned]:
    lines = (HERE / file).read_text("utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        fact = orjson.loads(HOLE.sub(play.write, line))
        learned = datetime.fromisoformat(fact.pop("learned", fact["time"]))
        identity = {"specversion": "1.0", "id": f"{play.name}-{number:03}", "source": WEEKS[file]}
        yield learned, {**identity, **fact}


def _consumers(play: Play) -> Iterator[Learned]:
    """The last week of the CFPB's file, moved by whole days so that it ends before now."""
    told = [orjson.loads(fact) for fact in _last_days()]
    latest = max(datetime.fromisoformat(fact["time"]) for fact in told)
    moved = timedelta(days=(play.now - latest).days)
    for fact in told:
        yield _moved(fact, moved, play)


def _moved(fact: Mapping[str, Any], by: timedelta, play: Play) -> Learned:
    at = datetime.fromisoformat(fact["time"]) + by
    subject, identity = f"{fact['subject']}-{play.name}", f"{play.name}-{fact['id']}"
    return at, {**fact, "time": at.isoformat(), "id": identity, "subject": subject}


def _last_days() -> Iterable[bytes]:
    table = (HERE / "cfpb.csv").read_text("utf-8").splitlines()
    last = max(row["Date submitted"] for row in csv.DictReader(table))
    since = (date.fromisoformat(last) - timedelta(days=CFPB_DAYS - 1)).isoformat()
    head, *rows = table
    day = head.split(",").index("Date submitted")
    recent = [row for row in rows if next(csv.reader([row]))[day] >= since]
    return facts_of([head, *recent], (HERE / "cfpb.map.toml").read_text("utf-8"), "cfpb.map.toml")
