"""Exports as they are made, taken apart, changed and signed anew."""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import orjson

from api import bundle
from api.bundle_check import check
from domain.checkpoint import Signer
from domain.ledger import Incoming
from storage.postgres import PostgresStorage
from tests.helpers.proven import AT, SEED

FACTS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "complaint.received",
        {"customer": "K-1", "category": "fees", "channel": "app", "summary": "多收费用"},
    ),
    ("complaint.replied", {"text": "正在核实", "final": True, "by": "S-1"}),
    ("complaint.resolved", {"resolution": "refunded", "by": "S-1"}),
)


OTHER_SEED = b64encode(bytes(32)).decode()


def fact(number: int, name: str) -> Incoming:
    type_, data = FACTS[number]
    head = {"specversion": "1.0", "id": f"{name}-{number}", "source": "/crm", "type": type_}
    raw = orjson.dumps({**head, "subject": f"complaint/{name}", "time": AT, "data": data})
    return Incoming.read(raw)


def made(
    storage: PostgresStorage, subject: str | None = "complaint/C-1", personal: bool = True, seed: str = SEED
) -> bytes:
    out = io.BytesIO()
    assert bundle.make(storage, seed, subject, out, personal)
    return out.getvalue()


def files_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def codes(content: bytes, **more: Any) -> list[str]:
    return sorted({reason.code for reason in check(io.BytesIO(content), **more).reasons})


def packed(files: dict[str, bytes]) -> bytes:
    """The archive that these files make."""
    content = io.BytesIO()
    bundle.pack({name: bundle.Part(io.BytesIO(), [text]) for name, text in files.items()}, content)
    return content.getvalue()


def remade(storage: PostgresStorage, files: dict[str, bytes], count: int | None = None) -> bytes:
    """A bundle whose manifest was signed anew, as somebody could who has the key, or takes one of their own:
    what is left to refuse it is what it says."""
    signer = Signer.read(storage.proofs.origin(), SEED)
    there = {name: content for name, content in files.items() if name != bundle.MANIFEST}
    subject = files[bundle.MANIFEST].split(b"\n")[2].decode()
    many = there[bundle.EVENTS].count(b"\n") if count is None else count
    digests = {name: sha256(content).hexdigest() for name, content in there.items()}
    note = signer.sign(bundle.manifest(signer.name, subject, many, digests))
    return packed({**there, bundle.MANIFEST: note.encode()})


Change = Callable[[dict[str, bytes]], dict[str, bytes]]


def lines(change: Callable[[list[Any]], list[Any]]) -> Change:
    """A change of the events."""

    def changed(files: dict[str, bytes]) -> dict[str, bytes]:
        rows = change([orjson.loads(line) for line in files[bundle.EVENTS].splitlines()])
        content = b"".join(orjson.dumps(row, option=bundle.OPTIONS) for row in rows)
        return {**files, bundle.EVENTS: content}

    return changed


def of(place: int, **fields: Any) -> Change:
    return lines(lambda rows: [{**row, **fields} if n == place else row for n, row in enumerate(rows)])


def text(name: str, old: bytes, new: bytes) -> Change:
    def changed(files: dict[str, bytes]) -> dict[str, bytes]:
        assert old in files[name]
        return {**files, name: files[name].replace(old, new, 1)}

    return changed


ZERO = b64encode(bytes(32)).decode()
