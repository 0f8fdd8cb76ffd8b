"""What counts as the same event; and what is written is read back the same."""

import json
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import events, schemas
from domain.envelope import Event, digest, parse, read, write
from domain.events import FACTS, STREAMS, TYPES
from tests.helpers.messages import FACT, PHONE, raw, refusal, with_data

# ---- the digest


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


# ---- out, and in again


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
        case {"anyOf": [first, {"type": "null"}], **around}:
            return values({**around, **first}, defs)
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
