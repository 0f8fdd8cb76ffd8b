"""A run of the tests in several processes has one of each service, which ends with the last of them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from streams.child import listens
from tests.helpers.kept import ChildFailed, kept
from tests.helpers.roles import until

CODE = """
import sys
from pathlib import Path
from tests.helpers.kept import kept
with kept("database", Path(sys.argv[1])) as service:
    print(service.port, flush=True)
    sys.stdin.read()
"""

Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """One more process that uses the database of a run, until its standard input ends."""
    with ExitStack() as started:

        def process() -> subprocess.Popen[str]:
            one = subprocess.Popen(
                [sys.executable, "-c", CODE, str(tmp_path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            started.callback(one.kill)
            return started.enter_context(one)

        yield process


def port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


@pytest.mark.database
def test_processes_share_a_service_that_outlives_whoever_started_it(start: Start) -> None:
    first, second = start(), start()
    shared = port(first)
    assert port(second) == shared
    first.kill()
    first.wait()
    third = start()
    assert port(third) == shared
    second.communicate(timeout=30)
    assert listens(shared)
    third.communicate(timeout=30)
    assert not listens(shared), "who leaves last waits until it has ended"


@pytest.mark.database
def test_nothing_is_left_running_when_all_are_killed(start: Start) -> None:
    processes = start(), start()
    (shared,) = {port(process) for process in processes}
    for process in processes:
        process.kill()
    until(lambda: not listens(shared), 20)


def test_who_asks_for_what_cannot_be_started_is_told_why(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="KeyError"), kept("printer", tmp_path):  # type: ignore[arg-type]
        pass
