"""The page of a history: every step with its rule, source and reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request

from api.http.language import language_of
from api.http.pages.templates import local, page
from api.http.services import services_of
from api.i18n import Language
from domain.events import TYPES
from domain.glossary import meaning
from domain.policy import Policy

EXPLAINS = ("clause", "source", "because")
UNTOLD = frozenset({*EXPLAINS, "obligation", "violation", "escalation"})
"""Said elsewhere on the step, or keys for programs."""

LATE_S = 60.0
Message = Mapping[str, Any]


def history_page(request: Request, subject: str, messages: Sequence[Message]) -> bytes:
    policy = services_of(request).parts.policy
    language = language_of(request)
    values = {
        "subject": subject,
        "steps": [_step(message, policy, language) for message in messages],
        "asked": {name: request.query_params.get(name, "") for name in ("as_of", "known_at")},
    }
    return page(request, "history.html", values).encode()


def _step(message: Message, policy: Policy, language: Language) -> dict[str, Any]:
    """What the page shows of one event."""
    at = datetime.fromisoformat(message["time"])
    learned = datetime.fromisoformat(message.get("recordedtime") or message["time"])
    zone = policy.calendar.tz
    data = message["data"]
    return {
        "time": message["time"],
        "shown": local(at, zone),
        "learned": local(learned, zone) if (learned - at).total_seconds() >= LATE_S else None,
        "type": message["type"],
        "title": _words(TYPES[message["type"]].__doc__, language),
        "derived": "because" in data,
        "actor": message.get("actor"),
        "sequence": message.get("sequence"),
        "fields": list(_fields(message["type"], data, policy, language)),
        "rule": _rule(data.get("clause") or data.get("kpi"), policy, language),
        "source": data.get("source"),
        "because": data.get("because"),
    }


def _words(text: str | None, language: Language) -> str:
    """One language of a text that has both, as the models' own descriptions do."""
    en, _, zh = (text or "").partition(" | ")
    return zh if language == "zh" and zh else en


def _fields(type_: str, data: Message, policy: Policy, language: Language) -> Iterator[tuple[str, str]]:
    """Label and value; a "no" is news where somebody said it, not where the system noted it."""
    derived = "because" in data
    for name, value in data.items():
        if name not in UNTOLD and value not in (None, [], {}, "") and (value is not False or not derived):
            label = meaning(type_, name)[1] if language == "zh" else name.replace("_", " ")
            yield label, _written(value, policy)


def _written(value: Any, policy: Policy) -> str:
    match value:
        case bool():
            return "✓" if value else "✗"
        case dict():
            return ", ".join(f"{name} {_written(part, policy)}" for name, part in value.items())
        case list():
            return ", ".join(_written(part, policy) for part in value)
        case str() if "T" in value and value[:4].isdigit():
            return _moment(value, policy)
    return str(value)


def _moment(text: str, policy: Policy) -> str:
    try:
        return local(text, policy.calendar.tz)
    except ValueError:
        return text


def _rule(clause: str | None, policy: Policy, language: Language) -> dict[str, str] | None:
    """The clause's id, and its title and wording as far as the packs in force have it."""
    if clause is None:
        return None
    bound = policy.clauses.get(clause) or policy.kpis.get(clause)
    if bound is None:
        return {"id": clause, "title": clause, "text": ""}
    row = bound.row
    return {"id": clause, "title": getattr(row.title, language), "text": getattr(row.text, language)}
