"""The live table of alerts: what it keeps, what its keys do, and what is to be read on it."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from api.because import Wording
from api.cli.board import Board, Entry, acknowledgeable
from api.cli.board_screen import alerts_page, text_page
from api.cli.terminal import Keys
from api.i18n import Language

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TITLES = {"客户投诉答复": "Answering complaints"}


def alert(name: str = "1", minutes: int | None = 30, /, **said: Any) -> dict[str, Any]:
    due = {} if minutes is None else {"due_at": (NOW + timedelta(minutes=minutes)).isoformat()}
    return {
        "key": f"escalation:complaint/C-{name}:general.promise",
        "status": "firing",
        "severity": "warning",
        "title": "A promise is kept: escalated to level 1",
        "title_zh": "承诺时限：升级至第 1 级",
        "subject": f"complaint/C-{name}",
        "clause": "general.promise",
        "source": "客户投诉答复 1",
        "to": ["department_manager"],
        "level": 1,
        "raised_at": NOW.isoformat(),
        "updated_at": NOW.isoformat(),
        **due,
        **said,
    }


def board(*alerts: dict[str, Any]) -> Board:
    made = Board()
    for each in alerts:
        made.take(each)
    return made


def subjects(of: Board) -> list[str]:
    return [row["subject"] for row in of.rows()]


def screen(
    of: Board, language: Language = "en", state: str = "", footer: str = "", width: int = 80
) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=14, force_terminal=True, color_system=None)
    with console.capture() as shown:
        console.print(
            alerts_page(of, Wording(language, titles=TITLES), NOW, console.size, state, footer), height=14
        )
    return shown.get().splitlines()


def test_the_worst_that_nobody_has_taken_on_comes_first() -> None:
    seen = board(
        alert("1", severity="critical", status="acknowledged"),
        alert("2", 10),
        alert("3", -10),
        alert("4", None, severity="high"),
    )
    assert subjects(seen) == ["complaint/C-4", "complaint/C-3", "complaint/C-2", "complaint/C-1"]


def test_what_is_resolved_leaves_and_what_changes_stays_one_row() -> None:
    seen = board(alert("1"), alert("1", level=2), alert("2"), alert("2", status="resolved"))
    assert [row["level"] for row in seen.rows()] == [2]


def test_the_chosen_one_stays_chosen_when_others_come_before_it() -> None:
    seen = board(alert("1", 10), alert("2", 20))
    seen.move(1)
    seen.take(alert("3", severity="critical"))
    assert seen.current() == alert("2", 20)
    seen.move(-100)
    assert seen.current() == alert("3", severity="critical")


def test_the_first_is_chosen_when_the_chosen_one_has_gone() -> None:
    seen = board(alert("1", 10), alert("2", 20))
    seen.move(1)
    seen.take(alert("2", status="resolved"))
    assert seen.current() == alert("1", 10)


@pytest.mark.parametrize("words", ["c-2", "承诺 C-2", "department_manager c-2", "PROMISE c-2"])
def test_words_narrow_it_down_wherever_they_stand(words: str) -> None:
    seen = board(alert("1"), alert("2"))
    seen.words = words
    assert subjects(seen) == ["complaint/C-2"]


def test_severities_narrow_it_down_one_by_one_and_all_come_back() -> None:
    seen = board(alert("1"), alert("2", severity="critical"))
    shown = []
    for _ in range(4):
        seen.next_severity()
        shown.append(len(seen.rows()))
    assert shown == [2, 1, 1, 2]


@pytest.mark.parametrize(
    ("said", "expected"),
    [({}, True), ({"status": "acknowledged"}, False), ({"key": "sla:complaint/C-1:x"}, False)],
)
def test_only_an_escalation_that_fires_is_acknowledged(said: dict[str, str], expected: bool) -> None:
    assert acknowledgeable(alert(**said)) is expected


def test_a_typed_line_can_be_mended_and_is_taken_on_enter() -> None:
    taken: list[str] = []
    entry = Entry(("who:", "谁："), "", taken.append)
    assert [entry.key(key) for key in ("S", "-", "2", "backspace", "up", "1", "enter")][-1]
    assert taken == ["S-1"]


def test_a_typed_line_that_is_left_is_not_taken() -> None:
    taken: list[str] = []
    assert Entry(("who:", "谁："), "S-1", taken.append).key("escape")
    assert taken == []


def test_keys_are_told_apart_from_text_in_any_script() -> None:
    keys = Keys()
    pressed = [*keys.of(b"\x1b[A\x1b[6~j\r\x7f"), *keys.of("张".encode()[:2]), *keys.of("张".encode()[2:])]
    assert pressed == ["up", "pagedown", "j", "enter", "backspace", "张"]
    assert list(keys.of(b"\x1b")) == ["escape"]


def test_eighty_columns_show_severity_time_left_level_and_what_follows() -> None:
    lines = screen(board(alert("1", -65, severity="critical", next_at="2026-03-10T06:00:00+00:00")))
    assert "1 critical" in lines[0]
    assert lines[2].startswith("!!! -1:05:00")
    assert "level 1" in lines[2]
    assert "complaint/C-1" in lines[2]
    said = "\n".join(lines[3:])
    assert "rule: general.promise  by: Answering complaints 1" in said
    assert "due: 2026-03-10 10:55" in said
    assert "→ department manager  next level: 2026-03-10 14:00" in said
    assert "a acknowledge" in lines[-1]
    assert max(map(len, lines)) <= 80


def test_a_wide_terminal_names_the_severity_in_the_row() -> None:
    assert screen(board(alert(severity="high")), width=120)[2].startswith("!!  high")


def test_all_of_it_is_there_in_chinese() -> None:
    seen = board(alert("1", 3000, status="acknowledged", acknowledged_by="S-9"))
    said = "\n".join(screen(seen, "zh"))
    for words in ("1 警告", "剩余时间", "2 天 2 时", "✓ S-9", "承诺时限", "→ 部门经理", "a 接手"):
        assert words in said


def test_an_empty_table_says_whether_nothing_fires_or_nothing_is_found() -> None:
    assert "Nothing is firing" in "\n".join(screen(board()))
    seen = board(alert())
    seen.words = "xyzzy"
    lines = screen(seen)
    assert "/ changes it" in "\n".join(lines)
    assert "[/xyzzy]" in lines[0]


def test_a_broker_that_is_away_is_said_above_the_table() -> None:
    assert "Kafka is away" in screen(board(alert()), state="Kafka is away")[0]


def test_a_long_table_moves_with_the_chosen_one() -> None:
    seen = board(*(alert(f"{number:02}", number) for number in range(50)))
    seen.move(40)
    said = "\n".join(screen(seen))
    assert "complaint/C-40" in said
    assert "complaint/C-01" not in said


def test_a_text_is_read_from_where_one_has_moved_to() -> None:
    console = Console(file=io.StringIO(), width=40, height=5, force_terminal=True, color_system=None)
    with console.capture() as shown:
        console.print(text_page("complaint/C-1", [f"line {n}" for n in range(9)], 4, "en"), height=5)
    assert [line.strip() for line in shown.get().splitlines()] == [
        "complaint/C-1",
        "line 4",
        "line 5",
        "line 6",
        "↑↓ move  q back",
    ]
