"""The page of ownership: how deals were divided, by which row, what waits, whose a customer is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.because import wording
from api.http.language import language_of
from api.http.owners import ownership_of
from api.http.pages.asked import PageQuery, address
from api.http.pages.templates import local, render
from api.http.params import Name
from api.http.services import Services, services_of
from api.i18n import Language
from projections import rulings

router = APIRouter(include_in_schema=False)

PATH = "/view/ownership"
AT_ONCE = 12
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")

Row = dict[str, Any]


class OwnershipPage(PageQuery):
    """Whose customer, or which adjudications."""

    customer: Name | None = None
    rule: Name | None = None
    staff: Name | None = None
    reversed: bool | None = None
    cursor: Name | None = None


class Of(NamedTuple):
    """What rows are written with."""

    services: Services
    language: Language

    def moment(self, at: datetime | None) -> str | None:
        return None if at is None else local(at, self.services.parts.policy.calendar.tz)

    def rule(self, name: str | None) -> Row:
        """The row of the table that matched: its title and wording, and where it stands."""
        bound = self.services.parts.policy.clauses.get(name or "")
        if bound is None:
            return {"id": name, "title": name, "text": "", "link": None}
        title, text = (getattr(words, self.language) for words in (bound.row.title, bound.row.text))
        return {"id": name, "title": title, "text": text, "link": f"/view/rules/{bound.pack.id}#{name}"}


@router.get(PATH)
def page(request: Request, asked: Annotated[OwnershipPage, Query()]) -> Response:
    of = Of(services_of(request), language_of(request))
    if asked.customer is not None:
        return _customer(request, of, asked.customer.removeprefix("customer/"))
    filters = asked.model_dump(include={"rule", "staff", "reversed"}, exclude_none=True)
    found = of.services.read(lambda one: rulings.verdicts(one, limit=AT_ONCE, cursor=asked.cursor, **filters))
    kept = {**filters, "reversed": None if asked.reversed is None else str(asked.reversed).lower()}
    return render(
        request,
        "ownership.html",
        here="ownership",
        asked=asked,
        filtered=bool(filters),
        everything=PATH,
        verdicts=[_verdict(of, row) for row in found.items],
        next=found.next and address(PATH, **kept, cursor=found.next),
        awaited=[_awaited(of, row) for row in of.services.read(rulings.awaited)],
        rules=[
            {**row, **of.rule(row["rule"]), "only": address(PATH, rule=row["rule"])}
            for row in of.services.read(rulings.rules)
        ],
    )


def _customer(request: Request, of: Of, customer: str) -> Response:
    found = ownership_of(of.services, customer)
    told = found and {
        **found,
        "registrations": [
            {**row, "shown": of.moment(row["at"]), "until": of.moment(row["valid_until"])}
            for row in found["registrations"]
        ],
        "holders": [{**row, "shown": of.moment(row["at"])} for row in found["holders"]],
        "disputes": [
            {**row, "shown": of.moment(row["at"]), "parts": _parts(row["shares"])}
            for row in found["disputes"]
        ],
        "deals": [_deal(of, row) for row in found["deals"]],
        "verdicts": [_verdict(of, row) for row in reversed(found["verdicts"])],
    }
    return render(request, "ownership_customer.html", here="ownership", customer=customer, found=told)


def _verdict(of: Of, row: Row) -> Row:
    """An adjudication with the row that matched, what it was decided on, and the shares."""
    customer = row.get("subject", "").partition("/")[2]
    return {
        **row,
        "customer": customer,
        "link": address(PATH, customer=customer) if customer else None,
        "shown": of.moment(row["at"]),
        "row": of.rule(row["rule"]),
        "inputs": _inputs(of, row["because"]),
        "performance": _parts(row["performance"]),
        "commission": _parts(row["commission"]),
        "alike": row["performance"] == row["commission"],
        "undone": of.moment(row["reversed_at"]),
    }


def _awaited(of: Of, row: Row) -> Row:
    customer = row["subject"].partition("/")[2]
    return {
        **row,
        "customer": customer,
        "link": address(PATH, customer=customer),
        "since": of.moment(row["judged_at"]),
        "inputs": _inputs(of, row["because"]),
    }


def _deal(of: Of, row: Row) -> Row:
    return {
        **row,
        "shown": of.moment(row["at"]),
        "row": of.rule(row["rule"]) if row["rule"] else None,
        "performance": _parts(row["performance"]),
        "commission": _parts(row["commission"]),
        "alike": row["performance"] == row["commission"],
        "inputs": _inputs(of, row["because"]),
    }


def _inputs(of: Of, because: str | None) -> list[str]:
    """What a decision rests on, point by point; the row's own name is told beside it."""
    said = wording(of.services.parts.policy, of.language).points(because or "")
    return [
        INSTANT.sub(lambda found: str(of.moment(datetime.fromisoformat(found[0]))), point) for point in said
    ]


def _parts(shares: Mapping[str, float] | None) -> Sequence[Row]:
    """The shares, the largest first, with where each begins in a bar of 100."""
    return list(_placed(sorted((shares or {}).items(), key=lambda pair: (-pair[1], pair[0]))))


def _placed(shares: Sequence[tuple[str, float]]) -> Iterator[Row]:
    start = 0.0
    for number, (staff, share) in enumerate(shares):
        yield {"staff": staff, "share": share, "start": 100 * start, "width": 100 * share, "tone": number % 4}
        start += share
