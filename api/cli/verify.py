"""`huiyin verify`: that the ledger, or an export, is what was recorded; else what is not, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, failure, unreadable

if TYPE_CHECKING:
    from domain.checkpoint import Checkpoint, VerifierKey
    from domain.verification import Finding
    from storage.postgres import PostgresStorage

EVERYWHERE = ("dropped", "truncated", "rewritten", "cut", "signature", "hole", "node")
"""Findings that may concern any stream: what is gone does not say whose it was."""


def run(given: Given, edge: Edge) -> int:
    if given.export:
        if given.SUBJECT or given.write_checkpoint:
            raise failure(
                "--export verifies one file; leave SUBJECT and --write-checkpoint out.",
                "--export 校验单个文件；请去掉 SUBJECT 与 --write-checkpoint。",
            )
        return _export(given, edge)
    with edge.storage() as storage:
        return _ledger(given, edge, storage)


def _ledger(given: Given, edge: Edge, storage: PostgresStorage) -> int:
    from storage.verification import verify

    keys = trusted(given, edge, storage)
    anchors = _anchors(given.anchor, edge, storage, keys) if given.anchor else []
    storage.proofs.catch_up()
    verified = verify(storage.proofs.connections, keys, anchors)
    findings = [one for one in verified.findings if _concerns(one, given.SUBJECT)]
    for finding in findings:
        edge.line(finding.text(edge.language == "zh"))
    if findings:
        return NO
    if given.SUBJECT and not storage.history(given.SUBJECT):
        edge.note(edge.text("no stream is called {s}.", "没有名为 {s} 的流。", s=given.SUBJECT))
        return NO
    if given.write_checkpoint:
        _write(given.write_checkpoint, edge, storage)
    _say(edge, verified.events, verified.checkpoints, storage)
    return DONE


def _concerns(finding: Finding, subject: str | None) -> bool:
    return not subject or finding.kind in EVERYWHERE or finding.what.partition(" #")[0] == subject


def _say(edge: Edge, events: int, checkpoints: int, storage: PostgresStorage) -> None:
    root = storage.proofs.root(storage.proofs.size())
    edge.line(
        edge.text(
            "nothing altered: {n:,} events; checkpoints: {c}",
            "未发现改动：{n:,} 个事件；检查点：{c} 个",
            n=events,
            c=checkpoints,
        )
    )
    edge.line(edge.text("root: {r}", "根：{r}", r=root.hex()))
    last = storage.proofs.last()
    if last is not None:
        edge.line(edge.text("key: {k}", "密钥：{k}", k=last.key))


def trusted(given: Given, edge: Edge, storage: PostgresStorage) -> Sequence[VerifierKey]:
    """The key asked for, else that of this installation and those it had before."""
    from api.signing import seed_of
    from domain.checkpoint import Signer

    if given.key:
        return [key_of(given.key)]
    seed = seed_of(edge.settings)
    if seed is None:
        return []
    own = Signer.read(storage.proofs.origin(), seed).public
    return [own]


def key_of(words: str) -> VerifierKey:
    """A verifier key as it was handed out, or the file that holds it."""
    from domain.checkpoint import VerifierKey

    if "+" in words:
        return VerifierKey.read(words)
    return VerifierKey.read(_text(words))


def _text(file: str) -> str:
    try:
        return Path(file).read_bytes().decode()
    except (OSError, UnicodeDecodeError) as problem:
        raise unreadable(file, problem) from problem


def _anchors(
    file: str, edge: Edge, storage: PostgresStorage, keys: Sequence[VerifierKey]
) -> list[Checkpoint]:
    """Checkpoints written out earlier: one, or as many as a file or a topic has gathered. They are worth what
    the place is where they were kept; a signature shows that one is ours."""
    from domain.checkpoint import BadNote, open_checkpoints

    known = keys or [one.key for one in storage.proofs.checkpoints()]
    try:
        found = open_checkpoints(_text(file), known)
    except BadNote as problem:
        raise failure("{file}: {why}.", "{file}：{why}。", file=file, why=_why(problem, edge)) from problem
    for checkpoint in found:
        _insist_ours(file, checkpoint, storage.proofs.origin())
    return found


def _insist_ours(file: str, checkpoint: Checkpoint, origin: str) -> None:
    if checkpoint.origin != origin:
        raise failure(
            "{file}: is a checkpoint of {theirs}; this ledger is {ours}.",
            "{file}：是 {theirs} 的检查点；本账本为 {ours}。",
            file=file,
            theirs=checkpoint.origin,
            ours=origin,
        )


def _why(problem: Exception, edge: Edge) -> str:
    return str(getattr(problem, "zh", problem) if edge.language == "zh" else problem)


def _write(file: str, edge: Edge, storage: PostgresStorage) -> None:
    from api.signing import seed_needed

    signed = storage.proofs.sign(seed_needed(edge.settings))
    try:
        Path(file).write_text(signed.note, "utf-8")
    except OSError as problem:
        raise failure(
            "{file}: cannot be written: {why}.", "{file}：无法写入：{why}。", file=file, why=problem.strerror
        ) from problem


def _export(given: Given, edge: Edge) -> int:
    from api.bundle_check import check

    key = key_of(given.key) if given.key else None
    anchor = _text(given.anchor) if given.anchor else None
    with edge.opened(given.export) as stream, _sought_in(stream) as content:
        checked = check(content, key, anchor)
    for reason in checked.reasons:
        edge.line(reason.text.within(edge.language))
    if checked.reasons:
        return NO
    for said in checked.said:
        edge.line(said.within(edge.language))
    return DONE


@contextmanager
def _sought_in(stream: BinaryIO) -> Iterator[BinaryIO]:
    """A file that can be read from any place: what comes through a pipe or is unpacked is put into one."""
    if isinstance(stream, BufferedReader) and stream.seekable():
        yield stream
        return
    with TemporaryFile() as file:
        copyfileobj(stream, file)
        yield file


VERIFY = Command(
    run,
    (
        argument(
            "SUBJECT", nargs="?", en="one stream, e.g. complaint/C-1 (default: all)", zh="单个流（默认全部）"
        ),
        argument(
            "--anchor",
            metavar="FILE",
            en="checkpoints written out earlier, from a file or a topic, which the ledger must continue",
            zh="先前写出的检查点（来自文件或主题），账本须与之相符",
        ),
        argument(
            "--write-checkpoint",
            metavar="FILE",
            en="write a signed checkpoint there; keep it where this machine cannot change it",
            zh="写出签名的检查点；请存放在本机无法改动之处",
        ),
        argument("--export", metavar="FILE", en="verify an export instead", zh="改为校验导出文件"),
        argument(
            "--key",
            metavar="KEY",
            en="the verifier key to trust, or its file (default: this installation's)",
            zh="所信任的验证密钥或其文件（默认本安装的密钥）",
        ),
    ),
)
