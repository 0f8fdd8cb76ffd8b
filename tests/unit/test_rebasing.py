"""Re-basing: a running stream passes to the policy in force, and past verdicts stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from domain import rebasing
from domain.ledger import Incoming, Ledger
from domain.memory import MemoryStorage
from domain.policy import Policy
from domain.rebasing import Rebased, rebase
from domain.stream import Stream
from streams.parts import policy_once
from tests.helpers.house import policy, within
from tests.helpers.scenario import at, fact, received


class House:
    """A ledger whose policy changes from one day to the next, and what it has recorded."""

    def __init__(self, first: Policy) -> None:
        self.storage = MemoryStorage()
        self.policies = {first.version: first}
        self.ledger = self._opened(first)

    def _opened(self, policy: Policy) -> Ledger:
        return Ledger(self.storage, self.storage.recorder, policy, load_policy=policy_once)

    def now_under(self, policy: Policy) -> House:
        self.ledger = self._opened(policy)
        return self

    def told(self, *facts: dict[str, Any], now: str) -> list[dict[str, Any]]:
        incoming = [Incoming.read(orjson.dumps(said)) for said in facts]
        return self._lines(self.ledger.record(incoming, at(now)).lines)

    def waited(self, now: str) -> list[dict[str, Any]]:
        return self._lines(self.ledger.tick(at(now)).lines)

    def rebased(self, now: str, *subjects: str) -> Rebased:
        return rebase(self.ledger, subjects or ("complaint/C-1",), "two days for everybody", at(now), "S-1")

    def stream(self) -> Stream:
        with self.storage.unit() as unit:
            self.ledger.load(unit, ["complaint/C-1"])
        return self.ledger.streams["complaint/C-1"]

    def of(self, *types: str) -> list[dict[str, Any]]:
        recorded = [orjson.loads(event.state) for event in self.storage.recorder.recent]
        return [event for event in recorded if event["type"] in types]

    @staticmethod
    def _lines(lines: Sequence[bytes]) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in lines]


RECEIVED = received("C-1", "2026-03-09 09:00")
THREE, TWO = policy("1", ("reply", within("3 days"))), policy("2", ("reply", within("2 days")))


@pytest.fixture
def house() -> House:
    found = House(THREE)
    found.told(RECEIVED, now="2026-03-09 09:00")
    return found


def test_what_is_owed_is_counted_by_the_new_rules_from_its_own_beginning(house: House) -> None:
    done = house.now_under(TWO).rebased("2026-03-10 09:00")

    (event,), (moved,) = house.of("policy.rebased"), house.of("obligation.moved")
    assert done == (1, 1, 0)
    assert (event["data"]["previous"], event["data"]["version"]) == (THREE.version, TWO.version)
    assert (event["policy"], event["data"]["by"]) == (TWO.version, "S-1")
    assert moved["data"]["previous_due_at"] == "2026-03-13T00:00:00+08:00"
    assert moved["data"]["due_at"] == "2026-03-12T00:00:00+08:00"
    assert moved["causationid"] == event["id"]


def test_a_stream_without_a_re_basing_keeps_its_rules(house: House) -> None:
    house.now_under(TWO).waited("2026-03-12 00:01")

    assert house.of("obligation.moved", "obligation.breached") == []


def test_no_due_date_moves_to_a_time_before_the_re_basing(house: House) -> None:
    house.now_under(TWO).rebased("2026-03-12 09:00")
    house.waited("2026-03-12 09:00")

    (moved,), (breached,) = house.of("obligation.moved"), house.of("obligation.breached")
    assert moved["data"]["due_at"] == breached["time"] == "2026-03-12T09:00:00+08:00"


def test_re_basing_again_changes_nothing(house: House) -> None:
    house.now_under(TWO).rebased("2026-03-10 09:00")

    assert house.rebased("2026-03-10 10:00") == (0, 0, 0)
    assert len(house.of("policy.rebased")) == 1


def test_a_stream_read_again_from_the_ledger_is_under_its_new_rules(house: House) -> None:
    house.now_under(TWO).rebased("2026-03-10 09:00")

    house.ledger.forget()

    assert house.stream().policy.version == TWO.version
    house.now_under(THREE).waited("2026-03-12 00:01")
    assert [event["time"] for event in house.of("obligation.breached")] == ["2026-03-12T00:00:00+08:00"]


def test_a_breach_of_the_time_before_stands(house: House) -> None:
    house.waited("2026-03-13 00:01")

    house.now_under(policy("3", ("reply", within("30 days")))).rebased("2026-03-14 09:00")

    assert house.of("obligation.moved", "obligation.withdrawn") == []
    assert house.stream().duties.popitem()[1].status == "breached"


def test_what_is_learned_late_of_the_time_before_is_judged_by_its_rules(house: House) -> None:
    house.waited("2026-03-13 00:01")
    house.now_under(policy("3", ("reply", within("1 day")))).rebased("2026-03-14 09:00")

    late = fact("complaint.replied", "complaint/C-1", "2026-03-11 12:00", text="好", final=True)
    house.told(late, now="2026-03-14 10:00")

    (withdrawn,) = house.of("obligation.withdrawn")
    assert withdrawn["data"]["clause"] == "house.reply"
    assert house.stream().policy.version.startswith("house@3")


def test_what_the_new_rules_do_not_ask_for_is_owed_no_more(house: House) -> None:
    house.waited("2026-03-13 00:01")
    house.told(received("C-2", "2026-03-13 09:00"), now="2026-03-13 09:00")

    done = house.now_under(policy("3", ("call", within("1 day")))).rebased(
        "2026-03-14 09:00", "complaint/C-1", "complaint/C-2"
    )

    assert done == (2, 0, 1)
    assert [event["subject"] for event in house.of("obligation.withdrawn")] == ["complaint/C-2"]
    assert [event["subject"] for event in house.of("escalation.stood_down")] == ["complaint/C-1"]
    assert house.of("obligation.breached")


def test_a_late_fact_after_a_clause_is_gone_is_judged_by_the_rules_that_had_it(house: House) -> None:
    house.now_under(policy("3", ("call", within("1 day")))).rebased("2026-03-12 09:00")

    late = fact("complaint.replied", "complaint/C-1", "2026-03-10 12:00", text="好", final=True)
    told = house.told(late, now="2026-03-12 10:00")

    assert [event["type"] for event in told] == ["complaint.replied", "obligation.met"]


def test_a_ladder_that_got_shorter_is_at_its_last_level(house: House) -> None:
    house.waited("2026-03-13 00:01")
    house.now_under(policy("2", ("reply", within("3 days")), ladder='["legal"]')).rebased("2026-03-13 09:00")

    house.waited("2026-03-20 09:00")

    raised = [(event["data"]["level"], event["data"]["to"]) for event in house.of("escalation.raised")]
    assert raised == [(1, ["handler"]), (1, ["legal"])]


def test_a_pause_that_ends_later_is_counted_by_the_new_period() -> None:
    slow, fast = (
        policy(version, ("reply", within(period)), more="pauses = true")
        for version, period in (("1", "20 days"), ("2", "2 days"))
    )
    house = House(slow)
    house.told(RECEIVED, now="2026-03-09 09:00")
    house.told(
        fact("complaint.awaiting", "complaint/C-1", "2026-03-10 09:00", whom="customer"),
        now="2026-03-10 09:00",
    )
    house.now_under(fast).rebased("2026-03-10 12:00")

    house.told(fact("complaint.resumed", "complaint/C-1", "2026-03-12 09:00"), now="2026-03-12 09:00")

    dues = [event["data"]["due_at"] for event in house.of("obligation.moved")]
    assert dues == ["2026-03-12T00:00:00+08:00", "2026-03-14T00:00:00+08:00"]


def test_a_stream_that_nobody_knows_cannot_be_re_based(house: House) -> None:
    with pytest.raises(rebasing.Unknown):
        house.now_under(TWO).rebased("2026-03-10 09:00", "complaint/C-1", "complaint/NEW")

    assert house.of("policy.rebased") == []
