"""Rows of a table as facts: what a map can say, and how its mistakes are answered."""

import json
import textwrap
from typing import Any

import pytest

from api.mapping import MapError, facts_of
from domain.envelope import parse
from tests.helpers.mistakes import in_both

HEAD = 'source = "/city"\ntimezone = "America/New_York"\n'
RECEIVED = """
    [[fact]]
    type = "complaint.received"
    subject = "complaint/{no}"
    id = "{no}-received"
    time = "{opened}"
    data = { customer = "{area}", category = "noise", channel = "web", summary = "{what}" }
"""
RESOLVED = """
    [[fact]]
    type = "complaint.resolved"
    subject = "complaint/{no}"
    id = "{no}-{n}-resolved"
    time = "{at}"
    data = { resolution = "done" }
"""


def facts(table: str, *parts: str) -> list[dict[str, Any]]:
    text = HEAD + "\n".join(textwrap.dedent(part) for part in parts)
    return [json.loads(line) for line in facts_of(textwrap.dedent(table).strip().splitlines(), text)]


def wrong(table: str, *parts: str) -> str:
    with pytest.raises(MapError) as problem:
        facts(table, *parts)
    return in_both(problem.value)


TABLE = """
    no,opened,area,what,target
    7,2013-01-02 07:57:04,East Boston,"Noise, at night",2013-01-03 07:57:03
    8,2013-07-02T07:57:04Z,,Noise,
"""


def test_a_row_becomes_a_fact_with_its_local_time_as_an_instant() -> None:
    first, second = facts(TABLE, RECEIVED)
    assert first["id"] == "7-received"
    assert first["subject"] == "complaint/7"
    assert first["time"] == "2013-01-02T07:57:04-05:00"
    assert first["data"]["summary"] == "Noise, at night"
    assert second["time"] == "2013-07-02T07:57:04+00:00"


def test_what_a_map_makes_is_a_fact_that_the_ledger_takes() -> None:
    event = parse(json.dumps(facts(TABLE, RECEIVED)[0]))
    assert event.type == "complaint.received"


def test_an_empty_column_leaves_its_field_out_or_takes_the_default() -> None:
    assert "customer" not in facts(TABLE, RECEIVED)[1]["data"]
    with_default = RECEIVED.replace('"{area}"', '{ text = "{area}", default = "unknown" }')
    assert [fact["data"]["customer"] for fact in facts(TABLE, with_default)] == ["East Boston", "unknown"]


def test_values_are_read_as_times_dates_numbers_or_taken_as_they_stand() -> None:
    data = """
    [fact.data]
    answer_by = { time = "{target}" }
    date = { date = "{opened}" }
    amount = { number = "{no}" }
    final = true
    text = "no {no} in {area} {{sic}}"
    """
    made = RECEIVED.replace(RECEIVED[RECEIVED.index("data =") :], data)
    assert facts(TABLE, made)[0]["data"] == {
        "answer_by": "2013-01-03T07:57:03-05:00",
        "date": "2013-01-02",
        "amount": 7,
        "final": True,
        "text": "no 7 in East Boston {sic}",
    }


def test_a_fact_is_told_only_of_rows_that_hold_what_it_requires() -> None:
    promised = RECEIVED.replace("received", "promised").replace("data = {", 'requires = ["target"]\ndata = {')
    assert [fact["subject"] for fact in facts(TABLE, promised)] == ["complaint/7"]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ('when = { area = "East Boston" }', ["7"]),
        ('when = { area = ["Roxbury", "East *"] }', ["7"]),
        ('unless = { area = "East Boston" }', ["8"]),
        ('when = { area = "East Boston", no = "8" }', []),
        ('unless = { area = "East Boston", no = "8" }', ["7", "8"]),
    ],
)
def test_conditions_choose_the_rows(condition: str, told: list[str]) -> None:
    chosen = RECEIVED.replace("data =", f"{condition}\ndata =")
    assert [fact["subject"].removeprefix("complaint/") for fact in facts(TABLE, chosen)] == told


LOG = """
    no,n,state,at
    A,10,Closed,05/03/2016 10:00
    A,2,Active,02/03/2016 09:00
    B,1,Active,01/03/2016 08:00
    A,9,Resolved,04/03/2016 10:00
    A,11,Active,06/03/2016 10:00
"""
STORY = 'time_format = "%d/%m/%Y %H:%M"\nrows_of = "no"\nrows_by = "n"\n'


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("first = true", ["B-1", "A-2"]),
        ('changed = ["state"]', ["B-1", "A-2", "A-9", "A-10", "A-11"]),
        ('before = { state = ["Resolved", "Closed"] }', ["A-10", "A-11"]),
        ('before = { state = "Closed" }\nunless = { state = "Closed" }', ["A-11"]),
        ('unless_before = { state = "Closed" }', ["B-1", "A-2", "A-9", "A-10"]),
    ],
)
def test_rows_of_one_story_know_the_row_before(condition: str, told: list[str]) -> None:
    story = RESOLVED.replace("data =", f"{condition}\ndata =")
    assert [fact["id"].removesuffix("-resolved") for fact in facts(LOG, STORY, story)] == told


def test_facts_may_be_sorted_by_their_time() -> None:
    ordered = facts(LOG, 'time_format = "%d/%m/%Y %H:%M"\norder = "time"\n', RESOLVED)
    assert [fact["id"] for fact in ordered] == [
        f"{name}-resolved" for name in ("B-1", "A-2", "A-9", "A-10", "A-11")
    ]


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ((RECEIVED, ""), "field fact: is required"),
        (('"{no}-received"', '"{number}"'), "field id: the table has no column 'number'"),
        (('"{opened}"', '"{opend}"'), "did you mean 'opened'"),
        (("type =", "kind ="), "field kind: is unknown"),
        (('time = "{opened}"', ""), "field time: is required"),
        (("data =", 'requires = ["nothing"]\ndata ='), "fact 1 (complaint.received): field requires"),
        (("data =", "data = 1 #"), "field data: is a table"),
        (("data =", 'when = "x"\ndata ='), "field when: is a table"),
        (("data =", 'changed = "x"\ndata ='), "field changed: is a list"),
        (("summary =", "summary = { words = 1 }, what ="), "field data.summary: must be text, or a table"),
        (("data =", "data"), "not TOML"),
    ],
)
def test_a_mistake_in_a_map_is_answered_with_fact_and_field(mistake: tuple[str, str], said: str) -> None:
    assert said in wrong(TABLE, RECEIVED.replace(*mistake))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('timezone = "Mars/Base"', "'Mars/Base' is no time zone"),
        ('order = "size"', "field order: is 'rows' or 'time'"),
        ('rows_of = "nothing"', "field rows_of"),
        ('colour = "red"', "field colour: is unknown"),
    ],
)
def test_a_mistake_in_a_maps_head_is_answered_with_its_field(line: str, said: str) -> None:
    text = f'source = "/city"\n{line}\n' + textwrap.dedent(RECEIVED)
    with pytest.raises(MapError, match="map") as problem:
        list(facts_of(textwrap.dedent(TABLE).strip().splitlines(), text))
    assert said in in_both(problem.value)


def test_a_row_that_cannot_be_read_is_named() -> None:
    assert wrong(TABLE.replace("2013-01-02 07:57:04", "yesterday"), RECEIVED).startswith("row 2: ")
    assert "row 3: time of complaint.received is empty" in wrong(
        TABLE.replace("2013-07-02T07:57:04Z", ""), RECEIVED
    )
