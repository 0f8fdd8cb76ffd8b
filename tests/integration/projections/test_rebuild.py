"""Read models without Kafka, rebuilt from the ledger, and held against it."""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest

from domain.envelope import Event
from projections.alerts import outbox_after
from projections.projection import Projector, RebuildNeeded
from projections.rebuild import RebuildRuns, check, rebuild
from tests.helpers.projected import Db, messages, tell, the_tables


def ledger_of(events: Sequence[Event]) -> Any:
    return lambda after: (event for event in events if (event.sequence or 0) > after)


def test_events_of_the_ledger_itself_give_what_partitions_give(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    for start in range(0, len(mixed), 17):
        projector.project_events(db, mixed[start : start + 17])
    assert projector.project_events(db, mixed) == 0
    assert check(db, projector, ledger_of(mixed)) == []


def test_from_the_ledger_to_kafka_nothing_is_told_twice_and_back_only_after_a_rebuild(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    projector.project_events(db, mixed[:40])
    assert projector.project(db, {("events", 0): messages(mixed[:60])}) == 20
    with pytest.raises(RebuildNeeded):
        projector.project_events(db, mixed)
    rebuild(db, projector, ledger_of(mixed[:60]))
    assert projector.project_events(db, mixed) == len(mixed) - 60
    assert check(db, projector, ledger_of(mixed)) == []


def test_a_rebuild_publishes_nothing_and_projecting_goes_on_after_it(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    told = messages(mixed)
    projector.project(db, {("events", 0): told[:60]})
    sent = outbox_after(db, 0)
    db.execute("DELETE FROM alert; DELETE FROM satisfaction; UPDATE complaint SET status = 'lost'")
    assert rebuild(db, projector, ledger_of(mixed[:80])) == mixed[79].sequence
    assert outbox_after(db, 0) == sent
    assert projector.project(db, {("events", 0): told[60:]}) == len(told) - 80
    assert check(db, projector, ledger_of(mixed)) == []


def test_one_read_model_is_rebuilt_while_the_others_stay(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    tell(db, projector, mixed)
    db.execute("UPDATE violation SET clause = 'lost'; UPDATE kpi SET value = -1")
    rebuild(db, projector, ledger_of(mixed), ["violations"])
    assert check(db, projector, ledger_of(mixed), ["violations"]) == []
    assert len(check(db, projector, ledger_of(mixed), ["kpis"])) > 0


def test_a_check_names_the_row_that_differs_and_changes_nothing(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    tell(db, projector, mixed)
    db.execute("UPDATE complaint SET status = 'lost' WHERE subject = 'complaint/C-2'")
    db.execute("DELETE FROM obligation WHERE subject = 'complaint/C-3'")
    before = the_tables(db)
    found = check(db, projector, ledger_of(mixed))
    assert found[-1].table == "complaint" and found[-1].key == {"subject": "complaint/C-2"}
    assert found[-1].live and found[-1].rebuilt
    assert (found[-1].live["status"], found[-1].rebuilt["status"]) == ("lost", "open")
    assert {each.table for each in found[:-1]} == {"obligation"} and found[0].live is None
    assert the_tables(db) == before


def test_only_one_rebuild_runs_at_a_time(db: Db, database: str, projector: Projector) -> None:
    def ledger(_after: int) -> list[Event]:
        with psycopg.connect(database, autocommit=True) as other:
            with pytest.raises(RebuildRuns):
                rebuild(other, projector, lambda _: [])
            return []

    rebuild(db, projector, ledger)


def test_a_rebuild_that_breaks_off_leaves_the_live_models_as_they_were(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    def broken(_after: int) -> Iterator[Event]:
        yield from mixed[:30]
        raise OSError("the ledger went away")

    tell(db, projector, mixed)
    before = the_tables(db)
    with pytest.raises(OSError, match="went away"):
        rebuild(db, projector, broken)
    assert the_tables(db) == before
    assert db.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'rebuilding'").fetchone() is None
