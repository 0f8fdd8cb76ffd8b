"""POST /events: facts in three modes, receipts out; what cannot be read is told as a problem."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from streams.local import Database, free_ports
from tests.helpers.scenario import fact
from tests.helpers.site import MANY, ONE, PROBLEM, Site, ago, new, serving


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("http_facts")
    with serving(url, *free_ports(1)) as running:
        yield running
    server.drop("http_facts")


def test_one_fact_is_answered_with_its_receipt(site: Site) -> None:
    told = site.complaint(new())
    receipt = site.post(told).json()
    assert receipt["status"] == "recorded"
    assert (receipt["id"], receipt["source"], receipt["subject"]) == (
        told["id"],
        told["source"],
        told["subject"],
    )
    assert site.parts.storage.last_sequence() >= receipt["sequence"] > 0


def test_the_same_fact_again_is_a_duplicate_with_the_same_sequence(site: Site) -> None:
    told = site.complaint(new())
    first, again = site.post(told).json(), site.post(told).json()
    assert again == {**first, "status": "duplicate"}


def test_the_same_identity_with_other_content_is_a_conflict(site: Site) -> None:
    told = site.complaint(new())
    site.post(told)
    receipt = site.post({**told, "data": {**told["data"], "channel": "mail"}}).json()
    assert (receipt["status"], receipt["code"], receipt["field"]) == ("rejected", "conflict", "id")
    assert receipt["reason_zh"]


def test_a_batch_is_answered_in_its_order_each_for_itself(site: Site) -> None:
    name = new()
    waiting = fact("complaint.promised", f"complaint/{new()}", ago(minutes=1), answer_by=ago(hours=-1))
    wrong = {**site.complaint(new()), "type": "complaint.recieved"}
    first = site.complaint(name)
    receipts = site.post([wrong, first, first, waiting, 7], MANY).json()
    assert [receipt["status"] for receipt in receipts] == [
        "rejected",
        "recorded",
        "duplicate",
        "parked",
        "rejected",
    ]
    assert [receipt.get("code") for receipt in receipts] == [
        "unknown-type",
        None,
        None,
        "unknown-stream",
        "malformed",
    ]


def test_a_beginning_answers_itself_and_not_what_it_released(site: Site) -> None:
    name = new()
    site.post(fact("complaint.assigned", f"complaint/{name}", ago(minutes=1), handler="S-1"))
    other = site.complaint(new())
    receipts = site.post([site.complaint(name), other], MANY).json()
    assert [receipt["id"] for receipt in receipts][1] == other["id"]
    assert len(receipts) == 2
    assert site.get(f"/streams/complaint/{name}").json()["state"]["handler"] == "S-1"


def test_an_empty_batch_has_no_receipts(site: Site) -> None:
    assert site.post([], MANY).json() == []


def test_binary_mode_has_attributes_in_headers(site: Site) -> None:
    told = site.complaint(new())
    attributes = {f"ce-{name}": value for name, value in told.items() if name != "data"}
    answer = site.post(told["data"], "application/json", **attributes)
    assert answer.json()["status"] == "recorded"
    assert site.post(told).json()["status"] == "duplicate"


def test_a_binary_header_stands_once(site: Site) -> None:
    told = site.complaint(new())
    attributes = [(f"ce-{name}", value) for name, value in told.items() if name != "data"]
    headers = [*attributes, ("ce-id", "another"), ("content-type", "application/json")]
    answer = site.client.post("/events", json=told["data"], headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (400, "ce-id")


def test_a_compressed_body_is_refused_before_it_is_read(site: Site) -> None:
    answer = site.post(b"\x1f\x8b", ONE, **{"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["field"]) == (415, "Content-Encoding")
    assert site.post(site.complaint(new()), f'{ONE}; charset="UTF-8"').json()["status"] == "recorded"


def test_binary_headers_may_be_percent_encoded(site: Site) -> None:
    told = site.complaint(new())
    attributes = {f"ce-{name}": value for name, value in told.items() if name != "data"}
    attributes["ce-subject"] = "complaint/%E5%9B%9E%E9%9F%B3"
    assert site.post(told["data"], "application/json", **attributes).json()["subject"] == "complaint/回音"


COMPLAINT = {
    "specversion": "1.0",
    "id": "x",
    "source": "/t",
    "type": "complaint.received",
    "subject": "complaint/X",
}

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("no specversion", {"specversion": None}, "malformed", "specversion"),
    ("an empty id", {"id": ""}, "malformed", "id"),
    ("a number as id", {"id": 7}, "malformed", "id"),
    ("a time without an offset", {"time": "2026-03-04T10:00:00"}, "malformed", "time"),
    ("no time", {"time": None}, "malformed", "time"),
    ("a time to come", {"time": ago(hours=-1)}, "future", "time"),
    ("a subject of another kind", {"subject": "visit/V-1"}, "malformed", "subject"),
    ("a derived type", {"type": "obligation.met"}, "unknown-type", "type"),
    ("a misspelt field", {"data": {"custmer": "K-1"}}, "malformed", "data.custmer"),
    ("data that is a list", {"data": []}, "malformed", "data"),
]


@pytest.mark.parametrize(
    ("changes", "code", "field"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_fact_that_cannot_be_one_is_a_receipt(site: Site, changes: Any, code: str, field: str) -> None:
    told = {**site.complaint(new()), **changes}
    answer = site.post(told)
    receipt = answer.json()
    assert answer.status_code == 200
    assert (receipt["status"], receipt["code"], receipt["field"]) == ("rejected", code, field)
    assert receipt["reason"] and receipt["reason_zh"]


PROBLEMS: list[tuple[str, bytes, str, int, str]] = [
    ("nothing", b"", ONE, 400, "not-json"),
    ("half an object", b'{"id": ', ONE, 400, "not-json"),
    ("NaN", b'{"id": NaN}', ONE, 400, "not-json"),
    ("bytes that are no text", b"\xff\xfe", ONE, 400, "not-json"),
    ("nesting without end", b"[" * 100_000, MANY, 400, "not-json"),
    ("a list as one event", b"[]", ONE, 400, "bad-body"),
    ("a text as one event", b'"x"', ONE, 400, "bad-body"),
    ("one event as a batch", b"{}", MANY, 400, "bad-body"),
    ("a deep batch", b"[" * 500 + b"]" * 500, MANY, 400, "bad-body"),
    ("half a batch", b"[{}, ", MANY, 400, "not-json"),
    ("a large event", b'{"x": "' + b"x" * 262_144 + b'"}', ONE, 413, "too-large"),
    ("a large batch", b"[" + b" " * 5_242_880 + b"]", MANY, 413, "too-large"),
    ("JSON without ce- headers", b"{}", "application/json", 415, "media-type"),
    ("a form", b"x=1", "application/x-www-form-urlencoded", 415, "media-type"),
    ("no media type", b"{}", "", 415, "media-type"),
    ("another charset", b"{}", f"{ONE}; charset=gbk", 415, "media-type"),
]


@pytest.mark.parametrize(
    ("body", "media", "status", "kind"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS]
)
def test_a_request_that_cannot_be_read_is_a_problem(
    site: Site, body: bytes, media: str, status: int, kind: str
) -> None:
    before = site.parts.storage.last_sequence()
    answer = site.post(body, media)
    problem = answer.json()
    assert answer.headers["content-type"] == PROBLEM
    assert (answer.status_code, problem["status"], problem["type"]) == (status, status, f"/docs#{kind}")
    assert problem["title"] and problem["detail"]
    assert site.parts.storage.last_sequence() == before


def test_a_problem_is_told_in_chinese_to_who_prefers_it(site: Site) -> None:
    headers = {"Content-Type": ONE, "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
    answer = site.ask("POST", "/events", content=b"{", headers=headers)
    assert answer.headers["content-language"] == "zh"
    assert answer.json()["title"] == "请求体不是有效的 JSON"
    assert "第 1 行" in answer.json()["detail"]


def test_a_large_body_is_refused_though_it_does_not_say_its_length(site: Site) -> None:
    chunks = (b"x" * 65_536 for _ in range(10))
    answer = site.ask("POST", "/events", content=chunks, headers={"Content-Type": ONE})
    assert answer.status_code == 413


def test_an_event_too_large_in_a_batch_is_its_own_receipt(site: Site) -> None:
    large = {**site.complaint(new()), "note": "x" * 262_144}
    receipts = site.post([large, site.complaint(new())], MANY).json()
    assert [receipt["status"] for receipt in receipts] == ["rejected", "recorded"]
    assert receipts[0]["code"] == "too-large"


def test_a_refused_fact_is_kept_byte_for_byte(site: Site) -> None:
    from base64 import b64decode

    written = b'{"specversion" : "1.0",\t"id":"twice", "id":"twice"}'
    [receipt] = site.post(b"[ " + written + b" ]", MANY).json()
    assert receipt["code"] == "malformed"
    letters = site.parts.storage.dead_letters(limit=10_000)
    assert b64decode(json.loads(letters[-1].letter)["raw_base64"]) == written


def test_concurrent_requests_get_the_receipts_of_their_own_facts(site: Site) -> None:
    batches = [[site.complaint(new()) for _ in range(5)] for _ in range(20)]
    answers: dict[int, list[str]] = {}

    def send(number: int) -> None:
        answers[number] = [receipt["id"] for receipt in site.post(batches[number], MANY).json()]

    threads = [threading.Thread(target=send, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [told["id"] for told in batch] for number, batch in enumerate(batches)}


@pytest.mark.parametrize("path", ["/health/ready", "/complaints", "/complaints?limit=x", "/alerts/stream"])
def test_head_is_get_without_the_content(site: Site, path: str) -> None:
    asked = site.client.head(path)
    assert asked.content == b""
    if path != "/alerts/stream":
        told = site.client.get(path)
        assert asked.status_code == told.status_code
        assert asked.headers["content-type"] == told.headers["content-type"]


def test_a_parameter_that_stands_twice_is_refused(site: Site) -> None:
    answer = site.client.get("/complaints?status=open&status=closed")
    assert (answer.status_code, answer.json()["field"]) == (400, "status")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_a_problem(site: Site, method: str) -> None:
    answer = site.client.request(method, "/events")
    assert (answer.status_code, answer.json()["type"]) == (405, "/docs#method-not-allowed")
    assert answer.headers["allow"] == "POST"
