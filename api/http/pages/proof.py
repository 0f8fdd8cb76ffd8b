"""The verification badge: every event of a stream held against the last signed checkpoint, there and then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.pages import words
from api.http.pages.templates import render
from api.http.services import Services, services_of
from api.http.told import told_of
from domain.checkpoint import BadNote, base64, open_checkpoint
from domain.merkle import included, leaf
from storage.proofs import Signed, TreeDamaged

router = APIRouter(include_in_schema=False)

MOST = 1_000
"""Events that are looked at: the latest ones."""


class Badge(NamedTuple):
    """What came of it: proven, unproven (wrong: an event or a hash is not what was signed), unsigned, or
    young, where the stream is newer than the checkpoint."""

    verdict: str
    proven: int
    young: int
    signed: Signed | None


def badge(services: Services, stored: Sequence[tuple[int, Any]]) -> Badge:
    """Each event's hash is computed from what is stored now, and must lead to the root that was signed."""
    proofs = services.parts.storage.proofs
    signed = proofs.last()
    if signed is None:
        return Badge("unsigned", 0, len(stored), None)
    size = signed.checkpoint.size
    old = [(sequence, event) for sequence, event in stored if sequence <= size][-MOST:]
    try:
        checkpoint, _ = open_checkpoint(signed.note, [signed.key])
        paths = proofs.inclusions([sequence for sequence, _ in old], size)
    except (BadNote, TreeDamaged):
        return Badge("unproven", 0, 0, signed)
    sound = [
        included(_leaf(sequence, event), sequence - 1, size, path, checkpoint.root)
        for (sequence, event), path in zip(old, paths, strict=True)
    ]
    verdict = "unproven" if not all(sound) else "proven" if sound else "young"
    return Badge(verdict, sum(sound), len(stored) - len(old), signed)


def _leaf(sequence: int, event: Any) -> bytes:
    return leaf(sequence, event.originator_id, event.originator_version, event.topic, bytes(event.state))


@router.get("/view/proof/{kind}/{name:path}")
def proof(request: Request, kind: str, name: str) -> Response:
    services = services_of(request)
    found = badge(services, told_of(request, kind, name).stored)
    signed = found.signed
    return render(
        request,
        "_proof.html",
        badge=found,
        at=words.shown(services, signed.made_at) if signed else None,
        root=base64(signed.checkpoint.root) if signed else None,
    )
