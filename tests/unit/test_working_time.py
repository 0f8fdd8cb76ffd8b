"""Periods by the Civil Code (art. 200 to 204), each sentence with its worked example."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain.working_time import (
    CN,
    Deadline,
    Segment,
    calendar,
    deadline,
    elapsed,
    end_of_date,
    local_day,
    parse_period,
    until,
    window,
    window_named,
)
from domain.working_time.segments import REASONS_ZH

OFFICE = {day: [["08:30", "12:00"], ["13:00", "17:30"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def at(text: str) -> datetime:
    """A time of day in China's offset, unless it says another."""
    return datetime.fromisoformat(
        text if "+" in text[10:] or "Z" in text or "-" in text[10:] else f"{text}+08:00"
    )


def due(start: str, period: str, *pauses: tuple[str, str], by: Any = "cn") -> Deadline:
    return deadline(
        at(start), parse_period(period), calendar(by), [(at(a), at(b)) for a, b in pauses], explain=True
    )


@pytest.mark.parametrize(
    ("start", "period", "due_at"),
    [
        ("2026-03-04T10:15", "24 hours", "2026-03-05T10:15"),
        ("2026-03-04T10:15", "90 minutes", "2026-03-04T11:45"),
        ("2026-02-12T10:00", "3 working days", "2026-02-25T00:00"),
        ("2026-09-30T10:00", "3 working days", "2026-10-11T00:00"),
        ("2026-02-02T09:00", "15 days", "2026-02-25T00:00"),
        ("2026-06-09T14:00", "7 days", "2026-06-17T00:00"),
        ("2026-06-09T14:00", "1 week", "2026-06-17T00:00"),
        ("2026-03-10T14:00", "3 months", "2026-06-11T00:00"),
        ("2026-01-31T14:00", "1 month", "2026-03-01T00:00"),
        ("2026-11-30T14:00", "1 month", "2026-12-31T00:00"),
        ("2026-03-04T10:00", "same day 17:30", "2026-03-04T17:30"),
        ("2026-03-04T10:00", "same day 24:00", "2026-03-05T00:00"),
        ("2026-03-04T18:00", "same day 17:30", "2026-03-04T17:30"),
        ("2026-03-06T18:00", "next day", "2026-03-08T00:00"),
        ("2026-03-06T18:00", "next working day", "2026-03-10T00:00"),
        ("2026-03-04T18:00", "end of month", "2026-04-01T00:00"),
        ("2026-03-04T18:00", "end of quarter", "2026-04-01T00:00"),
        ("2026-12-31T18:00", "end of quarter", "2027-01-01T00:00"),
    ],
)
def test_each_kind_of_period_is_due_as_its_article_says(start: str, period: str, due_at: str) -> None:
    assert due(start, period).due_at == at(due_at)


def test_a_last_day_that_is_a_make_up_working_day_does_not_roll_over() -> None:
    assert due("2026-02-21T10:00", "1 week").due_at == at(
        "2026-03-01T00:00"
    )  # Saturday 28 February is worked


@pytest.mark.parametrize(
    ("start", "period", "due_at"),
    [
        ("2026-03-05T00:00", "1 day", "2026-03-06T00:00"),
        ("2026-03-05T00:00", "1 working day", "2026-03-06T00:00"),
        ("2026-03-01T00:00", "1 month", "2026-03-31T00:00"),  # starts on 28 February, 28 March is a Saturday
        ("2026-03-05T00:00", "next day", "2026-03-06T00:00"),
        ("2026-03-05T00:00", "next working day", "2026-03-06T00:00"),
        ("2026-03-05T00:00", "24 hours", "2026-03-06T00:00"),
        ("2026-03-05T00:00", "same day 17:30", "2026-03-05T17:30"),
        ("2026-04-01T00:00", "end of month", "2026-05-01T00:00"),
    ],
)
def test_an_instant_written_0000_is_2400_of_the_day_before_for_periods_of_days(
    start: str, period: str, due_at: str
) -> None:
    assert due(start, period).due_at == at(due_at)


