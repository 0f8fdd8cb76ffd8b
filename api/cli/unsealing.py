"""Opening what is sealed, for those who may read it: events in a history, and refused messages."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from api.cli.edge import Edge, failure

if TYPE_CHECKING:
    from domain.envelope import Event
    from domain.privacy import Keys
    from storage.postgres import Letter, PostgresStorage


def events_opened(edge: Edge, storage: PostgresStorage, events: Sequence[Event]) -> list[Event]:
    """Events with their personal texts, or with what says that those were erased."""
    from domain.privacy import ERASED, key_ids, opened_with

    ids = {key_id for event in events for key_id in key_ids(event)}
    keys = _keys(edge, storage, ids)
    if ids and keys is None:
        raise failure(
            "personal fields are sealed; set HUIYIN_MASTER_KEY or HUIYIN_MASTER_KEY_FILE to read them.",
            "个人信息已加密；请设置 HUIYIN_MASTER_KEY 或 HUIYIN_MASTER_KEY_FILE 后再读取。",
        )
    erased = edge.text(ERASED, "[已删除]")
    return [opened_with(keys or {}, event, erased) for event in events]


def _keys(edge: Edge, storage: PostgresStorage, ids: set[str]) -> Keys | None:
    """None where they are needed and no master key is configured."""
    from streams.parts import masters_of

    masters = masters_of(edge.settings) if ids else None
    return storage.data_keys(masters, ids) if masters else None


def letters_opened(edge: Edge, storage: PostgresStorage, letters: Iterable[Letter]) -> list[Letter]:
    """Refused messages as they came; one that cannot be opened stays sealed."""
    said = [(letter, orjson.loads(letter.letter)) for letter in letters]
    keys = _keys(edge, storage, {one["sealed_with"] for _, one in said if "sealed_with" in one})
    return [letter._replace(letter=orjson.dumps(_opened(one, keys or {}))) for letter, one in said]


def _opened(letter: dict[str, Any], keys: Keys) -> dict[str, Any]:
    key = keys.get(letter.get("sealed_with", ""))
    if key is None:
        return letter
    raw = key.open(b64decode(letter["raw_base64"]), key.id)
    kept = {name: value for name, value in letter.items() if name != "sealed_with"}
    return {**kept, "raw_base64": b64encode(raw).decode()}
