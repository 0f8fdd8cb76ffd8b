"""`huiyin simulate`: facts in, everything that follows out; and what two policies make of the same facts."""

import gzip
import json
from pathlib import Path

import pytest

from tests.helpers.cli import huiyin, refused
from tests.helpers.scenario import fact, received

RECEIVED = received("C-1", "2026-03-09 09:00")
PROMISED = fact(
    "complaint.promised", "complaint/C-1", "2026-03-09 09:00", answer_by="2026-03-09T16:00:00+08:00"
)
CLOSED = fact("complaint.closed", "complaint/C-1", "2026-03-09 10:00", by="S-1")


def lines(*facts: object) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in facts)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "facts.jsonl"
    path.write_bytes(lines(RECEIVED, PROMISED))
    return path


def types(answer: object) -> list[str]:
    return [line["type"] for line in answer.json]  # type: ignore[attr-defined]


def test_facts_come_out_with_what_follows_from_them(file: Path) -> None:
    answer = huiyin("simulate", str(file), "--policy", "general")
    assert answer.status == 0
    assert types(answer) == ["complaint.received", "complaint.promised", "obligation.opened"]


def test_time_passes_up_to_and_including_until(file: Path) -> None:
    before = huiyin("simulate", str(file), "--policy", "general", "--until", "2026-03-09T15:59:59+08:00")
    at = huiyin("simulate", str(file), "--policy", "general", "--until", "2026-03-09T16:00:00+08:00")
    assert "obligation.breached" not in types(before)
    assert "obligation.breached" in types(at)


def test_the_packs_of_the_installation_run_where_none_are_named(file: Path) -> None:
    answer = huiyin("simulate", str(file), env={"HUIYIN_POLICY": "auto-4s"})
    assert "auto.verify" in answer.out


def test_standard_input_and_gzip_are_read_alike(file: Path, tmp_path: Path) -> None:
    packed = tmp_path / "facts.jsonl.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    plain = huiyin("simulate", str(file), "--policy", "general").out
    assert huiyin("simulate", str(packed), "--policy", "general").out == plain
    assert huiyin("simulate", "-", "--policy", "general", stdin=file.read_bytes()).out == plain


def test_a_byte_order_mark_and_empty_lines_are_no_facts(file: Path) -> None:
    plain = huiyin("simulate", str(file), "--policy", "general").out
    marked = b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n\n")
    assert huiyin("simulate", "-", "--policy", "general", stdin=marked).out == plain


def test_a_refused_fact_is_a_line_and_the_exit_status() -> None:
    answer = huiyin("simulate", "-", "--policy", "general", stdin=lines(RECEIVED, CLOSED))
    assert answer.status == 1
    assert answer.json[-1]["type"] == "intake.rejected"
    assert answer.json[-1]["data"]["code"] == "close-without-echo"


def test_a_line_that_is_no_json_is_refused_and_the_others_are_taken() -> None:
    answer = huiyin("simulate", "-", "--policy", "general", stdin=b'{"broken\n' + lines(RECEIVED))
    assert answer.status == 1
    assert types(answer) == ["intake.rejected", "complaint.received"]


def test_no_facts_are_no_answer_and_no_error() -> None:
    answer = huiyin("simulate", "-", "--policy", "general")
    assert (answer.status, answer.out, answer.err) == (0, "", "")


def test_the_report_counts_by_clause_and_by_code(file: Path) -> None:
    facts = lines(RECEIVED, PROMISED, CLOSED)
    words = ("--policy", "general", "--out", "report", "--until", "2026-03-10T00:00:00+08:00")
    answer = huiyin("simulate", "-", *words, stdin=facts)
    (row,) = [line.split() for line in answer.out.splitlines() if line.strip().startswith("general.promise")]
    assert row[-7:] == ["1", "·", "1", "·", "·", "1", "·"]
    assert "facts recorded: 2" in answer.out
    assert "close-without-echo: 1" in answer.out
    assert answer.status == 1


def test_the_report_is_in_chinese_where_the_environment_is(file: Path) -> None:
    answer = huiyin("simulate", str(file), "--out", "report", env={"HUIYIN_LANG": "zh"})
    assert "入账事实：2" in answer.out
    assert "承诺时限" in answer.out


def test_two_policies_are_compared_on_the_same_facts(file: Path) -> None:
    answer = huiyin("simulate", str(file), "--policy", "general", "--against", "auto-4s", "--out", "events")
    assert {line["only"] for line in answer.json} == {"auto-4s"}
    assert {line["event"]["data"]["clause"] for line in answer.json} >= {"auto.verify"}


def test_a_comparison_is_a_table_by_default(file: Path) -> None:
    answer = huiyin("simulate", str(file), "--policy", "general", "--against", "auto-4s")
    (row,) = [line for line in answer.out.splitlines() if line.strip().startswith("auto.verify")]
    assert "0 | 1" in row
    assert "only under general: 0 events" in answer.out


def test_a_policy_compared_with_itself_differs_in_nothing(file: Path) -> None:
    answer = huiyin("simulate", str(file), "--policy", "auto-4s", "--against", "auto-4s", "--out", "events")
    assert answer.out == ""


def test_an_organisations_own_pack_comes_before_the_shipped_one(
    file: Path, tmp_path: Path, root: Path
) -> None:
    own = tmp_path / "packs"
    own.mkdir()
    shipped = (root / "domain/policies/general.toml").read_text("utf-8")
    (own / "general.toml").write_text(shipped.replace('version = "', 'version = "own-'))
    answer = huiyin("simulate", str(file), "--policy", "general", "--policy-dir", str(own))
    assert "general@own-" in answer.json[0]["policy"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/no/such/file"], "/no/such/file: cannot be read: No such file"),
        (["/"], "cannot be read"),
        (["-", "--policy", "nothing"], "no pack is called 'nothing'"),
        (["-", "--policy-dir", "/no/such"], "/no/such is not a directory"),
        (["-", "--until", "yesterday"], "--until: 'yesterday' is not a time"),
        (["-", "--until", "2026-01-01T00:00:00"], "with its offset"),
        (["-", "--out", "pdf"], "--out"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_one_line(words: list[str], said: str) -> None:
    assert said in refused(huiyin("simulate", *words))


def test_a_broken_archive_is_refused_in_one_line(tmp_path: Path, file: Path) -> None:
    packed = tmp_path / "facts.jsonl.gz"
    packed.write_bytes(gzip.compress(file.read_bytes())[:-12])
    answer = huiyin("simulate", str(packed), "--policy", "general")
    assert answer.status == 2
    assert answer.err.startswith(str(packed))
