"""`huiyin verify` on a ledger that somebody changed with SQL."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import psycopg
import pytest

from api.signing import write_out
from storage.postgres import PostgresStorage
from tests.helpers.cli import Answer, huiyin
from tests.helpers.proven import SEED, filled, record

EVENTS = 10_000
SECONDS = 10
OTHER = "A" * 43 + "="


@pytest.fixture
def ledger(database: str) -> Iterator[Callable[..., PostgresStorage]]:
    with ExitStack() as stack:
        yield lambda events: stack.enter_context(filled(database, events, 2_000))


@pytest.fixture
def run(database: str) -> Callable[..., Answer]:
    """`huiyin …` on this database."""

    def run(*words: str, key: str = SEED, **env: str) -> Answer:
        return huiyin(*words, env={"HUIYIN_DATABASE_URL": database, "HUIYIN_SIGNING_KEY": key, **env})

    return run


@pytest.fixture
def sql(database: str) -> Iterator[Callable[..., None]]:
    """Statements as somebody would run them who may do anything in the database."""
    with psycopg.connect(database, autocommit=True) as connection:

        def sql(statement: str, values: dict[str, object] | None = None) -> None:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement.encode(), values)

        yield sql


def lines(answer: Answer) -> list[str]:
    assert answer.status == 1, answer
    return [line.rsplit(": ", 1)[0] for line in answer.out.splitlines()]


Sql = Callable[..., None]
Run = Callable[..., Answer]
Ledger = Callable[..., PostgresStorage]


ANY = "floor(%(at)s * length(state))::int"
ONE_BYTE = (
    *[f"state = set_byte(state, {ANY}, (get_byte(state, {ANY}) + %(by)s) %% 256)"] * 4,
    "state = set_byte(state, length(state) - 1, (get_byte(state, length(state) - 1) + %(by)s) %% 256)",
    "originator_id = overlay(originator_id placing 'X' from length(originator_id))",
    "topic = overlay(topic placing 'X' from 1 + floor(%(at)s * length(topic))::int)",
    "originator_version = originator_version + 65536",
)
"""A change of one byte of an event, wherever it is stored."""


def test_every_changed_byte_of_ten_thousand_events_is_found_and_named(
    ledger: Ledger, run: Run, sql: Sql
) -> None:
    storage, chance = ledger(EVENTS), random.Random(20260302)
    assert run("verify", "--write-checkpoint", "/dev/null").status == 0
    chosen = sorted(chance.sample(range(1, EVENTS + 1), 300))
    for sequence in chosen:
        sql(
            f"UPDATE stored_events SET {chance.choice(ONE_BYTE)} WHERE notification_id = %(sequence)s",
            {"sequence": sequence, "at": chance.random(), "by": chance.randrange(1, 256)},
        )
    began = perf_counter()
    said = run("verify")
    assert perf_counter() - began < SECONDS
    named = dict(enumerate(storage_names(storage), 1))
    assert lines(said) == [f"{sequence} {named[sequence]}: altered" for sequence in chosen]


def storage_names(storage: PostgresStorage) -> list[str]:
    query = """SELECT originator_id || ' #' || originator_version || ' ' || topic FROM stored_events
        ORDER BY notification_id"""
    return [name for (name,) in storage.proofs.connections.read(query)]


def test_an_untouched_ledger_is_told_with_root_and_key(ledger: Ledger, run: Run) -> None:
    storage = ledger(1_000)
    signed = storage.proofs.sign(SEED)
    said = run("verify")
    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines() == [
        "nothing altered: 1,000 events; checkpoints: 1",
        f"root: {signed.checkpoint.root.hex()}",
        f"key: {signed.key}",
    ]


def test_what_was_dropped_inserted_moved_and_cut_off_is_named(ledger: Ledger, run: Run, sql: Sql) -> None:
    ledger(500)
    sql("DELETE FROM stored_events WHERE notification_id = 100")
    sql("INSERT INTO fact VALUES ('/crm', 'E-99', '', 'recorded', 100)")
    sql("UPDATE stored_events SET notification_id = -1 WHERE notification_id = 200")
    sql("UPDATE stored_events SET notification_id = 200 WHERE notification_id = 201")
    sql("UPDATE stored_events SET notification_id = 201 WHERE notification_id = -1")
    sql("DELETE FROM stored_events WHERE notification_id > 490")
    sql("INSERT INTO stored_events VALUES ('complaint/X', 1, 'complaint.closed', '{}', 900)")
    assert lines(run("verify")) == [
        "100 /crm E-99: dropped",
        "200 complaint/C-0 #21 complaint.signalled: moved: recorded at another place",
        "201 complaint/C-9 #20 complaint.signalled: moved: recorded at another place",
        "491-500: dropped",
        "900 complaint/X #1 complaint.closed: inserted: never recorded",
    ]


def test_one_stream_is_verified_and_others_are_left_alone(ledger: Ledger, run: Run, sql: Sql) -> None:
    ledger(100)
    sql("UPDATE stored_events SET state = '{}' WHERE notification_id = 4")
    assert run("verify", "complaint/C-1").status == 0
    assert lines(run("verify", "complaint/C-3")) == ["4 complaint/C-3 #1 complaint.signalled: altered"]
    assert run("verify", "complaint/NONE").status == 1


def test_a_ledger_rewritten_with_its_tree_is_found_by_its_anchor(
    ledger: Ledger, run: Run, sql: Sql, tmp_path: Path
) -> None:
    storage, anchor = ledger(300), str(tmp_path / "anchor")
    assert run("verify", "--write-checkpoint", anchor).status == 0
    record(storage, 300, 400)
    assert run("verify", "--anchor", anchor).status == 0
    sql("UPDATE stored_events SET state = '{}' WHERE notification_id = 20")
    sql("DELETE FROM merkle_node")
    sql("DELETE FROM checkpoint")
    assert run("verify").status == 0
    said = run("verify", "--anchor", anchor)
    assert lines(said) == ["1-300: rewritten"]
    sql("DELETE FROM stored_events WHERE notification_id > 250")
    sql("DELETE FROM merkle_node")
    assert lines(run("verify", "--anchor", anchor)) == ["251-300: cut"]


def test_all_checkpoints_that_a_file_or_a_topic_gathered_are_anchors(
    ledger: Ledger, run: Run, sql: Sql, tmp_path: Path
) -> None:
    storage, kept = ledger(100), tmp_path / "gathered"
    for size in (200, 300):
        write_out(kept, storage.proofs.sign(SEED).note)
        record(storage, size - 100, size)
    assert run("verify", "--anchor", str(kept)).status == 0
    sql("UPDATE stored_events SET state = '{}' WHERE notification_id = 120")
    sql("DELETE FROM merkle_node")
    sql("DELETE FROM checkpoint")
    assert lines(run("verify", "--anchor", str(kept))) == ["101-200: rewritten"]


def test_a_checkpoint_that_was_changed_is_named(ledger: Ledger, run: Run, sql: Sql) -> None:
    ledger(10).proofs.sign(SEED)
    sql("UPDATE checkpoint SET note = replace(note, E'\\n10\\n', E'\\n11\\n')")
    assert run("verify").out.startswith(": signature: the checkpoint of 10: the signature of ")


def test_an_anchor_by_another_key_or_of_another_ledger_is_refused(
    ledger: Ledger, run: Run, tmp_path: Path
) -> None:
    ledger(10)
    anchor = tmp_path / "anchor"
    assert run("verify", "--write-checkpoint", str(anchor)).status == 0
    for words in (("--anchor", str(anchor), "--key", "nothing+00000000+AAAA"), ("--anchor", "/nowhere")):
        assert run("verify", *words).status == 2
    assert run("verify", "--anchor", str(anchor), key=OTHER).status == 2
    anchor.write_text("nothing")
    assert "is no signed note" in run("verify", "--anchor", str(anchor)).err


def test_without_a_key_nothing_is_signed(ledger: Ledger, run: Run, tmp_path: Path) -> None:
    ledger(10)
    said = run("verify", "--write-checkpoint", str(tmp_path / "anchor"), key="")
    assert said.status == 2
    assert "HUIYIN_SIGNING_KEY" in said.err
    assert run("verify", key="").status == 0


def test_the_key_is_read_from_its_file(ledger: Ledger, run: Run, tmp_path: Path) -> None:
    ledger(10)
    (tmp_path / "key").write_text(f"{SEED}\n")
    there = {"key": "", "HUIYIN_SIGNING_KEY_FILE": str(tmp_path / "key")}
    assert run("verify", "--write-checkpoint", str(tmp_path / "anchor"), **there).status == 0
    there["HUIYIN_SIGNING_KEY_FILE"] = "/nowhere"
    assert "/nowhere: cannot be read" in run("verify", **there).err
