"""The reference of the API and of the events, made anew by `make reference` from OpenAPI and AsyncAPI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from api.http.app import create_app
from api.http.contract import TAGS, within
from api.http.problems import KINDS
from api.i18n import Language
from domain.schemas import asyncapi
from streams.config import Settings

HERE = Path(__file__).parent
Document = dict[str, Any]


class Words(NamedTuple):
    """What a reference says beside what the documents say."""

    http: str
    events: str
    made: str
    other: str
    parameter: str
    answer: str
    field: str
    kind: str
    meaning: str
    required: str
    personal: str
    problems: str
    open_to: str
    everybody: str
    body: str
    models: str
    facts: str
    derived: str
    messages: str
    topics: str
    streams: str
    envelope: str
    carries: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        "The HTTP API",
        "Events and topics",
        "Made by `make reference` from `/openapi.json` and `/asyncapi.json`, which every API answers.",
        "中文",
        "parameter",
        "answer",
        "field",
        "type",
        "meaning",
        "required",
        "🔒 personal: sealed with the customer's key, erasable",
        "Problems",
        "Open to",
        "everybody",
        "Body",
        "Models",
        "Facts",
        "Derived events",
        "Messages",
        "Topics",
        "On",
        "The envelope",
        "carries",
    ),
    "zh": Words(
        "HTTP API",
        "事件与主题",
        "由 `make reference` 根据 `/openapi.json` 与 `/asyncapi.json` 生成；两者由系统直接提供。",
        "English",
        "参数",
        "响应",
        "字段",
        "类型",
        "含义",
        "必填",
        "🔒 个人信息：以客户密钥加密，可删除",
        "问题类型",
        "开放角色",
        "所有人",
        "请求体",
        "模型",
        "事实",
        "衍生事件",
        "消息",
        "主题",
        "所属事件流",
        "信封",
        "承载",
    ),
}


def pages() -> dict[Path, str]:
    """Every page by its file."""
    http, events = create_app(Settings()).openapi(), asyncapi()
    found: dict[Path, str] = {}
    for language, words in WORDS.items():
        folder = HERE if language == "en" else HERE / language
        other = "zh/" if language == "en" else "../"
        heads = {"http": words.http, "events": words.events}
        bodies = {"http": _http(http, language, words), "events": _events(events, language, words)}
        for name, lines in bodies.items():
            file = f"reference-{name}.md"
            head = [f"# {heads[name]}", "", f"[{words.other}]({other}{file})", "", words.made, ""]
            found[folder / file] = "\n".join([*head, *lines]).rstrip() + "\n"
    return found


# ---- HTTP


def _http(document: Document, language: Language, words: Words) -> Iterator[str]:
    said = within(document, language)
    for tag, text in TAGS.items():
        operations = [each for each in _operations(said) if tag in each[2].get("tags", ())]
        if operations:
            yield from (f"## {within(text, language)}", "")
        for method, path, operation in operations:
            yield from _operation(method, path, operation, words)
    yield from (f"## {words.models}", "")
    for name, schema in sorted(said["components"]["schemas"].items()):
        if schema.get("properties") and "[" not in schema.get("title", ""):
            yield from (f"### {name}", "", schema.get("description", ""), "")
            yield from _fields(schema, words)
    yield from (f"## {words.problems}", "", f"| {words.kind} | | {words.meaning} |", "|---|---|---|")
    yield from (f"| `{name}` | {k.status} | {k.title.within(language)} |" for name, k in KINDS.items())


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _operation(method: str, path: str, operation: Document, words: Words) -> Iterator[str]:
    yield from (f"### `{method} {path}`", "", f"**{operation['summary']}**", "")
    if operation.get("description"):
        yield from (operation["description"], "")
    roles = ", ".join(operation.get("x-roles", ())) or words.everybody
    yield from (f"{words.open_to}: {roles}.", "")
    if parameters := operation.get("parameters"):
        yield from (f"| {words.parameter} | | {words.kind} | {words.meaning} |", "|---|---|---|---|")
        yield from (_parameter(each, words) for each in parameters)
        yield ""
    if body := operation.get("requestBody"):
        media = ", ".join(f"`{name}`" for name in body["content"])
        yield from (f"{words.body}: {media}. {body.get('description', '')}".rstrip(), "")
    yield from (f"| {words.answer} | | {words.kind} |", "|---|---|---|")
    yield from (_answer(status, each) for status, each in sorted(operation["responses"].items()))
    yield ""


def _parameter(each: Document, words: Words) -> str:
    place = f"{each['in']}, {words.required}" if each.get("required") else each["in"]
    return f"| `{each['name']}` | {place} | {_type(each['schema'])} | {_cell(each.get('description', ''))} |"


def _answer(status: str, each: Document) -> str:
    kinds = (
        f"`{media}` {_type(content.get('schema', {}))}" for media, content in each.get("content", {}).items()
    )
    told = each.get("description", "").replace("Successful Response", "")
    return f"| {status} | {_cell(told)} | {', '.join(kinds)} |"


def _fields(schema: Document, words: Words, personal: tuple[str, ...] = ()) -> Iterator[str]:
    needed = schema.get("required", ())
    yield from (f"| {words.field} | {words.kind} | {words.meaning} |", "|---|---|---|")
    for name, field in schema["properties"].items():
        shown = f"`{name}`{'' if name in needed else ' *'}{' 🔒' if name in personal else ''}"
        yield f"| {shown} | {_type(field)} | {_cell(field.get('description', ''))} |"
    yield ""


def _type(schema: Document) -> str:
    """A schema in a few words: what it is called, or which values there are."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return ", ".join(
                dict.fromkeys(_type(each) for each in schema[several] if each.get("type") != "null")
            )
    if schema.get("type") == "array":
        return f"[ {_type(schema.get('items', {}))} ]"
    return str(schema.get("format") or schema.get("type") or "JSON")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


