"""CloudEvents in and out: what is accepted, what is refused and why, and what counts as the same event."""

import base64
import json
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import events, schemas
from domain.envelope import (
    Event,
    Rejected,
    digest,
    identity,
    parse,
    parse_batch,
    parse_binary,
    parse_message,
    read,
    write,
)
from domain.events import FACTS, STREAMS, TYPES

DATA: dict[str, Any] = {"customer": "K-1", "category": "fees", "channel": "phone", "summary": "多收费用"}
FACT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/upstream/hotline",
    "type": "complaint.received",
    "subject": "complaint/C-1",
    "time": "2026-03-04T09:30:00+08:00",
    "data": DATA,
}
PHONE = "13900000001"


def raw(**changes: Any) -> bytes:
    """The fact with attributes changed, or left out where the change is `...`."""
    message = {name: value for name, value in (FACT | changes).items() if value is not ...}
    return json.dumps(message, ensure_ascii=False).encode()


def with_data(**changes: Any) -> bytes:
    return raw(data={name: value for name, value in (DATA | changes).items() if value is not ...})


def refusal(message: bytes | str | dict[str, Any]) -> Rejected:
    with pytest.raises(Rejected) as caught:
        parse(message)
    return caught.value


def nested(levels: int) -> Any:
    return [] if levels == 1 else [nested(levels - 1)]


# ---- what is refused ----

