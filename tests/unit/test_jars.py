"""The broker's jars: nothing runs that is not in the lock, byte for byte."""

import hashlib
from pathlib import Path

import pytest

from streams.jars import Jar, JarsUnavailable, default_cache, fetched, locked

NEWS = b"not really a jar"


@pytest.fixture
def maven(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes | None]:
    """A repository of this test's own: artifact -> bytes, None for one that can't be had."""
    shelf: dict[str, bytes | None] = {}
    monkeypatch.setattr("streams.jars.PAUSE_S", 0)

    class Context:
        def __init__(self, repo_cache: Path, timeout: int) -> None:
            self.folder = repo_cache

        def project(self, group: str, artifact: str) -> "Context":
            self.artifact_id = artifact
            return self

        def at_version(self, version: str) -> "Context":
            return self

        def artifact(self) -> "Context":
            return self

        def resolve(self) -> Path:
            content = shelf[self.artifact_id]
            if content is None:
                raise ConnectionError("no network")
            self.folder.mkdir(parents=True, exist_ok=True)
            file = self.folder / self.artifact_id
            file.write_bytes(content)
            return file

    monkeypatch.setattr("jgo.maven.MavenContext", Context)
    return shelf


def lock_of(folder: Path, *artifacts: str) -> Path:
    digest = hashlib.sha256(NEWS).hexdigest()
    row = '[[dependencies]]\ngroupId = "org"\nartifactId = "{}"\nversion = "1"\nsha256 = "{}"\n'
    lock = folder / "lock.toml"
    lock.write_text("".join(row.format(artifact, digest) for artifact in artifacts))
    return lock


def test_jars_are_fetched_once(tmp_path: Path, maven: dict[str, bytes | None]) -> None:
    lock = lock_of(tmp_path, "a", "b")
    maven.update(a=NEWS, b=NEWS)
    first = fetched(tmp_path / "cache", lock)
    maven.clear()
    assert fetched(tmp_path / "cache", lock) == first
    assert [file.name for file in first] == ["a-1.jar", "b-1.jar"]


def test_a_jar_with_another_checksum_is_refused_and_not_kept(
    tmp_path: Path, maven: dict[str, bytes | None]
) -> None:
    maven.update(a=NEWS, b=b"swapped on the way")
    with pytest.raises(JarsUnavailable, match=r"b-1\.jar is not the locked one"):
        fetched(tmp_path / "cache", lock_of(tmp_path, "a", "b"))
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_a_network_the_reason_is_named(tmp_path: Path, maven: dict[str, bytes | None]) -> None:
    maven.update(a=None)
    with pytest.raises(JarsUnavailable, match=r"a-1\.jar can't be fetched"):
        fetched(tmp_path / "cache", lock_of(tmp_path, "a"))


def test_a_jar_that_rotted_in_the_cache_is_fetched_again(
    tmp_path: Path, maven: dict[str, bytes | None]
) -> None:
    lock = lock_of(tmp_path, "a")
    maven.update(a=NEWS)
    (file,) = fetched(tmp_path / "cache", lock)
    file.write_bytes(b"rot")
    assert fetched(tmp_path / "cache", lock) == (file,)
    assert file.read_bytes() == NEWS


def test_the_shipped_lock_pins_kafka_and_every_line_has_a_checksum() -> None:
    jars = locked()
    assert Jar("org.apache.kafka", "kafka_2.13", "4.1.1", jars[_at(jars, "kafka_2.13")].sha256) in jars
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in jars)
    assert len({jar.file for jar in jars}) == len(jars)


def _at(jars: tuple[Jar, ...], artifact: str) -> int:
    return [jar.artifact for jar in jars].index(artifact)


def test_the_cache_is_where_the_user_keeps_caches() -> None:
    assert default_cache({"HOME": "/home/u"}) == Path("/home/u/.cache/huiyin")
    assert default_cache({"HOME": "/home/u", "XDG_CACHE_HOME": "/x"}) == Path("/x/huiyin")


def test_a_dropped_connection_is_tried_again(tmp_path: Path, maven: dict[str, bytes | None]) -> None:
    maven.update(a=None)
    lock = lock_of(tmp_path, "a")
    attempts: list[float] = []

    def then_it_is_back(seconds: float) -> None:
        attempts.append(seconds)
        maven.update(a=NEWS)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", then_it_is_back)
        (file,) = fetched(tmp_path / "cache", lock)
    assert file.read_bytes() == NEWS
    assert len(attempts) == 1
