"""What the project promises of itself: pinned, layered, quiet on import, and runnable from a bare Python."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

PACKAGES = ("api", "streams", "projections", "storage", "domain")


LOCKS = {"requirements.lock": ("build",), "requirements-dev.lock": ("build", "dev")}
"""What running needs, and all that working on it does, with the extras of each."""


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    file = Path(__file__).resolve().parents[2] / "pyproject.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def locked(root: Path, file: str) -> dict[str, str]:
    """Name -> what a lock says of it: version and hashes."""
    entries = re.split(r"\n(?=[a-z])", (root / file).read_text(encoding="utf-8"))
    return {_name(entry): entry for entry in entries}


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found.group()).lower()


@pytest.mark.parametrize(("file", "extras"), LOCKS.items())
def test_every_dependency_is_locked_by_version_and_hash(
    root: Path, project: dict[str, Any], file: str, extras: tuple[str, ...]
) -> None:
    more = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *(one for extra in extras for one in more[extra])]
    entries = locked(root, file)
    assert {_name(one) for one in wanted} <= set(entries)
    for name, entry in entries.items():
        assert re.match(r"[a-z0-9._-]+==\S+", entry), name
        assert "--hash=sha256:" in entry, name


def test_what_is_tested_is_what_runs(root: Path) -> None:
    runs, tests = (locked(root, file) for file in LOCKS)
    assert runs.items() <= tests.items()


def test_the_lock_and_the_builds_name_no_registry(root: Path) -> None:
    for file in (*LOCKS, "pyproject.toml", "Makefile", ".ci/run", "Dockerfile"):
        assert not re.search(
            r"https?://|--index-url|--find-links|--extra-index", (root / file).read_text()
        ), file


def test_the_layers_are_all_the_packages_in_one_direction(project: dict[str, Any]) -> None:
    linter = project["tool"]["importlinter"]
    assert tuple(linter["root_packages"]) == PACKAGES
    layers = next(one for one in linter["contracts"] if one["type"] == "layers")
    assert tuple(layers["layers"]) == PACKAGES
    assert set(PACKAGES) <= set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])


def test_every_warning_that_is_let_pass_has_its_reason(root: Path) -> None:
    lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    passed = [number for number, line in enumerate(lines) if line.lstrip().startswith('"ignore:')]
    assert passed
    assert all(lines[number - 1].lstrip().startswith("#") for number in passed)


@pytest.mark.parametrize("target", ["install", "run", "test", "check", "bench"])
def test_every_make_target_begins_with_the_installation(root: Path, target: str) -> None:
    rule = rf"^{target}: (install|install-dev|\$\(INSTALLED\))$"
    assert re.search(rule, (root / "Makefile").read_text(), re.MULTILINE)


def test_a_machine_without_python_is_told_so_in_both_languages(root: Path, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((root / "Makefile").read_text())
    for name in (*LOCKS, "pyproject.toml"):
        (tmp_path / name).touch()
    done = subprocess.run(
        ["make", "install", "PYTHON="], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stderr
    assert "需要 Python 3.11" in done.stderr


def test_the_whole_check_is_executable(root: Path) -> None:
    assert os.access(root / ".ci" / "run", os.X_OK)


QUIET = """
import importlib, pkgutil, sys
DONE = {"socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.fork"}
def hook(event, arguments):
    if event in DONE:
        raise SystemExit(f"{name}: {event} {arguments}")
name = "a dependency"
dependencies = "faust faust.transport.drivers.aiokafka kafka fastapi psycopg uvicorn rich"
for dependency in [*dependencies.split(), "eventsourcing.postgres"]:
    importlib.import_module(dependency)
sys.addaudithook(hook)
for package in sys.argv[1:]:
    for module in pkgutil.walk_packages([package], package + "."):
        name = module.name
        if not name.endswith("__main__"):
            importlib.import_module(name)
"""


def test_importing_a_module_connects_to_nothing_and_starts_nothing(root: Path) -> None:
    there = [package for package in PACKAGES if (root / package).is_dir()]
    done = subprocess.run(
        [sys.executable, "-c", QUIET, *there], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert there
