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
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson

from domain.checkpoint import Signer, base64
from domain.events import PERSONAL
from domain.history import HIDDEN
from domain.privacy import MARK
from domain.verification import Recorded
from storage.postgres import PostgresStorage

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

AT_ONCE = 5_000
MOST_EARLIER = 200
"""Earlier checkpoints that a bundle proves itself to continue: the newest."""

OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
RANGE = """SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events
    WHERE notification_id BETWEEN %s AND %s ORDER BY notification_id"""


def make(storage: PostgresStorage, seed: str, subject: str | None, personal: bool = False) -> bytes | None:
    """A stream's bundle, or the whole ledger's; None where there is no such stream.

    Raises:
        BadNote: the signing key cannot be used.
    """
    from api.bundle_page import page

    signed = storage.proofs.sign(seed)
    size = signed.checkpoint.size
    events = list(_stream(storage, subject, size) if subject else _ledger(storage, size))
    if subject and not events:
        return None
    rows = _rows(storage, events, size, whole=subject is None, personal=personal)
    files = {
        CHECKPOINT: signed.note.encode(),
        KEY: f"{signed.key}\n".encode(),
        EVENTS: b"".join(orjson.dumps(row, option=OPTIONS) for row in rows),
        EARLIER: b"".join(_earlier(storage, size)),
        **_policies(storage, events),
    }
    files[PAGE] = page(subject, signed, [masked(event) for event in events])
    signer = Signer.read(signed.checkpoint.origin, seed)
    files[MANIFEST] = signer.sign(manifest(signer.name, subject or ALL, len(events), files)).encode()
    return packed(files)


def _stream(storage: PostgresStorage, subject: str, size: int) -> Iterable[Recorded]:
    for sequence, event in storage.history(subject):
        if sequence <= size:
            yield Recorded(sequence, subject, event.originator_version, event.topic, bytes(event.state))


def _ledger(storage: PostgresStorage, size: int) -> Iterable[Recorded]:
    for first in range(1, size + 1, AT_ONCE):
        for row in storage.proofs.connections.read(RANGE, [first, min(first + AT_ONCE - 1, size)]):
            yield Recorded(row[0], row[1], row[2], row[3], bytes(row[4]))


def _rows(
    storage: PostgresStorage, events: Sequence[Recorded], size: int, whole: bool, personal: bool
) -> list[dict[str, Any]]:
    """One line an event; where all are there, the root is computed from them and nobody needs a path."""
    paths = [] if whole else storage.proofs.inclusions([event.sequence for event in events], size)
    rows = [row(event, personal) for event in events]
    for made, path in zip(rows, paths, strict=False):
        made["proof"] = [base64(hash_) for hash_ in path]
    return rows


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


def _policies(storage: PostgresStorage, events: Iterable[Recorded]) -> dict[str, bytes]:
    """The texts under which these streams stand, as the ledger kept them."""
    first = (orjson.loads(event.state) for event in events if event.version == 1)
    versions = sorted({str(message["policy"]) for message in first if "policy" in message})
    texts = (storage.policy_texts(version) or {} for version in versions)
    return {
        f"{POLICIES}{name}~{digest8(text.encode())}.toml": text.encode()
        for each in texts
        for name, text in each.items()
    }


def digest8(text: bytes) -> str:
    """As a policy's version names its text."""
    return sha256(text).hexdigest()[:8]


def manifest(origin: str, subject: str, count: int, files: Mapping[str, bytes]) -> str:
    """What the exporter signs: what it is of, how many events it has, and every file's digest."""
    lines = [f"{sha256(content).hexdigest()} {name}" for name, content in sorted(files.items())]
    return "\n".join([FORMAT, origin, subject, str(count), *lines, ""])


def packed(files: Mapping[str, bytes]) -> bytes:
    """The one zip that these files make."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as opened:
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            opened.writestr(entry, text)
    return content.getvalue()
