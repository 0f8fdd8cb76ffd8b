"""The events of an export: that each is where it was recorded, and that none is missing."""

from __future__ import annotations

import re
import sqlite3
from base64 import b64decode
from contextlib import closing
from typing import Any, NamedTuple, Self

import orjson

from api import bundle
from api.bundle_found import MOST_SHOWN, Opened
from domain import merkle
from domain.verification import Recorded

POLICY_DIGEST = re.compile(r"~([0-9a-f]{8})")


class Place(NamedTuple):
    """Where an event stands, as its line says."""

    sequence: int
    subject: str
    version: int
    type: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """Raises TypeError or OverflowError for what no ledger has."""
        place = cls(row["sequence"], row["subject"], row["version"], row["type"])
        if [type(part) for part in place] != [int, str, int, str]:
            raise TypeError
        if max(place.sequence, place.version) >= 2**63:
            raise OverflowError
        return place

    def __str__(self) -> str:
        return f"event {self.sequence} ({self.subject} #{self.version} {self.type})"


def check_events(found: Opened) -> None:
    last = 0
    with closing(Versions()) as versions:
        for number, line in found.files[bundle.EVENTS].lines():
            try:
                row = orjson.loads(line)
                place = Place.of(row)
                _event(found, row, place)
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
                found.checked.wrong(
                    "event", f"line {number} of {bundle.EVENTS} cannot be read", f"第 {number} 行无法读取"
                )
                continue
            if place.sequence <= last:
                found.checked.wrong("order", f"{place} stands behind {last}", f"{place} 排在 {last} 之后")
            expected = versions.next(place.subject, place.version)
            if place.version != expected:
                found.checked.wrong(
                    "count", f"{place}: #{expected} was expected", f"{place}：此处应为 #{expected}"
                )
            last = place.sequence
    _whole(found)


def _event(found: Opened, row: Any, place: Place) -> None:
    """One line: that its bytes, or the hash that stands for them, are in the tree."""
    if found.subject not in (bundle.ALL, place.subject):
        found.checked.wrong("event", f"{place} is of another stream", f"{place} 属于另一流")
    if "state" in row:
        state = row["state"].encode()
        message = orjson.loads(state)
        if (message["subject"], message["type"]) != (place.subject, place.type):
            found.checked.wrong("event", f"{place} says that it is another", f"{place} 自称为另一事件")
        leaf = Recorded(*place, state).hash()
    else:
        message, leaf = row["shown"], b64decode(row["leaf"], validate=True)
        found.hidden += 1
    _grown(found, leaf)
    _named(found, str(message.get("policy", "")))
    if found.whole:
        return
    path = [b64decode(hash_, validate=True) for hash_ in row["proof"]]
    if not merkle.included(leaf, place.sequence - 1, found.checkpoint.size, path, found.checkpoint.root):
        found.checked.wrong(
            "proof", f"{place} is not what the checkpoint was signed over", f"{place} 与签名的检查点不符"
        )


def _grown(found: Opened, leaf: bytes) -> None:
    """The tree with one more leaf, and its root where somebody kept a checkpoint of that size."""
    found.tree.add(leaf)
    if found.whole and found.tree.size in found.anchors:
        found.roots[found.tree.size] = found.tree.root()


def _whole(found: Opened) -> None:
    """Of a whole ledger the root is computed anew."""
    if not found.whole:
        return
    size, there = found.checkpoint.size, found.tree.size
    if there != size:
        found.checked.wrong("count", f"{there} of {size} events are here", f"{size} 个事件仅有 {there} 个")
    elif found.tree.root() != found.checkpoint.root:
        found.checked.wrong(
            "proof", "the events are not what the checkpoint was signed over", "事件与签名的检查点不符"
        )


def _named(found: Opened, policy: str) -> None:
    """Policy texts that an event names and that are not there."""
    missing = set(POLICY_DIGEST.findall(policy)) - found.digests
    if len(found.missing) < MOST_SHOWN:
        found.missing |= missing


class Versions:
    """The last version of each stream of a ledger, however many streams there are: a private file, which the
    system deletes, takes what is too much for memory."""

    MOST = 100_000

    def __init__(self) -> None:
        self._recent: dict[str, int] = {}
        self._rest = sqlite3.connect("", isolation_level=None)
        self._rest.execute("CREATE TABLE last (subject TEXT PRIMARY KEY, version INTEGER) WITHOUT ROWID")
        self._rest.execute("BEGIN")  # which nobody ends: it is for this reading alone

    def next(self, subject: str, version: int) -> int:
        """Which version had to come; the one that did is the last from now on."""
        last = self._recent.get(subject) or self._older(subject)
        self._recent[subject] = version
        if len(self._recent) > self.MOST:
            self._rest.executemany("REPLACE INTO last VALUES (?, ?)", self._recent.items())
            self._recent.clear()
        return last + 1

    def _older(self, subject: str) -> int:
        found = self._rest.execute("SELECT version FROM last WHERE subject = ?", [subject]).fetchone()
        return int(found[0]) if found else 0

    def close(self) -> None:
        self._rest.close()
