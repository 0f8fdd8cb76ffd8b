"""What the API decides without any service: languages, formats, bodies, words."""

from __future__ import annotations

import json
import string

import pytest
from starlette.requests import Request

from api.http.answers import negotiated
from api.http.bodies import _items
from api.http.language import accepted, language_of
from api.http.pages.texts import TEXTS
from api.http.problems import KINDS, Problem


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw, "query_string": b"", "method": "GET", "path": "/"})


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-Hant-TW", "zh"),
        ("en-GB,zh;q=0.5", "en"),
        ("fr,zh;q=0.3", "zh"),
        ("fr,de", "en"),
        ("en;q=0.1, ZH;q=0.2", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=many", "en"),
        (";;;,,q=", "en"),
    ],
)
def test_the_language_is_the_heavier_of_ours(header: str, language: str) -> None:
    assert accepted(header) == language


def test_what_was_chosen_counts_more_than_what_the_browser_prefers() -> None:
    assert language_of(request(accept_language="en", cookie="lang=zh")) == "zh"
    assert language_of(request(accept_language="zh", cookie="lang=fr")) == "zh"


OFFERS = ["application/json", "text/html", "text/csv"]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/*", "text/html"),
        ("text/csv", "text/csv"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json;q=0.2, text/csv;q=0.3", "text/csv"),
        ("text/*;q=0.9, text/html;q=0, application/json;q=0.1", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/csv;q=much, application/json;q=0.1", "application/json"),
    ],
)
def test_the_format_is_the_one_wanted_most(accept: str, media: str) -> None:
    assert negotiated(request(accept=accept), OFFERS) == media


@pytest.mark.parametrize("accept", ["image/png", "text/html;q=0", "application/json;q=0, text/xml"])
def test_a_format_that_nobody_offers_is_a_problem(accept: str) -> None:
    with pytest.raises(Problem) as refused:
        negotiated(request(accept=accept), OFFERS)
    assert refused.value.status == 406


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("[]", []),
        (" [ \n] ", []),
        ("[1]", ["1"]),
        ('[{"a" : 1},  "],[" ,\n[[]] ]', ['{"a" : 1}', '"],["', "[[]]"]),
        ('["\\u56de", "音"]', ['"\\u56de"', '"音"']),
    ],
)
def test_a_batch_falls_into_its_events_as_they_were_written(text: str, items: list[str]) -> None:
    found = [item.decode() for item in _items(text)]
    assert found == items
    assert [json.loads(item) for item in found] == json.loads(text)


def _holes(text: str) -> int:
    return sum(field is not None for _, field, _, _ in string.Formatter().parse(text))


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_of_the_pages_is_in_both_languages(name: str) -> None:
    text = TEXTS[name]
    assert text.en and text.zh
    assert _holes(text.en) == _holes(text.zh)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_problem_is_told_in_both_languages(name: str) -> None:
    problem = Problem(name, "what is wrong", "有何问题", "field")
    english, chinese = problem.body("en"), problem.body("zh")
    assert english["title"] != chinese["title"]
    assert (english["detail"], chinese["detail"]) == ("what is wrong", "有何问题")
    assert english["status"] == chinese["status"] == problem.status >= 400
