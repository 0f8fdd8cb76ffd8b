"""`huiyin up` as whoever tries Huiyin meets it: everything up, kept up, stopped, and gone on with."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib import request

import pytest

from streams.child import free_ports
from tests.helpers.cli import huiyin
from tests.helpers.scenario import received

FACT = received("C-1", "2026-03-09 09:00", signals=["door-blocking"])
UP_S = 60.0


class Up:
    """A running `huiyin up`, and what it says."""

    def __init__(self, data: Path, *words: str) -> None:
        self.data = data
        self.port = free_ports(1)[0]
        command = [
            sys.executable,
            "-m",
            "api.cli",
            "up",
            "--data",
            str(data),
            "--port",
            str(self.port),
            *words,
        ]
        environ = {**os.environ, "HUIYIN_LANG": "en", "HUIYIN_POLICY": "auto-4s", "PYTHONUNBUFFERED": "1"}
        self.said = data.with_suffix(f".{self.port}.said")
        with self.said.open("wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=environ)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def text(self) -> str:
        return self.said.read_text()

    def await_text(self, text: str) -> None:
        until(lambda: text in self.text or self.process.poll() is not None)
        assert text in self.text, self.text

    def keys(self) -> dict[str, str]:
        """The keys that it printed, by role."""
        return dict(re.findall(r"^ +(\w+) +(hy_\w+)$", self.text, re.MULTILINE))

    def stop(self, asking: signal.Signals) -> int:
        self.process.send_signal(asking)
        return self.process.wait(60)

    def children(self) -> Mapping[str, int]:
        """Its own children by what they do."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {Path(f"/proc/{pid}/cmdline").read_text().split("\0")[-2]: int(pid) for pid in listed}


def until(holds: Callable[[], bool], seconds: float = UP_S) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def up(data: Path, *words: str) -> Iterator[Up]:
    started = Up(data, *words)
    try:
        started.await_text("Ctrl-C stops everything.")
        yield started
    finally:
        if started.process.poll() is None:
            started.stop(signal.SIGTERM)


def alerts(url: str, key: str) -> list[dict[str, str]]:
    asked = request.Request(f"{url}/alerts", headers={"Authorization": f"Bearer {key}"})
    with request.urlopen(asked, timeout=10) as answer:
        return list(json.loads(answer.read())["items"])


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.broker
@pytest.mark.database
@pytest.mark.timeout(240)
def test_up_runs_everything_keeps_it_running_and_goes_on_where_it_was(tmp_path: Path) -> None:
    data = tmp_path / "data"
    beside = {"HUIYIN_DATA": str(data)}
    kafka = str(free_ports(1)[0])
    with up(data, "--kafka-port", kafka) as first:
        stdin = json.dumps(FACT).encode()
        assert huiyin("emit", "-", "--patience", "60", stdin=stdin, env=beside).status == 0
        (alert,) = huiyin(
            "watch", "--from-beginning", "--count", "1", "--severity", "critical", "--json", env=beside
        ).json
        assert alert["severity"] == "critical"

        second = subprocess.run(
            [sys.executable, "-m", "api.cli", "up", "--data", str(data)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 2
        assert f"process {first.process.pid}" in second.stderr

        worker = first.children()["worker"]
        os.kill(worker, signal.SIGKILL)
        first.await_text("worker is started again")
        children = first.children()
        assert children["worker"] != worker
        assert first.stop(signal.SIGINT) == 0
        assert all(gone(pid) for pid in children.values())
        assert not (data / "running.env").exists()

    with up(data, "--kafka-port", kafka):
        stdin = json.dumps(FACT).encode()
        (again,) = huiyin("emit", "-", "--patience", "60", stdin=stdin, env=beside).json
        assert again["status"] == "duplicate"


@pytest.mark.database
@pytest.mark.timeout(120)
def test_without_a_broker_facts_become_alerts_all_the_same(tmp_path: Path) -> None:
    with up(tmp_path / "data", "--no-broker") as running:
        keys = running.keys()
        assert set(keys) == {"upstream", "ops", "auditor", "rule_author", "admin"}
        beside = {"HUIYIN_DATA": str(running.data)}
        sent = huiyin("emit", "-", "--http", running.url, stdin=json.dumps(FACT).encode(), env=beside)
        assert [receipt["status"] for receipt in sent.json] == ["recorded"]
        until(lambda: any(alert["severity"] == "critical" for alert in alerts(running.url, keys["ops"])), 10)
        assert "✓ broker: none (--no-broker)" in huiyin("doctor", env=beside).out
        assert running.stop(signal.SIGTERM) == 0
        assert "stopped" in running.text
    with up(tmp_path / "data", "--no-broker") as again:
        assert not again.keys() and "huiyin keys api new" in again.text
        assert alerts(again.url, keys["ops"])


@pytest.mark.database
@pytest.mark.timeout(120)
def test_where_the_jars_cannot_be_had_it_says_so_and_goes_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUIYIN_CACHE_DIR", str(tmp_path / "empty"))
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with up(tmp_path / "data") as running:
        assert "WITHOUT KAFKA" in running.text
        assert "Kafka: none" in running.text