MALFORMED: list[tuple[str, bytes, str | None, str]] = [
    # what, message, field, a word of the reason
    ("nothing", b"", None, "JSON"),
    ("no JSON", b"complaint", None, "JSON"),
    ("cut off", raw()[:-5], None, "JSON"),
    ("two values", raw() + raw(), None, "JSON"),
    ("a list", b"[" + raw() + b"]", None, "object"),
    ("a text", b'"complaint"', None, "object"),
    ("a null", b"null", None, "object"),
    ("a number", b"17", None, "object"),
    ("a byte-order mark", b"\xef\xbb\xbf" + raw(), None, "JSON"),
    ("no UTF-8", raw().replace(b"K-1", b"K-\xff"), None, "JSON"),
    ("a lone surrogate", raw().replace(b"K-1", b"K-\\ud800"), None, "JSON"),
    ("NaN", raw(data=DATA | {"urgent": float("nan")}), None, "JSON"),
    ("Infinity", raw(data=DATA | {"urgent": float("inf")}), None, "JSON"),
    ("33 levels", raw(data=nested(32)), None, "deep"),
    ("900 levels", raw(data=nested(900)), None, "deep"),
    ("100 000 levels", b"[" * 100_000, None, "JSON"),
    ("a key twice", raw().replace(b'"id"', b'"id": "e-0", "id"'), None, "twice"),
    ("a key twice, spaced", raw().replace(b'"id"', b'"id" : "e-0", "id"'), None, "twice"),
    ("a key twice in data", raw().replace(b'"customer"', b'"customer": "K-0", "customer"'), None, "twice"),
    ("a key twice, escaped", raw().replace(b'"id"', b'"i\\u0064": "e-0", "id"'), None, "twice"),
    ("no specversion", raw(specversion=...), "specversion", "1.0"),
    ("another specversion", raw(specversion="0.3"), "specversion", "1.0"),
    ("a number as specversion", raw(specversion=1.0), "specversion", "1.0"),
    ("no id", raw(id=...), "id", "required"),
    ("a null id", raw(id=None), "id", "required"),
    ("an empty id", raw(id=""), "id", "1 to 200"),
    ("a number as id", raw(id=7), "id", "text"),
    ("an id with a line break", raw(id="e\n1"), "id", "control"),
    ("an id with NUL", raw(id="e\0"), "id", "control"),
    ("too long an id", raw(id="e" * 201), "id", "200"),
    ("no source", raw(source=...), "source", "required"),
    ("an empty source", raw(source=""), "source", "1 to 200"),
    ("no type", raw(type=...), "type", "required"),
    ("a list as type", raw(type=["complaint.received"]), "type", "text"),
    ("no subject", raw(subject=...), "subject", "required"),
    ("a subject without a kind", raw(subject="C-1"), "subject", "complaint/<id>"),
    ("a subject without an id", raw(subject="complaint/"), "subject", "complaint/<id>"),
    ("a subject of an unknown kind", raw(subject="order/C-1"), "subject", "complaint/<id>"),
    ("a subject of another kind", raw(subject="visit/V-1"), "subject", "complaint/<id>"),
    ("another partition key", raw(partitionkey="complaint/C-2"), "partitionkey", "subject"),
    ("no time", raw(time=...), "time", "required"),
    ("a number as time", raw(time=1772614800), "time", "RFC 3339"),
    ("a number in text as time", raw(time="1772614800"), "time", "RFC 3339"),
    ("no offset", raw(time="2026-03-04T09:30:00"), "time", "offset"),
    ("a date as time", raw(time="2026-03-04"), "time", "offset"),
    ("no seconds", raw(time="2026-03-04T09:30+08:00"), "time", "RFC 3339"),
    ("a space for T", raw(time="2026-03-04 09:30:00+08:00"), "time", "RFC 3339"),
    ("24:00", raw(time="2026-03-04T24:00:00+08:00"), "time", "00:00 of the next day"),
    ("month 13", raw(time="2026-13-04T09:30:00+08:00"), "time", "RFC 3339"),
    ("30 February", raw(time="2026-02-30T09:30:00+08:00"), "time", "RFC 3339"),
    ("a leap second", raw(time="2016-12-31T23:59:60Z"), "time", "leap second"),
    ("an offset of 15 hours", raw(time="2026-03-04T09:30:00+15:00"), "time", "14:00"),
    ("an offset of 14:30", raw(time="2026-03-04T09:30:00-14:30"), "time", "14:00"),
    ("the year 0", raw(time="0000-03-04T09:30:00Z"), "time", "1900"),
    ("the year 9999", raw(time="9999-12-31T23:59:59Z"), "time", "9998"),
    ("Arabic digits", raw(time="٢٠٢٦-03-04T09:30:00Z"), "time", "RFC 3339"),
    ("an actor that is no text", raw(actor={"staff": "S-1"}), "actor", "text"),
    ("another media type", raw(datacontenttype="text/xml"), "datacontenttype", "application/json"),
    ("data that is a list", raw(data=[DATA]), "data", "object"),
    ("data that is text", raw(data=json.dumps(DATA)), "data", "object"),
    ("data and data_base64", raw(data_base64="e30="), "data_base64", "beside"),
    ("no Base64", raw(data=..., data_base64="{}"), "data_base64", "Base64"),
    ("Base64 of no JSON", raw(data=..., data_base64="////"), None, "JSON"),
    ("an attribute in capitals", raw(staffId="S-1"), "staffId", "lower-case"),
    ("an attribute that is an object", raw(details={}), "details", "text"),
    ("an attribute that is a fraction", raw(weight=0.5), "weight", "text"),
    ("no data", raw(data=...), "data.customer", "required"),
    ("a missing field", with_data(customer=...), "data.customer", "required"),
    ("a null field", with_data(customer=None), "data.customer", "required"),
    ("an unknown field", with_data(colour="red"), "data.colour", "not a field"),
    ("a misspelt field", with_data(customer=..., custmer="K-1"), "data.custmer", "mean customer"),
    ("a misspelt part", with_data(contact={"phon": PHONE}), "data.contact.phon", "mean phone"),
    ("a part of another type", with_data(contact={"phone": int(PHONE)}), "data.contact.phone", "text"),
    ("a part that is none", with_data(contact=PHONE), "data.contact", "object"),
    ("an unknown choice", with_data(kind="rant"), "data.kind", "one of"),
    ("a list in which one is wrong", with_data(signals=["repeat", 3]), "data.signals.1", "text"),
    ("a text for a list", with_data(signals="repeat"), "data.signals", "list"),
    ("a text for a flag", with_data(urgent="yes"), "data.urgent", "true or false"),
    ("a naive time in data", raw(type="complaint.promised", data={"answer_by": "2026-03-04T09:30:00"}),
     "data.answer_by", "offset"),
    ("feedback without any", raw(type="feedback.given", data={}), "data", "score"),
    ("a score of 6", raw(type="feedback.given", data={"score": 6}), "data.score", "at most 5"),
    ("a score of 4.5", raw(type="feedback.given", data={"score": 4.5}), "data.score", "whole number"),
    ("a negative amount", raw(type="complaint.compensated", data={"amount": -1}), "data.amount", "between"),
    ("a Python name", raw(type="customer.reassigned", subject="customer/K-1",
                          data={"from_": "S-1", "to": "S-2", "reason": "r"}), "data.from_", "mean from"),
]  # fmt: skip


