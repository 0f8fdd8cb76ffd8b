"""GET /checkpoint and /proofs: what a stranger needs to verify the record."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from api.http import proofs
from domain import merkle
from domain.checkpoint import VerifierKey, open_checkpoint, open_checkpoints
from streams.local import Database, free_ports
from tests.helpers.proven import SEED
from tests.helpers.site import Site, serving

TEXT = {"Accept": "text/plain"}


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    url = server.create("http_proofs")
    with serving(url, *free_ports(1), signing_key=SEED) as running:
        running.tell(running.complaint("C-1"), running.complaint("C-2"))
        yield running
    server.drop("http_proofs")


def hashes(texts: list[str]) -> list[bytes]:
    return [b64decode(text) for text in texts]


def test_a_checkpoint_is_a_signed_note_that_its_key_opens(site: Site) -> None:
    said = site.ask("GET", "/checkpoint", headers={"Accept": "application/json"}).json()
    checkpoint, _ = open_checkpoint(said["note"], [VerifierKey.read(said["key"])])
    assert (checkpoint.origin, checkpoint.size) == (said["origin"], said["size"])
    assert checkpoint.root == b64decode(said["root"])
    text = site.ask("GET", "/checkpoint", headers=TEXT)
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.text == said["note"]


def test_every_event_is_proven_in_the_last_checkpoint(site: Site) -> None:
    note = site.ask("GET", "/checkpoint", headers=TEXT).text
    size = int(note.splitlines()[1])
    for sequence in range(1, size + 1):
        said = site.get(f"/proofs/{sequence}").json()
        assert said["checkpoint"] == note
        leaf, root, path = b64decode(said["leaf"]), b64decode(said["root"]), hashes(said["path"])
        assert merkle.included(leaf, said["index"], said["size"], path, root)


def test_a_later_checkpoint_continues_an_earlier_one(site: Site) -> None:
    old = int(site.ask("GET", "/checkpoint", headers=TEXT).text.splitlines()[1])
    site.tell(site.complaint("C-3"))
    new = int(site.ask("GET", "/checkpoint", headers=TEXT).text.splitlines()[1])
    said = site.get("/proofs/consistency", **{"from": old}).json()
    assert (said["from"], said["to"]) == (old, new)
    roots = b64decode(said["from_root"]), b64decode(said["to_root"])
    assert merkle.consistent(old, new, hashes(said["path"]), *roots)
    earlier = site.get(f"/proofs/{old}", size=old).json()
    assert (earlier["size"], earlier["root"]) == (old, said["from_root"])


def test_an_event_behind_the_last_checkpoint_is_proven_in_the_present_tree(site: Site) -> None:
    size = int(site.ask("GET", "/checkpoint", headers=TEXT).text.splitlines()[1])
    site.tell(site.complaint("C-4"))
    said = site.get(f"/proofs/{size + 1}").json()
    assert said["size"] > size
    assert said["checkpoint"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/proofs/1000000", 404),
        ("/proofs/0", 400),
        ("/proofs/first", 400),
        ("/proofs/1?size=1000000", 400),
        ("/proofs/1?sise=1", 400),
        ("/proofs/3?size=2", 404),
        ("/proofs/consistency", 400),
        ("/proofs/consistency?from=2&to=1", 400),
        ("/proofs/consistency?from=1&to=1000000", 400),
    ],
)
def test_what_there_is_no_proof_of_is_a_problem(site: Site, path: str, status: int) -> None:
    answer = site.ask("GET", path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_without_a_key_the_last_checkpoint_is_served_and_none_is_made(server: Database) -> None:
    url = server.create("http_proofs_unsigned")
    with serving(url, *free_ports(1)) as running:
        answer = running.ask("GET", "/checkpoint")
        assert (answer.status_code, answer.json()["type"]) == (404, "/docs#no-checkpoint")
    server.drop("http_proofs_unsigned")


def test_a_checkpoint_is_signed_now_and_then_without_being_asked_for(
    server: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(proofs, "EVERY_S", 0.05)
    url, file = server.create("http_proofs_signing"), tmp_path / "checkpoints"
    with serving(url, *free_ports(1), signing_key=SEED, checkpoint_file=file) as running:
        running.tell(running.complaint("C-1"))
        kept, deadline = running.parts.storage.proofs, monotonic() + 20
        while (last := kept.last()) is None or last.checkpoint.size < kept.size():
            assert monotonic() < deadline, "no checkpoint was signed"
            sleep(0.05)
        while last.note not in (file.read_text() if file.exists() else ""):
            assert monotonic() < deadline, "the checkpoint was not written out"
            sleep(0.05)
        assert open_checkpoints(file.read_text(), [last.key])[-1] == last.checkpoint
    server.drop("http_proofs_signing")
