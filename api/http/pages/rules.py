"""The pages of rules: the packs, and each one clause by clause, with its source and where it fired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http.access.table import opens
from api.http.language import language_of
from api.http.pages.asked import PageQuery, WindowPage, address, shown_window, within
from api.http.pages.templates import local, render, told
from api.http.pages.viewer import me_of
from api.http.pages.words import period, roles
from api.http.params import Name
from api.http.problems import Problem
from api.http.services import Services, services_of
from api.i18n import Language
from domain.pack import Clause, Kpi, Pack, PackError, Words, read_pack
from domain.policy import SHIPPED, find_pack
from domain.working_time import Window
from projections.fired import fired
from storage.api_keys import Role

router = APIRouter(include_in_schema=False)

PATH = "/view/rules"

Row = dict[str, Any]
Fired = Mapping[str, Mapping[str, int]]


class RulesPage(PageQuery):
    """The month of which the firing is told."""

    at: Name | None = None


class Of(NamedTuple):
    """What the pages are made with."""

    services: Services
    language: Language
    t: Any
    span: Window
    fired: Fired
    role: Role | Literal[""]


def _of(request: Request, path: str, at: str | None) -> tuple[Of, Any]:
    services, language = services_of(request), language_of(request)
    shown = shown_window(services, path, WindowPage(window="month", at=at), {})
    calendar = services.parts.policy.calendar
    counts = services.read(lambda one: fired(one, shown.span, calendar=calendar))
    return Of(services, language, told(language), shown.span, counts, me_of(request).role), shown


@router.get(PATH)
def packs_page(request: Request, asked: Annotated[RulesPage, Query()]) -> Response:
    of, shown = _of(request, PATH, asked.at)
    policy = of.services.parts.policy
    in_force = [_pack(of, pack) for pack in policy.packs]
    others = [_pack(of, pack) for pack in shipped(of.services) if pack.id not in {p.id for p in policy.packs}]
    return render(request, "rules.html", here="rules", shown=shown, in_force=in_force, others=others)


@router.get(PATH + "/{pack}")
def pack_page(request: Request, pack: str, asked: Annotated[RulesPage, Query()]) -> Response:
    of, shown = _of(request, f"{PATH}/{pack}", asked.at)
    found = _found(of.services, pack)
    ladder = [roles(step, of.language) for step in found.ladder]
    return render(
        request,
        "rules_pack.html",
        here="rules",
        shown=shown,
        pack=_pack(of, found),
        ladder=ladder,
        step=period(found.step, of.language),
        includes=[name for name in found.includes if name != found.id],
        sources=[getattr(words, of.language) for words in found.sources.values()],
        clauses=[_clause(of, found, row) for row in found.clause],
        kpis=[_kpi(of, found, row) for row in found.kpi],
    )


def _found(services: Services, name: str) -> Pack:
    """A pack in force as it is in force; else one that is there.

    Raises:
        Problem: there is none of this name.
    """
    mine = next((pack for pack in services.parts.policy.packs if pack.id == name), None)
    if mine is not None:
        return mine
    try:
        return read_pack(find_pack(name, _places(services)))
    except PackError:
        en, zh = f"No pack is called {name}; /view/rules lists them.", f"没有规则包 {name}，见 /view/rules。"
        raise Problem("not-found", en, zh, "pack") from None


def _places(services: Services) -> list[Any]:
    own = services.settings.policy_dir
    return [*([own] if own else []), SHIPPED]


def shipped(services: Services) -> Iterator[Pack]:
    """Every pack that there is, an organisation's own before the shipped one of its name."""
    files = {file.stem: file for place in reversed(_places(services)) for file in place.glob("*.toml")}
    for name in sorted(files):
        try:
            yield read_pack(files[name])
        except PackError:
            continue


def _pack(of: Of, pack: Pack) -> Row:
    rows: list[Clause | Kpi] = [*pack.clause, *pack.kpi]
    return {
        "id": pack.id,
        "name": pack.name,
        "version": pack.version,
        "title": getattr(pack.title, of.language),
        "clauses": len(pack.clause),
        "kpis": len(pack.kpi),
        "branches": pack.branches,
        "assumed": sum(row.assumed for row in rows),
        "fired": sum(any(of.fired.get(row.id, {}).values()) for row in rows),
        "in_force": pack.id in {each.id for each in of.services.parts.policy.packs},
        "link": f"{PATH}/{pack.id}",
    }


