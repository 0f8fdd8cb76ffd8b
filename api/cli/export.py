"""`huiyin export`: a stream, or the whole ledger, as one file that is verified without us."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, Failure, failure

STDOUT = "-"


def run(given: Given, edge: Edge) -> int:
    from api.bundle import make
    from api.signing import seed_needed

    if bool(given.SUBJECT) == given.all:
        raise failure("name one SUBJECT, or --all.", "请指定一个 SUBJECT，或 --all。")
    seed = seed_needed(edge.settings)
    file = given.out or _name(given.SUBJECT)
    with edge.storage() as storage, _made_beside(file) as out:
        if not make(storage, seed, given.SUBJECT, out, personal=given.personal):
            raise Failure(
                failure("no stream is called {s}.", "没有名为 {s} 的流。", s=given.SUBJECT).text, NO
            )
        _keep(out, file, edge)
    return DONE


def _name(subject: str | None) -> str:
    """complaint/C-1 becomes complaint-C-1.zip."""
    kept = "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in subject or "ledger")
    return f"{kept.lstrip('.')[:100]}.zip"


@contextmanager
def _made_beside(file: str) -> Iterator[IO[bytes]]:
    """Where it is made: on the disk where it goes, so that what cannot be written there is said at once."""
    try:
        with tempfile.TemporaryFile(dir=None if file == STDOUT else Path(file).resolve().parent) as out:
            yield out
    except OSError as problem:
        raise failure(
            "{file}: cannot be written: {why}.", "{file}：无法写入：{why}。", file=file, why=problem.strerror
        ) from problem


def _keep(out: IO[bytes], file: str, edge: Edge) -> None:
    out.seek(0)
    if file == STDOUT:
        shutil.copyfileobj(out, edge.stdout)
        return
    with Path(file).open("wb") as kept:
        shutil.copyfileobj(out, kept)
    edge.line(edge.text("written: {file}", "已写出：{file}", file=file))


EXPORT = Command(
    run,
    (
        argument("SUBJECT", nargs="?", en="one stream, e.g. complaint/C-1", zh="单个流，如 complaint/C-1"),
        argument("--all", action="store_true", en="the whole ledger", zh="整个账本"),
        argument("--out", metavar="FILE", en="where to (default: SUBJECT.zip; - is stdout)", zh="写到何处"),
        argument(
            "--personal",
            action="store_true",
            en="stored bytes as they are, also where personal fields are not sealed",
            zh="照存储原样导出，包括未加密的个人信息",
        ),
    ),
)
