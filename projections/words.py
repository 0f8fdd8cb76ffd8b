"""Words of complaints' summaries, to be searched without being kept: keyed marks, and the text to check.

A summary is personal and sealed; an index of its words in clear would be a second copy that nobody erases.
Kept of each complaint are only 16-bit marks of its words: of each word of an alphabet, and of each two
Chinese characters in sequence, hashed (BLAKE2b) with a secret that lies among the data keys, wrapped by the
master key. So many words share a mark that neither a word nor how often it is used can be read from the
marks; for the same reason they find too much, and whoever searches opens what they find and looks
(`domain.privacy`): what was erased is not found from that instant on, and its marks go with the erasure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from domain.envelope import Event
from projections.batch import Batch, ReadModel
from projections.table import Row, Table
from projections.texts import Summary
from storage.statements import do

MARKED = Table(
    "complaint_words",
    {
        "subject": "text",
        "customer": "text",
        "sequence": "bigint NOT NULL",
        "received_at": "timestamptz",
        "marks": "smallint[] NOT NULL",
    },
    key=("subject",),
    indexes=("USING gin (marks) WITH (gin_pending_list_limit = 128)", "(customer)"),
)
"""What is new waits in the index's list until that has so many kB: whoever fills it sorts it in, and an alert
may be waiting behind that."""

LONGEST = 20
"""Words of one search, at most."""

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_IS_HAN = re.compile(f"[{_HAN}]")

NO_SECRET = bytes(32)
"""In place of the secret where nothing is sealed: then the texts are in clear anyway."""


class TooShort(ValueError):
    """Nothing to search for: no word, and no two Chinese characters in sequence."""


def spelled(text: str) -> str:
    """A text as all spellings of it: full width, capitals, accents joined."""
    return unicodedata.normalize("NFKC", text).casefold()


def runs(text: str) -> list[str]:
    """Words and stretches of Chinese, however they are spelled."""
    return _RUNS.findall(spelled(text))


def grams(found: Iterable[str]) -> set[str]:
    """What is marked of some runs: whole words, and each two Chinese characters in sequence."""
    marked: set[str] = set()
    for run in found:
        pairs = {run[i : i + 2] for i in range(len(run) - 1)}
        marked |= pairs if _IS_HAN.match(run) else {run}
    return marked


@lru_cache(maxsize=50_000)
def mark(secret: bytes, gram: str) -> int:
    """One of 65,536, as PostgreSQL's smallint counts them. Kept: the same words come again and again."""
    return int.from_bytes(blake2b(gram.encode(), key=secret, digest_size=2).digest(), signed=True)


def marks(secret: bytes, found: Iterable[str]) -> list[int]:
    return sorted({mark(secret, gram) for gram in grams(found)})


class Wanted:
    """The words of one search; a summary must hold all of them, in whatever order."""

    def __init__(self, text: str) -> None:
        self.runs = list(dict.fromkeys(runs(text)))[:LONGEST]
        self.others = {run for run in self.runs if not _IS_HAN.match(run)}
        if not grams(self.runs):
            raise TooShort(text)

    def marks(self, secret: bytes) -> list[int]:
        return marks(secret, self.runs)

    def within(self, text: str) -> bool:
        """Whether the text itself has them all: Chinese anywhere in it, other words whole."""
        there = spelled(text)
        if not all(run in there for run in self.runs):
            return False
        return not self.others or self.others <= set(_RUNS.findall(there))


# ---- the read model

SUMMARY, ERASED = "complaint.received", "customer.erased"

LOCK = 0x48795F776F726473
"""Advisory lock that marking shares and forgetting takes alone: what is forgotten was marked before, with a
key that was there, or is not marked, as the key is gone."""


def _fold(batch: Batch) -> None:
    erased = batch.of(frozenset({ERASED}))
    do(batch.cursor, f"SELECT pg_advisory_xact_lock{'' if erased else '_shared'}(%s)", [LOCK])
    MARKED.save(batch.cursor, list(_rows(batch)))
    for event in erased:
        said = [event.subject.partition("/")[2], event.sequence or 0]
        do(batch.cursor, "DELETE FROM complaint_words WHERE customer = %s AND sequence < %s", said)


def _rows(batch: Batch) -> Iterable[Row]:
    """Of summaries that can be read: where the customer was erased meanwhile, nothing is marked."""
    told = {event.sequence or 0: event for event in batch.of(frozenset({SUMMARY}))}
    found = {sequence: _summary(event) for sequence, event in told.items()}
    texts = batch.context.texts
    opened = texts.opened(batch.cursor, found.values())
    secret = texts.secret(batch.cursor) if opened else NO_SECRET
    for sequence, event in told.items():
        data: Any = event.data
        if kept := marks(secret, runs(opened.get(found[sequence], ""))):
            said = {"subject": event.subject, "customer": data.customer, "sequence": sequence}
            said |= {"received_at": event.time}
            yield MARKED.new(**said, marks=kept)


def _summary(event: Event) -> Summary:
    data: Any = event.data
    return Summary(event.source, event.id, data.summary or "")


MODEL = ReadModel("words", (MARKED,), frozenset({SUMMARY, ERASED}), _fold)
