"""`huiyin export`: a stream, or the whole ledger, as one file that is verified without us."""

from __future__ import annotations

from pathlib import Path

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, Failure, failure


def run(given: Given, edge: Edge) -> int:
    from api.bundle import make
    from api.signing import seed_needed

    if bool(given.SUBJECT) == given.all:
        raise failure("name one SUBJECT, or --all.", "请指定一个 SUBJECT，或 --all。")
    seed = seed_needed(edge.settings)
    with edge.storage() as storage:
        content = make(storage, seed, given.SUBJECT, personal=given.personal)
    if content is None:
        raise Failure(failure("no stream is called {s}.", "没有名为 {s} 的流。", s=given.SUBJECT).text, NO)
    _write(given.out or _name(given.SUBJECT), content, edge)
    return DONE


def _name(subject: str | None) -> str:
    """complaint/C-1 becomes complaint-C-1.zip."""
    kept = "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in subject or "ledger")
    return f"{kept.lstrip('.')[:100]}.zip"


def _write(file: str, content: bytes, edge: Edge) -> None:
    if file == "-":
        edge.stdout.write(content)
        return
    try:
        Path(file).write_bytes(content)
    except OSError as problem:
        raise failure(
            "{file}: cannot be written: {why}.", "{file}：无法写入：{why}。", file=file, why=problem.strerror
        ) from problem
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
