"""The page of a stream: how it stood at one instant as known at another, and everything that made it so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from starlette.requests import Request

from api.http.access.branches import visible
from api.http.access.principal import principal_of
from api.http.language import language_of
from api.http.pages import steps, words
from api.http.pages.bars import bar
from api.http.pages.registry import address
from api.http.pages.templates import told
from api.http.services import Services, services_of
from api.http.told import told_of
from api.i18n import Language
from api.story import Asked, story
from domain.envelope import Event
from domain.glossary import label

Values = dict[str, Any]
FORMATS = ("json", "csv", "xes")

FACTS = (
    "customer",
    "handler",
    "branch",
    "category",
    "channel",
    "accused",
    "manager",
    "mode",
    "role",
    "department",
)
"""Of a stream's state, what stands under its name."""

UNTOLD = frozenset(
    {*FACTS, "pauses", "paused_since", "status", "status_before_merge", "major", "urgent", "kind"}
)
RAISING = ("firing", "acknowledged", "resolved")


class View(NamedTuple):
    """What the parts of the page are told from."""

    services: Services
    lang: Language
    asked: Asked
    told: Mapping[str, Any]


def story_values(
    request: Request, events: Sequence[Event], as_of: datetime | None, known_at: datetime | None
) -> Values:
    """All that the template shows."""
    services = services_of(request)
    asked = Asked(services.now(), as_of, known_at)
    found = story(services.parts.storage, services.parts.policy, events, asked)
    near = visible(services, principal_of(request), {one["subject"] for one in found["around"]})
    view = View(services, language_of(request), asked, found)
    return {
        "subject": events[0].subject,
        "kind": events[0].kind,
        "name": events[0].subject.partition("/")[2],
        "state": found["state"],
        "facts": _facts(view),
        "more_state": _more(view),
        "groups": steps.groups(found["events"], services.parts.policy, view.lang),
        "count": len(found["events"]),
        "of": len(events),
        "duties": [_duty(view, owed) for owed in found["obligations"]],
        "violations": [_violation(view, found) for found in found["violations"]],
        "alerted": [_alerted(view, one) for one in found["alerts"]],
        "reads": [{**one, "at": words.shown(services, _instant(one["time"]))} for one in found["reads"]],
        "around": [_near(view, one) for one in found["around"] if one["subject"] in near],
        "rewind": _rewind(view, events),
        "formats": FORMATS,
        "purpose": request.query_params.get("purpose", ""),
        "last": max((event.sequence or 0 for event in events), default=0),
    }


def history_values(
    request: Request, subject: str, as_of: datetime | None, known_at: datetime | None
) -> Values:
    """The same, by the name of the stream."""
    return story_values(request, told_of(request, *subject.split("/", 1)).events, as_of, known_at)


def _instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


# ---- what it is


def _facts(view: View) -> list[tuple[str, str, str]]:
    """Label, value and where it leads, of what is known of the stream's matter."""
    state = view.told["state"]
    return [
        (told(view.lang)(f"about_{name}"), str(state[name]), _leads(name, str(state[name])))
        for name in FACTS
        if state.get(name)
    ]


def _leads(name: str, value: str) -> str:
    return address(f"customer/{value}") if name == "customer" else ""


def _label(view: View, name: str) -> str:
    return label("", name) if view.lang == "zh" else name.replace("_", " ")


def _more(view: View) -> list[tuple[str, str]]:
    """The rest of the state, as far as there is something to say."""
    policy = view.services.parts.policy
    said = {name: value for name, value in view.told["state"].items() if name not in UNTOLD}
    return [
        (_label(view, name), steps.written(value, policy))
        for name, value in said.items()
        if value not in (None, "", [], {}, False, 0)
    ]


# ---- what is owed, and what was broken


