"""asyncapi.json against the schema that the AsyncAPI Initiative publishes of AsyncAPI 3.0."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from domain.schemas import asyncapi

SCHEMA = Path(__file__).parent.parent / "data" / "asyncapi-3.0.0.json"


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    return Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))


@pytest.mark.parametrize("prefix", ["huiyin", "acme.eu"])
def test_the_document_is_asyncapi_as_its_makers_define_it(official: Draft7Validator, prefix: str) -> None:
    assert [(list(e.absolute_path), e.message) for e in official.iter_errors(asyncapi(prefix))] == []


def without_action(document: dict[str, Any]) -> None:
    del next(iter(document["operations"].values()))["action"]


def with_a_misspelt_part(document: dict[str, Any]) -> None:
    document["chanels"] = document.pop("channels")


def of_another_version(document: dict[str, Any]) -> None:
    document["asyncapi"] = "2.6.0"


@pytest.mark.parametrize("harm", [without_action, with_a_misspelt_part, of_another_version])
def test_a_document_that_is_wrong_would_be_found(
    official: Draft7Validator, harm: Callable[[dict[str, Any]], None]
) -> None:
    document = json.loads(json.dumps(asyncapi()))
    harm(document)
    assert not official.is_valid(document)
