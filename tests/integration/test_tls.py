"""Broker and database spoken to by TLS, as the settings say; what is said where one is not trusted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.config import Settings
from streams.local import Database
from tests.helpers.certificates import Authority
from tests.helpers.cli import huiyin, refused
from tests.helpers.encrypted import SafeBroker, safely
from tests.helpers.roles import Role, until
from tests.helpers.scenario import received


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def ours(folder: Path) -> Authority:
    return Authority(folder, "ours")


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Authority:
    return Authority(folder, "theirs")


# ---- PostgreSQL


@pytest.fixture
def door(server: Database, ours: Authority) -> Iterator[int]:
    with safely(server.port, ours) as port:
        yield port


def address(database: str, server: Database, door: int, authority: Authority) -> dict[str, str]:
    url = database.replace(f":{server.port}/", f":{door}/")
    return {"HUIYIN_DATABASE_URL": f"{url}?sslmode=verify-full&sslrootcert={authority.file}"}


def test_a_database_is_spoken_to_by_tls(database: str, server: Database, door: int, ours: Authority) -> None:
    env = address(database, server, door, ours)
    assert huiyin("rebuild", env=env).status == 0
    assert huiyin("history", "complaint/C-1", env=env).err == "no stream is called complaint/C-1.\n"


def test_a_database_that_is_not_trusted_is_not_spoken_to(
    database: str, server: Database, door: int, theirs: Authority
) -> None:
    line = refused(huiyin("history", "complaint/C-1", env=address(database, server, door, theirs)))
    assert "PostgreSQL cannot be reached" in line
    assert "certificate verify failed" in line


# ---- Kafka


@pytest.fixture(scope="module")
def safe_broker(folder: Path, ours: Authority) -> Iterator[SafeBroker]:
    with SafeBroker(folder / "broker", ours) as running:
        yield running


@pytest.fixture
def env(safe_broker: SafeBroker, ours: Authority, database: str) -> dict[str, str]:
    certificate, key = ours.certify("huiyin")
    return {
        "HUIYIN_DATABASE_URL": database,
        "HUIYIN_KAFKA": safe_broker.safe,
        "HUIYIN_KAFKA_SECURITY": "SSL",
        "HUIYIN_KAFKA_CA_FILE": str(ours.file),
        "HUIYIN_KAFKA_CERT_FILE": str(certificate),
        "HUIYIN_KAFKA_KEY_FILE": str(key),
    }


@pytest.mark.broker
def test_a_fact_goes_all_the_way_by_tls(env: dict[str, str], tmp_path: Path) -> None:
    assert huiyin("topics", "create", env=env).status == 0
    settings = Settings.from_env(env)
    facts = json.dumps(received("C-1", "2026-03-09 09:00")).encode()
    with Role("worker", settings, tmp_path), Role("publisher", settings, tmp_path) as publisher:
        until(lambda: "publishing" in publisher.said(), what="the publisher works")
        answer = huiyin("emit", "-", "--wait", stdin=facts, env=env)
    assert answer.status == 0, answer.err
    assert answer.json[0]["status"] == "recorded"


@pytest.mark.broker
def test_a_broker_that_is_not_trusted_is_not_spoken_to(
    env: dict[str, str], theirs: Authority, tmp_path: Path
) -> None:
    env["HUIYIN_KAFKA_CA_FILE"] = str(theirs.file)
    line = refused(huiyin("topics", "create", env=env))
    assert f"the certificate of {env['HUIYIN_KAFKA']} is not accepted" in line
    with Role("worker", Settings.from_env(env), tmp_path) as worker:
        assert worker.wait(20) != 0
        assert "is not accepted" in worker.said()


@pytest.mark.broker
def test_a_broker_that_does_not_trust_us_is_told_from_one_that_is_away(env: dict[str, str]) -> None:
    for name in ("HUIYIN_KAFKA_CERT_FILE", "HUIYIN_KAFKA_KEY_FILE"):
        del env[name]
    line = refused(huiyin("topics", "create", env=env))
    assert f"{env['HUIYIN_KAFKA']} does not accept our TLS" in line
