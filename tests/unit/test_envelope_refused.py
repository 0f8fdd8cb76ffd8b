"""CloudEvents that are refused: with which field, and why."""

import json
import pickle
from datetime import UTC, datetime

import pytest

from domain.envelope import parse
from tests.helpers.messages import DATA, FACT, PHONE, nested, raw, refusal, with_data

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