@pytest.mark.parametrize(
    "message, field, word", [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED]
)
def test_a_malformed_message_is_refused_with_its_field_and_a_reason(
    message: bytes, field: str | None, word: str
) -> None:
    found = refusal(message)
    assert (found.code, found.field) == ("malformed", field)
    assert word in found.reason
    assert found.reason.endswith((".", "?"))
    assert found.reason_zh.endswith(("。", "？"))
    assert PHONE not in found.reason + found.reason_zh + str(found)


@pytest.mark.parametrize(
    "name, words",
    [
        ("complaint.recieved", "did you mean complaint.received?"),
        ("complaint.exploded", "'complaint.exploded'"),
        ("Complaint.Received", "No fact"),
        ("x" * 200, "No fact"),
        ("obligation.breached", "recorded by the system only"),
        ("kpi.missed", "recorded by the system only"),
    ],
)
def test_an_unknown_type_is_refused_with_the_nearest_known_one(name: str, words: str) -> None:
    found = refusal(raw(type=name))
    assert (found.code, found.field) == ("unknown-type", "type")
    assert words in found.reason


def test_a_message_of_256_kib_is_accepted_and_one_byte_more_is_too_large() -> None:
    room = 256 * 1024 - len(with_data(summary=""))
    assert parse(with_data(summary="x" * room)).type == "complaint.received"
    assert refusal(with_data(summary="x" * (room + 1))).code == "too-large"


def test_a_message_that_json_cannot_say_is_refused() -> None:
    assert refusal(FACT | {"data": DATA | {"urgent": float("nan")}}).code == "malformed"
    assert refusal(FACT | {"time": datetime(2026, 3, 4, tzinfo=UTC)}).code == "malformed"
    assert refusal(FACT | {"id": "e\ud800"}).code == "malformed"
    assert refusal("\ud800").code == "malformed"


def test_a_refusal_survives_being_handed_between_processes() -> None:
    found = refusal(raw(id=...))
    copy = pickle.loads(pickle.dumps(found))
    assert (copy.code, copy.reason, copy.field, copy.reason_zh) == (
        found.code,
        found.reason,
        found.field,
        found.reason_zh,
    )


# ---- what is accepted ----


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


# ---- binary and batch mode ----

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


# ---- the digest ----


@pytest.mark.parametrize(
    "other",
    [
        json.dumps(FACT, indent=3, sort_keys=True).encode(),
        raw(time="2026-03-04T01:30:00Z"),
        raw(time="2026-03-04T01:30:00.000+00:00"),
        raw(id="e-2", source="/elsewhere"),
        raw(sequence=9, partitionkey="complaint/C-1"),
        raw(traceparent="00-1-2-01"),
        with_data(signals=[], kind=None),
    ],
)
def test_the_same_meaning_has_the_same_digest(other: bytes) -> None:
    assert digest(parse(other)) == digest(parse(raw()))


@pytest.mark.parametrize(
    "other",
    [
        raw(time="2026-03-04T09:30:00.000001+08:00"),
        raw(time="2026-03-04T09:30:00Z"),
        raw(subject="complaint/C-2"),
        raw(actor="S-1"),
        raw(region="east"),
        with_data(summary="多收费用 "),
        with_data(handler="S-1"),
        with_data(signals=["repeat"]),
        with_data(contact={"phone": PHONE}),
    ],
)
def test_another_meaning_has_another_digest(other: bytes) -> None:
    assert digest(parse(other)) != digest(parse(raw()))


def test_equal_values_written_differently_have_one_digest() -> None:
    instants = ("2026-03-05T08:00:00+08:00", "2026-03-05T00:00:00Z")
    promised = [raw(type="complaint.promised", data={"answer_by": at}) for at in instants]
    paid = [raw(type="complaint.compensated", data={"amount": amount}) for amount in (100, 100.0)]
    replied = [raw(type="complaint.replied", data={"text": "好"} | final) for final in ({}, {"final": False})]
    for one, other in (promised, paid, replied):
        assert digest(parse(one)) == digest(parse(other))


def test_a_digest_stays_what_it_was() -> None:
    """It is stored: another value for the same fact would turn every repeat into a conflict."""
    assert digest(parse(raw())) == "2eb1e7820e74a7e45e9083b01e8cfbaa547e95a4cc5165cc20462a280da21037"


# ---- out, and in again ----


