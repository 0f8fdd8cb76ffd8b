"""What is projected counts once, whatever happens on the way."""

import itertools
import zlib
from threading import Thread

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.envelope import Event
from domain.policy import Policy
from projections.alerts import alert, forget_outbox, outbox_after
from projections.projection import Projector, create, next_offsets
from projections.rebuild import check
from tests.helpers.projected import Db, emptied, messages, statuses, tell, the_tables

# ---- once, whatever happens


def test_messages_that_come_again_change_nothing(db: Db, projector: Projector, mixed: list[Event]) -> None:
    told = messages(mixed)
    assert projector.project(db, {("events", 0): told}) == len(mixed)
    before = the_tables(db)
    assert projector.project(db, {("events", 0): told}) == 0
    assert projector.project(db, {("events", 0): told[40:90]}) == 0
    assert the_tables(db) == before


def test_a_topic_made_anew_repeats_everything_and_changes_nothing(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    projector.project(db, {("events", 0): messages(mixed[:-5], first=70_000)})
    assert projector.project(db, {("events", 0): messages(mixed)}) == 5
    assert check(db, projector, lambda after: (e for e in mixed if (e.sequence or 0) > after)) == []


def test_a_batch_that_fails_midway_leaves_no_trace(db: Db, projector: Projector, mixed: list[Event]) -> None:
    projector.project(db, {("events", 0): messages(mixed[:50])})
    before = the_tables(db), next_offsets(db, "events")
    db.execute("ALTER TABLE alert_outbox ADD CONSTRAINT full_up CHECK (position < 0) NOT VALID")
    with pytest.raises(psycopg.errors.CheckViolation):
        projector.project(db, {("events", 0): messages(mixed[50:], first=50)})
    assert (the_tables(db), next_offsets(db, "events")) == before
    db.execute("ALTER TABLE alert_outbox DROP CONSTRAINT full_up")
    assert projector.project(db, {("events", 0): messages(mixed[50:], first=50)}) == len(mixed) - 50


def test_any_split_into_batches_gives_the_same_rows_and_the_same_outbox(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    told = messages(mixed)
    projector.project(db, {("events", 0): told})
    whole = the_tables(db)

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(st.sets(st.integers(1, len(told) - 1), max_size=25))
    def same(cuts: set[int]) -> None:
        emptied(db)
        edges = [0, *sorted(cuts), len(told)]
        for start, end in itertools.pairwise(edges):
            projector.project(db, {("events", 0): told[start:end]})
        assert the_tables(db) == whole

    same()


def test_partitions_in_any_order_agree_with_the_ledger(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    parts = [[e for e in mixed if zlib.crc32(e.subject.encode()) % 3 == part] for part in range(3)]
    for part in (2, 0, 1):
        projector.project(db, {("events", part): messages(parts[part])})
    assert check(db, projector, lambda after: (e for e in mixed if (e.sequence or 0) > after)) == []
    assert alert(db, "rollup:total::day") is not None
    assert statuses(db, "rollup:total::day")[-1] == "firing"


def test_what_holds_no_event_of_ours_is_skipped(db: Db, projector: Projector, mixed: list[Event]) -> None:
    poison = [(0, b""), (1, b"\xff\xfe"), (2, b"[]"), (3, b"{}"), (4, b'{"sequence": "x"}'), (5, b"null")]
    assert projector.project(db, {("events", 0): [*poison, *messages(mixed[:3], first=6)]}) == 3
    assert next_offsets(db, "events") == {0: 9}


def test_positions_of_the_outbox_follow_the_commits_of_partitions_at_once(
    db: Db, database: str, projector: Projector, policy: Policy, mixed: list[Event]
) -> None:
    parts = [[e for e in mixed if zlib.crc32(e.subject.encode()) % 4 == part] for part in range(4)]
    running = True
    seen: list[int] = []

    def work(part: int) -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            for start in range(0, len(parts[part]), 3):
                projector.project(
                    connection, {("events", part): messages(parts[part][start : start + 3], start)}
                )

    def follow() -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            last = 0
            while running or outbox_after(connection, last):
                for position, *_ in outbox_after(connection, last):
                    seen.append(position)
                    last = position

    workers = [Thread(target=work, args=(part,)) for part in range(4)]
    follower = Thread(target=follow)
    for thread in (*workers, follower):
        thread.start()
    for thread in workers:
        thread.join()
    running = False
    follower.join()
    assert seen == [position for position, *_ in outbox_after(db, 0, 100_000)]
    assert check(db, projector, lambda after: (e for e in mixed if (e.sequence or 0) > after)) == []


# ---- making tables and forgetting


def test_the_tables_can_be_made_by_two_processes_at_once(database: str) -> None:
    failed: list[Exception] = []

    def make() -> None:
        try:
            with psycopg.connect(database) as connection:
                create(connection)
        except psycopg.Error as error:
            failed.append(error)

    threads = [Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_what_was_published_can_be_forgotten(db: Db, projector: Projector, mixed: list[Event]) -> None:
    tell(db, projector, mixed)
    positions = [position for position, *_ in outbox_after(db, 0, 10_000)]
    assert forget_outbox(db, positions[4]) == 5
    assert outbox_after(db, 0)[0][0] == positions[5]


def test_several_partitions_in_one_transaction_give_what_each_for_itself_gives(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    parts = [[e for e in mixed if zlib.crc32(e.subject.encode()) % 3 == part] for part in range(3)]
    told = {("events", part): messages(own) for part, own in enumerate(parts)}
    assert projector.project(db, told) == len(mixed)
    assert check(db, projector, lambda after: (e for e in mixed if (e.sequence or 0) > after)) == []
    assert projector.project(db, told) == 0
    assert next_offsets(db, "events") == {part: len(own) for part, own in enumerate(parts)}
