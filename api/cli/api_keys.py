"""`huiyin keys api`: the keys with which programs and people use the API; made, listed, revoked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, failure, local
from storage.api_keys import ROLES

if TYPE_CHECKING:
    from storage.connections import Connections


@contextmanager
def _connected(edge: Edge) -> Iterator[Connections]:
    """Connections to a ledger whose tables are there."""
    from storage.connections import Connections

    with edge.storage() as storage:
        connections = Connections(storage.url, storage.schema)
        try:
            yield connections
        finally:
            connections.close()


def new(given: Given, edge: Edge) -> int:
    """Only the key is printed, so that a script can keep it."""
    from storage import api_keys

    name = (given.name or "").strip()
    if given.role is None or not name or len(name) > NAME_MOST:
        raise failure(
            "huiyin keys api new: say what it may do with --role, and whose it is (a staff id or a system's "
            "name) with --name.",
            "huiyin keys api new：请用 --role 说明角色，用 --name 说明归属（员工编号或系统名）。",
        )
    with _connected(edge) as connections:
        token = api_keys.create(connections, given.role, name, given.branch)
    edge.line(token)
    edge.note(edge.text("it is shown this once; only its hash is kept", "仅显示这一次；系统只保存其哈希"))
    return DONE


NAME_MOST = 128
"""Characters of a name, which the ledger may have to record as an id."""


def listing(_: Given, edge: Edge) -> int:
    from rich.table import Table

    from storage import api_keys

    with _connected(edge) as connections:
        found = api_keys.listed(connections)
    table = Table(box=None, pad_edge=False)
    for title in (
        ("id", "编号"),
        ("role", "角色"),
        ("name", "名称"),
        ("branches", "分支"),
        ("made", "生成于"),
        ("revoked", "吊销于"),
    ):
        table.add_column(edge.text(*title))
    for key in found:
        revoked = local(key.revoked_at.isoformat()) if key.revoked_at else ""
        branches = ", ".join(key.branches) or edge.text("all", "全部")
        table.add_row(key.id, key.role, key.name, branches, local(key.created_at.isoformat()), revoked)
    edge.console().print(table)
    return DONE


def revoke(given: Given, edge: Edge) -> int:
    from storage import api_keys

    id_ = given.ID.removeprefix(f"{api_keys.KEY}_").partition("_")[0]
    with _connected(edge) as connections:
        done = api_keys.revoke(connections, id_)
    if not done:
        edge.note(
            edge.text(
                "no key {id} is in use; see huiyin keys api list",
                "没有在用的密钥 {id}；见 huiyin keys api list",
                id=id_,
            )
        )
        return NO
    edge.line(edge.text("{id} is revoked; it ends within seconds", "{id} 已吊销，数秒内失效", id=id_))
    return DONE


NEW = Command(
    new,
    (
        argument("--role", choices=ROLES, en="what it may do (required)", zh="角色（必填）"),
        argument(
            "--name",
            metavar="N",
            en="whose it is (required): a staff id or a system's name; the ledger records it",
            zh="归属（必填）：员工编号或系统名，将记入账本",
        ),
        argument(
            "--branch",
            action="append",
            default=[],
            metavar="B",
            en="confine it to this branch (repeatable; default: all)",
            zh="限定于该分支（可重复；默认不限）",
        ),
    ),
)
LIST = Command(listing)
REVOKE = Command(revoke, (argument("ID", en="the key's id, or the key itself", zh="密钥编号，或密钥本身"),))