def test_the_start_may_come_in_any_offset_and_the_due_date_is_in_the_calendars() -> None:
    found = due("2026-02-12T02:00:00Z", "3 working days")
    assert found.due_at.isoformat() == "2026-02-25T00:00:00+08:00"


@pytest.mark.parametrize(
    ("start", "period", "warn_at"),
    [
        ("2026-03-04T10:00", "24 hours", "2026-03-05T05:12"),
        ("2026-06-09T14:00", "7 days", "2026-06-15T14:24"),
        ("2026-02-02T09:00", "15 days", "2026-02-15T00:00"),  # the roll-over to the 25th is not counted
        ("2026-03-02T10:00", "5 working days", "2026-03-07T00:00"),  # 24:00 of the fourth, not of the Sunday
        ("2026-03-03T10:00", "3 working days", "2026-03-06T09:36"),
        ("2026-03-06T10:00", "1 working day", "2026-03-09T19:12"),  # within Monday, not over the weekend
        ("2026-03-10T14:00", "3 months", "2026-05-23T14:24"),  # 73.6 of 92 calendar days
        ("2026-03-04T12:30", "same day 17:30", "2026-03-04T16:30"),
        ("2026-03-04T00:30", "next day", "2026-03-05T14:30"),
    ],
)
def test_the_warning_comes_when_four_fifths_of_what_counts_is_used_up(
    start: str, period: str, warn_at: str
) -> None:
    assert due(start, period).warn_at == at(warn_at)


def test_nothing_is_warned_of_when_it_is_due_before_it_began() -> None:
    assert due("2026-03-04T18:00", "same day 17:30").warn_at is None
    assert until(at("2026-03-04T18:00"), at("2026-03-04T18:00"), CN) == Deadline(at("2026-03-04T18:00"), None)


def test_a_promise_is_due_as_promised_and_warned_at_four_fifths_of_the_way() -> None:
    found = until(at("2026-03-04T10:00"), at("2026-03-04T12:00:00Z"), CN)
    assert (found.due_at, found.warn_at) == (at("2026-03-04T20:00"), at("2026-03-04T18:00"))
    assert found.due_at.isoformat() == "2026-03-04T20:00:00+08:00"


def test_the_end_of_a_date_is_written_as_0000_of_the_next() -> None:
    assert end_of_date(date(2026, 3, 4), CN).isoformat() == "2026-03-05T00:00:00+08:00"


PAUSE = ("2026-03-04T15:00", "2026-03-06T09:00")


@pytest.mark.parametrize(
    ("period", "due_at", "warn_at"),
    [
        ("24 hours", "2026-03-07T04:00", "2026-03-06T23:12"),  # 5 h before the pause, 19 h after
        ("3 days", "2026-03-10T00:00", "2026-03-08T09:36"),  # 6, 7, 8 count; the 8th is a Sunday
        ("3 working days", "2026-03-11T00:00", "2026-03-10T09:36"),  # 6, 9, 10 count
        ("1 month", "2026-04-08T00:00", "2026-03-30T19:12"),  # to 4 April, a day on, and past Qingming
        ("same day 17:30", "2026-03-04T17:30", "2026-03-04T16:00"),
        ("next day", "2026-03-06T00:00", "2026-03-05T16:24"),
        ("next working day", "2026-03-06T00:00", "2026-03-05T16:24"),
    ],
)
def test_a_pause_takes_hours_and_days_but_never_moves_the_clock(
    period: str, due_at: str, warn_at: str
) -> None:
    found = due("2026-03-04T10:00", period, PAUSE)
    assert (found.due_at, found.warn_at) == (at(due_at), at(warn_at))


