"""`huiyin rebuild`: read models made anew from the ledger, or compared with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, failure

if TYPE_CHECKING:
    from streams.parts import Parts

SHOWN = 50


def run(given: Given, edge: Edge) -> int:
    from projections.projection import NAMES

    if given.PROJECTION is not None and given.PROJECTION not in NAMES:
        raise failure(
            "no projection is called {name!r}; there are {known}.",
            "没有名为 {name!r} 的投影；可用 {known}。",
            name=given.PROJECTION,
            known=", ".join(NAMES),
        )
    names = (given.PROJECTION,) if given.PROJECTION else NAMES
    with _parts(edge) as parts:
        return _check(parts, names, edge) if given.check else _rebuild(parts, names, edge)


@contextmanager
def _parts(edge: Edge) -> Iterator[Parts]:
    from projections.rebuild import RebuildRuns
    from streams.parts import Parts

    parts = Parts.open(edge.settings)
    try:
        yield parts
    except RebuildRuns as problem:
        raise failure(
            "another rebuild or check runs; wait for its end.", "另一个重建或比对正在运行，请等待其结束。"
        ) from problem
    finally:
        parts.close()


def _rebuild(parts: Parts, names: tuple[str, ...], edge: Edge) -> int:
    from projections.rebuild import rebuild
    from streams.inprocess import recorded

    with parts.connections.take(lambda _: None) as (connection, _):
        sequence = rebuild(connection, parts.projector, lambda after: recorded(parts.storage, after), names)
    edge.line(
        edge.text(
            "rebuilt up to sequence {n}: {names}",
            "已重建至序号 {n}：{names}",
            n=sequence,
            names=", ".join(names),
        )
    )
    return DONE


def _check(parts: Parts, names: tuple[str, ...], edge: Edge) -> int:
    from projections.rebuild import check
    from streams.inprocess import recorded

    with parts.connections.take(lambda _: None) as (connection, _):
        found = check(connection, parts.projector, lambda after: recorded(parts.storage, after), names)
    for difference in found[:SHOWN]:
        edge.json(
            {
                "table": difference.table,
                "key": difference.key,
                "live": difference.live,
                "rebuilt": difference.rebuilt,
            }
        )
    edge.note(edge.text("{n} rows differ", "{n} 行不一致", n=len(found)))
    return NO if found else DONE


REBUILD = Command(
    run,
    (
        argument("PROJECTION", nargs="?", en="only this one (default: all)", zh="只处理该投影（默认全部）"),
        argument(
            "--check", action="store_true", en="compare instead, and change nothing", zh="只比对，不更改"
        ),
    ),
)
