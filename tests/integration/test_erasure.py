"""Erasing a customer, with real services: what was personal is nowhere any more, and all else still is.

The files of the database, the topics and what commands print are searched for the plain texts, byte by byte.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.cli.edge import utc_now
from domain.ledger import Incoming
from storage import keys
from storage.connections import Connections
from storage.keys import EXAMPLE, new_master
from streams.config import Settings
from streams.inprocess import Loop
from streams.local import Database
from streams.parts import Parts
from streams.topics import Topics
from tests.helpers.cli import Answer, huiyin, refused
from tests.helpers.roles import Figures, Role, records, send, until
from tests.helpers.scenario import fact, received

SECRETS = (
    "夜半敲门声不绝",
    "司马相如",
    "13987650001",
    "云龙湖畔六号",
    "苏C·7K9Q2",
    "已向您致歉并退款",
    "终于有人管了",
)
NAME, ADDRESS, PHONE, PLATE = SECRETS[1], SECRETS[3], SECRETS[2], SECRETS[4]
CONTACT = {"name": NAME, "phone": PHONE, "address": ADDRESS, "model": "X5", "plate": PLATE}


def ago(**length: float) -> str:
    return (datetime.now(UTC) - timedelta(**length)).isoformat()


def told() -> list[dict[str, Any]]:
    """A customer's facts, one that waits for ever and one that is refused among them."""
    complaint = received("C-1", ago(hours=5), customer="K-1", summary=SECRETS[0], contact=CONTACT)
    conflict = {**complaint, "data": {**complaint["data"], "mindset": "venting"}}
    return [
        complaint,
        fact("complaint.replied", "complaint/C-1", ago(hours=4), text=SECRETS[5], by="S-1"),
        fact("feedback.given", "complaint/C-1", ago(hours=3), score=2, comment=SECRETS[6]),
        fact("customer.filed", "customer/K-1", ago(hours=2), by="S-1", name=NAME),
        received("C-2", ago(hours=1), customer="K-2", summary="别的客户"),
        conflict,
        fact("complaint.replied", "complaint/C-404", ago(hours=1), text=SECRETS[5]),
    ]


def traces(content: bytes) -> list[str]:
    """The secrets that can be found: as UTF-8, as JSON escapes, and in Base64 wherever in it they begin."""
    return [secret for secret in SECRETS if any(form in content for form in forms(secret))]


def forms(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield raw
    yield json.dumps(secret).encode()[1:-1]
    for before in range(3):
        yield b64encode(b"x" * before + raw)[4 * (before > 0) : -4]


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """What is in each; one that goes meanwhile, as a server's temporary ones do, is passed over."""
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):
            if path.is_file():
                yield path, path.read_bytes()


def may_hold(path: Path, database: int) -> bool:
    """Whether a file of the server may have to do with a database: all but what is another one's alone."""
    return path.parent.parent.name != "base" or path.parent.name == str(database)


@pytest.fixture
def settings(database: str) -> Settings:
    return Settings(database, policy=("general", "auto-4s"), master_key=new_master())


def env(settings: Settings, **more: str) -> dict[str, str]:
    return {**settings.to_env(), **more}


def run(settings: Settings, *words: str, **more: str) -> Answer:
    return huiyin(*words, env=env(settings, **more), now=utc_now)


def record(settings: Settings, *facts: dict[str, Any]) -> None:
    parts = Parts.open(settings)
    parts.ledger.record([Incoming.read(json.dumps(one).encode()) for one in facts], datetime.now(UTC))
    while Loop(parts).round(datetime.now(UTC)):
        continue
    parts.close()


