"""Events as steps of a story, for people: what happened, what followed from it, under which rule and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from api.because import wording
from api.http.pages.templates import local
from api.http.pages.words import period
from api.i18n import Language
from domain.envelope import SYSTEM
from domain.events import TYPES
from domain.glossary import called, label
from domain.policy import Policy

EXPLAINS = ("clause", "source", "because")
UNTOLD = frozenset({*EXPLAINS, "obligation", "violation", "escalation"})
"""Said elsewhere on the step, or keys for programs."""

DRAWN = frozenset({"opened_at", "warn_at", "duty_of"})
"""Of an obligation: what its bar shows."""

LATE_S = 60.0
Message = Mapping[str, Any]


Step = dict[str, Any]


def groups(messages: Iterable[Message], policy: Policy, language: Language) -> list[Step]:
    """The steps of a story: each with what followed at once; what the clock did later stands alone."""
    found: list[Step] = []
    for message in messages:
        told = step(message, policy, language)
        if found and _follows(message, found[-1]):
            found[-1]["follows"].append(told)
        else:
            found.append({**told, "follows": [], "name": _name(message)})
    return found


def _follows(message: Message, head: Step) -> bool:
    """Whether an event was derived at its group's moment, or from its fact, however late that was learned."""
    return "because" in message["data"] and (
        message["time"] == head["time"] or message.get("causationid") == head["name"]
    )


def _name(message: Message) -> str:
    """As events name what caused them."""
    system = message["source"] == SYSTEM
    return str(message["id"]) if system else f"{message['source']}#{message['id']}"


def step(message: Message, policy: Policy, language: Language) -> Step:
    """What a page shows of one event."""
    at = datetime.fromisoformat(message["time"])
    learned = datetime.fromisoformat(message.get("recordedtime") or message["time"])
    zone = policy.calendar.tz
    data = message["data"]
    return {
        "time": message["time"],
        "id": message["id"],
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
        if (
            name not in UNTOLD
            and (name not in DRAWN or not derived)
            and value not in (None, [], {}, "")
            and (value is not False or not derived)
        ):
            named = label(type_, name) if language == "zh" else name.replace("_", " ")
            yield named, _value(name, value, policy, language, derived)


def _value(name: str, value: Any, policy: Policy, language: Language, derived: bool) -> str:
    """As the page's language has it; a reason that the system gave too, but not one that somebody wrote."""
    if derived and name == "reason":
        return written(wording(policy, language).because(value), policy)
    return SPECIAL[name](value, language) if name in SPECIAL else written(value, policy)


def _roles(value: Any, language: Language) -> str:
    """Roles as people call them; ids of staff as they are."""
    names = value if isinstance(value, list) else [value]
    return ", ".join(called(str(name))[language == "zh"] for name in names)


SPECIAL: Mapping[str, Callable[[Any, Language], str]] = {"to": _roles, "within": period}


def written(value: Any, policy: Policy) -> str:
    match value:
        case bool():
            return "✓" if value else "✗"
        case dict():
            return ", ".join(f"{name} {written(part, policy)}" for name, part in value.items())
        case list():
            return ", ".join(written(part, policy) for part in value)
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
