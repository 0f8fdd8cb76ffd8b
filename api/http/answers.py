"""Answers: JSON as PostgreSQL gave it, pages of lists, and the formats that somebody accepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.http.problems import Problem
from projections.paging import Page

JSON = "application/json"
OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Times in UTC with a Z, as every other part of the product writes them."""
    return Response(orjson.dumps(value, option=OPTIONS, default=_plain), status, headers, JSON)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(type(value).__name__)


def page_answer(request: Request, page: Page) -> Response:
    """The rows, and where the next page is: in the body, and as a link (RFC 8288)."""
    headers = {}
    if page.next is not None:
        address = request.url.include_query_params(cursor=page.next)
        headers["Link"] = f'<{address.path}?{address.query}>; rel="next"'
    return json_answer({"items": page.items, "next": page.next}, headers=headers)


def negotiated(request: Request, offers: Sequence[str]) -> str:
    """The media type to answer with: the offer that the Accept header weighs most, the first winning."""
    accept = request.headers.get("accept", "").strip() or "*/*"
    weights = {offer: _weight(offer, accept) for offer in offers}
    best = max(offers, key=lambda offer: weights[offer])
    if weights[best] <= 0:
        listed = ", ".join(offers)
        raise Problem("not-acceptable", f"There are {listed}.", f"可提供：{listed}。", "Accept")
    return best


def _weight(offer: str, accept: str) -> float:
    """How much an Accept header wants a media type; the most specific range that fits decides."""
    kind = offer.partition("/")[0]
    found: dict[str, float] = {}
    for part in accept.split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        found[media.lower()] = _number(quality)
    return next((found[media] for media in (offer, f"{kind}/*", "*/*") if media in found), 0.0)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
