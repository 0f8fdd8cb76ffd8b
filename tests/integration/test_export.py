"""Exports: verified with nothing else at hand, and refused when anything in them was changed."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from api import bundle, bundle_open
from api.bundle_check import check
from api.bundle_events import Versions
from domain.checkpoint import Signer
from domain.events import PERSONAL
from domain.ledger import Ledger
from domain.policy import load_policy
from domain.privacy import MARK, Masters
from domain.sealing import Keyring
from storage.postgres import PostgresStorage
from tests.helpers.cli import Answer, huiyin
from tests.helpers.exported import (
    FACTS,
    OTHER_SEED,
    ZERO,
    Change,
    codes,
    fact,
    files_of,
    lines,
    made,
    of,
    packed,
    remade,
    text,
)
from tests.helpers.proven import AT, SEED, filled


@pytest.fixture
def storage(database: str) -> Iterator[PostgresStorage]:
    """A ledger in which two complaints took turns, with a checkpoint from between."""
    with ExitStack() as stack:
        storage = PostgresStorage(database)
        stack.callback(storage.close)
        storage.create()
        ledger = Ledger(storage, storage.recorder, load_policy(["auto-4s"]))
        for number in range(len(FACTS)):
            ledger.record([fact(number, name) for name in ("C-1", "C-2")], AT)
            storage.proofs.sign(SEED)
        yield storage


@pytest.fixture
def run(database: str) -> Callable[..., Answer]:
    return lambda *words, **env: huiyin(
        *words, env={"HUIYIN_DATABASE_URL": database, "HUIYIN_SIGNING_KEY": SEED, **env}
    )


@pytest.mark.parametrize("subject", ["complaint/C-1", None])
@pytest.mark.parametrize("personal", [True, False])
def test_an_export_is_verified_and_always_the_same(
    storage: PostgresStorage, subject: str | None, personal: bool
) -> None:
    content = made(storage, subject, personal)
    assert codes(content) == []
    assert content == made(storage, subject, personal)
    key = Signer.read(storage.proofs.origin(), SEED).public
    assert codes(content, key=key) == []


def test_personal_fields_in_clear_stay_at_home_unless_asked_for(storage: PostgresStorage) -> None:
    for subject in ("complaint/C-1", None):
        assert "多收费用".encode() not in made(storage, subject, personal=False)
        assert "正在核实".encode() not in made(storage, subject, personal=False)
        assert "多收费用".encode() in made(storage, subject)
    page = files_of(made(storage))[bundle.PAGE]
    assert "多收费用".encode() not in page
    assert any("masked" in text.en for text in check(io.BytesIO(made(storage, personal=False))).said)
    assert PERSONAL["complaint.received"]


def test_sealed_fields_go_out_sealed_and_proven(database: str) -> None:
    with closing(PostgresStorage(database)) as sealed:
        sealed.create()
        keyring = Keyring(Masters([bytes(range(32))]))
        ledger = Ledger(sealed, sealed.recorder, load_policy(["auto-4s"]), keyring=keyring)
        ledger.record([fact(number, "C-1") for number in range(len(FACTS))], AT)
        for subject in ("complaint/C-1", None):
            content = made(sealed, subject, personal=False)
            assert codes(content) == []
            assert b'"leaf":' not in content
            assert "多收费用".encode() not in content
            assert MARK.encode() in content
        assert not any("masked" in text.en for text in check(io.BytesIO(content)).said)


def test_an_export_holds_the_policy_in_force_and_a_page_in_both_languages(storage: PostgresStorage) -> None:
    files = files_of(made(storage))
    assert any(name.startswith("policies/auto-4s~") for name in files)
    page = files[bundle.PAGE].decode()
    assert "complaint.received" in page
    assert "按记录次序排列" in page
    assert "in the order recorded" in page


def test_every_changed_byte_of_an_export_refuses_it(storage: PostgresStorage) -> None:
    content = made(storage)
    for place in range(0, len(content), max(1, len(content) // 400)):
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        assert codes(changed), f"byte {place} of {len(content)}"


def test_an_export_that_breaks_off_or_goes_on_is_refused(storage: PostgresStorage) -> None:
    content = made(storage)
    for changed in (b"", content[:100], content[:-1], content + b"x", b"x" + content):
        assert codes(changed) == ["container"]


MUTATIONS: list[tuple[str, Change, str]] = [
    ("a word of an event", text(bundle.EVENTS, "正在核实".encode(), "已经核实".encode()), "proof"),
    ("a sequence", of(1, sequence=4), "proof"),
    ("a version", of(1, version=7), "count"),
    ("a type", of(1, type="complaint.closed"), "event"),
    ("a subject", of(1, subject="complaint/C-2"), "event"),
    ("a step of a proof", lines(lambda rows: [*rows[:-1], {**rows[-1], "proof": [ZERO]}]), "proof"),
    ("no proof", of(0, proof=[]), "proof"),
    ("a proof that is none", of(0, proof="nothing"), "event"),
    ("an event without its proof", lines(lambda rows: [{"sequence": 1}, *rows[1:]]), "event"),
    ("events that changed places", lines(lambda rows: [rows[1], rows[0], *rows[2:]]), "order"),
    ("an event twice", lines(lambda rows: [rows[0], *rows]), "order"),
    ("an event left out", lines(lambda rows: [rows[0], *rows[2:]]), "count"),
    ("the first one left out", lines(lambda rows: rows[1:]), "count"),
    ("a version that no ledger has", of(1, version=2**63), "event"),
    ("a subject that is no text", of(1, subject=["complaint/C-1"]), "event"),
    ("a line that is too long", lines(lambda rows: [{**rows[0], "more": "x" * 5_000}, *rows[1:]]), "event"),
    ("an event that is no JSON", text(bundle.EVENTS, b"{", b"["), "event"),
    ("the size of the checkpoint", text(bundle.CHECKPOINT, b"\n1", b"\n2"), "checkpoint"),
    ("the checkpoint's signature", text(bundle.CHECKPOINT, "— ".encode(), "— x".encode()), "checkpoint"),
    ("another key", text(bundle.KEY, b"+A", b"+B"), "key"),
    ("no checkpoint", lambda files: {n: c for n, c in files.items() if n != bundle.CHECKPOINT}, "file"),
    ("an earlier checkpoint", text(bundle.EARLIER, b"huiyin/", b"huiyin_"), "checkpoint"),
    ("an earlier proof", text(bundle.EARLIER, b'"proof":["', b'"proof":["AAAA'), "consistency"),
    (
        "a policy's text",
        lambda files: {n: c + b"\n" if n.startswith("policies/") else c for n, c in files.items()},
        "policy",
    ),
    (
        "no policy",
        lambda files: {n: c for n, c in files.items() if not n.startswith("policies/")},
        "policy",
    ),
]


@pytest.mark.parametrize(
    ("change", "code"), [(c, code) for _, c, code in MUTATIONS], ids=[n for n, _, _ in MUTATIONS]
)
def test_a_changed_export_is_refused_with_its_reason(
    storage: PostgresStorage, change: Change, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_open, "MOST_LINE", 4_000)
    files = change(files_of(made(storage)))
    assert code in codes(remade(storage, files))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda files: {**files, bundle.PAGE: files[bundle.PAGE] + b" "}, "file"),
        (lambda files: {**files, "more.txt": b""}, "file"),
        (text(bundle.MANIFEST, b"\ncomplaint/C-1\n", b"\ncomplaint/C-2\n"), "manifest"),
        (text(bundle.MANIFEST, bundle.FORMAT.encode(), b"huiyin-export/2"), "manifest"),
    ],
)
def test_what_no_proof_covers_is_covered_by_the_signature(
    storage: PostgresStorage, change: Change, code: str
) -> None:
    assert code in codes(packed(change(files_of(made(storage)))))


def test_a_count_that_is_not_the_manifests_is_refused(storage: PostgresStorage) -> None:
    assert codes(remade(storage, files_of(made(storage)), count=99)) == ["count"]


def test_of_a_whole_ledger_nothing_may_be_missing(storage: PostgresStorage) -> None:
    files = files_of(made(storage, None))
    assert codes(remade(storage, lines(lambda rows: rows[:-1])(files))) == ["count"]
    swapped = text(bundle.EVENTS, "正在核实".encode(), "已经核实".encode())(files)
    assert codes(remade(storage, swapped)) == ["proof"]


def test_an_export_made_by_somebody_else_is_refused_by_who_knows_the_key(storage: PostgresStorage) -> None:
    ours = Signer.read(storage.proofs.origin(), SEED).public
    theirs = made(storage, seed=OTHER_SEED)
    assert codes(theirs) == []
    assert codes(theirs, key=ours) == ["key"]


def test_an_export_continues_the_checkpoints_given_out_before(storage: PostgresStorage) -> None:
    earlier = storage.proofs.checkpoints()[0]
    for subject in ("complaint/C-1", None):
        assert codes(made(storage, subject), anchor=earlier.note) == []
    signer = Signer.read(storage.proofs.origin(), SEED)
    for size, root in ((earlier.checkpoint.size, bytes(32)), (1, bytes(32)), (999, earlier.checkpoint.root)):
        forged = signer.sign(f"{signer.name}\n{size}\n{b64encode(root).decode()}\n")
        assert codes(made(storage), anchor=forged) == ["anchor"]
    assert codes(made(storage), anchor="nothing") == ["anchor"]


def test_a_whole_ledger_is_written_piece_by_piece(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "IN_MEMORY", 2**16)
    monkeypatch.setattr(bundle, "AT_ONCE", 200)
    with filled(database, 5_000, 1_000) as storage, TemporaryFile() as out:
        bundle.make(storage, SEED, None, out)  # what is only loaded once is loaded by now
        out.seek(0)
        tracemalloc.start()
        bundle.make(storage, SEED, None, out)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < out.seek(0, io.SEEK_END) / 3


def test_a_whole_ledger_is_verified_piece_by_piece(database: str) -> None:
    with filled(database, 10_000, 2_000) as storage, TemporaryFile() as out:
        bundle.make(storage, SEED, None, out)
        assert check(out).reasons == []  # what is only loaded once is loaded by now
        tracemalloc.start()
        assert check(out, anchor=storage.proofs.checkpoints()[0].note).reasons == []
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < out.seek(0, io.SEEK_END) / 5


def test_versions_are_told_however_many_streams_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Versions, "MOST", 7)
    with closing(Versions()) as versions:
        told = [versions.next(f"complaint/C-{n % 20}", n // 20 + 1) for n in range(100)]
        assert told == [n // 20 + 1 for n in range(100)]
        assert versions.next("complaint/C-3", 9) == 6
        assert versions.next("complaint/C-3", 10) == 10


def test_the_commands_write_and_verify_it(
    run: Callable[..., Answer], storage: PostgresStorage, tmp_path: Path
) -> None:
    file, anchor = str(tmp_path / "c-1.zip"), str(tmp_path / "anchor")
    assert run("export", "complaint/C-1", "--out", file).out == f"written: {file}\n"
    assert run("verify", "--write-checkpoint", anchor).status == 0
    elsewhere = huiyin("verify", "--export", file, "--anchor", anchor)
    assert elsewhere.status == 0
    assert elsewhere.out.startswith("nothing altered: ")
    assert "compare it with the one you were given" in elsewhere.out
    assert run("export", "--all", "--out", file).status == 0
    assert run("verify", "--export", file, HUIYIN_LANG="zh").out.startswith("未发现改动：")
    content = Path(file).read_bytes()
    assert huiyin("verify", "--export", "-", stdin=content).status == 0
    Path(f"{file}.gz").write_bytes(gzip.compress(content))
    assert huiyin("verify", "--export", f"{file}.gz").status == 0
    Path(file).write_bytes(b"nothing")
    refused = huiyin("verify", "--export", file)
    assert (refused.status, refused.out) == (1, "container: the file is damaged or no export\n")


def test_what_cannot_be_exported_is_said(run: Callable[..., Answer], storage: PostgresStorage) -> None:
    assert run("export", "complaint/NONE").status == 1
    assert run("export").status == 2
    assert run("export", "complaint/C-1", "--all").status == 2
    assert run("export", "complaint/C-1", HUIYIN_SIGNING_KEY="").status == 2
    assert run("verify", "complaint/C-1", "--export", "x").status == 2
    assert storage.last_sequence() > 0
