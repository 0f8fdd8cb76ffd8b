"""What became of a ledger since it was recorded: every event held against the tree, the tree against what was
signed. Whatever was altered, dropped, inserted, moved or cut off is named by its sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.merkle import EMPTY, HEIGHT, Growing, leaf

FEW = 300
"""Differing events up to which every place is tried for each of them, to tell what was moved from where."""

NEAR = (1, -1, 2, -2, 3, -3)
"""Shifts that are tried where there are more."""


class Recorded(NamedTuple):
    """One event as it is stored."""

    sequence: int
    subject: str
    version: int
    topic: str
    state: bytes

    def hash(self, sequence: int | None = None) -> bytes:
        """Its leaf; or what its leaf would be at another place of the ledger."""
        return leaf(self.sequence if sequence is None else sequence, *self[1:])


WORDS: Mapping[str, tuple[str, str]] = {
    "altered": ("what is stored is not what was recorded", "所存内容与当初记录的不同"),
    "dropped": ("recorded here once and gone", "曾记录于此，现已缺失"),
    "truncated": ("cut off the end of the ledger", "账本末尾被截去"),
    "inserted": ("never recorded: the tree does not know it", "从未记录：默克尔树中没有"),
    "moved": ("recorded at another place: {detail}", "原记录于另一位置：{detail}"),
    "leaf": ("the tree's hash was altered; the event stands", "默克尔树的哈希被改动；事件完好"),
    "hole": ("the tree's hash is gone", "默克尔树的哈希缺失"),
    "node": ("the tree's hash over these was altered", "默克尔树对其的上层哈希被改动"),
    "rewritten": ("not what {detail} was signed over", "与签名的{detail}不符"),
    "cut": ("{detail} has them, the ledger does not", "{detail}包含，账本却没有"),
    "signature": ("{detail}", "{detail}"),
}


class Finding(NamedTuple):
    """What is wrong with the events from one sequence to another; `what` names them where that is known."""

    kind: str
    first: int
    last: int
    what: str = ""
    detail: tuple[str, str] = ("", "")

    def text(self, zh: bool = False) -> str:
        """One line."""
        where = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        words = WORDS[self.kind][zh].format(detail=self.detail[zh])
        head = " ".join(part for part in (where if self.last else "", self.what) if part)
        return f"{head}{'：' if zh else ': '}{self.kind}{'：' if zh else ': '}{words}"


class Root(NamedTuple):
    """What the tree was once said to be, and by what: a checkpoint, an anchor."""

    size: int
    root: bytes
    by: tuple[str, str]


@dataclass
class Audit:
    """The events of a ledger in their order, beside the hashes that its tree has of them."""

    size: int
    """Of the tree."""
    roots: Sequence[Root]
    above: Mapping[tuple[int, int], bytes]
    """The tree's hashes above its leaves, by level and position."""

    found: list[Finding] = field(default_factory=list)
    _differing: dict[int, Recorded] = field(default_factory=dict)
    _strange: dict[int, Recorded] = field(default_factory=dict)
    _kept: dict[int, bytes] = field(default_factory=dict)
    _missing: list[int] = field(default_factory=list)
    _tree: Growing = field(default_factory=Growing)
    _events: Growing | None = None
    _good: int = 0
    _last: int = 0
    _broken: bool = False

    def __post_init__(self) -> None:
        self._wanted: dict[int, list[Root]] = {}
        for root in self.roots:
            self._wanted.setdefault(root.size, []).append(root)
        self._check(0)

    def take(self, sequence: int, event: Recorded | None, kept: bytes | None) -> None:
        """The next place of the ledger: its event and the tree's hash, as far as they are there."""
        if event is not None:
            self._last = max(self._last, sequence)
        if not 0 < sequence <= self.size or sequence <= self._tree.size:
            if event is not None:
                self._strange[sequence] = event
            return
        while self._tree.size < sequence - 1:
            self._place(self._tree.size + 1, None, None)
        self._place(sequence, event, kept)

    def _place(self, sequence: int, event: Recorded | None, kept: bytes | None) -> None:
        hash_ = event.hash() if event is not None else None
        if kept is None:
            self.found.append(Finding("hole", sequence, sequence))
            kept = hash_ or EMPTY
        elif event is None:
            self._missing.append(sequence)
            self._kept[sequence] = kept
        elif hash_ != kept:
            self._differing[sequence], self._kept[sequence] = event, kept
            self._events = self._events or self._tree.copy()
        self._grow(hash_ or kept, kept)
        self._check(sequence)

    def _grow(self, hash_: bytes, kept: bytes) -> None:
        if self._events is not None:
            self._events.add(hash_)
        for level, position, made in self._tree.add(kept):
            if self.above.get((level, position)) != made:
                width = 1 << (HEIGHT * level)
                self.found.append(Finding("node", position * width + 1, (position + 1) * width))

    def _check(self, size: int) -> None:
        """The roots of this size. Where the tree is not what was signed but the events are, it is the tree's
        leaves that were altered."""
        for root in self._wanted.get(size, ()):
            if self._tree.root() == root.root:
                self._good = max(self._good, size)
            elif self._events is not None and self._events.root() == root.root:
                self._good = max(self._good, size)
                self._acquit(size)
            elif not self._broken:
                self._broken = True
                self.found.append(Finding("rewritten", min(self._good + 1, size), size, "", root.by))

    def _acquit(self, size: int) -> None:
        for sequence in [one for one in self._differing if one <= size]:
            event = self._differing.pop(sequence)
            self.found.append(Finding("leaf", sequence, sequence, named(event)))

    def findings(self) -> list[Finding]:
        """All that is wrong, in the order of the ledger."""
        while self._tree.size < self.size:
            self._place(self._tree.size + 1, None, None)
        moved = dict(self._moves())
        for sequence, event in {**self._differing, **self._strange}.items():
            kind = "altered" if sequence in self._differing else "inserted"
            self.found.append(Finding(kind, sequence, sequence, named(event)))
            if sequence in moved:
                place = str(moved[sequence])
                self.found[-1] = Finding("moved", sequence, sequence, named(event), (place, place))
        gone = [sequence for sequence in self._missing if sequence not in set(moved.values())]
        for first, last in runs(gone):
            kind = "truncated" if last == self.size and first > self._last else "dropped"
            self.found.append(Finding(kind, first, last))
        for root in self.roots:
            if root.size > self.size:
                self.found.append(Finding("cut", self.size + 1, root.size, "", root.by))
        return sorted(self.found, key=lambda finding: (finding.first, finding.last))

    def _moves(self) -> Iterator[tuple[int, int]]:
        """Events that the tree knows at another place."""
        events, shift = {**self._differing, **self._strange}, 0
        every = list(self._kept) if len(events) * len(self._kept) <= FEW * FEW else []
        for sequence, event in events.items():
            places = [sequence + shift, *(every or (sequence + near for near in NEAR))]
            for place in places:
                if place != sequence and self._kept.get(place) == event.hash(place):
                    shift = place - sequence
                    yield sequence, place
                    break


def named(event: Recorded) -> str:
    return f"{event.subject} #{event.version} {event.topic}"


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as first and last of those without gaps."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
