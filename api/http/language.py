"""Which of the product's two languages a request wants (RFC 9110, Accept-Language)."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request

from api.i18n import Language

COOKIE = "lang"
"""Remembers what somebody chose by the switch, which counts more than the browser's list."""

_CODES: dict[str, Language] = {"zh": "zh", "en": "en"}


def _ranges(header: str) -> Iterator[tuple[float, str]]:
    """(weight, language) of each range of the header; what cannot be read weighs nothing."""
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";")
        name, _, number = weight.strip().partition("=")
        try:
            quality = float(number) if name.strip() == "q" else 1.0
        except ValueError:
            quality = 0.0
        yield quality, tag.strip().lower().partition("-")[0]


def accepted(header: str) -> Language:
    """The heavier of our languages, the first named winning; English where neither is named."""
    found = [(weight, _CODES[tag]) for weight, tag in _ranges(header) if tag in _CODES and weight > 0]
    return max(found, key=lambda pair: pair[0], default=(0.0, "en"))[1]


def language_of(request: Request) -> Language:
    """What the address says (`?lang=zh`), else what was chosen before, else what the browser prefers."""
    for said in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if said in _CODES:
            return _CODES[said]
    return accepted(request.headers.get("accept-language", ""))