def _duty(view: View, owed: Mapping[str, Any]) -> Values:
    ended, zh = _ended(view, owed), view.lang == "zh"
    drawn = bar(owed, ended, view.asked.moment)
    return {
        **owed,
        "title": owed["title_zh"] if zh else owed["title"],
        "within": words.period(owed["within"], view.lang) if owed["within"] else None,
        "said": _verdict(owed, ended),
        "bar": drawn,
        "opened": words.shown(view.services, owed["opened_at"]),
        "due": words.shown(view.services, owed["due_at"]),
        "ended": words.shown(view.services, ended),
        "late": _late(view, owed, ended),
        "stretches": [_stretch(view, each) for each in owed["segments"]],
        "why": next((one["because"] for one in owed["steps"] if one["because"]), None),
    }


def _verdict(owed: Mapping[str, Any], ended: datetime | None) -> str:
    if owed["status"] == "breached":
        return "done_late" if ended else "not_done"
    return {"open": "paused" if owed["paused"] else "running", "met": "met"}.get(owed["status"], "withdrawn")


def _ended(view: View, owed: Mapping[str, Any]) -> datetime | None:
    """When it was done: as it says itself, or where late, as its escalation says, which then stands down."""
    if owed["status"] == "met":
        return _time_of(owed["steps"], "obligation.met")
    if not owed["done_late"]:
        return None
    name = f"breach:{owed['obligation']}"
    found = next((one for one in view.told["escalations"] if one["escalation"] == name), None)
    return _time_of(found["steps"], "escalation.stood_down") if found else None


def _time_of(told: Sequence[Mapping[str, Any]], type_: str) -> datetime | None:
    return next((one["time"] for one in reversed(told) if one["type"] == type_), None)


def _late(view: View, owed: Mapping[str, Any], ended: datetime | None) -> str | None:
    end = ended or view.asked.moment
    late = (end - owed["due_at"]).total_seconds()
    return words.length(late, view.lang) if owed["status"] == "breached" and late > 0 else None


def _stretch(view: View, each: Mapping[str, Any]) -> Values:
    return {
        "start": words.shown(view.services, each["start"]),
        "end": words.shown(view.services, each["end"]),
        "kind": each["kind"],
        "reason": each["reason_zh"] if view.lang == "zh" else each["reason"],
        "length": words.length((each["end"] - each["start"]).total_seconds(), view.lang),
    }


def _violation(view: View, found: Mapping[str, Any]) -> Values:
    title = words.title(view.services, found["clause"], view.lang)
    return {**found, "title": title, "at": words.shown(view.services, found["found_at"])}


# ---- who was told, and what happened around it


def _alerted(view: View, one: Mapping[str, Any]) -> Values:
    zh = view.lang == "zh" and one.get("title_zh")
    return {
        "title": one["title_zh"] if zh else one["title"],
        "at": words.shown(view.services, _instant(one["updated_at"])),
        "status": one["status"],
        "severity": one["severity"],
        "told": words.roles(one["to"], view.lang),
        "by": one.get("acknowledged_by"),
        "sequence": one["sequence"],
    }


def _near(view: View, one: Mapping[str, Any]) -> Values:
    line = one["line_zh"] if view.lang == "zh" else one["line"]
    return {
        **one,
        "line": line,
        "at": words.shown(view.services, one["time"]),
        "href": address(one["subject"]),
    }


# ---- rewinding


def _rewind(view: View, events: Sequence[Event]) -> Values:
    """The instants at which something happened, or was learned, to go back to; the last is the present."""
    happened = sorted({event.time for event in events})
    learned = sorted({event.recordedtime for event in events if event.recordedtime is not None})
    asked = view.asked
    return {
        "as_of": _dial(view, happened, asked.as_of),
        "known_at": _dial(view, learned, asked.known_at),
        "then": asked.as_of is not None or asked.known_at is not None,
    }


def _dial(view: View, instants: Sequence[datetime], chosen: datetime | None) -> Values:
    """A slider over instants: `at` is the place of the one that was chosen, the last where none was."""
    passed = sum(1 for each in instants if chosen is not None and each <= chosen)
    places = [words.shown(view.services, each) for each in instants]
    at = len(places) if chosen is None else max(passed - 1, 0)
    return {
        "places": places,
        "at": at,
        "shown": words.shown(view.services, chosen),
        "iso": "" if chosen is None else chosen.isoformat(),
    }
