"""The fast counting against the slow: every day and every minute walked one by one."""

from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise

import chinese_calendar
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.working_time import CN, Calendar, Period, calendar, deadline, elapsed
from domain.working_time.zones import localize

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
CHINA = localize(datetime.fromisoformat("2024-01-01T00:00+08:00"), CN.tz).tzinfo
Span = tuple[datetime, datetime]

# Whole minutes, midnights often: most of what can go wrong goes wrong at 24:00.
minutes = st.one_of(st.integers(0, 1439), st.sampled_from([0, 0, 1, 1439]))
days_of_2024_and_2025 = st.integers(0, 700)
starts = st.builds(
    lambda day, minute: datetime(2024, 1, 1, tzinfo=CHINA) + day * DAY + minute * MINUTE,
    days_of_2024_and_2025,
    minutes,
)


@st.composite
def pauses_after(draw: st.DrawFn, start: datetime) -> list[Span]:
    """Up to three pauses in the weeks around a start, that may touch and overlap."""
    begins = draw(st.lists(st.integers(-1440, 14 * 1440), max_size=3))
    return [
        (start + begin * MINUTE, start + (begin + draw(st.integers(0, 3 * 1440))) * MINUTE)
        for begin in begins
    ]


starts_and_pauses = starts.flatmap(lambda start: st.tuples(st.just(start), pauses_after(start)))


@cache
def is_workday(day: date) -> bool:
    """What the schedule's own package says."""
    return bool(chinese_calendar.is_workday(day))


def paused(at: datetime, pauses: list[Span]) -> bool:
    return any(begin <= at < end for begin, end in pauses)


def walked_days(start: datetime, amount: int, working: bool, pauses: list[Span]) -> tuple[datetime, datetime]:
    """24:00 of the last day and the instant of the warning, day by day."""
    midnight = start.replace(hour=0, minute=0)
    end = midnight if start == midnight else midnight + DAY
    counted: list[datetime] = []
    while len(counted) < amount:
        end += DAY
        day_works = is_workday((end - DAY).date())
        if not paused(end, pauses) and (day_works or not working):
            counted.append(end)
    whole, part = divmod(Fraction(4, 5) * amount, 1)
    warn = counted[whole - 1] if not part else counted[whole] - DAY + DAY * float(part)
    while not is_workday((end - DAY).date()) or paused(end, pauses):
        end += DAY
    return end, warn


@given(starts_and_pauses, st.integers(1, 25), st.booleans())
def test_days_and_working_days_are_due_and_warned_as_walked_day_by_day(
    given_pauses: tuple[datetime, list[Span]], amount: int, working: bool
) -> None:
    start, pauses = given_pauses
    found = deadline(start, Period(amount, "working days" if working else "days"), CN, pauses)
    due, warn = walked_days(start, amount, working, pauses)
    assert found.due_at == due
    assert found.warn_at is not None and abs(found.warn_at - warn) < timedelta(milliseconds=1)


@given(starts, st.integers(1, 25), st.sampled_from(["days", "working days", "months", "weeks", "hours"]))
def test_without_pauses_it_makes_no_difference_whether_the_answer_is_explained(
    start: datetime, amount: int, unit: str
) -> None:
    quick, explained = (
        deadline(start, Period(amount, unit), CN),
        deadline(start, Period(amount, unit), CN, explain=True),
    )
    assert (quick.due_at, quick.warn_at, quick.provisional) == (
        explained.due_at,
        explained.warn_at,
        explained.provisional,
    )


OFFICE = calendar(
    {
        "timezone": "Asia/Shanghai",
        "schedule": "cn",
        "week": {d: [["08:30", "12:00"], ["13:00", "17:30"]] for d in ("mon", "tue", "wed", "thu", "fri")}
        | {"fri": [["09:00", "24:00"]], "sat": [["00:00", "02:00"]]},
    }
)
OPEN = {"weekday": (range(510, 720), range(780, 1050)), "fri": (range(540, 1440),), "sat": (range(120),)}


