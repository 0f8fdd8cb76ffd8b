"""The Merkle tree over the ledger: hashing and proofs as RFC 9162 (section 2.1) has them.

A tree of `size` leaves is read through the hashes of its perfect subtrees, which never change once they are
complete: so a proof needs a few hundred hashes, wherever they are kept. Only every eighth level is kept
(`RADIX`); those between are computed. All functions are pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

LEAF, NODE = b"\x00", b"\x01"
"""What is hashed before a leaf and before two nodes, so that none can pass for the other."""

PLACE, LENGTH = Struct(">qqI"), Struct(">I")
"""How an event's place is written: signed, as somebody may write anything into a database."""

HEIGHT = 8
RADIX = 1 << HEIGHT
"""A kept hash stands for this many of the level below; at level 0 for one leaf."""

EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""


class Stretch(NamedTuple):
    """Kept hashes that lie side by side: `many` of them at a level, from a position on."""

    level: int
    first: int
    many: int


Read = Callable[[Sequence[Stretch]], Sequence[Sequence[bytes]]]
"""How kept hashes are got at, all that a proof needs in one go."""

Range = tuple[int, int]
"""Leaves from the first number up to, but without, the second."""


def leaf(sequence: int, subject: str, version: int, topic: str, state: bytes) -> bytes:
    """The hash of one recorded event: its place in the ledger and in its stream, and its stored bytes.

    Each text is preceded by its length, so that no two events are hashed from the same bytes.
    """
    name, kind = subject.encode(), topic.encode()
    place = PLACE.pack(sequence, version, len(name))
    return sha256(b"".join((LEAF, place, name, LENGTH.pack(len(kind)), kind, state))).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(NODE + left + right).digest()


def perfect(hashes: Sequence[bytes]) -> bytes:
    """The hash over a power of two of neighbours."""
    level = list(hashes)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [sha256(NODE + left + right).digest() for left, right in pairs]  # `node`, without the calls
    return level[0]


class Growing:
    """A tree that leaves are added to one by one, remembering what its root needs and no more."""

    def __init__(self) -> None:
        self.size = 0
        self._open: list[list[bytes]] = []

    def add(self, hash_: bytes) -> list[tuple[int, int, bytes]]:
        """What is to be kept because of it above level 0: level, position and hash."""
        made: list[tuple[int, int, bytes]] = []
        self.size += 1
        for level in range(len(self._open) + 1):
            if level == len(self._open):
                self._open.append([])
            self._open[level].append(hash_)
            if len(self._open[level]) < RADIX:
                break
            hash_ = perfect(self._open[level])
            self._open[level] = []
            made.append((level + 1, (self.size >> (HEIGHT * (level + 1))) - 1, hash_))
        return made

    def root(self) -> bytes:
        peaks = []
        for hashes in reversed(self._open):
            for _, first, many in _pieces((0, len(hashes)), 1):
                peaks.append(perfect(hashes[first : first + many]))
        return _folded(peaks)

    def copy(self) -> Growing:
        other = Growing()
        other.size, other._open = self.size, [list(hashes) for hashes in self._open]
        return other


def _folded(peaks: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees that get smaller to the right."""
    if not peaks:
        return EMPTY
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node(peak, root)
    return root


def root(hashes: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = Growing()
    for hash_ in hashes:
        tree.add(hash_)
    return tree.root()


# ---- what a proof consists of


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose hashes lead from a leaf up to the root (section 2.1.3.1)."""
    low, high, found = 0, size, list[Range]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    return found[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The subtrees whose hashes lead from the old root to the new one (section 2.1.4.1)."""
    low, high, found = 0, new, list[Range]()
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    return [*([(low, high)] if low else []), *found[::-1]]


def _pieces(within: Range, levels: int = 64) -> list[Stretch]:
    """The perfect subtrees of a range, each as the kept hashes that it is computed from."""
    low, high = within
    found = []
    while low < high:
        height = (high - low).bit_length() - 1
        level = min(height // HEIGHT, levels - 1)
        found.append(Stretch(level, low >> (level * HEIGHT), 1 << (height - level * HEIGHT)))
        low += 1 << height
    return found


def hashes_of(ranges: Sequence[Range], read: Read) -> list[bytes]:
    """The hashes over some ranges of leaves."""
    wanted = [_pieces(within) for within in ranges]
    kept = iter(read([piece for pieces in wanted for piece in pieces]))
    return [_folded([perfect(next(kept)) for _ in pieces]) for pieces in wanted]


def root_at(size: int, read: Read) -> bytes:
    """The root that the tree had when it had `size` leaves."""
    return hashes_of([(0, size)], read)[0]


def inclusion(index: int, size: int, read: Read) -> list[bytes]:
    """Why the leaf at `index` is in the tree of `size`."""
    return hashes_of(inclusion_ranges(index, size), read)


def consistency(old: int, new: int, read: Read) -> list[bytes]:
    """Why the tree of `new` leaves begins with that of `old`."""
    return hashes_of(consistency_ranges(old, new) if 0 < old < new else [], read)


# ---- what whoever is given a proof computes


def climbed(hash_: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a path leads to from a leaf's hash (section 2.1.3.2); None where it cannot be a path of
    this leaf in a tree of this size."""
    if not 0 <= index < size:
        return None
    place, last = index, size - 1
    for step in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            hash_ = node(step, hash_)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            hash_ = node(hash_, step)
        place, last = place >> 1, last >> 1
    return hash_ if last == 0 else None


def included(hash_: bytes, index: int, size: int, path: Sequence[bytes], root_: bytes) -> bool:
    """Whether a path leads from a leaf's hash to the root."""
    return climbed(hash_, index, size, path) == root_


def consistent(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether a path shows that one tree begins with another (section 2.1.4.2)."""
    if old == new or old == 0:
        return not path and 0 <= old <= new and old_root == (new_root if old == new else EMPTY)
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if old > new or not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node(step, before), node(step, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node(after, step)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
