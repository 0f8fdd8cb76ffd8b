"""The examples for upstream systems, in each language that is present, against the API as it is served."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from streams.local import Database, free_ports
from tests.helpers.documents import ROOT
from tests.helpers.door import standing
from tests.helpers.site import Site, new, new_key, serving

# language → the program that runs it, and its command. On a new machine Go compiles its library first: here
# without optimising, which is half of the work.
EXAMPLES: Mapping[str, tuple[str, list[str]]] = {
    "python": (sys.executable, ["examples/upstream.py"]),
    "sh": ("sh", ["examples/upstream.sh"]),
    "java": ("java", ["examples/Upstream.java"]),
    "go": ("go", ["run", "-gcflags=all=-N -l", "examples/upstream.go"]),
}
ALWAYS = ("python", "sh")
WORDS = ("recorded", "recorded", "rejected")
PRESENT = [name for name, (program, _) in EXAMPLES.items() if name in ALWAYS or shutil.which(program)]


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    with serving(server.create("examples"), *free_ports(1)) as running:
        yield running
    server.drop("examples")


def ran(language: str, *words: str, key: str = "") -> subprocess.CompletedProcess[str]:
    program, command = EXAMPLES[language]
    return subprocess.run(
        [program, *command, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HUIYIN_API_KEY": key, "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("language", PRESENT)
def test_a_batch_is_sent_and_what_is_rejected_is_told(site: Site, language: str) -> None:
    number = new()
    done = ran(language, site.url, number, key=new_key(site.settings.database_url, "upstream"))
    assert done.returncode == 1, done.stderr
    receipts = done.stdout.splitlines()
    assert [next(word for word in WORDS if word in receipt) for receipt in receipts] == list(WORDS)
    assert "close-without-echo" in receipts[2]
    assert "no complaint is closed before it is resolved" in done.stderr
    told = site.get(f"/streams/complaint/{number}/history").json()
    assert [event["type"] for event in told if event["source"] == f"/examples/{language}"] == [
        "complaint.received",
        "complaint.assigned",
    ]


@pytest.mark.parametrize("language", ALWAYS)
def test_what_the_api_refuses_is_one_line_and_no_trace(language: str) -> None:
    with standing() as door:
        door.trouble = [(401, {"title": "Who asks is not known", "detail": "Send a key."})]
        done = ran(language, door.url, key="hy_1")
    assert done.returncode == 2
    assert "Send a key." in done.stderr
    assert "Traceback" not in done.stderr
    assert door.tokens == ["Bearer hy_1"]
