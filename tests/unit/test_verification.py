"""What a meddled ledger is found out by: each way of meddling with it, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merkle import RADIX, Growing
from domain.verification import Audit, Recorded, Root, runs
from tests.helpers.proven import event

Events = dict[int, Recorded]


def recorded(count: int) -> Events:
    stored = ((number, event(number - 1)) for number in range(1, count + 1))
    return {n: Recorded(n, str(e.originator_id), e.originator_version, e.topic, e.state) for n, e in stored}


@dataclass
class Kept:
    """A ledger with its tree and the roots that were signed."""

    events: Events
    leaves: dict[int, bytes]
    above: dict[tuple[int, int], bytes]
    roots: list[Root]
    size: int

    def found(self) -> list[tuple[str, int, int]]:
        audit = Audit(self.size, self.roots, self.above)
        for sequence in sorted({*self.events, *self.leaves}):
            audit.take(sequence, self.events.get(sequence), self.leaves.get(sequence))
        return [(finding.kind, finding.first, finding.last) for finding in audit.findings()]


def kept(count: int, *signed: int) -> Kept:
    events, tree, above, roots = recorded(count), Growing(), dict[tuple[int, int], bytes](), list[Root]()
    for sequence, one in events.items():
        for level, position, hash_ in tree.add(one.hash()):
            above[level, position] = hash_
        if sequence in signed:
            roots.append(Root(sequence, tree.root(), ("the checkpoint", "检查点")))
    return Kept(events, {n: one.hash() for n, one in events.items()}, above, roots, count)


def altered(one: Recorded) -> Recorded:
    return one._replace(state=one.state.replace(b"signal", b"sigmal"))


def test_an_untouched_ledger_is_found_so() -> None:
    assert kept(600, 1, 256, 300, 600).found() == []
    assert kept(0).found() == []


@given(st.integers(1, 40), st.data())
def test_every_byte_of_a_stored_event_counts(sequence: int, data: st.DataObject) -> None:
    ledger = kept(40, 40)
    one = ledger.events[sequence]
    at = data.draw(st.integers(0, len(one.state) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != one.state[at]))
    changed = one.state[:at] + bytes([byte]) + one.state[at + 1 :]
    ledger.events[sequence] = one._replace(state=changed)
    assert ledger.found() == [("altered", sequence, sequence)]


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one._replace(subject="complaint/C-X"),
        lambda one: one._replace(version=99),
        lambda one: one._replace(topic="complaint.closed"),
    ],
)
def test_what_stands_beside_the_bytes_counts_too(change: Callable[[Recorded], Recorded]) -> None:
    ledger = kept(10)
    ledger.events[4] = change(ledger.events[4])
    assert ledger.found() == [("altered", 4, 4)]


def test_dropped_events_are_named() -> None:
    ledger = kept(20, 20)
    for gone in (5, 6, 9):
        del ledger.events[gone]
    assert ledger.found() == [("dropped", 5, 6), ("dropped", 9, 9)]


def test_the_end_cut_off_is_named() -> None:
    ledger = kept(20, 20)
    for gone in (18, 19, 20):
        del ledger.events[gone]
    assert ledger.found() == [("truncated", 18, 20)]


@pytest.mark.parametrize("sequence", [0, -3, 21, 500])
def test_an_inserted_event_is_named(sequence: int) -> None:
    ledger = kept(20, 20)
    ledger.events[sequence] = Recorded(sequence, "complaint/C-X", 1, "complaint.closed", b"{}")
    assert ledger.found() == [("inserted", sequence, sequence)]


def test_events_that_changed_places_are_told_from_altered_ones() -> None:
    ledger = kept(20, 20)
    ledger.events[3], ledger.events[8] = (
        ledger.events[8]._replace(sequence=3),
        ledger.events[3]._replace(sequence=8),
    )
    assert ledger.found() == [("moved", 3, 3), ("moved", 8, 8)]


def test_an_event_put_at_the_end_is_moved_and_not_dropped() -> None:
    ledger = kept(20, 20)
    ledger.events[25] = ledger.events.pop(7)._replace(sequence=25)
    assert ledger.found() == [("moved", 25, 25)]


def test_one_pushed_in_moves_all_behind_it() -> None:
    ledger = kept(1000)
    pushed = {n + 1: one._replace(sequence=n + 1) for n, one in ledger.events.items() if n >= 400}
    ledger.events |= {400: Recorded(400, "complaint/C-X", 1, "complaint.closed", b"{}"), **pushed}
    found = ledger.found()
    assert found[0] == ("altered", 400, 400)
    assert [kind for kind, _, _ in found[1:]] == ["moved"] * 601


def test_a_hash_of_the_tree_that_was_altered_acquits_the_event() -> None:
    ledger = kept(20, 20)
    ledger.leaves[5] = bytes(32)
    assert ledger.found() == [("leaf", 5, 5)]


def test_a_hash_of_the_tree_that_is_gone_is_named() -> None:
    ledger = kept(20, 20)
    del ledger.leaves[5]
    assert ledger.found() == [("hole", 5, 5)]


def test_an_event_rewritten_with_its_leaf_is_not_what_was_signed() -> None:
    ledger = kept(20, 10, 15, 20)
    ledger.events[12] = altered(ledger.events[12])
    ledger.leaves[12] = ledger.events[12].hash()
    assert ledger.found() == [("rewritten", 11, 15)]


def test_an_event_rewritten_with_its_leaf_is_seen_by_the_hashes_above_it() -> None:
    ledger = kept(2 * RADIX)
    ledger.events[300] = altered(ledger.events[300])
    ledger.leaves[300] = ledger.events[300].hash()
    assert ledger.found() == [("node", RADIX + 1, 2 * RADIX)]


def test_a_whole_ledger_made_anew_is_not_what_was_signed() -> None:
    true, ledger = kept(20, 10, 20), kept(20)
    ledger.roots = [root._replace(root=bytes(32)) for root in true.roots]
    assert ledger.found() == [("rewritten", 1, 10)]


def test_a_ledger_cut_with_its_tree_is_shorter_than_what_was_signed() -> None:
    ledger = kept(15)
    ledger.roots = kept(20, 20).roots
    assert ledger.found() == [("cut", 16, 20)]


def test_what_is_wrong_is_told_in_both_languages() -> None:
    ledger = kept(20)
    ledger.events[4] = altered(ledger.events[4])
    audit = Audit(ledger.size, [], {})
    for sequence, one in ledger.events.items():
        audit.take(sequence, one, ledger.leaves[sequence])
    (finding,) = audit.findings()
    assert finding.text() == (
        "4 complaint/C-3 #1 complaint.signalled: altered: what is stored is not what was recorded"
    )
    assert finding.text(True) == "4 complaint/C-3 #1 complaint.signalled：altered：所存内容与当初记录的不同"


def test_numbers_without_gaps_are_told_as_one() -> None:
    assert runs([1, 2, 3, 7, 9, 10]) == [(1, 3), (7, 7), (9, 10)]