def office_open(at: datetime) -> bool:
    """Whether the office is open in the minute from here on, written out again by hand."""
    if not is_workday(at.date()):
        return False
    slots = OPEN[{4: "fri", 5: "sat", 6: "weekday"}.get(at.weekday(), "weekday")]
    return any(at.hour * 60 + at.minute in slot for slot in slots)


def always_open(_: datetime) -> bool:
    return True


def walked_minutes(start: datetime, amount: int, by_hand: object, pauses: list[Span]) -> datetime:
    is_open = office_open if by_hand is OFFICE else always_open
    at = start
    while amount:
        amount -= is_open(at) and not paused(at, pauses)
        at += MINUTE
    return at


@given(
    starts_and_pauses, st.integers(1, 200), st.sampled_from([("business minutes", OFFICE), ("minutes", CN)])
)
def test_minutes_are_due_and_warned_as_walked_minute_by_minute(
    given_pauses: tuple[datetime, list[Span]], fifths: int, unit_and_calendar: tuple[str, Calendar]
) -> None:
    (start, pauses), (unit, by) = given_pauses, unit_and_calendar
    found = deadline(start, Period(fifths * 5, unit), by, pauses)
    assert found.due_at == walked_minutes(start, fifths * 5, by, pauses)
    assert found.warn_at == walked_minutes(start, fifths * 4, by, pauses)


@given(starts_and_pauses, st.integers(0, 4000))
def test_elapsed_minutes_are_those_walked_minute_by_minute(
    given_pauses: tuple[datetime, list[Span]], length: int
) -> None:
    start, pauses = given_pauses
    walked = (start + n * MINUTE for n in range(length))
    expected = sum(office_open(at) and not paused(at, pauses) for at in walked)
    assert elapsed(start, start + length * MINUTE, OFFICE, pauses) == expected


units = st.sampled_from(["minutes", "hours", "days", "weeks", "months", "working days", "business minutes"])


@given(starts_and_pauses, st.integers(1, 12), units, st.sampled_from([CN, OFFICE]))
def test_the_segments_run_without_a_gap_from_the_start_to_the_due_instant(
    given_pauses: tuple[datetime, list[Span]], amount: int, unit: str, by: Calendar
) -> None:
    start, pauses = given_pauses
    found = deadline(start, Period(amount, unit), by, pauses, explain=True)
    assume(found.segments)
    assert found.segments[0].start == start and found.segments[-1].end == found.due_at
    assert all(one.end == other.start for one, other in pairwise(found.segments))
    assert all(segment.start < segment.end for segment in found.segments)


@given(starts_and_pauses, st.integers(1, 500), st.sampled_from(["minutes", "business minutes"]))
def test_the_counted_segments_add_up_to_the_period_and_are_what_elapsed_in_hours(
    given_pauses: tuple[datetime, list[Span]], amount: int, unit: str
) -> None:
    start, pauses = given_pauses
    found = deadline(start, Period(amount, unit), OFFICE, pauses, explain=True)
    counted = sum((s.end - s.start for s in found.segments if s.kind == "counted"), timedelta())
    assert counted == amount * MINUTE
    assert unit == "minutes" or elapsed(start, found.due_at, OFFICE, pauses) == amount


@given(starts_and_pauses, st.integers(1, 60), units)
def test_a_pause_never_makes_anything_due_earlier_and_the_warning_never_comes_after(
    given_pauses: tuple[datetime, list[Span]], amount: int, unit: str
) -> None:
    start, pauses = given_pauses
    paused_too, alone = (deadline(start, Period(amount, unit), OFFICE, by) for by in (pauses, ()))
    assert paused_too.due_at >= alone.due_at
    assert paused_too.warn_at is not None and start < paused_too.warn_at <= paused_too.due_at
