"""What several pages say in the same way: times, lengths of time, rules, roles and where a subject leads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.http.pages.templates import local
from api.http.pages.texts import TEXTS
from api.http.services import Services
from api.i18n import Language
from domain.glossary import called
from domain.pack import Ladder
from domain.working_time.periods import parse_period

LENGTHS = (("days", 86_400, 3_600), ("hours", 3_600, 60), ("minutes", 60, 0), ("seconds", 1, 0))


def shown(services: Services, at: datetime | None) -> dict[str, str] | None:
    """A time for people, and for scripts, which add how far away it is."""
    if at is None:
        return None
    return {"iso": at.isoformat(), "text": local(at, services.parts.policy.calendar.tz)}


def length(seconds: float, lang: Language) -> str:
    """A length of time in its two largest units."""
    whole = max(0, int(abs(seconds)))
    name, unit, rest = next((row for row in LENGTHS if whole >= row[1]), LENGTHS[-1])
    return TEXTS[name].within(lang).format(whole // unit, whole % unit // rest if rest else 0)


def title(services: Services, clause: str, lang: Language) -> str:
    """A clause's or figure's title, or its id where no pack in force has it."""
    policy = services.parts.policy
    bound = policy.clauses.get(clause) or policy.kpis.get(clause)
    return clause if bound is None else str(getattr(bound.row.title, lang))


def role(name: str, lang: Language) -> str:
    """A role as people call it; a pack's own roles by their name."""
    en, zh = called(name)
    return zh if lang == "zh" else en


def roles(names: Any, lang: Language) -> str:
    return ("、" if lang == "zh" else ", ").join(role(name, lang) for name in names)


def ladder(services: Services, clause: str | None, key: str) -> Ladder:
    """The ladder that an escalation climbs: its clause's own, or its pack's, as a breach does."""
    bound = services.parts.policy.clauses.get(clause or "")
    if bound is None:
        return ()
    own = () if ":breach:" in key else next((row.ladder for row in bound.row.escalates if row.ladder), ())
    return own or bound.ladder


def period(text: str, lang: Language) -> str:
    """A period as the packs write it, in the language of the page."""
    return parse_period(text).zh if lang == "zh" else text
