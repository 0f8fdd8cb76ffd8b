"""The keys that `huiyin up` makes: one for each role at the first start, one for the commands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from api.cli.edge import Edge
from storage.api_keys import ROLES

if TYPE_CHECKING:
    from storage.connections import Connections
    from streams.config import Settings

OWN = "huiyin-up"
"""Whose key the sample and `huiyin emit --http` use beside a running `up`; each start has its own."""


def make_keys(settings: Settings) -> tuple[dict[str, str], str]:
    """A key for each role, if there were none before, and this start's own."""
    from storage import api_keys
    from storage.connections import Connections
    from storage.postgres import PostgresStorage

    storage = PostgresStorage(settings.database_url)
    connections = Connections(storage.url, storage.schema)
    try:
        storage.create()
        first = not api_keys.listed(connections)
        made: dict[str, str] = (
            {role: api_keys.create(connections, role, role) for role in ROLES} if first else {}
        )
        return made, _own(connections)
    finally:
        connections.close()
        storage.close()


def _own(connections: Connections) -> str:
    from storage import api_keys

    for key in api_keys.listed(connections):
        if key.name == OWN and key.revoked_at is None:
            api_keys.revoke(connections, key.id)
    return api_keys.create(connections, "upstream", OWN)


def tell(edge: Edge, keys: Mapping[str, str], base: str) -> None:
    """The keys, which nobody can be told again; later how to make one."""
    if not keys:
        edge.note(
            edge.text(
                "  log in: {base}/login (keys were shown at the first start; a new one: "
                "huiyin keys api new --role admin --name YOU)",
                "  登录：{base}/login（密钥已在首次启动时显示；生成新密钥："
                "huiyin keys api new --role admin --name 您）",
                base=base,
            )
        )
        return
    edge.note(edge.text("  log in: {link}", "  登录：{link}", link=f"{base}/login#{keys['admin']}"))
    edge.note(edge.text("  keys, shown this once:", "  密钥（仅显示这一次）："))
    for role, key in keys.items():
        edge.note(f"    {role:11} {key}")
