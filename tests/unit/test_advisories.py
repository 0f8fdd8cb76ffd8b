"""The lock is asked about as a whole; an advisory fails the check, a service out of reach does not."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

LOCK = """
aiokafka==0.14.0 \\
    --hash=sha256:aa
psycopg[binary,pool]==3.3.0 ; python_version >= '3.11' \\
    --hash=sha256:bb
uvloop==0.22.1 ; sys_platform != 'win32'
"""
PACKAGES = [("aiokafka", "0.14.0"), ("psycopg", "3.3.0"), ("uvloop", "0.22.1")]


@pytest.fixture(scope="module")
def advisories(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("advisories", root / ".ci" / "advisories.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answering(*vulnerable: str) -> Callable[[bytes], bytes]:
    def ask(body: bytes) -> bytes:
        names = [query["package"]["name"] for query in json.loads(body)["queries"]]
        results: list[dict[str, Any]] = [
            {"vulns": [{"id": "PYSEC-1"}]} if name in vulnerable else {} for name in names
        ]
        return json.dumps({"results": results}).encode()

    return ask


def away(_: bytes) -> bytes:
    raise OSError("no network")


def test_every_package_of_the_lock_is_asked_about(advisories: ModuleType, root: Path) -> None:
    assert advisories.pinned(LOCK) == PACKAGES
    real = dict(advisories.pinned((root / "requirements.lock").read_text()))
    assert {"fastapi", "psycopg", "cryptography", "faust-streaming"} <= real.keys()


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        (answering(), 0, ["advisories: 0 for 3 packages"]),
        (
            answering("psycopg"),
            1,
            ["psycopg 3.3.0: https://osv.dev/vulnerability/PYSEC-1", "advisories: 1 for 3 packages"],
        ),
        (away, 0, ["advisories: NOT CHECKED, the service cannot be used (OSError: no network)"]),
    ],
)
def test_an_advisory_fails_the_check_and_a_service_out_of_reach_says_so(
    advisories: ModuleType, ask: Callable[[bytes], bytes], status: int, said: list[str]
) -> None:
    lines: list[str] = []
    assert advisories.run(LOCK, ask, lines.append) == status
    assert lines == said


@pytest.mark.parametrize("answer", [b"", b"<html>", b"{}", b'{"results": []}'])
def test_an_answer_that_is_none_is_said_not_to_be(advisories: ModuleType, answer: bytes) -> None:
    lines: list[str] = []
    assert advisories.run(LOCK, lambda _: answer, lines.append) == 0
    assert "NOT CHECKED" in lines[0]


def test_what_was_accepted_does_not_fail(advisories: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "ACCEPTED", {"PYSEC-1": "not used"})
    assert advisories.run(LOCK, answering("aiokafka"), lambda _: None) == 0
