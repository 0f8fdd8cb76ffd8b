"""`huiyin rebase` on a real database: running streams pass to the packs in force, and a proof covers it."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import orjson
import psycopg
import pytest

from domain.ledger import Incoming
from projections.audits import audits
from streams.config import Settings
from streams.inprocess import Loop
from streams.parts import Parts
from tests.helpers.cli import Answer, huiyin, refused
from tests.helpers.house import pack, within
from tests.helpers.scenario import received

SEED = b64encode(bytes(range(32))).decode()


def noon() -> datetime:
    return datetime.fromisoformat("2026-03-09T12:00:00+08:00")


@pytest.fixture
def env(database: str, tmp_path: Path) -> dict[str, str]:
    """An installation under a pack of its own, with two complaints that run."""
    (tmp_path / "house.toml").write_text(pack("1", ("reply", within("3 days"))))
    env = {"HUIYIN_DATABASE_URL": database, "HUIYIN_POLICY": "house", "HUIYIN_POLICY_DIR": str(tmp_path)}
    facts = [received(name, "2026-03-09 09:00") for name in ("C-1", "C-2")]
    parts = Parts.open(Settings.from_env(env))
    parts.ledger.record([Incoming.read(orjson.dumps(fact)) for fact in facts], noon())
    parts.close()
    project(env)
    (tmp_path / "house.toml").write_text(pack("2", ("reply", within("2 days"))))
    return env


def project(env: dict[str, str]) -> None:
    parts = Parts.open(Settings.from_env(env))
    while Loop(parts).round(noon()):
        pass
    parts.close()


def run(env: dict[str, str], *words: str, **more: str) -> Answer:
    return huiyin(*words, env={**env, **more}, now=noon)


def test_all_that_run_pass_to_the_packs_in_force_on_record(env: dict[str, str]) -> None:
    done = run(env, "rebase", "--all", "--reason", "two days for everybody", "--by", "S-1")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("2 streams re-based on house@2")
    assert "2 obligations moved, 0 owed no more" in done.out

    told = run(env, "history", "complaint/C-1", "--format", "json").json
    assert [event["type"] for event in told][-2:] == ["policy.rebased", "obligation.moved"]
    assert told[-1]["data"]["due_at"] == "2026-03-12T00:00:00+08:00"
    assert "house@2" in run(env, "history", "complaint/C-1", "--format", "story").out
    assert "该流由 house@1" in run(env, "history", "complaint/C-1", HUIYIN_LANG="zh").out
    assert run(env, "rebase", "--all", "--reason", "again").out.startswith("0 streams")
    assert run(env, "verify").status == 0


def test_auditors_are_shown_who_passed_which_stream_to_other_rules_and_why(env: dict[str, str]) -> None:
    run(env, "rebase", "complaint/C-1", "--reason", "two days", "--by", "S-1")
    project(env)
    with psycopg.connect(env["HUIYIN_DATABASE_URL"]) as connection:
        (row,) = audits(connection, group="rebased").items
    assert (row["type"], row["subject"]) == ("policy.rebased", "complaint/C-1")
    assert (row["by"], row["reason"], row["at"]) == ("S-1", "two days", noon())


def test_an_export_carries_the_packs_of_both_times(env: dict[str, str], tmp_path: Path) -> None:
    run(env, "rebase", "complaint/C-1", "--reason", "two days")
    file = str(tmp_path / "one.zip")
    assert run(env, "export", "complaint/C-1", "--out", file, HUIYIN_SIGNING_KEY=SEED).status == 0
    with ZipFile(file) as bundle:
        assert len([name for name in bundle.namelist() if name.startswith("polic")]) == 2
    assert run(env, "verify", "--export", file, HUIYIN_SIGNING_KEY=SEED).status == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--all",), "--reason"),
        (("--reason", "two days"), "--all"),
        (("complaint/C-1", "--all", "--reason", "two days"), "--all"),
    ],
)
def test_what_is_asked_for_in_part_is_refused_with_what_is_missing(
    env: dict[str, str], words: tuple[str, ...], says: str
) -> None:
    assert says in refused(run(env, "rebase", *words))


def test_a_stream_that_nobody_knows_is_named(env: dict[str, str]) -> None:
    answer = run(env, "rebase", "complaint/NEW", "--reason", "two days")
    assert answer.status == 1
    assert answer.err == "nothing is recorded of complaint/NEW.\n"
