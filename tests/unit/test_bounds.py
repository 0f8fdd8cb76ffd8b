"""Bounds of lists: instants, or local days that begin and end where those of the figures do."""

from datetime import datetime, timedelta

import pytest

from api.http.params import Period
from domain.working_time import CN, calendar, window
from tests.helpers.scenario import at

MIDNIGHT = at("2026-03-05 00:00")
TINY = timedelta(microseconds=1)


@pytest.mark.parametrize("moment", [MIDNIGHT, MIDNIGHT + TINY, MIDNIGHT + timedelta(days=1)])
def test_a_list_of_a_day_holds_what_the_figures_of_the_day_count(moment: datetime) -> None:
    """What is due at 24:00 is of the day that ends, though it is written 00:00 of the next."""
    asked = Period.model_validate({"from": "2026-03-05", "to": "2026-03-05"}).filters(CN)
    day = window("day", MIDNIGHT + timedelta(hours=12), CN)
    assert (asked["since"] <= moment < asked["until"]) == day.holds(moment)


def test_a_day_is_of_the_calendars_zone() -> None:
    asked = Period.model_validate({"from": "2026-03-05"}).filters(calendar({"timezone": "Asia/Tokyo"}))
    assert asked == {"since": at("2026-03-04 23:00") + TINY}


def test_an_instant_is_taken_as_it_is() -> None:
    asked = Period.model_validate({"from": "2026-03-05T00:00:00+08:00", "to": "2026-03-05T00:00:00 08:00"})
    assert asked.filters(CN) == {"since": MIDNIGHT, "until": MIDNIGHT}