# ---- events


def _events(document: Document, language: Language, words: Words) -> Iterator[str]:
    messages, schemas = document["components"]["messages"], document["components"]["schemas"]
    yield from (
        f"## {words.topics}",
        "",
        f"| {words.topics} | {words.meaning} | {words.carries} |",
        "|---|---|---|",
    )
    for channel in document["channels"].values():
        kinds = ", ".join(_carried(channel["messages"], messages, words))
        yield f"| `{channel['address']}` | {_told(channel, language)} | {kinds} |"
    yield from ("", f"## {words.envelope}", "")
    yield from _fields(_spoken(schemas["CloudEvent"], language), words)
    for title, flag in ((words.facts, "x-fact"), (words.derived, "x-derived")):
        yield from (f"## {title}", "")
        for name, message in messages.items():
            if message.get(flag) and not (flag == "x-derived" and message.get("x-fact")):
                yield from _message(name, message, schemas, language, words)
    yield from (f"## {words.messages}", "")
    for name in ("Receipt", "Alert", "DeadLetter"):
        yield from (f"### {name}", "", _told(messages[name], language), "")
        yield from _fields(_spoken(schemas[name], language), words)
    yield from ("### Contact", "")
    yield from _fields(_spoken(schemas["Contact"], language), words)
    yield from ("---", "", f"`*` {'optional' if language == 'en' else '可选'} · {words.personal}")


def _carried(names: Document, messages: Document, words: Words) -> list[str]:
    """Which messages a topic has: those that are named, or all facts, or all events."""
    named = [name for name in names if "x-fact" not in messages[name]]
    every = not all(messages[name].get("x-fact") for name in names)
    return named or [words.facts, *([words.derived] if every else [])]


def _message(
    name: str, message: Document, schemas: Document, language: Language, words: Words
) -> Iterator[str]:
    yield from (f"### `{name}`", "", _told(message, language), "")
    if streams := message.get("x-streams"):
        yield from (f"{words.streams}: {', '.join(f'`{each}/…`' for each in streams)}.", "")
    data = next(part["properties"]["data"] for part in message["payload"]["allOf"] if "properties" in part)
    schema = _spoken(schemas[data["$ref"].rpartition("/")[2]], language)
    if schema.get("properties"):
        yield from _fields(schema, words, tuple(message.get("x-personal", ())))


def _told(part: Document, language: Language) -> str:
    return _cell(part["x-zh"] if language == "zh" else part.get("description") or part["summary"])


def _spoken(schema: Document, language: Language) -> Document:
    """A schema with its fields' meanings in one language."""
    fields = schema.get("properties", {})
    spoken = {name: {**each, "description": _meaning(each, language)} for name, each in fields.items()}
    return {**schema, "properties": spoken}


def _meaning(field: Document, language: Language) -> str:
    return str(field.get("x-zh" if language == "zh" else "description", ""))


def write() -> None:
    for file, text in pages().items():
        file.write_text(text, "utf-8")


if __name__ == "__main__":
    write()
