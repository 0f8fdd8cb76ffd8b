"""The page of a complaint: a stream's page, at the address that people send each other."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.http import params
from api.http.pages.story import story_values
from api.http.pages.templates import render
from api.http.params import Instant
from api.http.told import told_of

router = APIRouter(include_in_schema=False)


class StoryQuery(params.Query):
    """As things were, and as they were known."""

    as_of: Instant | None = None
    known_at: Instant | None = None
    lang: Literal["en", "zh"] | None = Field(default=None)


@router.get("/complaints/{name:path}")
def complaint(request: Request, name: str, asked: Annotated[StoryQuery, Query()]) -> Response:
    events = told_of(request, "complaint", name).events
    values = story_values(request, events, asked.as_of, asked.known_at)
    return render(request, "story.html", here="search", **values)
