"""CloudEvents 1.0 in and out: structured, binary and batch mode; one identity and one digest each.

Facts from outside are checked attribute by attribute; what we wrote ourselves is read back without.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn
from urllib.parse import unquote

import orjson
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from domain import strict_json
from domain.events import DERIVED, FACTS, STREAMS, TYPES, Data, Part
from domain.events.base import instant, utc, written
from domain.rejected import SHOWN, Rejected, from_validation, hint, malformed
from domain.working_time.zones import read_instant

__all__ = [
    "SYSTEM",
    "Event",
    "Rejected",
    "attribute",
    "digest",
    "identity",
    "in_binary_mode",
    "parse",
    "parse_batch",
    "parse_binary",
    "parse_message",
    "read",
    "write",
]

Extensions = Mapping[str, str | int | bool]
NO_EXTENSIONS: Extensions = MappingProxyType({})

SYSTEM = "/huiyin"
"""The `source` of every derived event; its `id` is the subject and its place in the stream."""

_STAMPED = ("recordedtime", "sequence", "correlationid", "causationid")  # the system's own to say
_REQUIRED = ("specversion", "id", "source", "type", "subject", "time")
_OPTIONAL = ("actor", "partitionkey", "datacontenttype", "data", "data_base64")
_KNOWN = frozenset((*_REQUIRED, *_OPTIONAL, *_STAMPED))
_TRACING = frozenset({"traceparent", "tracestate"})  # differ from one sending of an event to the next
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,200}")
_EXTENSION = re.compile(r"[a-z0-9]{1,64}")
_made = tuple.__new__
_JSON = re.compile(r"application/(?:[\w.-]+\+)?json\s*(?:;.*)?", re.IGNORECASE | re.ASCII)


class Event(NamedTuple):
    """One event: what happened, to what, when, who says so, and what the ledger added to it."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: Data
    actor: str | None = None
    recordedtime: datetime | None = None
    sequence: int | None = None
    correlationid: str | None = None
    causationid: str | None = None
    extensions: Extensions = NO_EXTENSIONS

    @property
    def kind(self) -> str:
        """What the stream is about: complaint, visit, customer …"""
        return self.subject.partition("/")[0]

    def __str__(self) -> str:
        """What happened when, as reasons say it; nothing of what was said."""
        return f"{self.type} at {written(self.time)}"

    def saying(self, data: Data) -> "Event":
        """The same event with other data; quicker than `_replace`, as each fact asks for it."""
        return _made(Event, (*self[:5], data, *self[6:]))

    def recorded(self, at: datetime) -> "Event":
        """The event as it is recorded."""
        return _made(Event, (*self[:7], at, *self[8:]))

    def under(self, policy: str) -> "Event":
        """The event that says which policy its stream is under from now on."""
        return _made(Event, (*self[:11], {**self.extensions, "policy": policy}))


def identity(event: Event) -> tuple[str, str]:
    """What makes two messages the same event (CloudEvents: source and id)."""
    return event.source, event.id


# ---- facts from outside ----


def parse(raw: bytes | str | Mapping[str, Any]) -> Event:
    """A fact in structured mode; raises `Rejected`."""
    return _fact(strict_json.load(raw if isinstance(raw, bytes | str) else _text(raw)))


def parse_binary(headers: Mapping[str, str | bytes], body: bytes) -> Event:
    """A fact whose attributes are headers, `ce_…` (Kafka) or `ce-…` (HTTP), and whose data is the body."""
    strict_json.within_size(len(body) + sum(len(name) + len(value) for name, value in headers.items()))
    attributes: dict[str, Any] = {}
    for name, value in headers.items():
        attributes |= attribute(name.lower(), value)
    attributes["data"] = strict_json.load(body) if body.strip() else {}
    return _fact(attributes)


def parse_message(headers: Mapping[str, str | bytes], body: bytes) -> Event:
    """A fact in whichever mode it came: binary where attributes are among the headers, else structured."""
    return parse_binary(headers, body) if in_binary_mode(headers) else parse(body)


def in_binary_mode(headers: Mapping[str, str | bytes]) -> bool:
    """Whether attributes are among the headers."""
    return any(name.lower() in ("ce_specversion", "ce-specversion") for name in headers)


def parse_batch(raw: bytes) -> list[Event | Rejected]:
    """Facts in a JSON list, each accepted or refused for itself; raises `Rejected` where it is no list."""
    items = strict_json.decode(raw)
    if not isinstance(items, list):
        raise malformed(
            None, "must be a JSON list of events in batch mode", "在批量模式下须为事件的 JSON 列表"
        )
    return [_item(item) for item in items]


