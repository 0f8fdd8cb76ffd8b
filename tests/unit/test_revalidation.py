"""Asking again: what is tagged, what is answered to who has it, what goes through untouched."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.http.revalidation import PRIVATE, Revalidation, known, tag


async def json(_: Any) -> JSONResponse:
    return JSONResponse({"a": "回音"}, headers={"Link": "</b>", "Vary": "Accept"})


async def own(_: Any) -> JSONResponse:
    return JSONResponse([], headers={"ETag": '"7"', "Cache-Control": "no-store"})


async def text(_: Any) -> PlainTextResponse:
    return PlainTextResponse("a")


async def wrong(_: Any) -> JSONResponse:
    return JSONResponse({}, 400)


async def stream(_: Any) -> StreamingResponse:
    async def parts() -> Any:
        yield b"[1,"
        await asyncio.sleep(0)
        yield b"2]"

    return StreamingResponse(parts(), media_type="application/json")


PATHS = {
    "/json": json,
    "/own": own,
    "/text": text,
    "/wrong": wrong,
    "/stream": stream,
    "/health/live": json,
}


@pytest.fixture(scope="module")
def client() -> TestClient:
    routes = [Route(path, page, methods=["GET", "POST"]) for path, page in PATHS.items()]
    return TestClient(Revalidation(Starlette(routes=routes)))


def test_an_answer_in_json_is_tagged_by_its_bytes_and_kept_by_its_reader_alone(client: TestClient) -> None:
    answer = client.get("/json")
    assert answer.headers["etag"] == tag(answer.content)
    assert answer.headers["cache-control"] == PRIVATE
    assert answer.headers["vary"] == "Accept, Authorization, Cookie, Accept-Language"


def test_who_has_it_still_is_told_so_without_the_content(client: TestClient) -> None:
    first = client.get("/json")
    again = client.get("/json", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"] and again.headers["link"] == "</b>"
    assert "content-length" not in again.headers and "content-type" not in again.headers


def test_what_comes_in_pieces_is_tagged_as_a_whole(client: TestClient) -> None:
    answer = client.get("/stream")
    assert answer.content == b"[1,2]" and answer.headers["etag"] == tag(b"[1,2]")


def test_a_tag_and_a_rule_of_the_answers_own_stand(client: TestClient) -> None:
    answer = client.get("/own", headers={"If-None-Match": '"6"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"7"')
    assert answer.headers["cache-control"] == "no-store"
    assert client.get("/own", headers={"If-None-Match": '"7"'}).status_code == 304


@pytest.mark.parametrize("path", ["/text", "/wrong", "/health/live"])
def test_other_answers_go_through_as_they_are(client: TestClient, path: str) -> None:
    assert "etag" not in client.get(path).headers


def test_what_changes_something_is_never_answered_with_not_modified(client: TestClient) -> None:
    answer = client.post("/json", headers={"If-None-Match": "*"})
    assert answer.status_code == 200 and "etag" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "has"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ('"b",W/"a"', True),
        ("*", True),
        ("", False),
        ('"b"', False),
        ("a", False),
        ('"ab"', False),
    ],
)
def test_a_tag_is_known_by_any_of_those_named(asked: str, has: bool) -> None:
    assert known(asked, '"a"') is has