@pytest.mark.parametrize(
    ("begin", "end", "due_at"),
    [
        ("2026-03-05T08:00", "2026-03-05T20:00", "2026-03-07T00:00"),  # paused and resumed within a day
        ("2026-03-05T08:00", "2026-03-06T00:00", "2026-03-07T00:00"),  # over at 24:00 itself
        ("2026-03-06T00:00", "2026-03-06T00:01", "2026-03-10T00:00"),  # begun at 24:00 itself
        ("2026-03-04T08:00", "2026-03-05T08:00", "2026-03-07T00:00"),  # the starting day never counted
    ],
)
def test_a_day_is_lost_when_the_clause_is_paused_at_its_2400(begin: str, end: str, due_at: str) -> None:
    assert due("2026-03-04T10:00", "2 working days", (begin, end)).due_at == at(due_at)


def test_a_pause_that_starts_when_the_hours_are_used_up_changes_nothing() -> None:
    found = due("2026-03-04T10:00", "2 hours", ("2026-03-04T12:00", "2026-03-04T15:00"))
    assert found.due_at == at("2026-03-04T12:00")


def test_nothing_falls_due_on_a_day_that_was_lost_not_even_by_roll_over() -> None:
    found = due("2026-03-04T10:00", "3 days", ("2026-03-09T20:00", "2026-03-10T08:00"))
    assert found.due_at == at("2026-03-11T00:00")


@pytest.mark.parametrize(
    ("start", "period", "due_at", "warn_at"),
    [
        ("2026-03-04T10:00", "3 days", "2026-03-09T17:30", "2026-03-07T09:36"),
        ("2026-03-05T10:00", "1 working day", "2026-03-06T17:30", "2026-03-06T17:30"),
        ("2026-03-10T14:00", "1 month", "2026-04-10T17:30", "2026-04-04T19:12"),
        ("2026-03-04T10:00", "next day", "2026-03-06T00:00", "2026-03-05T16:24"),
    ],
)
def test_business_hours_end_periods_of_days_at_closing_time(
    start: str, period: str, due_at: str, warn_at: str
) -> None:
    by = {"timezone": "Asia/Shanghai", "schedule": "cn", "week": OFFICE}
    found = due(start, period, by=by)
    assert found.due_at == at(due_at)
    assert found.warn_at == at(warn_at), "never after it is due"


def test_closing_time_may_be_declared_without_hours() -> None:
    by = {"schedule": "cn", "closing": "18:00"}
    assert due("2026-02-12T10:00", "3 working days", by=by).due_at == at("2026-02-24T18:00")


@pytest.mark.parametrize(
    ("start", "period", "due_at", "warn_at"),
    [
        ("2026-03-04T10:00", "60 business minutes", "2026-03-04T11:00", "2026-03-04T10:48"),
        ("2026-03-04T12:30", "1 business hour", "2026-03-04T14:00", "2026-03-04T13:48"),
        ("2026-03-04T11:00", "60 business minutes", "2026-03-04T12:00", "2026-03-04T11:48"),
        ("2026-03-06T17:00", "1 business hour", "2026-03-09T09:00", "2026-03-09T08:48"),
        ("2026-02-28T17:00", "1 business hour", "2026-03-02T09:00", "2026-03-02T08:48"),  # a make-up Saturday
    ],
)
def test_business_time_counts_within_the_hours_alone(
    start: str, period: str, due_at: str, warn_at: str
) -> None:
    by = {"timezone": "Asia/Shanghai", "schedule": "cn", "week": OFFICE}
    assert due(start, period, by=by).due_at == at(due_at)
    assert due(start, period, by=by).warn_at == at(warn_at)


def test_business_time_loses_what_a_pause_covers_of_the_hours() -> None:
    by = {"timezone": "Asia/Shanghai", "schedule": "cn", "week": OFFICE}
    pause = ("2026-03-04T11:00", "2026-03-04T13:30")
    assert due("2026-03-04T10:00", "2 business hours", pause, by=by).due_at == at("2026-03-04T14:30")
    assert (
        elapsed(at("2026-03-04T10:00"), at("2026-03-04T14:30"), calendar(by), [(at(pause[0]), at(pause[1]))])
        == 120
    )