def test_an_event_is_written_in_a_fixed_order_and_keeps_its_offset() -> None:
    event = Event(
        "e-1",
        "/ledger",
        "complaint.closed",
        "complaint/C-1",
        datetime(2026, 3, 4, 9, 30, tzinfo=timezone(timedelta(hours=8))),
        events.ComplaintClosed(by="S-1"),
        sequence=3,
        extensions={"region": "east"},
    )
    assert write(event).decode() == (
        '{"specversion":"1.0","id":"e-1","source":"/ledger","type":"complaint.closed","subject":"complaint/C-1",'
        '"time":"2026-03-04T09:30:00+08:00","partitionkey":"complaint/C-1","sequence":3,"region":"east",'
        '"data":{"by":"S-1"}}'
    )


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1900, 1, 2), datetime(9998, 12, 30), timezones=OFFSETS)
DATES = st.dates(date(1900, 1, 1), date(9998, 12, 31))
SHARES = st.sampled_from(
    [{"S-1": 1}, {"S-1": 0.8, "S-2": 0.2}, {"S-1": 0.3334, "S-2": 0.3333, "S-3": 0.3333}]
)
FORMATS: dict[str, st.SearchStrategy[Any]] = {
    "date-time": TIMES.map(datetime.isoformat),
    "date": DATES.map(str),
}


def values(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a published schema allows: so the schema is held against the model, too."""
    match schema:
        case {"$ref": reference}:
            return objects(defs[reference.rpartition("/")[2]], defs)
        case {"anyOf": [first, {"type": "null"}]}:
            return values(first, defs)
        case {"enum": choices}:
            return st.sampled_from(choices)
        case {"type": "string", "format": shape}:
            return FORMATS[shape]
        case {"type": "string", "maxLength": 200}:
            return NAMES
        case {"type": "string"}:
            return TEXTS
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "integer"}:
            below = schema["exclusiveMaximum"] - 1 if "exclusiveMaximum" in schema else schema["maximum"]
            return st.integers(schema["minimum"], below)
        case {"type": "number"}:
            low, high = schema.get("minimum", -(10**15)), schema.get("maximum", 10**15)
            return st.integers(low, high) | st.floats(low, high)
        case {"type": "array", "items": items}:
            return st.lists(values(items, defs), max_size=4)
        case {"type": "object", "patternProperties": rest}:
            scores = values(next(iter(rest.values())), defs)
            whole = "sum" in schema.get("description", "")
            return SHARES if whole else st.dictionaries(NAMES, scores, min_size=1)
    raise AssertionError(f"a schema that the test cannot read: {schema}")


def objects(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    properties = {name: values(field, defs) for name, field in schema["properties"].items()}
    required = {*schema.get("required", ()), *({"score"} & properties.keys())}  # feedback says at least one
    optional = {name: found for name, found in properties.items() if name not in required}
    return st.fixed_dictionaries({name: properties[name] for name in required}, optional=optional)


def data_of(name: str) -> st.SearchStrategy[dict[str, Any]]:
    schema = schemas.json_schema(name)
    return objects(schema, schema.get("$defs", {}))


A_FEW = max(5, settings.default.max_examples // 10)
"""For each type: together they are many."""

EXTENSION_NAMES = st.from_regex(r"x[a-z0-9]{1,8}", fullmatch=True)
EXTENSIONS = st.dictionaries(EXTENSION_NAMES, NAMES | st.booleans() | st.integers(-9, 9))


@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=A_FEW)
@given(st.data())
def test_what_is_written_is_read_back_the_same(name: str, data: st.DataObject) -> None:
    event = Event(
        data.draw(NAMES),
        data.draw(NAMES),
        name,
        f"{STREAMS.get(name, ('complaint',))[0]}/{data.draw(NAMES)}",
        data.draw(TIMES),
        TYPES[name].model_validate(data.draw(data_of(name))),
        actor=data.draw(st.none() | NAMES),
        recordedtime=data.draw(st.none() | TIMES),
        sequence=data.draw(st.none() | st.integers(1, 2**63 - 1)),
        correlationid=data.draw(st.none() | NAMES),
        causationid=data.draw(st.none() | NAMES),
        extensions=data.draw(EXTENSIONS),
    )
    again = read(write(event))
    assert again == event
    assert again.time.utcoffset() == event.time.utcoffset()
    assert (write(again), digest(again)) == (write(event), digest(event))


@pytest.mark.parametrize("name", FACTS)
@settings(max_examples=A_FEW)
@given(st.data())
def test_a_fact_that_the_schema_allows_is_accepted_and_means_the_same_written_again(
    name: str, data: st.DataObject
) -> None:
    event = parse(raw(type=name, subject=f"{STREAMS[name][0]}/X-1", data=data.draw(data_of(name))))
    again = parse(write(event))
    assert (again, digest(again)) == (event, digest(event))


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_no_bytes_do_anything_but_be_refused(message: bytes) -> None:
    assert refusal(message).reason
