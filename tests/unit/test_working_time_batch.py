"""A line of a batch: the worked cases that other systems publish, and what a wrong line is told."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from domain.deadlines import answer
from domain.working_time import PeriodError, parse_period

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "deadlines.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_answer_is_the_one_its_source_publishes(case: dict[str, Any]) -> None:
    found, expected = answer(case), case["expect"]
    if "due_at" in expected:
        assert datetime.fromisoformat(found["due_at"]) == datetime.fromisoformat(expected["due_at"])
    else:
        # some sources leave the seconds out of their figure, none is off by as much as a second
        assert found == {"elapsed_minutes": pytest.approx(expected["elapsed_minutes"], abs=1 / 60)}


GOOD = {"calendar": "cn", "start": "2026-03-04T10:00:00+08:00", "period": "1 working day", "pauses": []}


def test_an_answer_is_plain_data_with_its_reasons_in_both_languages() -> None:
    assert answer(GOOD) == {
        "due_at": "2026-03-06T00:00:00+08:00",
        "warn_at": "2026-03-05T19:12:00+08:00",
        "provisional": False,
        "segments": [
            {
                "start": "2026-03-04T10:00:00+08:00",
                "end": "2026-03-05T00:00:00+08:00",
                "kind": "uncounted",
                "reason": "starting day",
                "reason_zh": "起算日不计入",
            },
            {
                "start": "2026-03-05T00:00:00+08:00",
                "end": "2026-03-06T00:00:00+08:00",
                "kind": "counted",
                "reason": "working day",
                "reason_zh": "工作日",
            },
        ],
    }


def test_a_pause_may_be_written_as_a_pair_or_with_a_slash() -> None:
    begin, end = "2026-03-05T10:00:00+08:00", "2026-03-06T10:00:00+08:00"
    assert answer({**GOOD, "pauses": [[begin, end]]}) == answer({**GOOD, "pauses": [f"{begin}/{end}"]})
    assert answer({**GOOD, "pauses": [[begin, end]]})["due_at"] == "2026-03-07T00:00:00+08:00"


def _calendar(**fields: Any) -> dict[str, Any]:
    return {"calendar": {"timezone": "UTC", **fields}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": "2026-03-04T10:00:00"}, "start"),
        ({"start": "tomorrow"}, "start"),
        ({"start": None}, "start"),
        ({"period": "3 fortnights"}, "period"),
        ({"period": "0 days"}, "period"),
        ({"period": "99999 days"}, "period"),
        ({"period": "same day 25:00"}, "period"),
        ({"period": "same day 17:60"}, "period"),
        ({"end": "2026-03-05T10:00:00+08:00"}, "period"),
        ({"pauses": "2026-03-04"}, "pauses"),
        ({"pauses": [["2026-03-04T10:00:00+08:00"]]}, "pauses[0]"),
        ({"pauses": [["2026-03-04T10:00:00+08:00", "2026-03-03T10:00:00+08:00"]]}, "pauses[0]"),
        ({"start": "9999-12-20T10:00:00+08:00", "period": "2 months"}, "period"),
        ({"start": "9999-12-20T10:00:00+08:00", "period": "300 hours"}, "period"),
        ({"start": "9999-12-20T10:00:00+08:00", "period": "90 days"}, "period"),
        ({"calendar": "us"}, "calendar"),
        ({"calendar": 3}, "calendar"),
        (_calendar(weeks={}), "calendar.weeks"),
        (_calendar(schedule="us"), "calendar.schedule"),
        ({"calendar": {"timezone": "Mars/Olympus"}}, "calendar.timezone"),
        ({"calendar": {"timezone": "../etc/passwd"}}, "calendar.timezone"),
        (_calendar(week=[]), "calendar.week"),
        (_calendar(week={"monday": []}), "calendar.week.monday"),
        (_calendar(week={"mon": "09:00"}), "calendar.week.mon"),
        (_calendar(week={"mon": [["09:00"]]}), "calendar.week.mon[0]"),
        (_calendar(week={"mon": [["09:00", "24:01"]]}), "calendar.week.mon[0]"),
        (_calendar(week={"mon": [["22:00", "06:00"]]}), "calendar.week.mon[0]"),
        (_calendar(week={"mon": []}), "calendar"),
        (_calendar(holidays=["soon"]), "calendar.holidays[0]"),
        (_calendar(overrides={"2026-02-30": []}), "calendar.overrides.2026-02-30"),
        (_calendar(closing="noon"), "calendar.closing"),
        (_calendar(schedules={"soon": {}}), "calendar.schedules.soon"),
        (_calendar(schedules={"2027": {"workdays": ["x"]}}), "calendar.schedules.2027.workdays[0]"),
    ],
)
def test_a_wrong_line_is_told_which_field_is_wrong_in_both_languages(
    change: dict[str, Any], field: str
) -> None:
    with pytest.raises(PeriodError) as told:
        answer({**GOOD, **change})
    assert told.value.field == field
    assert str(told.value).startswith(f"{field}: ")
    assert told.value.reason_zh.startswith(f"{field}：")


def test_a_line_must_be_an_object() -> None:
    with pytest.raises(PeriodError, match="request: must be an object"):
        answer([])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1 weeks", "1 week"),
        ("3 working day", "3 working days"),
        (" 2  Months ", "2 months"),
        ("90 business minute", "90 business minutes"),
        ("same day 8:05", "same day 08:05"),
        ("Next Day", "next day"),
        ("end of quarter", "end of quarter"),
    ],
)
def test_a_period_is_read_in_singular_and_plural_and_written_back(written: str, read: str) -> None:
    assert str(parse_period(written)) == read
    assert parse_period(read) == parse_period(written)
