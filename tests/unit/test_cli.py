"""The command line as such: what it lists, how it refuses, in which language, and how quickly it starts."""

import re
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from api.cli.edge import instant
from api.cli.letters import _claimed
from api.cli.main import COMMANDS, explained, load
from api.i18n import Text, language
from tests.helpers.cli import huiyin, refused

CHINESE = re.compile("[\u4e00-\u9fff]")


def test_alone_it_lists_every_command() -> None:
    answer = huiyin()
    assert answer.status == 0
    assert all(f"  {name} " in answer.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_in_english_and_chinese(name: str) -> None:
    english = huiyin(*name.split(), "--help")
    chinese = huiyin(*name.split(), "--help", env={"HUIYIN_LANG": "zh"})
    assert (english.status, chinese.status) == (0, 0)
    assert COMMANDS[name].summary.en in " ".join(english.out.split())
    assert not CHINESE.search(english.out)
    assert "用法" in chinese.out
    assert "usage" not in chinese.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained_in_both_languages(name: str) -> None:
    for one in load(COMMANDS[name]).arguments:
        assert one.help.en
        assert CHINESE.search(one.help.zh)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_refuses_an_option_it_does_not_know_in_one_line(name: str) -> None:
    value = {"watch": "alerts", "completion": "bash"}.get(name, "1")
    line = refused(huiyin(*name.split(), value, "--no-such-option"))
    assert "--no-such-option" in line
    assert f"huiyin {name} --help" in line


def test_an_unknown_command_is_answered_with_the_nearest_one() -> None:
    assert "did you mean simulate?" in refused(huiyin("simulat"))
    assert "huiyin --help" in refused(huiyin("xyzzy"))


def test_a_group_says_what_it_can_do() -> None:
    assert "list, show, check" in refused(huiyin("policy"))
    assert "list, show, check" in refused(huiyin("policy", "delete"))
    assert "policy show" in huiyin("policy", "--help").out


def test_usage_errors_are_in_chinese_where_the_environment_is() -> None:
    line = refused(huiyin("simulate", env={"HUIYIN_LANG": "", "LANG": "zh_CN.UTF-8"}))
    assert line == "huiyin simulate：缺少参数 FILE；参见 huiyin simulate --help。"


def test_an_option_is_never_guessed_from_its_beginning() -> None:
    assert "--unti" in refused(huiyin("simulate", "f", "--unti", "2026-01-01T00:00:00Z"))


def test_a_value_out_of_range_is_refused_naming_the_option() -> None:
    assert "--port" in refused(huiyin("up", "--port", "70000"))
    assert "--batch" in refused(huiyin("emit", "f", "--batch", "0"))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LC_ALL": "C", "HUIYIN_LANG": "zh"}, "zh"),
        ({"LC_ALL": "", "LANG": "ZH_tw"}, "zh"),
    ],
)
def test_the_first_language_variable_that_is_set_decides(environ: dict[str, str], expected: str) -> None:
    assert language(environ) == expected


def test_a_text_is_filled_in_both_languages() -> None:
    text = Text("{n} facts", "{n} 条事实")
    assert (text.within("en", n=3), text.within("zh", n=3)) == ("3 facts", "3 条事实")


def test_a_time_without_offset_is_no_instant() -> None:
    with pytest.raises(Exception, match="--as-of"):
        instant("--as-of", "2026-03-04T10:00:00")
    assert instant("--as-of", None) is None


def test_a_bad_setting_is_one_line_that_names_the_variable() -> None:
    line = refused(huiyin("policy", "list", env={"HUIYIN_PARTITIONS": "none"}))
    assert "HUIYIN_PARTITIONS" in line


def test_a_database_that_is_away_is_one_line_that_says_what_to_do() -> None:
    address = {"HUIYIN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    line = refused(huiyin("history", "complaint/C-1", env=address))
    assert "PostgreSQL cannot be reached" in line
    assert "HUIYIN_DATABASE_URL" in line


def test_an_api_that_is_away_is_one_line_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cli.sending.PAUSES_S", (0.0,))
    facts = tmp_path / "facts.jsonl"
    facts.write_text('{"id": "1"}\n')
    answer = huiyin("emit", str(facts), "--http", "http://127.0.0.1:1")
    assert answer.status == 2
    assert "The API cannot be reached" in answer.err


def test_a_refused_message_cannot_talk_to_the_terminal() -> None:
    raw = b64encode(b'{"type": "\\u001b[2J", "subject": "complaint/\\u0007"}').decode()
    assert _claimed({"raw_base64": raw}) == "�[2J complaint/�"


def test_a_fault_of_the_program_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise RuntimeError("no such thing")

    monkeypatch.setattr("domain.deadlines.answer", broken)
    line = refused(huiyin("deadline", "--from", "2026-01-01T00:00:00Z", "--period", "1 week"))
    assert "RuntimeError: no such thing" in line
    assert explained(RuntimeError()) is None


def test_a_disk_that_is_full_is_no_fault_of_the_program() -> None:
    with Path("/dev/full").open("wb") as full:
        words = [sys.executable, "-m", "api.cli", "policy", "show", "general", "--lang", "en"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "the output cannot be written: No space left on device.\n"


def test_the_program_starts_and_says_its_version() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"huiyin \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("words", [["policy", "list"], ["deadline", "--help"], ["simulate", "--help"]])
def test_a_command_loads_nothing_that_it_does_not_need(words: list[str]) -> None:
    heavy = ("faust", "kafka", "psycopg", "fastapi", "uvicorn", "httpx", "typer", "structlog")
    program = f"""
import sys
from api.cli import main
main({words!r})
print(*sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.split() == []


def test_whoever_stops_reading_is_not_told_off(tmp_path: Path) -> None:
    facts = tmp_path / "facts.jsonl"
    facts.write_bytes(b"{}\n" * 20_000)
    command = f"{sys.executable} -m api.cli simulate {facts} --policy general | head -c 100"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert len(done.stdout) == 100
    assert done.stderr == ""


def test_the_documentation_names_every_command(root: Path) -> None:
    files = [root / "README.md", *(root / "docs").glob("*.md")]
    text = "\n".join(file.read_text("utf-8") for file in files if file.exists())
    assert [name for name in COMMANDS if f"huiyin {name}" not in text] == []