def test_elapsed_time_is_negative_when_the_end_comes_first() -> None:
    by = calendar({"timezone": "Asia/Shanghai", "week": OFFICE})
    assert elapsed(at("2026-03-04T14:00"), at("2026-03-04T11:00"), by) == -120


def test_the_segments_say_which_days_counted_and_why_the_others_did_not() -> None:
    found = due("2026-02-12T10:00", "3 working days", ("2026-02-24T10:00", "2026-02-25T10:00"))
    assert [(f"{s.start:%m-%d}", f"{s.end:%m-%d}", s.kind, s.reason) for s in found.segments] == [
        ("02-12", "02-13", "uncounted", "starting day"),
        ("02-13", "02-14", "counted", "working day"),
        ("02-14", "02-15", "counted", "make-up working day"),
        ("02-15", "02-24", "uncounted", "Spring Festival"),
        ("02-24", "02-25", "paused", "paused"),
        ("02-25", "02-26", "counted", "working day"),
    ]


def test_the_segments_show_the_roll_over() -> None:
    last = due("2026-02-02T09:00", "15 days").segments[-1]
    assert last == Segment(at("2026-02-18T00:00"), at("2026-02-25T00:00"), "uncounted", "roll-over")


def test_the_segments_of_hours_show_what_was_closed_and_what_was_paused() -> None:
    by = {"timezone": "Asia/Shanghai", "week": OFFICE}
    found = due("2026-03-04T11:00", "2 business hours", ("2026-03-04T13:00", "2026-03-04T14:00"), by=by)
    assert [(f"{s.start:%H:%M}", f"{s.end:%H:%M}", s.kind, s.reason) for s in found.segments] == [
        ("11:00", "12:00", "counted", "business hours"),
        ("12:00", "13:00", "uncounted", "closed"),
        ("13:00", "14:00", "paused", "paused"),
        ("14:00", "15:00", "counted", "business hours"),
    ]


def test_segments_are_made_only_when_asked_for() -> None:
    assert deadline(at("2026-02-12T10:00"), parse_period("3 working days"), CN).segments == ()


def test_every_reason_of_a_day_off_in_the_schedule_is_said_in_chinese_too() -> None:
    assert {name for name in CN.holidays.values() if name not in REASONS_ZH} == set()
    assert due("2026-02-12T10:00", "3 working days").segments[3].reason_zh == "春节"


@pytest.mark.parametrize(
    ("kind", "name", "start", "end"),
    [
        ("day", "2026-03-04", "2026-03-04", "2026-03-05"),
        ("week", "2026-W10", "2026-03-02", "2026-03-09"),
        ("month", "2026-03", "2026-03-01", "2026-04-01"),
        ("quarter", "2026-Q1", "2026-01-01", "2026-04-01"),
    ],
)
def test_a_window_holds_what_happens_at_2400_of_its_last_day(
    kind: Any, name: str, start: str, end: str
) -> None:
    named = window_named(name, CN)
    assert (named.start, named.end) == (at(f"{start}T00:00"), at(f"{end}T00:00"))
    assert window(kind, at("2026-03-04T10:00"), CN) == named == window(kind, named.end, CN)
    assert window(kind, named.start, CN) != named != window(kind, named.end + timedelta(seconds=1), CN)
    assert named.holds(named.end) and not named.holds(named.start)


def test_a_week_belongs_to_the_year_of_its_thursday() -> None:
    assert window("week", at("2027-01-01T10:00"), CN).name == "2026-W53"


def test_the_day_of_an_instant_written_0000_is_the_day_before() -> None:
    assert local_day(at("2026-03-05T00:00"), CN) == date(2026, 3, 4)
    assert local_day(at("2026-03-05T00:00:01"), CN) == date(2026, 3, 5)
    assert local_day(at("2026-03-04T16:00:00Z"), CN) == date(2026, 3, 4)
