"""`huiyin deadline`: one question with its explanation, or a file of questions with an answer each."""

import json
from pathlib import Path

import pytest

from tests.helpers.cli import huiyin, refused

FROM = ("--from", "2026-09-30T10:00:00+08:00")


def test_a_deadline_is_shown_with_the_stretches_that_explain_it() -> None:
    answer = huiyin("deadline", *FROM, "--period", "3 working days")
    assert answer.status == 0
    assert "due:  2026-10-11T00:00:00+08:00" in answer.out
    assert "National Day" in answer.out
    assert "make-up working day" in answer.out


def test_it_explains_in_chinese_too() -> None:
    answer = huiyin("deadline", *FROM, "--period", "3 working days", env={"HUIYIN_LANG": "zh"})
    assert "到期：2026-10-11T00:00:00+08:00" in answer.out
    assert "调休工作日" in answer.out


def test_as_json_it_is_what_a_batch_answers() -> None:
    (one,) = huiyin("deadline", *FROM, "--period", "24 hours", "--json").json
    question = json.dumps({"calendar": "cn", "start": FROM[1], "period": "24 hours", "pauses": []})
    (other,) = huiyin("deadline", "--batch", "-", stdin=question.encode()).json
    assert one == other
    assert one["due_at"] == "2026-10-01T10:00:00+08:00"


def test_a_pause_moves_the_deadline() -> None:
    pause = "2026-09-30T11:00:00+08:00/2026-09-30T13:00:00+08:00"
    (found,) = huiyin("deadline", *FROM, "--period", "4 hours", "--pause", pause, "--json").json
    assert found["due_at"] == "2026-09-30T16:00:00+08:00"
    assert "paused" in {part["kind"] for part in found["segments"]}


def test_a_calendar_may_come_from_a_file_of_json_or_toml(tmp_path: Path) -> None:
    (tmp_path / "office.json").write_text(
        '{"timezone": "Asia/Shanghai", "week": {"mon": [["09:00", "17:00"]]}}'
    )
    (tmp_path / "office.toml").write_text(
        'timezone = "Asia/Shanghai"\nweek = { mon = [["09:00", "17:00"]] }\n'
    )
    due = {
        huiyin("deadline", *FROM, "--period", "2 business hours", "--calendar", str(file), "--json").json[0][
            "due_at"
        ]
        for file in tmp_path.iterdir()
    }
    assert due == {"2026-10-05T11:00:00+08:00"}


def test_the_time_counted_between_two_instants_is_told_in_minutes() -> None:
    (found,) = huiyin("deadline", *FROM, "--to", "2026-09-30T11:30:00+08:00").json
    assert found == {"elapsed_minutes": 90.0}


def test_a_year_without_published_schedule_is_marked_provisional() -> None:
    answer = huiyin("deadline", "--from", "2031-09-30T10:00:00+08:00", "--period", "3 working days")
    assert "provisional" in answer.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give --from and --period"),
        ([*FROM], "give --from and --period"),
        ([*FROM, "--period", "3 days", "--to", "2026-10-01T00:00:00Z"], "give --from and --period"),
        ([*FROM, "--period", "soon"], "--period: 'soon'"),
        (["--from", "2026-09-30", "--period", "1 week"], "--from: '2026-09-30'"),
        ([*FROM, "--to", "tomorrow"], "--to: 'tomorrow'"),
        ([*FROM, "--period", "1 week", "--pause", "never"], "--pause: must be"),
        ([*FROM, "--period", "1 week", "--calendar", "/no/such.json"], "/no/such.json: cannot be read"),
        (["--batch", "-", *FROM], "--batch takes its questions from the file"),
        (["--batch", "/no/such"], "cannot be read"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_in_one_line(words: list[str], said: str) -> None:
    assert said in refused(huiyin("deadline", *words))


def test_a_calendar_file_that_is_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "bad.toml").write_text("=")
    for name, said in (("bad.json", "not JSON"), ("bad.toml", "not TOML")):
        line = refused(huiyin("deadline", *FROM, "--period", "1 week", "--calendar", str(tmp_path / name)))
        assert said in line


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"start": 1, "period": "1 week"}', "line 2: field start: 1 is not a time"),
        (b'{"start": "2026-01-01T00:00:00Z", "period": "x"}', "line 2: field period: 'x'"),
        (b"{", "line 2: not JSON"),
        (b"[]", "line 2: field request"),
    ],
)
def test_a_bad_line_of_a_batch_is_named_with_its_field(line: bytes, said: str) -> None:
    good = b'{"start": "2026-01-01T00:00:00Z", "period": "1 week"}\n'
    answer = huiyin("deadline", "--batch", "-", stdin=good + line)
    assert answer.status == 2
    assert said in answer.err
    assert len(answer.json) == 1
