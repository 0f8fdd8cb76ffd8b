"""The tree and its proofs against RFC 9162's own recursive words, and against the logs' own vectors."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import merkle
from domain.merkle import EMPTY, HEIGHT, RADIX, Growing, Stretch

INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
"""The eight leaves of Certificate Transparency's reference tests."""

ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)

Hashes = list[bytes]


def leaves(count: int) -> Hashes:
    return [sha256(b"\x00" + number.to_bytes(4, "big")).digest() for number in range(count)]


# ---- RFC 9162, section 2.1, word for word


def tree_hash(hashes: Hashes) -> bytes:
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = below(len(hashes))
    return sha256(b"\x01" + tree_hash(hashes[:k]) + tree_hash(hashes[k:])).digest()


def below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, hashes: Hashes) -> Hashes:
    if len(hashes) == 1:
        return []
    k = below(len(hashes))
    if m < k:
        return [*path(m, hashes[:k]), tree_hash(hashes[k:])]
    return [*path(m - k, hashes[k:]), tree_hash(hashes[:k])]


def subproof(m: int, hashes: Hashes, whole: bool) -> Hashes:
    if m == len(hashes):
        return [] if whole else [tree_hash(hashes)]
    k = below(len(hashes))
    if m <= k:
        return [*subproof(m, hashes[:k], whole), tree_hash(hashes[k:])]
    return [*subproof(m - k, hashes[k:], False), tree_hash(hashes[:k])]


# ---- a tree kept as the ledger keeps it


class Kept:
    """Every eighth level, complete hashes only."""

    def __init__(self, hashes: Hashes) -> None:
        self.levels = [hashes]
        while len(self.levels[-1]) >= RADIX:
            last = self.levels[-1]
            full = len(last) // RADIX
            self.levels.append([merkle.perfect(last[n * RADIX : (n + 1) * RADIX]) for n in range(full)])

    def __call__(self, wanted: list[Stretch]) -> list[Hashes]:
        found = [self.levels[level][first : first + count] for level, first, count in wanted]
        assert [len(each) for each in found] == [count for _, _, count in wanted]
        return found


SIZES = st.integers(1, 1200)


@pytest.mark.parametrize("size", range(9))
def test_the_reference_vectors_of_certificate_transparency(size: int) -> None:
    hashes = [sha256(b"\x00" + bytes.fromhex(text)).digest() for text in INPUTS[:size]]
    assert merkle.root(hashes).hex() == (ROOTS[size - 1] if size else EMPTY.hex())


@given(SIZES)
def test_the_root_is_what_the_recursive_definition_says(size: int) -> None:
    hashes = leaves(size)
    assert merkle.root(hashes) == tree_hash(hashes) == merkle.root_at(size, Kept(hashes))


@given(SIZES, st.data())
def test_an_inclusion_proof_is_the_recursive_path_and_is_accepted(size: int, data: st.DataObject) -> None:
    hashes, index = leaves(size), data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion(index, size, Kept(hashes))
    assert proof == path(index, hashes)
    assert merkle.included(hashes[index], index, size, proof, tree_hash(hashes))


@given(SIZES, st.data())
def test_a_proof_in_an_earlier_tree_is_made_from_the_present_one(size: int, data: st.DataObject) -> None:
    hashes, earlier = leaves(size), data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, earlier - 1))
    assert merkle.inclusion(index, earlier, Kept(hashes)) == path(index, hashes[:earlier])


@given(SIZES, st.data())
def test_a_consistency_proof_is_the_recursive_one_and_is_accepted(new: int, data: st.DataObject) -> None:
    hashes, old = leaves(new), data.draw(st.integers(1, new))
    proof = merkle.consistency(old, new, Kept(hashes))
    assert proof == subproof(old, hashes, True)
    assert merkle.consistent(old, new, proof, tree_hash(hashes[:old]), tree_hash(hashes))


