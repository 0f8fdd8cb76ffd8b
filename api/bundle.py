"""An export: events with their proofs, the checkpoint they lead to, the policies in force and a page to read,
in one file that `verify --export` checks with nothing else at hand.

A zip without compression and without dates: the same ledger gives the same bytes. The manifest has the digest
of every file and is signed, so what no proof covers (the page, what is shown of a masked event, that the
stream ends here) rests on the exporter's signature. Stored bytes go out as they are where their personal
fields are sealed. Where they were stored in clear, the event is masked: its leaf and path are there, its
bytes are not, unless they are asked for.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import zip_longest
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Protocol

import orjson

from domain.batched import batched
from domain.checkpoint import Signer, base64
from domain.events import PERSONAL
from domain.history import HIDDEN
from domain.privacy import MARK
from domain.rebasing import REBASED
from domain.verification import Recorded
from storage.postgres import PostgresStorage
from storage.proofs import Signed

FORMAT = "huiyin-export/1"
MANIFEST, CHECKPOINT, KEY, EVENTS, EARLIER, PAGE = (
    "manifest",
    "checkpoint",
    "key",
    "events.jsonl",
    "checkpoints.jsonl",
    "index.html",
)
POLICIES = "policies/"
ALL = "*"
"""In the manifest, where a stream would stand."""

AT_ONCE = 2_000
"""Events that are in memory together."""

IN_MEMORY, PIECE = 8 * 2**20, 2**16
"""Bytes of a file that are kept in memory while it is made, and that are moved together."""

MOST_EARLIER = 200
"""Earlier checkpoints that a bundle proves itself to continue: the newest."""

OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
RANGE = """SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events
    WHERE notification_id BETWEEN %s AND %s ORDER BY notification_id"""


class Whole(Protocol):
    """A file that can be packed."""

    size: int

    def pieces(self) -> Iterator[bytes]: ...


class Out(Protocol):
    """What an archive can be written to."""

    def write(self, piece: bytes, /) -> int: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


class Part:
    """A file of a bundle, gathered in another file; its size and digest are known when it is whole."""

    def __init__(self, content: IO[bytes], pieces: Iterable[bytes]) -> None:
        self.size, digest = 0, sha256()
        self._content = content
        for piece in pieces:
            self._content.write(piece)
            digest.update(piece)
            self.size += len(piece)
        self.digest = digest.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        self._content.seek(0)
        while piece := self._content.read(PIECE):
            yield piece


def make(
    storage: PostgresStorage, seed: str, subject: str | None, out: IO[bytes], personal: bool = False
) -> bool:
    """Writes a stream's bundle, or the whole ledger's, to a file that can be sought in; False where there is
    no such stream. However many events there are, few are in memory at a time.

    Raises:
        BadNote: the signing key cannot be used.
    """
    signed = storage.proofs.sign(seed)
    source = Source(storage, subject, signed.checkpoint.size)
    if subject and next(iter(source.events()), None) is None:
        return False
    with ExitStack() as stack:
        files: dict[str, Part] = {}
        for name, pieces in _contents(source, signed, personal):
            content = stack.enter_context(SpooledTemporaryFile(max_size=IN_MEMORY))
            files[name] = Part(content, pieces)
        signer = Signer.read(signed.checkpoint.origin, seed)
        digests = {name: part.digest for name, part in files.items()}
        note = signer.sign(manifest(signer.name, subject or ALL, source.count, digests))
        pack({**files, MANIFEST: Part(io.BytesIO(), [note.encode()])}, out)
    return True


def _contents(source: Source, signed: Signed, personal: bool) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The files but the manifest. The events come first: they tell how many there are, and which policies."""
    from api.bundle_page import page

    storage = source.storage
    yield CHECKPOINT, [signed.note.encode()]
    yield KEY, [f"{signed.key}\n".encode()]
    yield EVENTS, source.lines(personal)
    yield EARLIER, _earlier(storage, source.size)
    yield from ((name, [text]) for name, text in _policies(storage, source.policies).items())
    yield PAGE, page(source.subject, signed, source.count, map(masked, source.events()))


