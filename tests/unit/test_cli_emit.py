"""`huiyin emit` without services: its files, its maps, and the HTTP door played by a stand-in."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.cli import huiyin, refused
from tests.helpers.door import Door, standing
from tests.helpers.scenario import received

FACTS = [received(f"C-{number}", "2026-03-09 09:00") for number in range(1, 8)]


@pytest.fixture
def door() -> Iterator[Door]:
    with standing() as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "facts.jsonl"
    path.write_text("".join(json.dumps(fact) + "\n" for fact in FACTS))
    return path


def test_facts_go_out_in_batches_and_their_receipts_come_back(door: Door, file: Path) -> None:
    answer = huiyin("emit", str(file), "--http", door.url, "--batch", "3")
    assert answer.status == 0
    assert [len(batch) for batch in door.batches] == [3, 3, 1]
    assert [receipt["id"] for receipt in answer.json] == [fact["id"] for fact in FACTS]
    assert answer.err == "7 facts sent · recorded 7\n"


def test_the_token_of_the_environment_goes_along(door: Door, file: Path) -> None:
    huiyin("emit", str(file), "--http", door.url, env={"HUIYIN_API_KEY": "t-1"})
    assert door.tokens == ["Bearer t-1"]


def test_a_line_that_is_no_json_spoils_only_itself(door: Door, file: Path) -> None:
    file.write_text(file.read_text() + "{broken\n")
    answer = huiyin("emit", str(file), "--http", door.url)
    assert answer.status == 1
    assert answer.json[-1]["code"] == "malformed"
    assert len(door.ids) == 7


def test_a_batch_that_is_refused_whole_is_sent_fact_by_fact(door: Door, file: Path) -> None:
    door.trouble = [(413, {"code": "too-large"})]
    answer = huiyin("emit", str(file), "--http", door.url)
    assert answer.status == 0
    assert [len(batch) for batch in door.batches] == [1] * 7


def test_a_fact_too_large_for_the_door_says_so(door: Door, file: Path) -> None:
    file.write_text(json.dumps(FACTS[0]) + "\n")
    door.trouble = [(413, {"detail": "At most 262144 bytes are taken here."})] * 2
    answer = huiyin("emit", str(file), "--http", door.url)
    assert answer.status == 1
    assert (answer.json[0]["id"], answer.json[0]["code"]) == (FACTS[0]["id"], "too-large")


def test_a_door_that_is_busy_is_asked_again(door: Door, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.cli.sending.PAUSES_S", (0.0, 0.0))
    door.trouble = [(503, {}), (503, {})]
    assert huiyin("emit", str(file), "--http", door.url).status == 0
    assert len(door.ids) == 7


def test_what_was_sent_is_not_sent_again_on_resuming(door: Door, file: Path) -> None:
    broken = huiyin("emit", str(file), "--http", door.url, "--batch", "2")
    assert broken.status == 0
    place = Path(f"{file}.emitted")
    assert not place.exists()
    door.batches.clear()
    place.write_text('{"sent": 4}')
    answer = huiyin("emit", str(file), "--http", door.url, "--resume")
    assert door.ids == [fact["id"] for fact in FACTS[4:]]
    assert "going on after 4 facts" in answer.err


def test_a_run_that_fails_keeps_its_place(door: Door, file: Path) -> None:
    failing = [(200, []), (200, []), (401, {"title": "who are you?"})]
    door.trouble = failing
    answer = huiyin("emit", str(file), "--http", door.url, "--batch", "2")
    assert answer.status == 2
    assert "401" in answer.err
    assert json.loads(Path(f"{file}.emitted").read_text()) == {"sent": 4}


def test_receipts_may_be_left_unprinted(door: Door, file: Path) -> None:
    answer = huiyin("emit", str(file), "--http", door.url, "--quiet")
    assert (answer.out, answer.err) == ("", "7 facts sent · recorded 7\n")


MAP = """
source = "/t"
[[fact]]
type = "complaint.closed"
subject = "complaint/{no}"
id = "{no}"
time = "2026-03-09T09:00"
data = { by = "{区域}" }
"""


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", "\ufeff"), ("utf-8", ""), ("gb18030", "")])
def test_a_table_goes_through_its_map(tmp_path: Path, encoding: str, mark: str) -> None:
    (tmp_path / "t.csv").write_bytes(f"{mark}no,区域\r\n1,东区\r\n".encode(encoding))
    (tmp_path / "m.toml").write_text(MAP)
    words = (str(tmp_path / "t.csv"), "--map", str(tmp_path / "m.toml"), "--encoding", encoding)
    (fact,) = huiyin("emit", *words, "--dry-run").json
    assert (fact["data"], fact["time"]) == ({"by": "东区"}, "2026-03-09T09:00:00+08:00")


def test_a_table_in_another_encoding_than_said_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("区域\n".encode("gb18030"))
    (tmp_path / "m.toml").write_text(MAP)
    words = (str(tmp_path / "t.csv"), "--map", str(tmp_path / "m.toml"), "--dry-run")
    assert "can't decode" in refused(huiyin("emit", *words))
    assert "unknown encoding" in refused(huiyin("emit", *words, "--encoding", "klingon"))


def test_a_dry_run_prints_the_facts_as_they_are(file: Path) -> None:
    assert huiyin("emit", str(file), "--dry-run").out == file.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/no/such"], "/no/such: cannot be read"),
        (["table.csv"], "a table needs --map"),
        (["table.csv", "--map", "/no/such.toml"], "/no/such.toml: cannot be read"),
        (["-", "--http", "localhost:80"], "--http: 'localhost:80' is not an address"),
        (["-", "--http", "http://127.0.0.1:1", "--resume"], "--resume needs a file"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_one_line(words: list[str], said: str) -> None:
    assert said in refused(huiyin("emit", *words, *([] if "--http" in words else ["--dry-run"])))


@pytest.mark.parametrize("words", [("emit", "-"), ("watch", "--lines"), ("topics", "create"), ("worker",)])
def test_where_there_is_no_broker_it_is_said_at_once(words: tuple[str, ...]) -> None:
    line = refused(huiyin(*words, stdin=b"{}\n", env={"HUIYIN_KAFKA": "none"}))
    assert "runs without Kafka" in line and "emit --http" in line


@pytest.mark.parametrize("words", [["/no/such.jsonl"], ["/no/such.csv", "--map", "{map}"], ["/"]])
def test_a_missing_file_is_said_before_a_missing_broker(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "m.toml").write_text(MAP)
    words = [word.format(map=tmp_path / "m.toml") for word in words]
    line = refused(huiyin("emit", *words, env={"HUIYIN_KAFKA": "127.0.0.1:1"}))
    assert line.startswith(f"{words[0]}: cannot be read: ")


def test_a_map_with_a_mistake_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("no\n1\n")
    (tmp_path / "m.toml").write_text('source = "/t"\n')
    line = refused(huiyin("emit", str(tmp_path / "t.csv"), "--map", str(tmp_path / "m.toml"), "--dry-run"))
    assert "m.toml: field fact: is required" in line