@given(st.integers(1, 300), st.data())
def test_an_inclusion_proof_proves_nothing_else(size: int, data: st.DataObject) -> None:
    hashes, index = leaves(size), data.draw(st.integers(0, size - 1))
    proof, top = merkle.inclusion(index, size, Kept(hashes)), tree_hash(hashes)
    other = data.draw(st.integers(-1, size).filter(lambda n: n != index))
    assert not merkle.included(sha256(b"other").digest(), index, size, proof, top)
    assert not merkle.included(hashes[index], other, size, proof, top)
    assert not merkle.included(hashes[index], index, size, [*proof, top], top)
    assert not merkle.included(hashes[index], index, size, proof, sha256(b"other").digest())
    if proof:
        assert not merkle.included(hashes[index], index, size, proof[:-1], top)
        assert not merkle.included(hashes[index], index, size, [sha256(b"x").digest(), *proof[1:]], top)


@given(st.integers(2, 300), st.data())
def test_a_tree_that_was_rewritten_is_consistent_with_nothing(new: int, data: st.DataObject) -> None:
    hashes, old = leaves(new), data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    rewritten = [*hashes[:changed], sha256(b"other").digest(), *hashes[changed + 1 :]]
    proof = merkle.consistency(old, new, Kept(rewritten))
    assert not merkle.consistent(old, new, proof, tree_hash(hashes[:old]), tree_hash(rewritten))
    honest = merkle.consistency(old, new, Kept(hashes))
    assert not merkle.consistent(old, new, honest, tree_hash(rewritten[:old]), tree_hash(hashes))
    assert not merkle.consistent(old, new, honest[:-1], tree_hash(hashes[:old]), tree_hash(hashes))


def test_every_tree_begins_with_the_empty_one_and_with_itself() -> None:
    top = tree_hash(leaves(5))
    assert merkle.consistent(0, 5, [], EMPTY, top)
    assert merkle.consistent(5, 5, [], top, top)
    assert not merkle.consistent(0, 5, [], top, top)
    assert not merkle.consistent(5, 5, [top], top, top)
    assert not merkle.consistent(6, 5, [top], top, top)


def test_leaves_added_one_by_one_give_the_root_at_each_size() -> None:
    tree, hashes = Growing(), leaves(70)
    for size, hash_ in enumerate(hashes, 1):
        tree.add(hash_)
        assert (tree.size, tree.root()) == (size, tree_hash(hashes[:size]))


def test_a_third_level_is_read_as_the_first_two() -> None:
    size = RADIX * RADIX + 300
    hashes = leaves(size)
    kept = Kept(hashes)
    assert len(kept.levels) == 3
    assert HEIGHT == 8
    top = merkle.root(hashes)
    for index in (0, 255, 256, RADIX * RADIX - 1, RADIX * RADIX, size - 1):
        assert merkle.included(hashes[index], index, size, merkle.inclusion(index, size, kept), top)
    for old in (1, 256, 65_535, 65_536, 65_537, size):
        proof = merkle.consistency(old, size, kept)
        assert merkle.consistent(old, size, proof, merkle.root(hashes[:old]), top)


def test_a_leaf_is_hashed_from_what_the_auditors_guide_says() -> None:
    subject, topic, state = "complaint/分-1".encode(), b"complaint.closed", b'{"a":1}'
    place = (7).to_bytes(8, "big") + (3).to_bytes(8, "big")
    texts = b"".join(len(text).to_bytes(4, "big") + text for text in (subject, topic))
    expected = sha256(b"\x00" + place + texts + state).digest()
    assert merkle.leaf(7, "complaint/分-1", 3, "complaint.closed", state) == expected


@pytest.mark.parametrize(
    "other",
    [
        (2, "complaint/C-1", 1, "complaint.closed", b"{}"),
        (1, "complaint/C-2", 1, "complaint.closed", b"{}"),
        (1, "complaint/C-1", 2, "complaint.closed", b"{}"),
        (1, "complaint/C-1", 1, "complaint.close", b"d{}"),
        (1, "complaint/C-1", 1, "complaint.closed", b"{ }"),
        (1, "complaint/C-1c", 1, "omplaint.closed", b"{}"),
    ],
)
def test_whatever_is_different_of_an_event_changes_its_hash(other: tuple[int, str, int, str, bytes]) -> None:
    assert merkle.leaf(1, "complaint/C-1", 1, "complaint.closed", b"{}") != merkle.leaf(*other)
