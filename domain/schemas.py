"""Machine-readable contracts, generated from the models that enforce them: JSON Schema and AsyncAPI 3.0."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from domain.events import DERIVED, FACTS, PERSONAL, STREAMS, TYPES, Contact, Data
from domain.glossary import meaning
from domain.messages import Alert, CloudEvent, DeadLetter, Receipt

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_IN_COMPONENTS = "#/components/schemas/{model}"
_MESSAGES: tuple[type[BaseModel], ...] = (CloudEvent, Receipt, Alert, DeadLetter)

# topic -> (who reads or writes it, messages, English, Chinese)
_TOPICS: dict[str, tuple[str, str, str, str]] = {
    "intake": ("receive", "facts", "Facts in", "接收事实"),
    "receipts": ("send", "Receipt", "One receipt for each fact", "每条事实一张回执"),
    "events": ("send", "events", "Everything recorded, keyed by subject", "全部已记录事件，以 subject 为键"),
    "alerts.escalations": ("send", "Alert", "Escalations and what became of them", "升级及其后续"),
    "alerts.sla": ("send", "Alert", "Obligations warned, breached, withdrawn", "预警、逾期及撤销的义务"),
    "alerts.satisfaction": (
        "send",
        "Alert",
        "Missed figures, falling satisfaction",
        "未达标指标及满意度下滑",
    ),
    "dead-letters": ("send", "DeadLetter", "What was refused, with its bytes", "被拒消息及其原始字节"),
    "checkpoints": ("send", "Checkpoint", "Signed checkpoints of the ledger", "账本的签名检查点"),
}

_CHECKPOINT = {
    "name": "Checkpoint",
    "summary": "The ledger's size and root, signed: a note as C2SP tlog-checkpoint has it.",
    "x-zh": "账本的大小与根，已签名：C2SP tlog-checkpoint 格式的签名文本。",
    "contentType": "text/plain",
    "payload": {"type": "string"},
}


def _sentences(cls: type[BaseModel]) -> dict[str, str]:
    """A model's docstring, which says in both languages what happened."""
    en, _, zh = (cls.__doc__ or "").partition(" | ")
    return {"description": en, "x-zh": zh}


def _owner(cls: type[BaseModel]) -> str:
    return cls.type if issubclass(cls, Data) else cls.__name__


def _described(schema: dict[str, Any], cls: type[BaseModel]) -> dict[str, Any]:
    """The schema with what each field means; pydantic's titles, which only spell the names again, go."""
    for name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        field["description"], field["x-zh"] = meaning(_owner(cls), name)
    return schema | {"title": _owner(cls), **_sentences(cls)}


def json_schema(type_name: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of the data of one type of event."""
    cls = TYPES[type_name]
    schema = _described(cls.model_json_schema(by_alias=True), cls)
    if "Contact" in schema.get("$defs", {}):
        schema["$defs"]["Contact"] = _described(schema["$defs"]["Contact"], Contact)
    return {"$schema": DIALECT, "$id": f"urn:huiyin:{type_name}", **schema}


def _schemas() -> dict[str, Any]:
    """Every model once, by name, referring to each other within the document."""
    every: tuple[type[BaseModel], ...] = (*TYPES.values(), *_MESSAGES, Contact)
    models = {cls.__name__: cls for cls in every}
    _, found = models_json_schema(
        [(cls, "validation") for cls in models.values()], by_alias=True, ref_template=_IN_COMPONENTS
    )
    return {name: _described(schema, models[name]) for name, schema in found["$defs"].items()}


def _ref(*path: str) -> dict[str, str]:
    return {"$ref": "#/" + "/".join(path)}


def _event_payload(name: str) -> dict[str, Any]:
    """The envelope, with this type's name and data in it."""
    data = _ref("components", "schemas", TYPES[name].__name__)
    own = {"type": "object", "properties": {"type": {"const": name}, "data": data}}
    return {"allOf": [_ref("components", "schemas", "CloudEvent"), own]}


def _event_message(name: str) -> dict[str, Any]:
    extra: dict[str, Any] = {"x-derived": name in DERIVED, "x-fact": name in FACTS}
    extra |= {"x-streams": list(STREAMS[name])} if name in STREAMS else {}
    extra |= {"x-personal": list(PERSONAL[name])} if name in PERSONAL else {}
    words = _sentences(TYPES[name])
    return {
        "name": name,
        "title": name,
        "summary": words["description"],
        "x-zh": words["x-zh"],
        "contentType": "application/cloudevents+json",
        "payload": _event_payload(name),
        **extra,
    }


def _plain_message(cls: type[BaseModel]) -> dict[str, Any]:
    words = _sentences(cls)
    return {
        "name": cls.__name__,
        "summary": words["description"],
        "x-zh": words["x-zh"],
        "contentType": "application/json",
        "payload": _ref("components", "schemas", cls.__name__),
    }


def _names(carried: str) -> Iterator[str]:
    yield from {"facts": FACTS, "events": TYPES}.get(carried, {carried: None})


def _channel(prefix: str, topic: str) -> dict[str, Any]:
    _, carried, en, zh = _TOPICS[topic]
    messages = {name: _ref("components", "messages", name) for name in _names(carried)}
    return {"address": f"{prefix}.{topic}", "description": en, "x-zh": zh, "messages": messages}


def _operation(topic: str) -> dict[str, Any]:
    action, _, en, zh = _TOPICS[topic]
    return {"action": action, "channel": _ref("channels", topic), "summary": en, "x-zh": zh}


def asyncapi(prefix: str = "huiyin") -> dict[str, Any]:
    """AsyncAPI 3.0: the topics under a prefix, what they carry, and which way."""
    messages = {name: _event_message(name) for name in TYPES}
    messages |= {cls.__name__: _plain_message(cls) for cls in (Receipt, Alert, DeadLetter)}
    messages["Checkpoint"] = _CHECKPOINT
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Huiyin 回音",
            "version": "1.0.0",
            "description": "Complaints, visits and satisfaction as events; 投诉、走访与满意度事件。",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {topic: _channel(prefix, topic) for topic in _TOPICS},
        "operations": {f"{row[0]}-{topic}": _operation(topic) for topic, row in _TOPICS.items()},
        "components": {"messages": messages, "schemas": _schemas()},
    }
