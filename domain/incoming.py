"""A message as it came in, and what goes back for it: a receipt, and a dead letter where it is refused."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from domain.envelope import Event, Rejected, attribute, in_binary_mode, parse_message
from domain.storage import Outgoing
from domain.strict_json import LARGEST

NO_HEADERS: Mapping[str, bytes] = MappingProxyType({})


class Incoming(NamedTuple):
    """A message as it came: the fact in it, or why it holds none. `origin` says where it came from."""

    raw: bytes
    event: Event | None
    rejected: Rejected | None = None
    headers: Mapping[str, bytes] = NO_HEADERS
    origin: str = ""

    @classmethod
    def read(cls, raw: bytes, headers: Mapping[str, bytes] | None = None, origin: str = "") -> Incoming:
        try:
            return cls(raw, parse_message(headers or {}, raw), None, headers or {}, origin)
        except Rejected as rejection:
            return cls(raw, None, rejection, headers or {}, origin)


def fact_in(raw: bytes) -> Any:
    """What a message holds, as far as it can be read."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "replace")


def claims(message: Incoming) -> dict[str, Any]:
    """What a message says it is, as far as that can be read: enough to answer it."""
    if message.event is not None:
        event = message.event
        names = {"id": event.id, "source": event.source, "subject": event.subject, "time": event.time}
        return {**names, "customer": getattr(event.data, "customer", None)}
    said = _said(message)
    data = said.get("data")
    told: dict[str, Any] = {**said, "customer": data.get("customer") if isinstance(data, dict) else None}
    found = {name: told.get(name) for name in ("id", "source", "subject", "time", "customer")}
    return {name: value for name, value in found.items() if isinstance(value, str) and len(value) <= 200}


def _said(message: Incoming) -> dict[str, Any]:
    """The event in whichever mode it came; in binary mode the body is the data."""
    body = fact_in(message.raw) if len(message.raw) <= LARGEST else None
    if in_binary_mode(message.headers):
        return {**_attributes(message.headers), "data": body}
    return body if isinstance(body, dict) else {}


def _attributes(headers: Mapping[str, bytes]) -> dict[str, str]:
    """Those that can be read."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        with suppress(Rejected):
            found |= attribute(name.lower(), value)
    return found


def unnamed(claimed: Mapping[str, Any], origin: str) -> dict[str, str]:
    """Where a message came from, if it does not say who sent it as what: else nobody could tell of which
    message a receipt speaks."""
    return {} if ("id" in claimed and "source" in claimed) or not origin else {"origin": origin}


def receipt_to_send(fields: Mapping[str, Any]) -> Outgoing:
    """A receipt for the topic, under its stream's key."""
    said = {name: value for name, value in fields.items() if value is not None}
    return Outgoing("receipts", str(said.get("subject") or said.get("id") or ""), orjson.dumps(said))


def dead_letter(
    message: Incoming, rejection: Rejected, now: datetime, raw: bytes, key: str | None
) -> Outgoing:
    """A refused message with the reason, and its headers and bytes as they came, or sealed with a key."""
    claimed = claims(message)
    letter = {
        "code": rejection.code,
        "reason": rejection.reason,
        "reason_zh": rejection.reason_zh or None,
        "field": rejection.field,
        "raw_base64": b64encode(raw).decode(),
        "sealed_with": key,
        "headers": {name: b64encode(value).decode() for name, value in message.headers.items()},
        "origin": message.origin or None,
        "refused_at": now,
    }
    said = {name: value for name, value in letter.items() if value is not None}
    return Outgoing("dead-letters", str(claimed.get("subject") or ""), orjson.dumps(said))