# ---- a clause


def _clause(of: Of, pack: Pack, row: Clause) -> Row:
    """What the clause says, in both its wordings, and what it does."""
    return {
        **_head(of, pack, row),
        "periods": [(period(term.within, of.language), _conditions(term.when)) for term in row.within],
        "due": row.due,
        "opens": [_pattern(each) for each in row.opens],
        "met_by": [_pattern(each) for each in row.met_by],
        "refuses": [(each.code, _pattern(each)) for each in row.refuses],
        "violates": [(each.detail, _pattern(each)) for each in row.violates],
        "escalates": [
            (each.severity, _pattern(each), [roles(step, of.language) for step in each.ladder])
            for each in row.escalates
        ],
        "rule": row.rule,
        "example": _example(of, row),
    }


def _head(of: Of, pack: Pack, row: Clause | Kpi) -> Row:
    return {
        "id": row.id,
        "title": getattr(row.title, of.language),
        "text": getattr(row.text, of.language),
        "wording": row.text.zh if of.language != "zh" else None,
        "source": pack.cites(row.source, of.language),
        "source_zh": pack.cites(row.source) if of.language != "zh" else None,
        "assumed": row.assumed,
        "fired": _fired(of, row.id),
    }


def _fired(of: Of, name: str) -> Sequence[tuple[str, int, str | None]]:
    """How often this month, each with the way to the very list."""
    spans = within(of.span)
    opened = {f"opened_{end}": at for end, at in spans.items()}
    breached = {f"breached_{end}": at for end, at in spans.items()}
    links = {
        "opened": address("/view/obligations", clause=name, **opened),
        "breached": address("/view/breaches", clause=name, withdrawn="false", **breached),
        "violations": address("/view/violations", clause=name, withdrawn="false", **spans),
        "escalations": address("/view/escalations", clause=name, **spans),
        "missed": address("/view/kpis", kpi=name, missed="true", **spans),
        "verdicts": address("/view/ownership", rule=name),
    }
    return [
        (of.t(f"rule_{what}"), times, _open_to(of.role, links.get(what)))
        for what, times in sorted(of.fired.get(name, {}).items(), key=lambda pair: ORDER.index(pair[0]))
    ]


def _open_to(role: Role | Literal[""], link: str | None) -> str | None:
    """A link that the role may follow."""
    return link if link and role and opens(role, "GET", link.partition("?")[0]) else None


ORDER = ("opened", "breached", "violations", "escalations", "missed", "verdicts")


def _kpi(of: Of, pack: Pack, row: Kpi) -> Row:
    return {
        **_head(of, pack, row),
        "limit": f"{'≥' if row.at_least is not None else '≤'} {row.threshold:g}",
        "window": of.t(f"fig_{row.window}"),
        "per": of.t(f"sat_per_{row.per}"),
        "measure": row.measure,
    }


def _pattern(pattern: Any) -> str:
    """An event that matters, with what must hold of it."""
    conditions = [
        _conditions(pattern.when),
        *([f"unless {said}"] if (said := _conditions(pattern.unless)) else []),
    ]
    told = "; ".join(part for part in conditions if part)
    return f"{pattern.on} ({told})" if told else str(pattern.on)


def _conditions(when: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_condition(value)}" for name, value in when.items())


def _condition(value: Any) -> str:
    match value:
        case dict():
            return ", ".join(f"{name.replace('_', ' ')} {_plain(part)}" for name, part in value.items())
        case list() | tuple():
            return f"= {' | '.join(_plain(part) for part in value)}"
    return f"= {_plain(value)}"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _example(of: Of, row: Clause) -> Row | None:
    """A sentence; or an opening and its due time, which are computed again whenever the pack is checked."""
    if row.example is None:
        return None
    if isinstance(row.example, str):
        return {"text": row.example}
    if isinstance(row.example, Words):
        return {"text": getattr(row.example, of.language)}
    zone = of.services.parts.policy.calendar.tz
    opened, due = (local(datetime.fromisoformat(at), zone) for at in (row.example.opened, row.example.due))
    return {"text": None, "opened": opened, "due": due}
