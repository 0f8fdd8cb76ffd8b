"""Keeping children alive, and one `up` on one folder."""

import fcntl
import io
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from api.cli.edge import Edge
from api.cli.parts_of_up import SAMPLE_POLICY, sample_time, with_policy
from api.cli.supervisor import HOPELESS, PAUSES_S, STEADY_S, Supervisor
from streams.child import ChildFailed
from tests.helpers.cli import NOW, huiyin, refused


@dataclass
class Fake:
    """A child that lives and dies as the test says."""

    name: str
    log: list[str]
    living: bool = False
    failing: int = 0

    def start(self) -> None:
        if self.failing:
            self.failing -= 1
            raise ChildFailed(f"{self.name} is ill")
        self.living = True
        self.log.append(f"start {self.name}")

    def alive(self) -> bool:
        return self.living

    def stop(self) -> None:
        self.living = False
        self.log.append(f"stop {self.name}")

    def last_words(self) -> str:
        return "out of luck"


@dataclass
class World:
    now: float = 100.0
    log: list[str] = field(default_factory=list)
    said: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(lambda *told: self.said.append(told), lambda: self.now)

    def child(self, name: str = "worker", **state: int) -> Fake:
        fake = Fake(name, self.log, **state)  # type: ignore[arg-type]
        self.supervisor.add(fake, tries=2)
        return fake

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.supervisor.look()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("time.sleep", lambda _: None)
    return World()


def test_what_crashes_is_started_again_and_said(world: World) -> None:
    worker = world.child()
    worker.living = False
    world.supervisor.look()
    world.pass_time(PAUSES_S[0])
    assert world.log == ["start worker", "start worker"]
    assert world.said == [("worker", "fell", "out of luck"), ("worker", "back", "")]


def test_pauses_grow_as_long_as_it_keeps_crashing(world: World) -> None:
    worker = world.child()
    for pause in (*PAUSES_S, PAUSES_S[-1]):
        worker.living = False
        world.supervisor.look()
        world.pass_time(pause - 0.01)
        assert not worker.living
        world.pass_time(0.01)
        assert worker.living


def test_after_a_steady_while_a_crash_counts_as_the_first(world: World) -> None:
    worker = world.child()
    for _ in PAUSES_S:
        worker.living = False
        world.supervisor.look()
        world.pass_time(PAUSES_S[-1])
    world.now += STEADY_S + 1
    worker.living = False
    world.supervisor.look()
    world.pass_time(PAUSES_S[0])
    assert worker.living


def test_what_does_not_start_is_tried_again_and_given_up_in_the_end(world: World) -> None:
    worker = world.child()
    worker.living, worker.failing = False, HOPELESS
    with pytest.raises(ChildFailed, match="worker is ill"):
        for _ in range(HOPELESS + 1):
            world.pass_time(PAUSES_S[-1])
    assert [event for _, event, _ in world.said] == ["fell"] + ["failed"] * (HOPELESS - 1)


def test_a_predecessor_may_take_a_moment_to_be_gone(world: World) -> None:
    assert world.child(failing=1).living
    with pytest.raises(ChildFailed):
        world.child("other", failing=2)


def test_all_stops_in_the_opposite_order(world: World) -> None:
    for name in ("database", "broker", "worker"):
        world.child(name)
    world.supervisor.stop()
    assert world.log[-3:] == ["stop worker", "stop broker", "stop database"]


def test_a_second_up_on_one_folder_is_refused_naming_the_first(tmp_path: Path) -> None:
    with (tmp_path / "up.lock").open("w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        line = refused(huiyin("up", "--data", str(tmp_path)))
    assert "process 4711" in line
    assert str(tmp_path) in line


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused(huiyin("up", "--data", str(tmp_path / "file" / "data")))


def test_the_sample_keeps_its_date_for_half_a_day(tmp_path: Path) -> None:
    played = sample_time(tmp_path / "stamp", NOW)
    assert sample_time(tmp_path / "stamp", NOW + timedelta(hours=11)) == played == NOW
    later = NOW + timedelta(hours=13)
    assert sample_time(tmp_path / "stamp", later) == later


def test_other_commands_find_what_a_running_up_runs_with(tmp_path: Path) -> None:
    (tmp_path / "running.env").write_text(
        "HUIYIN_DATABASE_URL=postgresql://up@127.0.0.1:1/x?a=b\nHUIYIN_POLICY=none\n"
    )
    line = refused(huiyin("simulate", "-", env={"HUIYIN_DATA": str(tmp_path)}))
    assert "no pack is called 'none'" in line
    own = {"HUIYIN_DATA": str(tmp_path), "HUIYIN_POLICY": "general"}
    assert huiyin("simulate", "-", env=own).status == 0


def policy(data: Path, sample: bool = False, **environ: str) -> tuple[str, ...]:
    edge = Edge(io.BytesIO(), io.BytesIO(), io.StringIO(), environ)
    return with_policy(edge.own_settings, edge, data, sample).policy


def test_a_folder_goes_on_under_the_packs_it_ran_last(tmp_path: Path) -> None:
    assert policy(tmp_path) == ("general",)
    assert policy(tmp_path, sample=True) == SAMPLE_POLICY
    assert policy(tmp_path) == SAMPLE_POLICY
    assert policy(tmp_path, HUIYIN_POLICY="property") == ("property",)
    assert policy(tmp_path) == ("property",)
