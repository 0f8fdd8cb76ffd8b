"""docker-compose.yml by the compose specification's schema, and by what its services need of each other."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from streams.config import READERS, Settings, variable
from tests.compose import environment, in_order, loaded

REAL = ("kafka", "postgres")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return loaded(Path(__file__).resolve().parents[2], {})


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    """The schema that the compose specification publishes (Apache License 2.0), unchanged."""
    file = Path(__file__).resolve().parents[1] / "data" / "compose-spec.json"
    return Draft202012Validator(json.loads(file.read_text(encoding="utf-8")))


def roles(compose: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in compose["services"].items() if name not in REAL}


def test_the_file_is_valid_compose(compose: dict[str, Any], schema: Draft202012Validator) -> None:
    assert [error.message for error in schema.iter_errors(compose)] == []


@pytest.mark.parametrize("wrong", [{"comand": ["huiyin"]}, {"ports": "9092"}, {"depends_on": {"kafka": 1}}])
def test_a_slip_in_the_file_would_be_noticed(
    wrong: dict[str, Any], compose: dict[str, Any], schema: Draft202012Validator
) -> None:
    slipped = copy.deepcopy(compose)
    slipped["services"]["api"].update(wrong)
    assert not schema.is_valid(slipped)


def test_every_variable_is_a_setting_with_a_usable_value(compose: dict[str, Any]) -> None:
    known = {variable(name) for name in READERS}
    for name, service in roles(compose).items():
        given = environment(service)
        assert set(given) <= known, name
        settings = Settings.from_env(given)
        assert (settings.kafka, settings.partitions) == ("kafka:9092", 4)


def test_no_two_processes_share_an_instance_name(compose: dict[str, Any]) -> None:
    names = [environment(service).get("HUIYIN_INSTANCE") for service in roles(compose).values()]
    named = [name for name in names if name]
    assert len(named) == len(set(named)) == len(roles(compose)) - 1, (
        "only the topics job, which ends, has none"
    )


def test_every_role_waits_for_broker_database_and_topics(compose: dict[str, Any]) -> None:
    for name, service in roles(compose).items():
        if name == "topics":
            continue
        assert {need: how["condition"] for need, how in service["depends_on"].items()} == {
            "kafka": "service_healthy",
            "postgres": "service_healthy",
            "topics": "service_completed_successfully",
        }, name
    assert set(list(in_order(compose["services"]))[:3]) == {"kafka", "postgres", "topics"}


def test_what_others_wait_for_has_a_health_check(compose: dict[str, Any]) -> None:
    awaited = {
        need
        for service in compose["services"].values()
        for need, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }
    assert awaited == set(REAL)
    assert all("healthcheck" in compose["services"][name] for name in (*REAL, "api"))


def test_the_roles_are_two_workers_a_publisher_with_a_standby_and_the_api(compose: dict[str, Any]) -> None:
    commands = sorted(" ".join(service["command"]) for service in roles(compose).values())
    assert commands == [
        "huiyin publish",
        "huiyin publish",
        "huiyin serve",
        "huiyin topics create",
        "huiyin worker",
        "huiyin worker",
    ]


def test_nothing_is_open_beyond_this_host(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_image_runs_as_an_ordinary_user_and_installs_the_lock(root: Path) -> None:
    lines = (root / "Dockerfile").read_text(encoding="utf-8")
    assert "USER huiyin" in lines
    assert "--require-hashes" in lines
