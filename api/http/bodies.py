"""What a request carries: read up to a limit, and taken apart into facts by its media type.

CloudEvents HTTP binding 1.0: structured, batch and binary mode.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import orjson
from starlette.requests import Request

from api.http.problems import Problem
from domain import strict_json
from domain.ledger import Incoming
from domain.rejected import Rejected

BATCH_LIMIT = 5 * 1024 * 1024
"""Bytes of one batch; one event may have 256 KiB (`strict_json.LARGEST`)."""

ORIGIN = "http"
_DECODER = json.JSONDecoder()
_BETWEEN = " \t\r\n,"


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known to be larger than the limit."""
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > limit:
            raise _too_large(limit)
    return bytes(found)


def _too_large(limit: int) -> Problem:
    en = f"At most {limit} bytes are taken here; send several batches, and attachments as references."
    return Problem("too-large", en, f"此处上限为 {limit} 字节；请分批提交，附件以引用方式发送。")


def media_type(request: Request) -> str:
    """The media type without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def _insist_on_utf8(request: Request) -> None:
    """JSON is UTF-8 (RFC 8259): what says that it is something else, or compressed, would be read as what it
    is not."""
    coding = request.headers.get("content-encoding", "identity")
    if coding.strip().lower() != "identity":
        en, zh = f"Send the body as it is, without {coding[:40]}.", f"请勿对请求体使用 {coding[:40]}。"
        raise Problem("media-type", en, zh, "Content-Encoding", {"Accept-Encoding": "identity"})
    charset = _CHARSET.search(request.headers.get("content-type", ""))
    if charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        en, zh = f"Send UTF-8, not {charset[1][:40]}.", f"请以 UTF-8 发送，不要使用 {charset[1][:40]}。"
        raise Problem("media-type", en, zh, "Content-Type")


def loads(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        en = f"JSON ends or breaks at line {line} column {column}; see RFC 8259."
        raise Problem("not-json", en, f"JSON 在第 {line} 行第 {column} 列出错，参见 RFC 8259。") from None


# ---- the three modes


def _headers(request: Request) -> dict[str, bytes]:
    """The headers that are attributes; others do not belong to the fact."""
    said: dict[str, bytes] = {}
    for name, value in request.headers.items():
        if name in said and name.startswith("ce-"):
            raise Problem("bad-body", f"{name} is said twice.", f"{name} 出现了两次。", name)
        said[name] = value.encode("latin-1")
    return {name: value for name, value in said.items() if name.startswith("ce-") or name == "content-type"}


def binary(request: Request, body: bytes) -> list[Incoming]:
    """Attributes in ce- headers, data in the body."""
    if body.strip():
        loads(body)
    return [Incoming.read(body, _headers(request), ORIGIN)]


def structured(_request: Request, body: bytes) -> list[Incoming]:
    """One JSON object with everything in it."""
    found = loads(body)
    if isinstance(found, list):
        en = "A list of events is sent as application/cloudevents-batch+json."
        raise Problem("bad-body", en, "事件列表请以 application/cloudevents-batch+json 提交。")
    if not isinstance(found, dict):
        raise Problem("bad-body", "One event is a JSON object.", "单个事件须为 JSON 对象。")
    return [Incoming.read(body, {}, ORIGIN)]


def batch(_request: Request, body: bytes) -> list[Incoming]:
    """A JSON list; each event in it is judged for itself, by its own bytes."""
    loads(body)
    try:
        found = strict_json.decode(body)
    except Rejected as refusal:
        raise Problem("bad-body", refusal.reason, refusal.reason_zh) from None
    if not isinstance(found, list):
        en = "A batch is a JSON list of events; one event is sent as application/cloudevents+json."
        zh = "批量须为事件的 JSON 列表；单个事件请以 application/cloudevents+json 提交。"
        raise Problem("bad-body", en, zh)
    return [Incoming.read(raw, {}, ORIGIN) for raw in _items(body.decode())]


def _items(text: str) -> Iterator[bytes]:
    """The elements of a JSON list as they were written: a refused one is kept byte for byte."""
    place = text.index("[") + 1
    while True:
        while text[place] in _BETWEEN:
            place += 1
        if text[place] == "]":
            return
        _, end = _DECODER.raw_decode(text, place)
        yield text[place:end].encode()
        place = end


class Mode(NamedTuple):
    read: Callable[[Request, bytes], list[Incoming]]
    limit: int
    many: bool


MODES: Mapping[str, Mode] = {
    "application/cloudevents+json": Mode(structured, strict_json.LARGEST, False),
    "application/cloudevents-batch+json": Mode(batch, BATCH_LIMIT, True),
    "application/json": Mode(binary, strict_json.LARGEST, False),
}


def mode_of(request: Request) -> Mode:
    """How the request carries its facts."""
    media = media_type(request)
    _insist_on_utf8(request)
    if "ce-specversion" in request.headers and media in ("application/json", ""):
        return MODES["application/json"]
    if media not in MODES or media == "application/json":
        raise Problem(
            "media-type",
            "Send application/cloudevents+json, application/cloudevents-batch+json, or application/json "
            "with ce- headers, ce-specversion among them.",
            "请使用 application/cloudevents+json、application/cloudevents-batch+json，"
            "或带 ce- 头（含 ce-specversion）的 application/json。",
            "Content-Type",
            {"Accept": ", ".join(MODES)},
        )
    return MODES[media]
