"""Working days by the official schedule and without one, and hours where the clock is changed."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain.calendars.china import statutory_days
from domain.calendars.lunar import lunar_festivals
from domain.working_time import (
    CN,
    Calendar,
    calendar,
    deadline,
    elapsed,
    end_of_date,
    local_day,
    parse_period,
    until,
    window,
    with_schedule,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def works(by: Calendar, day: str) -> bool:
    return by.works(date.fromisoformat(day).toordinal())


@pytest.mark.parametrize(
    ("start", "period", "provisional"),
    [
        ("2026-12-30T10:00+08:00", "1 working day", False),
        ("2026-12-30T10:00+08:00", "2 working days", True),
        ("2026-12-20T10:00+08:00", "7 days", False),
        ("2026-12-20T10:00+08:00", "30 days", True),
        ("2026-12-20T10:00+08:00", "1 month", True),
        ("2026-12-31T10:00+08:00", "next working day", True),
        ("2026-12-31T10:00+08:00", "next day", False),
        ("2026-12-31T10:00+08:00", "24 hours", False),
        ("2003-12-30T10:00+08:00", "1 working day", True),
        ("2026-12-31T10:00+08:00", "30 business hours", True),
    ],
)
def test_a_due_date_is_provisional_when_a_day_it_hangs_on_has_no_published_schedule(
    start: str, period: str, provisional: bool
) -> None:
    assert deadline(at(start), parse_period(period), CN).provisional is provisional


def test_a_year_without_a_schedule_has_its_weekends_and_its_thirteen_statutory_days() -> None:
    off = statutory_days(2027, lunar_festivals()[2027])
    assert sorted(f"{day:%m-%d}" for day in off) == [
        *("01-01", "02-05", "02-06", "02-07", "02-08", "04-05", "05-01", "05-02", "06-09", "09-15"),
        *("10-01", "10-02", "10-03"),
    ]
    assert not any(works(CN, day.isoformat()) for day in off)
    assert works(CN, "2027-02-09") and not works(CN, "2027-02-13")


def test_every_festival_of_a_published_year_is_a_day_off() -> None:
    festivals = [day for year, days in lunar_festivals().items() if year in range(2008, 2027) for day in days]
    assert [day for day in festivals if works(CN, day.isoformat())] == []


def test_a_schedule_published_later_replaces_what_was_computed() -> None:
    spring = [date(2027, 2, 5) + timedelta(days=n) for n in range(7)]
    known = with_schedule(CN, 2027, [date(2027, 1, 1), *spring], [date(2027, 2, 14), date(2026, 12, 27)])
    before = deadline(at("2027-02-04T10:00+08:00"), parse_period("3 working days"), CN)
    after = deadline(at("2027-02-04T10:00+08:00"), parse_period("3 working days"), known)
    assert (before.due_at, before.provisional) == (at("2027-02-12T00:00+08:00"), True)
    assert (after.due_at, after.provisional) == (at("2027-02-16T00:00+08:00"), False)
    assert works(known, "2026-12-27") and works(known, "2027-02-14") and works(known, "2027-10-01")
    assert works(known, "2026-02-14"), "the schedules of other years stay"
    assert deadline(at("2028-01-03T10:00+08:00"), parse_period("1 day"), known).provisional


def test_a_pack_may_bring_the_schedule_of_a_year() -> None:
    days = {"holidays": ["2027-01-01", "2027-02-05", "2027-02-06"], "workdays": ["2027-02-14"]}
    by = calendar({"schedule": "cn", "schedules": {"2027": days}})
    found = deadline(at("2027-02-12T10:00+08:00"), parse_period("1 working day"), by)
    assert (found.due_at, found.provisional) == (at("2027-02-15T00:00+08:00"), False)
    assert by == with_schedule(
        CN, 2027, *(map(date.fromisoformat, days[key]) for key in ("holidays", "workdays"))
    )


def test_the_name_cn_is_the_calendar_of_the_state_council() -> None:
    assert calendar("cn") is CN
    assert works(CN, "2026-02-14") and not works(CN, "2026-02-16") and not works(CN, "2026-03-07")


WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def test_an_override_says_what_one_date_is_whatever_else_is_said_of_it() -> None:
    by = calendar(
        {
            "timezone": "UTC",
            "week": WEEK,
            "holidays": ["2026-03-05", "2026-03-09"],
            "overrides": {
                "2026-03-06": [],
                "2026-03-07": [["10:00", "12:00"]],
                "2026-03-09": [["09:00", "10:00"]],
            },
        }
    )
    found = deadline(at("2026-03-04T16:00Z"), parse_period("4 business hours"), by)
    assert found.due_at == at("2026-03-09T10:00Z")
    assert elapsed(at("2026-03-05T00:00Z"), at("2026-03-09T00:00Z"), by) == 120
    assert deadline(at("2026-03-04T16:00Z"), parse_period("1 working day"), by).due_at == at(
        "2026-03-07T12:00Z"
    )


def test_holidays_may_carry_names_that_the_segments_show() -> None:
    by = calendar(
        {"timezone": "UTC", "holidays": {"2026-03-05": "Founders' Day"}, "workdays": ["2026-03-07"]}
    )
    found = deadline(at("2026-03-04T16:00Z"), parse_period("2 working days"), by, explain=True)
    assert [s.reason for s in found.segments] == [
        *("starting day", "Founders' Day", "working day", "make-up working day"),
    ]
    assert found.segments[1].reason_zh == "Founders' Day"


def test_slots_that_touch_are_one_and_an_empty_slot_is_none() -> None:
    by = calendar(
        {
            "timezone": "UTC",
            "week": {"mon": [["10:00", "12:00"], ["09:00", "10:00"]], "tue": [["9:00", "9:00"]]},
        }
    )
    assert by.openings(date(2026, 3, 2).toordinal()) == ((at("2026-03-02T09:00Z"), at("2026-03-02T12:00Z")),)
    assert not works(by, "2026-03-03")


def test_calendars_with_the_same_days_are_equal_and_may_key_a_table() -> None:
    one, other = (calendar({"timezone": "UTC", "week": WEEK, "holidays": ["2026-03-05"]}) for _ in range(2))
    assert one == other and hash(one) == hash(other)
    assert one != calendar({"timezone": "UTC", "week": WEEK})


def new_york(**week: list[list[str]]) -> Calendar:
    return calendar({"timezone": "America/New_York", "week": week})


@pytest.mark.parametrize(
    ("slot", "minutes"),
    [
        (["00:00", "24:00"], 23 * 60),
        (["01:00", "04:00"], 2 * 60),
        (["02:30", "04:00"], 30),  # what would have been 02:30 is shown as 03:30
        (["02:00", "03:00"], 0),
    ],
)
def test_on_the_day_the_clock_skips_an_hour_a_skipped_time_is_read_as_before_the_change(
    slot: list[str], minutes: int
) -> None:
    by = new_york(sun=[slot])
    assert elapsed(at("2026-03-08T00:00-05:00"), at("2026-03-09T00:00-04:00"), by) == minutes


def test_slots_that_a_skipped_hour_pushes_into_each_other_are_not_counted_twice() -> None:
    by = new_york(sun=[["01:00", "02:30"], ["03:00", "05:00"]])
    assert elapsed(at("2026-03-08T00:00-05:00"), at("2026-03-09T00:00-04:00"), by) == 180


@pytest.mark.parametrize(
    ("slot", "minutes"),
    [(["00:00", "24:00"], 25 * 60), (["00:00", "03:00"], 4 * 60), (["00:30", "01:30"], 60)],
)
def test_on_the_day_an_hour_is_lived_twice_a_time_is_its_first_showing(slot: list[str], minutes: int) -> None:
    by = new_york(sun=[slot])
    assert elapsed(at("2026-11-01T00:00-04:00"), at("2026-11-02T00:00-05:00"), by) == minutes


def test_hours_run_on_through_a_change_of_the_clock_and_days_end_at_the_local_2400() -> None:
    by = calendar({"timezone": "America/New_York"})
    hours = deadline(at("2026-03-07T20:00-05:00"), parse_period("24 hours"), by)
    days = deadline(at("2026-03-05T20:00-05:00"), parse_period("4 days"), by)
    assert hours.due_at.isoformat() == "2026-03-08T21:00:00-04:00"
    assert days.due_at.isoformat() == "2026-03-10T00:00:00-04:00"
    assert days.warn_at and days.warn_at.isoformat() == "2026-03-09T04:48:00-04:00"


def test_a_fraction_of_a_counted_day_is_a_fraction_of_the_day_as_long_as_it_is() -> None:
    by = calendar({"timezone": "America/New_York"})
    found = deadline(at("2026-03-07T20:00-05:00"), parse_period("1 day"), by)
    assert found.warn_at == at("2026-03-08T00:00-05:00") + timedelta(hours=23) * 4 / 5


def test_due_dates_in_the_hour_lived_twice_compare_as_instants() -> None:
    by = calendar({"timezone": "America/New_York"})
    first = deadline(at("2026-11-01T00:30-04:00"), parse_period("1 hour"), by).due_at
    second = until(at("2026-11-01T00:30-04:00"), at("2026-11-01T01:15-05:00"), by).due_at
    assert first.isoformat() == "2026-11-01T01:30:00-04:00"
    assert first < second, "although the clock shows 01:30 and then 01:15"


def test_where_midnight_itself_is_skipped_the_day_begins_with_its_first_instant() -> None:
    by = calendar({"timezone": "America/Santiago"})
    begun = end_of_date(date(2026, 9, 5), by)
    assert begun.isoformat() == "2026-09-06T01:00:00-03:00"
    assert local_day(begun, by) == date(2026, 9, 5)
    assert window("day", begun, by).end == begun


def test_before_its_clocks_were_fixed_shanghai_is_read_from_the_zone() -> None:
    found = deadline(at("1988-07-01T10:00+09:00"), parse_period("24 hours"), CN)
    assert found.due_at.isoformat() == "1988-07-02T10:00:00+09:00"
    assert CN.start_of(date(1988, 7, 1).toordinal()).isoformat() == "1988-07-01T00:00:00+09:00"


@pytest.mark.parametrize(("period", "closed"), [("1 business hour", []), ("1 working day", [])])
def test_a_calendar_that_never_opens_is_refused_instead_of_searched_for_ever(
    period: str, closed: Any
) -> None:
    by = calendar({"timezone": "UTC", "week": {"mon": closed}})
    with pytest.raises(ValueError, match=r"calendar: has (no more business hours|too few working days)"):
        deadline(at("2026-03-04T10:00Z"), parse_period(period), by)
    assert elapsed(at("2026-03-04T10:00Z"), at("2026-04-04T10:00Z"), by) == 0


def test_a_start_without_its_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="start: has no offset"):
        deadline(datetime(2026, 3, 4, 10), parse_period("1 day"), CN)
