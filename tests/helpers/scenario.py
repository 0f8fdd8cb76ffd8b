"""Given facts, when time passes, then events: sentences over a simulation.

    told = tell("general", received("C-1", at="2026-03-09 09:00"), until="2026-03-20 00:00")
    assert told.has("obligation.breached", clause="general.promise")

Times without an offset are Beijing time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from api.because import in_chinese, texts_of
from domain.policy import Policy, load_policy
from domain.simulation import simulate
from tests.helpers.scenarios import matches

_numbers = count(1)


def at(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else datetime.fromisoformat(f"{text}+08:00")


def fact(event_type: str, subject: str, time: str, /, **data: Any) -> dict[str, Any]:
    """A fact as an upstream sends it; `from_` and `class_` are written without their underscore."""
    said = {name.rstrip("_"): value for name, value in data.items() if value is not None}
    return {
        "specversion": "1.0",
        "id": f"f-{next(_numbers):05}",
        "source": "/test",
        "type": event_type,
        "subject": subject,
        "time": at(time).isoformat(),
        "data": said,
    }


def received(number: str, time: str, /, **data: Any) -> dict[str, Any]:
    about = {"customer": f"K-{number}", "category": "service", "channel": "phone", "summary": "……"}
    return fact("complaint.received", f"complaint/{number}", time, **{**about, **data})


@dataclass
class Told:
    """What a simulation came to, line by line in the order learned."""

    lines: Sequence[dict[str, Any]]

    def all(self, event_type: str, **partial: Any) -> list[dict[str, Any]]:
        wanted = {**partial, **({"time": at(partial["time"]).isoformat()} if "time" in partial else {})}
        if "due_at" in partial:
            wanted["due_at"] = at(partial["due_at"]).isoformat()
        return [line for line in self.lines if matches({"type": event_type, **wanted}, line)]

    def reasons(self) -> set[str]:
        """Why what followed is there; whatever a test comes to is said in both languages."""
        return {line["data"]["because"] for line in self.lines if line["data"].get("because")}

    def has(self, event_type: str, **partial: Any) -> bool:
        return bool(self.all(event_type, **partial))

    def count(self, event_type: str, **partial: Any) -> int:
        return len(self.all(event_type, **partial))


def tell(packs: str | Policy, *facts: dict[str, Any], until: str | None = None) -> Told:
    """Tells the facts, in this order, to a ledger in memory, and lets time pass until then."""
    policy = load_policy(packs.split(",")) if isinstance(packs, str) else packs
    raw = [json.dumps(one, ensure_ascii=False).encode() for one in facts]
    told = Told([json.loads(line) for line in simulate(raw, policy, at(until) if until else None)])
    unsaid = [reason for reason in told.reasons() if in_chinese(reason, texts_of(policy)) is None]
    assert not unsaid, f"no Chinese for: {unsaid[0]}"
    return told


def without(packs: str, *clauses: str) -> Policy:
    """The policy with these rows taken out, to show that they are what makes it so."""
    whole = load_policy(packs.split(","))
    kept = [
        pack.model_copy(
            update={
                "clause": tuple(row for row in pack.clause if row.id not in clauses),
                "kpi": tuple(row for row in pack.kpi if row.id not in clauses),
            }
        )
        for pack in whole.packs
    ]
    return Policy(kept)
