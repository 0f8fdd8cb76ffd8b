"""The parts of pages that need no server: bars, hours, lengths of time, addresses, texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.http.pages import texts, words
from api.http.pages.assets import assets
from api.http.pages.bars import TAIL, WIDE, bar
from api.http.pages.login import _within
from api.http.pages.looks import Looks
from api.http.pages.registry import PAGES, address
from api.http.pages.texts.rows import read
from api.http.pages.timeline import timeline
from api.i18n import Language

START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def owed(status: str, hours: float = 10, **more: Any) -> dict[str, Any]:
    due = START + hours * HOUR
    stretch = {"start": START, "end": due, "kind": "counted"}
    return {
        "status": status,
        "opened_at": START,
        "due_at": due,
        "warn_at": None,
        "segments": [stretch],
        **more,
    }


# ---- bars


def test_a_bar_that_is_running_ends_at_its_due_date_and_leaves_what_is_not_used_up() -> None:
    drawn = bar(owed("open"), None, START + 4 * HOUR)
    assert (drawn.due, drawn.now, drawn.done) == (WIDE, 400, None)
    assert drawn.unused is not None and (drawn.unused.x, drawn.unused.width) == (400, 600)
    assert [part.kind for part in drawn.parts] == ["counted"]


def test_what_was_done_in_time_is_marked_when_it_was_done() -> None:
    drawn = bar(owed("met"), START + 2.5 * HOUR, START + 99 * HOUR)
    assert (drawn.done, drawn.now, drawn.cut) == (250, None, False)


def test_what_is_overdue_has_a_tail_to_scale() -> None:
    drawn = bar(owed("breached"), START + 12 * HOUR, START + 99 * HOUR)
    tail = drawn.parts[-1]
    assert (tail.kind, drawn.done, drawn.cut) == ("over", WIDE, False)
    assert tail.width == pytest.approx(WIDE * 2 / 12, abs=0.2)


def test_a_long_tail_is_cut() -> None:
    drawn = bar(owed("breached", hours=1), None, START + 1000 * HOUR)
    assert drawn.cut
    assert drawn.due == pytest.approx(WIDE / (1 + TAIL), abs=0.1)
    assert drawn.parts[-1].x + drawn.parts[-1].width == pytest.approx(WIDE, abs=0.2)


def test_a_pause_that_runs_past_the_due_date_is_drawn_up_to_then() -> None:
    stretches = [
        {"start": START, "end": START + 2 * HOUR, "kind": "counted"},
        {"start": START + 2 * HOUR, "end": START + 20 * HOUR, "kind": "paused"},
    ]
    drawn = bar(owed("open", segments=stretches, paused=True), None, START + 20 * HOUR)
    assert [(part.kind, part.width) for part in drawn.parts] == [("counted", 100), ("paused", 900)]
    assert drawn.now == WIDE


def test_an_obligation_that_was_due_at_once_has_a_bar_too() -> None:
    assert bar(owed("breached", hours=0, segments=[]), None, START + HOUR).cut


# ---- the next hours


def test_each_hour_has_a_column_as_high_as_what_is_due_in_it() -> None:
    due = [START + 10 * timedelta(minutes=1), START + HOUR, START + 1.5 * HOUR, START + 30 * HOUR]
    drawn = timeline(due, START + timedelta(minutes=5), UTC)
    assert len(drawn) == 24
    assert [(one.label, one.due, one.height) for one in drawn[:3]] == [
        ("09:00", 1, 0.5),
        ("10:00", 2, 1.0),
        ("11:00", 0, 0.0),
    ]


def test_where_nothing_is_due_there_is_no_chart() -> None:
    assert timeline([START + 30 * HOUR], START, UTC) == []


# ---- words


@pytest.mark.parametrize(
    ("seconds", "en", "zh"),
    [
        (0, "0 s", "0 秒"),
        (59.9, "59 s", "59 秒"),
        (60, "1 min", "1 分钟"),
        (-5400, "1 h 30 min", "1 小时 30 分"),
        (90_000, "1 d 1 h", "1 天 1 小时"),
    ],
)
def test_lengths_of_time_are_told_in_two_units(seconds: float, en: str, zh: str) -> None:
    assert (words.length(seconds, "en"), words.length(seconds, "zh")) == (en, zh)


@pytest.mark.parametrize(
    ("period", "zh"),
    [
        ("3 working days", "3 个工作日"),
        ("1 hour", "1 小时"),
        ("same day 17:30", "当日 17:30"),
        ("next working day", "次一工作日"),
    ],
)
def test_periods_are_told_in_chinese(period: str, zh: str) -> None:
    assert (words.period(period, "zh"), words.period(period, "en")) == (zh, period)


@pytest.mark.parametrize(("lang", "told"), [("en", "legal, own role"), ("zh", "法务、own role")])
def test_roles_are_told_by_name(lang: Language, told: str) -> None:
    assert words.roles(["legal", "own_role"], lang) == told


def test_every_text_has_both_languages_and_as_many_holes() -> None:
    wrong = [
        name
        for name, text in texts.TEXTS.items()
        if not text.en or not text.zh or text.en.count("{") != text.zh.count("{")
    ]
    assert wrong == []


def test_two_texts_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two texts are named a"):
        read("a | x | y", "a | z | w")


def test_scripts_say_only_what_there_is() -> None:
    assert [name for name in texts.SCRIPTED if name not in texts.TEXTS] == []


# ---- addresses and files


def test_every_page_has_a_title_an_icon_and_a_key_of_its_own() -> None:
    icons = (Path(words.__file__).parent / "templates" / "_icons.html").read_text("utf-8")
    assert [page.name for page in PAGES if f"page_{page.name}" not in texts.TEXTS] == []
    assert [page.name for page in PAGES if f'"{page.name}":' not in icons] == []
    assert len({page.key for page in PAGES}) == len({page.path for page in PAGES}) == len(PAGES)


@pytest.mark.parametrize(
    ("subject", "path"),
    [
        ("complaint/C-1", "/complaints/C-1"),
        ("complaint/a b?", "/complaints/a%20b%3F"),
        ("visit/V-1", "/streams/visit/V-1/history"),
    ],
)
def test_a_stream_has_an_address(subject: str, path: str) -> None:
    assert address(subject) == path


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:1", "/a\n/b", ""]
)
def test_signing_in_leads_to_pages_of_this_site_only(elsewhere: str) -> None:
    assert _within(elsewhere) == "/"
    assert _within("/view/complaints?major=true") == "/view/complaints?major=true"


def test_only_files_of_the_folder_are_assets() -> None:
    assert {"app.css", "app.js", "now.js", "story.js", "icon.svg"} <= set(assets())
    assert all("/" not in name for name in assets())


def test_a_look_is_made_once_for_each_change() -> None:
    looks, made = Looks(), []

    def make() -> str:
        made.append(1)
        return "x"

    for change, key in [(1, "a"), (1, "a"), (1, "b"), (2, "a")]:
        looks.get(change, (key,), make)
    assert len(made) == 3
