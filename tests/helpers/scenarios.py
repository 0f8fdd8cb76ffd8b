"""Scenarios: facts in NAME.jsonl, what must come of them in NAME.expect.json, and when the two agree.

A partial event matches a line if each of its keys equals the line's attribute or, failing that, its data
field. Dates compare as instants, lists as sets; in a mapping an absent key counts as 0.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.policy import Policy, load_policy

FOLDER = Path(__file__).parents[1] / "data" / "scenarios"


@dataclass(frozen=True)
class Scenario:
    """`until` and all times in `facts` carry their offset."""

    name: str
    packs: list[str]
    until: datetime
    facts: list[bytes]
    expect: list[dict[str, Any]]
    absent: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def policy(self) -> Policy:
        return load_policy(self.packs)

    def problems(self, lines: Sequence[bytes]) -> list[str]:
        """What does not hold of the lines; empty when all does."""
        learned = [json.loads(line) for line in lines]
        return [
            *(f"missing {partial}" for partial in self.expect if not _found(partial, learned)),
            *(f"should be absent {partial}" for partial in self.absent if _found(partial, learned)),
            *(
                f"{got} x {name}, not {want}"
                for name, want in self.counts.items()
                if (got := _count(name, learned)) != want
            ),
        ]


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.jsonl"))


def scenario(name: str) -> Scenario:
    said = json.loads((FOLDER / f"{name}.expect.json").read_text("utf-8"))
    facts = [line for line in (FOLDER / f"{name}.jsonl").read_bytes().splitlines() if line.strip()]
    until = datetime.fromisoformat(said["until"])
    expected = (said["expect"], said.get("absent", []), said.get("counts", {}))
    return Scenario(name, said["policy"].split(","), until, facts, *expected)


def matches(partial: Mapping[str, Any], line: Mapping[str, Any]) -> bool:
    data = line.get("data")
    fields = {**(data if isinstance(data, dict) else {}), **line}
    return all(key in fields and same(want, fields[key]) for key, want in partial.items())


def same(want: Any, got: Any) -> bool:
    match want, got:
        case dict(), dict():
            return all(same(want.get(key, 0), got.get(key, 0)) for key in want.keys() | got.keys())
        case list(), list():
            return all(any(same(w, g) for g in got) for w in want) and all(
                any(same(w, g) for w in want) for g in got
            )
        case str(), str():
            return want == got or (_instant(want) is not None and _instant(want) == _instant(got))
        case ((bool() | None), _):
            return want is got
        case ((int() | float()), (int() | float())):
            return not isinstance(got, bool) and abs(want - got) <= 1e-9
    return False


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _found(partial: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> bool:
    return any(matches(partial, line) for line in lines)


def _count(name: str, lines: Sequence[Mapping[str, Any]]) -> int:
    """`TYPE` or `TYPE:CLAUSE`; a missed KPI counts by its name."""
    kind, _, clause = name.partition(":")
    partials = [{"type": kind, key: clause} for key in ("clause", "kpi")] if clause else [{"type": kind}]
    return sum(any(matches(partial, line) for partial in partials) for line in lines)
