"""CloudEvents as they may be written: structured, binary, in a batch; and what of it counts."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain import events
from domain.envelope import Rejected, digest, identity, parse, parse_batch, parse_binary, parse_message
from tests.helpers.messages import DATA, FACT, nested, raw, with_data

# ---- what is accepted


@pytest.mark.parametrize(
    "message",
    [raw(), raw().decode(), FACT, json.dumps(FACT, indent=2).encode(), json.dumps(FACT).encode()],
    ids=["bytes", "text", "mapping", "indented", "escaped"],
)
def test_a_fact_is_read_however_it_is_written(message: Any) -> None:
    event = parse(message)
    assert identity(event) == ("/upstream/hotline", "e-1")
    assert (event.kind, event.subject) == ("complaint", "complaint/C-1")
    assert event.time.isoformat() == "2026-03-04T09:30:00+08:00"
    assert event.data == events.ComplaintReceived(**DATA)


@pytest.mark.parametrize(
    "time, instant",
    [
        ("2026-03-04t09:30:00z", datetime(2026, 3, 4, 9, 30, tzinfo=UTC)),
        ("2026-03-04T09:30:00.123456789+08:00", datetime(2026, 3, 4, 1, 30, 0, 123456, tzinfo=UTC)),
        ("2026-03-04T09:30:00-00:00", datetime(2026, 3, 4, 9, 30, tzinfo=UTC)),
        ("2026-03-04T23:30:00+14:00", datetime(2026, 3, 4, 9, 30, tzinfo=UTC)),
        ("2026-03-04T00:00:00+08:00", datetime(2026, 3, 3, 16, 0, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_rfc_3339_has_them(time: str, instant: datetime) -> None:
    assert parse(raw(time=time)).time == instant


def test_what_only_the_system_may_say_is_accepted_and_not_believed() -> None:
    stamps = {"recordedtime": "2020-01-01T00:00:00Z", "sequence": 7, "correlationid": "c", "causationid": "d"}
    event = parse(raw(**stamps, partitionkey="complaint/C-1"))
    assert event == parse(raw())


def test_unknown_extension_attributes_are_kept_as_sent() -> None:
    extensions = {"region": "华东", "attempt": 2, "urgentline": True, "dataschema": "urn:x"}
    assert parse(raw(**extensions, nothing=None)).extensions == extensions


@pytest.mark.parametrize(
    "media", ["application/json", "application/JSON; charset=utf-8", "application/x.y+json"]
)
def test_any_kind_of_json_is_json(media: str) -> None:
    assert parse(raw(datacontenttype=media)).data == parse(raw()).data


def test_data_in_base64_is_data() -> None:
    encoded = base64.b64encode(json.dumps(DATA).encode()).decode()
    assert parse(raw(data=..., data_base64=encoded)) == parse(raw())


def test_a_fact_that_says_nothing_more_needs_no_data() -> None:
    assert parse(raw(type="complaint.resumed", data=...)).data == events.ComplaintResumed()


def test_a_null_says_the_same_as_leaving_it_out() -> None:
    assert parse(with_data(handler=None, signals=None)) == parse(raw())
    assert digest(parse(with_data(handler=None))) == digest(parse(raw()))


def test_a_colon_in_a_text_is_not_a_key() -> None:
    text = 'he said "summary": {"id": 1} and left'
    assert parse(with_data(summary=text)).data == events.ComplaintReceived(**DATA | {"summary": text})


HTTP = {
    "CE-SpecVersion": "1.0",
    "ce-id": "e-1",
    "ce-source": "/upstream/hotline",
    "ce-type": "complaint.received",
    "ce-subject": "complaint/C-1",
    "ce-time": "2026-03-04T09:30:00+08:00",
    "ce-region": "%E5%8D%8E%E4%B8%9C",
    "Content-Type": "application/json",
    "User-Agent": "hotline/2",
}


KAFKA = {
    "ce_specversion": b"1.0",
    "ce_id": b"e-1",
    "ce_source": b"/upstream/hotline",
    "ce_type": b"complaint.received",
    "ce_subject": b"complaint/C-1",
    "ce_time": b"2026-03-04T09:30:00+08:00",
    "ce_region": "华东".encode(),
    "content-type": b"application/json",
    "unrelated": b"\xff",
}

# ---- binary and batch mode


@pytest.mark.parametrize("headers", [HTTP, KAFKA], ids=["http", "kafka"])
def test_a_fact_in_binary_mode_is_the_same_fact(headers: dict[str, str | bytes]) -> None:
    body = json.dumps(DATA).encode()
    assert parse_binary(headers, body) == parse(raw(region="华东"))
    assert digest(parse_message(headers, body)) == digest(parse(raw(region="华东")))


def test_a_message_without_attributes_among_its_headers_is_structured() -> None:
    assert parse_message({"content-type": b"application/cloudevents+json"}, raw()) == parse(raw())


@pytest.mark.parametrize(
    "changes, body, code, field",
    [
        ({"ce_id": b"\xff"}, b"{}", "malformed", "id"),
        ({"content-type": b"text/plain"}, b"{}", "malformed", "datacontenttype"),
        ({}, b"", "malformed", "data.customer"),
        ({}, b"[]", "malformed", "data"),
        ({}, b"{", "malformed", None),
        ({"ce_type": b"complaint.exploded"}, b"{}", "unknown-type", "type"),
        ({}, b" " * 262_144 + b"{}", "too-large", None),
    ],
)
def test_a_message_in_binary_mode_is_refused_like_any_other(
    changes: dict[str, bytes], body: bytes, code: str, field: str | None
) -> None:
    with pytest.raises(Rejected) as caught:
        parse_binary(KAFKA | changes, body)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_a_bad_item_of_a_batch_spoils_no_other() -> None:
    twice = raw().replace(b'"id"', b'"id": "e-0", "id"')
    items = [
        raw(),
        b"17",
        raw(id=...),
        raw(data=nested(32)),
        twice,
        with_data(summary="x" * 262_144),
        raw(id="e-2"),
    ]
    found = parse_batch(b"[" + b",".join(items) + b"]")
    assert [item.code if isinstance(item, Rejected) else item.id for item in found] == [
        "e-1",
        *["malformed"] * 4,
        "too-large",
        "e-2",
    ]


@pytest.mark.parametrize(
    "batch", [b"", b"{}", b"17", b"[" * 900 + b"]" * 900], ids=["empty", "object", "number", "deep"]
)
def test_what_is_no_list_is_no_batch(batch: bytes) -> None:
    with pytest.raises(Rejected, match="malformed"):
        parse_batch(batch)


def test_an_empty_batch_holds_nothing() -> None:
    assert parse_batch(b"[]") == []