def recorded(url: str) -> list[tuple[Any, ...]]:
    """All that is stored, in its order, byte by byte."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT notification_id, originator_id, topic, state FROM stored_events ORDER BY notification_id"
        ).fetchall()


# ---- the whole way, over Kafka


@pytest.mark.timeout(180)
def test_personal_texts_are_nowhere_but_where_upstream_sent_them(
    settings: Settings, broker: str, topics: Topics, prefix: str, server: Database, tmp_path: Path
) -> None:
    settings = Settings(
        settings.database_url, broker, prefix, policy=settings.policy, master_key=settings.master_key
    )
    with Role("worker", settings, tmp_path), Role("publisher", settings, tmp_path):
        send(broker, topics.intake, told())
        with Figures(settings.database_url) as figures:
            until(lambda: figures.facts() >= 6 and figures.settled())
            before = run(settings, "history", "complaint/C-1", "--personal", "--format", "json")
            assert set(traces(before.out.encode())) == set(SECRETS)
            kept = recorded(settings.database_url)
            assert run(settings, "erase", "K-1", "--reason", "asked for", "--by", "S-9").status == 0
            until(figures.settled)
        # What falls due meanwhile may be added; what had been recorded stands as it was.
        assert recorded(settings.database_url)[: len(kept)] == kept
    published = records(broker, *(topic for topic in topics if topic != topics.intake))
    events = [one for one in published if one.topic == topics.events]
    assert {json.loads(one.value)["type"] for one in events} >= {
        "complaint.received",
        "customer.erased",
    }
    for one in published:
        assert traces(one.value + (one.key or b"")) == [], one.topic
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute("VACUUM")
        connection.execute("CHECKPOINT")
        query = "SELECT oid FROM pg_database WHERE datname = current_database()"
        (mine,) = connection.execute(query).fetchone()  # type: ignore[misc]
    read = ((path, content) for path, content in files(server.data) if may_hold(path, mine))
    searched = [(path, traces(content)) for path, content in read]
    assert len(searched) > 300
    assert [(path, found) for path, found in searched if found] == []
    assert [path for path, content in files(tmp_path) if traces(content)] == [], "logs"


# ---- what is shown afterwards


@pytest.mark.parametrize("form", ["table", "json", "csv", "xes"])
def test_a_history_shows_that_texts_were_erased_and_nothing_of_them(settings: Settings, form: str) -> None:
    record(settings, *told())
    assert traces(run(settings, "history", "complaint/C-1", "--personal", "--format", "json").out.encode())
    assert run(settings, "erase", "customer/K-1", "--reason", "asked for").status == 0
    after = run(settings, "history", "complaint/C-1", "--personal", "--format", form)
    assert after.status == 0
    assert traces(after.out.encode()) == []
    assert form == "xes" or "[erased]" in after.out
    chinese = run(settings, "history", "complaint/C-1", "--personal", "--format", form, HUIYIN_LANG="zh")
    assert form == "xes" or "[已删除]" in chinese.out


def test_that_a_customer_was_erased_is_on_record_with_reason_and_source(settings: Settings) -> None:
    record(settings, *told())
    answer = run(settings, "erase", "K-1", "--reason", "asked for", "--by", "S-9")
    assert "customer/K-1" in answer.out
    last = run(settings, "history", "customer/K-1", "--format", "json").json[-1]
    assert last["type"] == "customer.erased"
    assert (last["data"]["reason"], last["data"]["by"]) == ("asked for", "S-9")
    assert "第四十七条" in last["data"]["source"]


def test_read_models_are_as_a_rebuild_makes_them_after_an_erasure(settings: Settings) -> None:
    record(settings, *told())
    run(settings, "erase", "K-1", "--reason", "asked for")
    record(settings)
    assert run(settings, "rebuild", "--check").status == 0


def test_the_destroyed_key_leaves_the_files_of_its_table(settings: Settings, server: Database) -> None:
    record(settings, *told())
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        where = (
            "SELECT id, wrapped, pg_relation_filepath('data_key') FROM data_key WHERE owner = 'customer/K-1'"
        )
        key_id, wrapped, path = connection.execute(where).fetchone()  # type: ignore[misc]
        connection.execute("CHECKPOINT")
        assert wrapped in (server.data / "cluster" / path).read_bytes()
        assert run(settings, "erase", "K-1", "--reason", "asked for").status == 0
        connection.execute("CHECKPOINT")
        (now,) = connection.execute("SELECT pg_relation_filepath('data_key')").fetchone()  # type: ignore[misc]
        rest = connection.execute("SELECT wrapped FROM data_key WHERE id = %s", [key_id]).fetchone()
    assert rest == (None,)
    old = server.data / "cluster" / path
    assert not old.exists() or wrapped not in old.read_bytes()
    assert wrapped not in (server.data / "cluster" / now).read_bytes()


def a_reader_of(url: str) -> psycopg.Connection:
    reading = psycopg.connect(url)
    reading.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    reading.execute("SELECT now()")
    return reading


def a_writer_in_another_database(url: str) -> psycopg.Connection:
    """Snapshots taken while it is under way reach back to it, in every database of the server."""
    writing = psycopg.connect(url, dbname="postgres")
    writing.execute("SELECT pg_current_xact_id()")
    return writing


@pytest.mark.parametrize("somebody", [a_reader_of, a_writer_in_another_database])
def test_who_began_before_is_waited_for_and_when_they_go_on_it_is_said(
    somebody: Callable[[str], psycopg.Connection], settings: Settings, server: Database
) -> None:
    record(settings, *told())
    where = "SELECT wrapped FROM data_key WHERE owner = 'customer/K-1'"
    with closing(Connections(settings.database_url, "public")) as connections:

        def in_file(wrapped: bytes) -> bool:
            connections.read("CHECKPOINT")
            ((path,),) = connections.read("SELECT pg_relation_filepath('data_key')")
            return wrapped in (server.data / "cluster" / path).read_bytes()

        ((wrapped,),) = connections.read(where)
        with closing(somebody(settings.database_url)):
            connections.read("UPDATE data_key SET wrapped = NULL WHERE owner = 'customer/K-1'")
            assert not keys.clear_away(connections, patience_s=0.1)
            assert in_file(wrapped)
        assert keys.clear_away(connections)
        assert not in_file(wrapped)


def test_a_refused_message_can_be_read_and_sent_again_until_its_customer_is_erased(
    settings: Settings,
) -> None:
    record(settings, *told())
    (number,) = (int(line.split()[0]) for line in run(settings, "dead-letters", "list").out.splitlines())
    assert "complaint.received complaint/C-1" in run(settings, "dead-letters", "list").out
    assert (
        PHONE
        in json.loads(run(settings, "dead-letters", "show", str(number), "--raw").out)["data"][
            "contact"
        ].values()
    )
    run(settings, "erase", "K-1", "--reason", "asked for")
    assert run(settings, "dead-letters", "list").status == 0
    gone = run(settings, "dead-letters", "show", str(number), "--raw")
    assert (gone.status, gone.out) == (1, "")
    assert "key was destroyed" in gone.err


# ---- when it may not be


def test_a_visit_that_must_be_kept_is_named_with_the_date_from_which_it_may_go(settings: Settings) -> None:
    settings = Settings(settings.database_url, policy=("tobacco-xuzhou",), master_key=settings.master_key)
    started = "2026-10-09T09:00:00+08:00"
    about = {"customer": "K-1", "manager": "S-1", "mode": "on-site"}
    record(settings, fact("visit.started", "visit/V-1", started, **about))
    answer = huiyin(
        "erase",
        "K-1",
        "--reason",
        "asked for",
        env=env(settings),
        now=lambda: datetime(2026, 11, 22, tzinfo=UTC),
    )
    assert (answer.status, answer.out) == (1, "")
    assert "visit/V-1" in answer.err
    assert "2027-01-12" in answer.err, "3 months end on a Saturday, so on the Monday after"


@pytest.mark.parametrize("words", [("K-404", "--reason", "asked for")])
def test_nobody_is_erased_of_whom_nothing_is_recorded(settings: Settings, words: tuple[str, ...]) -> None:
    answer = run(settings, "erase", *words)
    assert (answer.status, answer.out) == (1, "")
    assert "customer/K-404" in answer.err


@pytest.mark.parametrize("reason", [(), ("--reason", " ")])
def test_a_reason_is_needed(settings: Settings, reason: tuple[str, ...]) -> None:
    assert "--reason" in refused(run(settings, "erase", "K-1", *reason))


def test_without_a_master_key_nothing_can_be_erased(settings: Settings) -> None:
    plain = Settings(settings.database_url)
    assert "HUIYIN_MASTER_KEY" in refused(run(plain, "erase", "K-1", "--reason", "asked for"))


def test_what_was_recorded_in_clear_before_is_counted_and_said(settings: Settings) -> None:
    record(Settings(settings.database_url, policy=settings.policy), *told()[:3])
    answer = run(settings, "erase", "K-1", "--reason", "asked for")
    assert answer.status == 1, "nothing was sealed, and nothing is known of the customer's own stream"
    record(settings, told()[3])
    answer = run(settings, "erase", "K-1", "--reason", "asked for")
    assert answer.status == 1
    assert "3 of the customer's facts" in answer.err


# ---- master keys


def test_master_keys_are_changed_without_touching_an_event(settings: Settings) -> None:
    record(settings, *told())
    old, new = str(settings.master_key), run(settings, "keys", "new").out.strip()
    kept = recorded(settings.database_url)
    answer = run(settings, "keys", "rotate", HUIYIN_MASTER_KEY=f"{new}\n{old}")
    assert answer.status == 0
    assert recorded(settings.database_url) == kept
    read = run(settings, "history", "complaint/C-1", "--personal", "--format", "json", HUIYIN_MASTER_KEY=new)
    assert set(traces(read.out.encode())) == set(SECRETS)
    assert "HUIYIN_MASTER_KEY" in refused(run(settings, "rebuild", HUIYIN_MASTER_KEY=old))
    assert run(settings, "keys", "rotate", HUIYIN_MASTER_KEY=new).out.startswith("0 ")


def test_a_sealed_ledger_is_not_written_on_without_its_master_key(settings: Settings) -> None:
    record(settings, *told())
    plain = Settings(settings.database_url)
    assert "HUIYIN_MASTER_KEY" in refused(run(plain, "rebuild"))
    assert "HUIYIN_MASTER_KEY" in refused(run(plain, "history", "complaint/C-1", "--personal"))
    assert "●●●" in run(plain, "history", "complaint/C-1").out


def test_a_master_key_from_a_file_is_the_same_as_one_from_the_environment(
    settings: Settings, tmp_path: Path
) -> None:
    record(settings, *told())
    file = tmp_path / "master.key"
    file.write_text(f"{settings.master_key}\n")
    plain = Settings(settings.database_url)
    read = run(plain, "history", "complaint/C-1", "--personal", HUIYIN_MASTER_KEY_FILE=str(file))
    assert PHONE in read.out
    assert str(file.with_name("none")) in refused(
        run(plain, "rebuild", HUIYIN_MASTER_KEY_FILE=str(file.with_name("none")))
    )


def test_doctor_says_whether_personal_fields_are_sealed(settings: Settings, broker: str) -> None:
    def found(master_key: str) -> str:
        lines = run(settings, "doctor", "--json", HUIYIN_KAFKA=broker, HUIYIN_MASTER_KEY=master_key).json
        return next(line["state"] for line in lines if line["what"] == "personal fields")

    assert [found(key) for key in (str(settings.master_key), "", EXAMPLE)] == ["ok", "look", "look"]
