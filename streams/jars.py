"""Kafka's own jars: fetched once by their coordinates, checked against the lock, kept in the user's cache."""

import hashlib
import os
import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ATTEMPTS = 3
PAUSE_S = 0.5
LOCK = Path(__file__).with_name("kafka.lock.toml")


class JarsUnavailable(Exception):
    """Kafka's jars are not in the cache and can't be fetched: without them no broker runs on this machine."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock: Maven coordinates, and the SHA-256 that the file must have."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def locked(lock: Path = LOCK) -> tuple[Jar, ...]:
    rows = tomllib.loads(lock.read_text(encoding="utf-8"))["dependencies"]
    return tuple(Jar(row["groupId"], row["artifactId"], row["version"], row["sha256"]) for row in rows)


def default_cache(environ: Mapping[str, str]) -> Path:
    """The user's cache folder by the XDG base directory specification."""
    base = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or tempfile.gettempdir()) / ".cache"
    return Path(base) / "huiyin"


def fetched(cache: Path, lock: Path = LOCK) -> tuple[Path, ...]:
    """The jars of the lock, from the cache or the network; checked each time, as a cache may rot."""
    jars = locked(lock)
    folder = cache / f"kafka-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not _whole(folder, jars):
        _fill(folder, jars)
    return tuple(folder / jar.file for jar in jars)


def _whole(folder: Path, jars: tuple[Jar, ...]) -> bool:
    return all((file := folder / jar.file).is_file() and _sha256(file) == jar.sha256 for jar in jars)


def _fill(folder: Path, jars: tuple[Jar, ...]) -> None:
    """Download beside the folder and move there when all is right: a broken-off fetch leaves nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetching-") as scratch:
        whole = Path(scratch) / "jars"
        whole.mkdir()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda jar: _download(jar, Path(scratch), whole), jars))
        shutil.rmtree(folder, ignore_errors=True)
        _move(whole, folder, jars)


def _download(jar: Jar, scratch: Path, whole: Path) -> None:
    from jgo.maven import MavenContext

    def attempt(number: int) -> Path:
        """Each in a folder of its own: what a broken-off attempt wrote would pass for the file."""
        maven = MavenContext(repo_cache=scratch / f"maven-{number}", timeout=60)
        return maven.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()

    got = _tried(attempt, jar)
    if _sha256(got) != jar.sha256:
        raise JarsUnavailable(f"{jar.file} is not the locked one: its SHA-256 differs / 校验和不符")
    os.replace(got, whole / jar.file)


def _tried(attempt: Callable[[int], Path], jar: Jar) -> Path:
    """A dropped connection is tried again; requests' errors are OSErrors, jgo's own are RuntimeErrors."""
    for number in range(1, ATTEMPTS):
        try:
            return attempt(number)
        except (OSError, RuntimeError):
            time.sleep(number * PAUSE_S)
    try:
        return attempt(ATTEMPTS)
    except (OSError, RuntimeError) as problem:
        reason = type(problem).__name__
        raise JarsUnavailable(f"{jar.file} can't be fetched / 无法下载: {reason}") from problem


def _move(whole: Path, folder: Path, jars: tuple[Jar, ...]) -> None:
    """Of two processes that fetch at once, the first wins and the second uses what it finds."""
    try:
        os.rename(whole, folder)
    except OSError:
        if not _whole(folder, jars):
            raise


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
