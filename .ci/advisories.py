"""Whether a package of the lock has a known security advisory (OSV); part of `make check`.

One question to https://api.osv.dev for all packages. Where that cannot be reached, it says so and lets the
check pass: whether a build is right must not depend on a service of others.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib import request

SERVICE = "https://api.osv.dev/v1/querybatch"
PATIENCE_S = 20
LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)

ACCEPTED: Mapping[str, str] = {}
"""Advisories that do not concern us, and why."""

Package = tuple[str, str]
Ask = Callable[[bytes], bytes]


def pinned(lock: str) -> list[Package]:
    """(name, version) of every package of a lock."""
    return sorted(set(PINNED.findall(lock)))


def question(packages: Sequence[Package]) -> bytes:
    asked = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages
    ]
    return json.dumps({"queries": asked}).encode()


def found(packages: Sequence[Package], answer: bytes) -> Iterator[tuple[Package, str]]:
    """Each package with each advisory that nobody has accepted."""
    results: list[dict[str, Any]] = json.loads(answer)["results"]
    for package, result in zip(packages, results, strict=True):
        for advisory in result.get("vulns", ()):
            if advisory["id"] not in ACCEPTED:
                yield package, advisory["id"]


def ask(body: bytes) -> bytes:
    """What the service says.

    Raises:
        OSError: it cannot be reached.
    """
    asked = request.Request(SERVICE, body, {"Content-Type": "application/json"})
    with request.urlopen(asked, timeout=PATIENCE_S) as answer:
        said: bytes = answer.read()
        return said


def run(lock: str, ask: Ask, say: Callable[[str], object]) -> int:
    packages = pinned(lock)
    try:
        advisories = list(found(packages, ask(question(packages))))
    except (OSError, ValueError, KeyError) as problem:
        say(f"advisories: NOT CHECKED, the service cannot be used ({type(problem).__name__}: {problem})")
        return 0
    for (name, version), advisory in advisories:
        say(f"{name} {version}: https://osv.dev/vulnerability/{advisory}")
    say(f"advisories: {len(advisories)} for {len(packages)} packages")
    return 1 if advisories else 0


if __name__ == "__main__":
    sys.exit(run(LOCK.read_text("utf-8"), ask, lambda line: print(line, file=sys.stderr)))