@dataclass
class Source:
    """What a bundle is made of: the events of a stream, or all, up to a size of the tree."""

    storage: PostgresStorage
    subject: str | None
    size: int
    count: int = 0
    policies: set[str] = field(default_factory=set)

    def events(self) -> Iterator[Recorded]:
        return self._stream(self.subject) if self.subject else self._ledger()

    def _stream(self, subject: str) -> Iterator[Recorded]:
        for sequence, event in self.storage.history(subject):
            if sequence <= self.size:
                yield Recorded(sequence, subject, event.originator_version, event.topic, bytes(event.state))

    def _ledger(self) -> Iterator[Recorded]:
        for first in range(1, self.size + 1, AT_ONCE):
            last = min(first + AT_ONCE - 1, self.size)
            for row in self.storage.proofs.connections.read(RANGE, [first, last]):
                yield Recorded(row[0], row[1], row[2], row[3], bytes(row[4]))

    def lines(self, personal: bool) -> Iterator[bytes]:
        """One line an event. Of a whole ledger the root is computed from them, and nobody needs a path."""
        for some in batched(self.events(), AT_ONCE):
            paths = self._paths([event.sequence for event in some])
            for event, path in zip_longest(some, paths):
                self._note(event)
                yield orjson.dumps(
                    row(event, personal) | ({"proof": path} if self.subject else {}), option=OPTIONS
                )

    def _paths(self, sequences: Sequence[int]) -> list[list[str]]:
        if self.subject is None:
            return []
        paths = self.storage.proofs.inclusions(sequences, self.size)
        return [[base64(hash_) for hash_ in path] for path in paths]

    def _note(self, event: Recorded) -> None:
        self.count += 1
        says = event.version == 1 or event.topic == REBASED
        message = orjson.loads(event.state) if says else {}
        if "policy" in message:
            self.policies.add(str(message["policy"]))


def row(event: Recorded, personal: bool) -> dict[str, Any]:
    head = {
        "sequence": event.sequence,
        "subject": event.subject,
        "version": event.version,
        "type": event.topic,
    }
    if personal or not in_clear(event):
        return {**head, "state": event.state.decode()}
    return {**head, "leaf": base64(event.hash()), "shown": masked(event)}


def _texts(value: Any) -> Iterable[str]:
    """The texts within a personal field."""
    if isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif value is not None:
        yield str(value)


def in_clear(event: Recorded) -> bool:
    """Whether a personal text stands in the stored bytes as it was said."""
    fields = PERSONAL.get(event.topic, ())
    data = orjson.loads(event.state)["data"] if fields else {}
    return any(
        text.strip() and not text.startswith(MARK) for name in fields for text in _texts(data.get(name))
    )


def masked(event: Recorded) -> dict[str, Any]:
    """An event as whoever may not see personal fields sees it."""
    message: dict[str, Any] = orjson.loads(event.state)
    hidden = {name: HIDDEN for name in PERSONAL.get(event.topic, ()) if name in message["data"]}
    return {**message, "sequence": event.sequence, "data": {**message["data"], **hidden}}


def _earlier(storage: PostgresStorage, size: int) -> Iterable[bytes]:
    """Checkpoints before this one, with the proof that this one continues them."""
    found = [one for one in storage.proofs.checkpoints(size) if 0 < one.checkpoint.size < size]
    for one in found[-MOST_EARLIER:]:
        path = storage.proofs.consistency(one.checkpoint.size, size)
        line = {"note": one.note, "key": str(one.key), "proof": [base64(hash_) for hash_ in path]}
        yield orjson.dumps(line, option=OPTIONS)


def _policies(storage: PostgresStorage, versions: Iterable[str]) -> dict[str, bytes]:
    """The texts under which these streams stand, as the ledger kept them."""
    texts = (storage.policy_texts(version) or {} for version in sorted(versions))
    return {
        f"{POLICIES}{name}~{digest8(text.encode())}.toml": text.encode()
        for each in texts
        for name, text in each.items()
    }


def digest8(text: bytes) -> str:
    """As a policy's version names its text."""
    return sha256(text).hexdigest()[:8]


def manifest(origin: str, subject: str, count: int, digests: Mapping[str, str]) -> str:
    """What the exporter signs: what it is of, how many events it has, and every file's digest."""
    lines = [f"{digest} {name}" for name, digest in sorted(digests.items())]
    return "\n".join([FORMAT, origin, subject, str(count), *lines, ""])


def pack(files: Mapping[str, Whole], out: Out) -> None:
    """The one zip that these files make."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as opened:
        for name, part in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr, entry.file_size = 3, 0o644 << 16, part.size
            with opened.open(entry, "w") as into:
                for piece in part.pieces():
                    into.write(piece)
