"""The page of a history, for the formats of a history that are no page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request

from api.http.pages.story import history_values
from api.http.pages.templates import page
from api.http.params import Instant

INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


def history_page(request: Request, subject: str, _messages: Sequence[Mapping[str, Any]]) -> bytes:
    """The events were read as for the other formats; the page shows what they came to as well."""
    given = (request.query_params.get(name) for name in ("as_of", "known_at"))
    as_of, known_at = (INSTANT.validate_python(text) if text else None for text in given)
    return page(request, "story.html", history_values(request, subject, as_of, known_at)).encode()