def _item(item: object) -> Event | Rejected:
    try:
        strict_json.check(item)
        strict_json.within_size(len(orjson.dumps(item)))
        return _fact(item)
    except Rejected as refusal:
        return refusal


def _text(message: Mapping[str, Any]) -> str:
    try:
        return json.dumps(message, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise malformed(None, "holds what JSON cannot say", "含有 JSON 无法表达的内容") from None


def attribute(name: str, value: str | bytes) -> dict[str, str]:
    """One header as an attribute; HTTP percent-encodes what its headers cannot carry."""
    if name != "content-type" and not name.startswith(("ce_", "ce-")):
        return {}
    try:
        text = value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        raise malformed(name[3:SHOWN], "must be UTF-8", "须为 UTF-8 编码") from None
    if name == "content-type":
        return {"datacontenttype": text}
    return {name[3:]: unquote(text) if name.startswith("ce-") else text}


def _fact(message: object) -> Event:
    """The checks in the order in which an upstream would mend them."""
    if not isinstance(message, dict):
        raise malformed(None, "must be a JSON object", "须为 JSON 对象")
    if message.get("specversion") != "1.0":
        raise malformed("specversion", 'must be "1.0"', '须为 "1.0"')
    id_, source, type_ = _name(message, "id"), _source(message), _type(message)
    subject = _subject(message, type_)
    return Event(
        id_,
        source,
        type_,
        subject,
        _time(message),
        _data(message, type_),
        None if message.get("actor") is None else _name(message, "actor"),
        extensions=_extensions(message),
    )


def _name(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if value.__class__ is str and 0 < len(value) <= 200 and (value.isprintable() or _NAME.fullmatch(value)):
        return value  # nearly every name is printable, which is quicker seen than by the pattern
    if value is None:
        raise malformed(name, "is required", "必填")
    raise malformed(
        name,
        "must be text of 1 to 200 characters without control characters",
        "须为 1 至 200 个字符的文本，不含控制字符",
    )


def _source(message: Mapping[str, Any]) -> str:
    """Who says so: anybody but the system itself, whose conclusions nobody else may draw."""
    source = _name(message, "source")
    if source == SYSTEM:
        raise malformed(
            "source", f"{SYSTEM} is the system's own; name the sender", f"{SYSTEM} 为系统专用，请填写发送方"
        )
    return source


def _type(message: Mapping[str, Any]) -> str:
    name = _name(message, "type")
    return name if name in FACTS else _unknown_type(name)


def _unknown_type(name: str) -> NoReturn:
    if name in DERIVED:
        en, zh = f"{name} is recorded by the system only", f"{name} 只由系统记录"
        raise Rejected("unknown-type", f"{en}; send the facts that it follows from.", "type", f"{zh}。")
    en, zh = hint(name, FACTS)
    shown = repr(name[:SHOWN])
    raise Rejected("unknown-type", f"No fact has the type {shown}{en}.", "type", f"没有类型 {shown}{zh}。")


def _subject(message: Mapping[str, Any], type_: str) -> str:
    subject = _name(message, "subject")
    kind, _, id_ = subject.partition("/")
    if not id_ or kind not in STREAMS[type_]:
        kinds = " or ".join(f"{kind}/<id>" for kind in STREAMS[type_])
        raise malformed("subject", f"of {type_} must be {kinds}", f"须为 {kinds}（{type_}）")
    if message.get("partitionkey") not in (None, subject):
        raise malformed("partitionkey", "must equal the subject", "须与 subject 相同")
    return subject


def _time(message: Mapping[str, Any]) -> datetime:
    value = message.get("time")
    if value is None:
        raise malformed("time", "is required", "必填")
    try:
        return instant(value)
    except PydanticCustomError as error:
        words = error.context or {}
        raise malformed("time", words["en"], words["zh"]) from None


def _data(message: Mapping[str, Any], type_: str) -> Data:
    """The data as its type understands it; a null says nothing, so it is the same as leaving it out."""
    content = _content(message)
    cls = FACTS[type_]
    try:
        if None in content.values():
            content = {name: value for name, value in content.items() if value is not None}
        data: Data = cls.__pydantic_validator__.validate_python(content, by_alias=True, by_name=False)
        return data
    except ValidationError as errors:
        raise from_validation(cls, errors) from None


def _content(message: Mapping[str, Any]) -> dict[str, Any]:
    media = message.get("datacontenttype")
    if media is not None and not (isinstance(media, str) and _JSON.fullmatch(media)):
        raise malformed("datacontenttype", "must be application/json", "须为 application/json")
    data = message.get("data")
    if message.get("data_base64") is not None:
        if data is not None:
            raise malformed("data_base64", "cannot stand beside data", "不得与 data 并存")
        data = _decoded(message["data_base64"])
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise malformed("data", "must be a JSON object", "须为 JSON 对象")
    return data


def _decoded(text: object) -> object:
    try:
        raw = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        raw = b""
    if not raw:
        raise malformed("data_base64", "must be Base64 of a JSON object", "须为 JSON 对象的 Base64 编码")
    return strict_json.load(raw)


def _extensions(message: Mapping[str, Any]) -> Extensions:
    if _KNOWN.issuperset(message):
        return NO_EXTENSIONS
    found = {name: message[name] for name in message if name not in _KNOWN and message[name] is not None}
    for name, value in found.items():
        if not _EXTENSION.fullmatch(name):
            raise malformed(
                name[:SHOWN],
                "is no attribute: names have lower-case letters and digits only; other fields belong in data",
                "不是属性名：只能含小写字母和数字，业务数据请放入 data",
            )
        if not isinstance(value, str | bool | int) or (isinstance(value, str) and "\0" in value):
            raise malformed(name, "must be text, a whole number or true or false", "须为文本、整数或布尔值")
    return found or NO_EXTENSIONS


# ---- what we wrote ourselves ----


def _aware(text: str | None) -> datetime | None:
    return None if text is None else read_instant(text)


def read(raw: bytes | Mapping[str, Any]) -> Event:
    """An event that `write` wrote, facts and derived; its envelope was checked when it came in."""
    message = raw if isinstance(raw, Mapping) else orjson.loads(raw)
    get = message.get
    return Event(
        message["id"],
        message["source"],
        message["type"],
        message["subject"],
        read_instant(message["time"]),
        TYPES[message["type"]].model_validate(get("data", {})),
        get("actor"),
        _aware(get("recordedtime")),
        get("sequence"),
        get("correlationid"),
        get("causationid"),
        {name: message[name] for name in message if name not in _KNOWN} or NO_EXTENSIONS,
    )


def _jsonable(value: object) -> object:
    if isinstance(value, Part):
        return {name: part for name, part in value.__dict__.items() if part is not None}
    raise TypeError(type(value).__name__)


def write(event: Event) -> bytes:
    """CloudEvents structured JSON in a fixed order of attributes; what is not known is left out."""
    id_, source, type_, subject, time, data, actor, recorded, sequence, correlation, causation, more = event
    message: dict[str, Any] = {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": type_,
        "subject": subject,
        "time": time,
        "partitionkey": subject,
    }
    if actor is not None:
        message["actor"] = actor
    if recorded is not None:
        message["recordedtime"] = recorded
    if sequence is not None:
        message["sequence"] = sequence
    if correlation is not None:
        message["correlationid"] = correlation
    if causation is not None:
        message["causationid"] = causation
    if more:
        message.update(more)
    message["data"] = data.wire()
    return orjson.dumps(message, default=_jsonable)


# ---- the digest ----


def _canonical(value: object) -> object:
    """One spelling of each value: instants in UTC, whole numbers as integers."""
    match value:
        case str():
            return value
        case datetime():
            return utc(value)
        case float() if value.is_integer():
            return int(value)
        case tuple() | list():
            return [_canonical(part) for part in value]
        case dict():
            return {name: _canonical(part) for name, part in value.items()}
    return value


def _content_of(data: Data) -> dict[str, object]:
    """What the data says: leaving a default out and writing it down say the same."""
    values, defaults = data.__dict__, data.defaults
    said = data.__pydantic_fields_set__
    return {
        name: value if value.__class__ is str else _canonical(value)
        for name in said
        if (value := values[name]) != defaults[name]
    }


def digest(event: Event) -> str:
    """SHA-256 of what the event says; equal for equal meaning, whatever the order of keys or the offset."""
    said = event.extensions
    extensions = {name: value for name, value in said.items() if name not in _TRACING} if said else {}
    content = [event.type, event.subject, utc(event.time), event.actor, _content_of(event.data), extensions]
    return sha256(orjson.dumps(content, default=_jsonable, option=orjson.OPT_SORT_KEYS)).hexdigest()
