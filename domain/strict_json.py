"""JSON without second meanings: no repeated key, no NaN, no lone surrogate, no bottomless nesting.

Two readers must never disagree about what a fact said, so what readers are known to disagree on is refused.
"""

import json
from typing import Any

import orjson

from domain.rejected import Rejected, malformed

LARGEST = 256 * 1024  # bytes of one message
DEEPEST = 32  # objects and lists inside each other
_NESTING = frozenset({dict, list})
_UNREADABLE = 400  # levels at which reading a batch a second time would exhaust the stack


class _Repeating(dict[str, Any]):
    """An object in which a key stood twice."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Repeating(found)


def _keys(value: Any) -> int:
    """How many keys stand in a value, at any level."""
    found, parts = (len(value), value.values()) if value.__class__ is dict else (0, value)
    for part in parts:
        if part.__class__ in _NESTING:
            found += _keys(part)
    return found


def _faults(value: object) -> tuple[int, bool]:
    """How deep a value is, and whether a key was repeated in it; level by level, whatever its depth."""
    depth, repeating, level = 0, False, [value]
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        repeating = repeating or any(part.__class__ is _Repeating for part in level)
        level = [below for part in level for below in (part.values() if isinstance(part, dict) else part)]
    return depth, repeating


def _as_written(raw: bytes, value: Any) -> bool:
    """Whether as many keys were read as stand written: a quick look that errs to the safe side."""
    line = raw.rstrip()
    if b" :" in line or b"\n" in line or b"\t" in line or b"\r" in line:
        return False  # a key may stand apart from its colon
    data: Any = value.get("data") if value.__class__ is dict else None
    alone = data.__class__ is dict and raw.count(b"{") == 2  # as in most facts
    return raw.count(b'":') == (len(value) + len(data) if alone else _keys(value))


def _is_flat(raw: bytes, value: object) -> bool:
    return value.__class__ in _NESTING and raw.count(b"{") + raw.count(b"[") <= DEEPEST


def check(value: object) -> None:
    """Refuses what `decode` found repeated, and what is nested too deeply."""
    depth, repeating = _faults(value)
    if depth > DEEPEST:
        raise _too_deep(DEEPEST)
    if repeating:
        raise malformed(None, "has the same key twice in one object", "同一对象中有重复的键")


def _loads(raw: bytes | str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        en, zh = f"line {line} column {column}", f"第 {line} 行第 {column} 列"
        raise malformed(None, f"is not valid JSON ({en})", f"不是有效的 JSON（{zh}）") from None


def _too_deep(limit: int) -> Rejected:
    return malformed(None, f"is nested deeper than {limit} levels", f"嵌套超过 {limit} 层")


def decode(raw: bytes) -> Any:
    """The value of a text of any size; what is repeated in it is only marked, for `check` to refuse."""
    value = _loads(raw)
    if _faults(value)[0] > _UNREADABLE:
        raise _too_deep(_UNREADABLE)
    if value.__class__ not in _NESTING or _as_written(raw, value):
        return value
    return json.loads(raw, object_pairs_hook=_pairs)


def within_size(size: int) -> None:
    """Refuses a message larger than any fact needs to be."""
    if size > LARGEST:
        raise Rejected(
            "too-large",
            f"The message has {size} bytes; {LARGEST} are allowed, so send attachments as references.",
            None,
            f"消息有 {size} 字节，上限为 {LARGEST}；附件请以引用方式发送。",
        )


def load(raw: bytes | str) -> Any:
    """The value of one message."""
    text = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    within_size(len(text))
    value = _loads(text)
    if _is_flat(text, value) and _as_written(text, value):
        return value
    value = decode(text)
    check(value)
    return value
