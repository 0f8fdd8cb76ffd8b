"""`huiyin draw --repeat`: what was drawn at random comes out the same for whoever draws again."""

import json
from hashlib import sha256
from typing import Any

import pytest

from tests.helpers.cli import huiyin, refused
from tests.helpers.sales import claimed, joined, left
from tests.helpers.scenario import fact, tell

Line = dict[str, Any]


def leaver() -> list[Line]:
    people = [joined(f"S-{number}") for number in range(1, 5)]
    told = tell(
        "real-estate-sales", *people, claimed("S-2", "2026-03-02 10:00"), left("S-2", "2026-03-16 10:00")
    )
    return list(told.lines)


def sample() -> list[Line]:
    files = [
        fact("customer.filed", f"customer/K-{n}", "2026-03-02 09:00", by="S-9", manager="S-1")
        for n in range(9)
    ]
    asked = fact("evaluation.requested", "staff/S-1", "2026-03-03 09:00", n=3, seed=42)
    return list(tell("tobacco-xuzhou", *files, asked).lines)


DRAWS = {"customer.reassigned": leaver, "evaluation.sampled": sample}


def lines(told: list[Line]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in told)


def drawn_in(told: list[Line], kind: str) -> Line:
    return next(line for line in told if line["type"] == kind)


@pytest.mark.parametrize("kind", DRAWS)
def test_a_draw_on_record_comes_out_the_same(kind: str) -> None:
    told = DRAWS[kind]()
    event = drawn_in(told, kind)["id"]
    answer = huiyin("draw", "--repeat", event, "--events", "-", stdin=lines(told))

    assert answer.status == 0, answer.err
    assert answer.out.endswith("the same as on record.\n")


def test_the_lots_are_what_sha256_makes_of_seed_and_candidate() -> None:
    told = sample()
    event = drawn_in(told, "evaluation.sampled")
    (answer,) = huiyin("draw", "--json", "--repeat", event["id"], "--events", "-", stdin=lines(told)).json

    assert {one["candidate"] for one in answer["lots"]} == {f"K-{n}" for n in range(9)}
    assert [one["lot"] for one in answer["lots"]] == sorted(
        sha256(f"42:K-{n}".encode()).hexdigest() for n in range(9)
    )
    assert answer["drawn"] == [one["candidate"] for one in answer["lots"]][:3] == event["data"]["customers"]


def test_another_customer_than_the_lots_say_is_noticed() -> None:
    told = sample()
    event = drawn_in(told, "evaluation.sampled")
    loser = (set(event["data"]["candidates"]) - set(event["data"]["customers"])).pop()
    event["data"]["customers"][0] = loser
    answer = huiyin("draw", "--repeat", event["id"], "--events", "-", stdin=lines(told))

    assert answer.status == 1
    assert "not as on record" in answer.out and loser in answer.out


def test_it_speaks_chinese() -> None:
    told = leaver()
    event = drawn_in(told, "customer.reassigned")["id"]
    answer = huiyin("draw", "--repeat", event, "--events", "-", stdin=lines(told), env={"HUIYIN_LANG": "zh"})

    assert "抽中" in answer.out and answer.out.endswith("与记录一致。\n")


def test_what_is_no_draw_and_what_is_not_there_are_answered_no() -> None:
    told = sample()
    for event, words in ((told[0]["id"], "records no draw"), ("staff/S-1@99", "no event is called")):
        answer = huiyin("draw", "--repeat", event, "--events", "-", stdin=lines(told))
        assert answer.status == 1
        assert words in answer.err


def test_misuse_is_one_line() -> None:
    assert "--repeat EVENT is required" in refused(huiyin("draw"))
    assert "not JSON Lines" in refused(huiyin("draw", "--repeat", "x", "--events", "-", stdin=b"no json\n"))
    assert "not JSON Lines" in refused(huiyin("draw", "--repeat", "x", "--events", "-", stdin=b"[1]\n"))
