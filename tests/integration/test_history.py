"""`huiyin history` on a ledger: the sections after the events, all streams of a kind, and process mining."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from domain.incoming import Incoming
from domain.ledger import Ledger
from domain.policy import load_policy
from storage.postgres import PostgresStorage
from streams.local import Database
from tests.helpers.cli import Answer, huiyin
from tests.helpers.scenario import fact, received

COMPLAINTS = 1_000
BEGAN = datetime.fromisoformat("2026-03-02T08:00:00+08:00")
AROUND = {"about": "complaint/C-1", "amount": 80}


def life(number: int) -> list[dict[str, Any]]:
    me, at = f"C-{number}", (BEGAN + timedelta(minutes=number)).isoformat()
    done = (BEGAN + timedelta(minutes=number, hours=3)).isoformat()
    return [
        received(me, at, customer=f"K-{number % 400}", handler="S-1"),
        fact("complaint.resolved", f"complaint/{me}", done, resolution="退款 & <补寄>", by="S-2"),
    ]


@pytest.fixture(scope="module")
def url(server: Database) -> Iterator[str]:
    """A ledger of a thousand complaints."""
    url = server.create("histories")
    with closing(PostgresStorage(url)) as storage:
        storage.create()
        ledger = Ledger(storage, storage.recorder, load_policy(["auto-4s"]))
        told = [one for number in range(COMPLAINTS) for one in life(number)]
        told.append(
            fact("approval.requested", "approval/A-1", "2026-03-02 12:00", kind="sample", by="S", **AROUND)
        )
        facts = [Incoming.read(json.dumps(one).encode()) for one in told]
        for first in range(0, len(facts), 500):
            ledger.record(facts[first : first + 500], BEGAN + timedelta(days=1))
        ledger.tick(BEGAN + timedelta(days=1))
    yield url
    server.drop("histories")


@pytest.fixture
def run(url: str) -> Callable[..., Answer]:
    env = {"HUIYIN_DATABASE_URL": url, "HUIYIN_POLICY": "auto-4s"}
    return lambda *words, **more: huiyin("history", *words, env={**env, **more})


Run = Callable[..., Answer]


def test_after_the_events_come_state_obligations_alerts_and_what_was_around(run: Run) -> None:
    said = run("complaint/C-1")
    assert said.status == 0
    places = [said.out.index(f"\n{heading}") for heading in ("as it stood", "obligations", "around it")]
    assert places == sorted(places)
    assert "counted" in said.out and "cause: #" in said.out
    assert "approval/A-1" in said.out
    assert max(cell_len(row) for row in said.out.splitlines()) <= 80


def test_the_sections_speak_chinese(run: Run) -> None:
    said = run("complaint/C-1", HUIYIN_LANG="zh").out
    assert all(f"\n{heading}" in said for heading in ("当时状况", "义务", "相关事项"))
    assert "客户编号" in said
    assert "申请审批（审批种类：sample，金额：80，行为人员工编号：S）。" in said.replace("\n", "").replace(
        " ", ""
    )
    assert max(cell_len(row) for row in said.splitlines()) <= 80


def test_the_whole_story_is_one_json_object(run: Run) -> None:
    (told,) = run("complaint/C-1", "--format", "story", "--as-of", "2026-03-02T09:00:00+08:00").json
    assert told["events"][0]["type"] == "complaint.received"
    assert (told["state"]["resolved"], told["around"]) == (False, [])


def test_before_it_began_nothing_is_told(run: Run) -> None:
    before = ("complaint/C-1", "--as-of", "2026-03-01T00:00:00+08:00")
    assert run(*before).out == "nothing had happened by then, or nothing was known.\n"
    (told,) = run(*before, "--format", "story").json
    assert (told["events"], told["state"], told["policy"], told["around"]) == ([], {}, None, [])


def test_all_streams_of_a_kind_are_written_one_after_the_other(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("complaint/*", "--format", "csv").out)))
    subjects = [row["subject"] for row in rows]
    assert len(set(subjects)) == COMPLAINTS
    assert len([at for at, one in enumerate(subjects) if at == 0 or subjects[at - 1] != one]) == COMPLAINTS
    assert {row["type"] for row in rows} >= {"complaint.received", "obligation.opened"}


def test_a_table_of_many_streams_and_a_kind_that_is_none_are_refused(run: Run) -> None:
    assert (run("complaint/*").status, run("planet/*", "--format", "csv").status) == (2, 2)


READ = """
import sys, pm4py
log = pm4py.read_xes(sys.argv[1])
print(log["case:concept:name"].nunique(), len(log), str(log["time:timestamp"].dtype).split("[")[0])
print(*sorted(pm4py.get_event_attribute_values(log, "concept:name")))
print(sum(pm4py.get_start_activities(log).values()), *pm4py.get_start_activities(log))
"""


def test_the_xes_of_a_thousand_complaints_opens_in_pm4py(run: Run, tmp_path: Path) -> None:
    file, said = tmp_path / "log.xes", run("complaint/*", "--format", "xes")
    file.write_text(said.out)
    mined = subprocess.run(
        [sys.executable, "-c", READ, str(file)], capture_output=True, text=True, check=True
    )
    read, types, starts = mined.stdout.splitlines()[-3:]
    assert read == f"{COMPLAINTS} {said.out.count('<event>')} datetime64"
    assert {"complaint.received", "complaint.resolved", "obligation.opened"} <= set(types.split())
    assert starts == f"{COMPLAINTS} complaint.received"
