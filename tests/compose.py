"""docker-compose.yml as compose reads it: variables filled in, merges done, services in their order."""

import re
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

VARIABLE = re.compile(r"\$\$|\$\{(?P<name>[A-Z_]+)(?::-(?P<default>[^}]*))?\}")


def filled(text: str, given: Mapping[str, str]) -> str:
    """${NAME:-default} and $$, the two forms this file uses; one without a value or default is an error."""

    def value(found: re.Match[str]) -> str:
        if found.group() == "$$":
            return "$"
        name, default = found["name"], found["default"]
        return given.get(name) or (given[name] if default is None else default)

    return VARIABLE.sub(value, text)


def loaded(root: Path, given: Mapping[str, str]) -> dict[str, Any]:
    """Filled in value by value, after parsing, as compose does it."""
    document = yaml.safe_load((root / "docker-compose.yml").read_text(encoding="utf-8"))
    return dict(_mapped(document, given))


def _mapped(value: Any, given: Mapping[str, str]) -> Any:
    match value:
        case str():
            return filled(value, given)
        case list():
            return [_mapped(one, given) for one in value]
        case dict():
            return {name: _mapped(one, given) for name, one in value.items()}
        case _:
            return value


def environment(service: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in service["environment"].items()}


def in_order(services: Mapping[str, Any]) -> Iterator[str]:
    needs = {name: list(service.get("depends_on", {})) for name, service in services.items()}
    return iter(tuple(TopologicalSorter(needs).static_order()))
