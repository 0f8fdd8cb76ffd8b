"""The page of an export: every event with its rule and reason, in both languages, in a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from domain.events import TYPES
from domain.glossary import FIELDS, meaning

if TYPE_CHECKING:
    from storage.proofs import Signed

EXPLAINS = ("clause", "source", "because")
UNTOLD = frozenset({*EXPLAINS, "obligation", "violation", "escalation"})
"""Said elsewhere on the step, or keys for programs; all of it is in the events' own file."""

INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::00|(:\d\d))(?:\.\d+)?(Z|[+-]\d\d:\d\d)")

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ subject or "Huiyin 回音" }}</title>
<style>
body { font: 15px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; margin: 2rem auto;
  max-width: 72rem; padding: 0 1rem; color: #1c2733; }
table { border-collapse: collapse; width: 100%; }
th, td { border-top: 1px solid #d5dce3; padding: .4rem .6rem; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
code, .small { font-size: .85em; overflow-wrap: anywhere; }
.small { color: #51606f; }
</style>
</head>
<body>
<h1>{{ subject or "Huiyin 回音" }}</h1>
<p>{{ count }} events, in the order recorded. Personal fields are hidden (●●●).<br>
<span lang="zh">共 {{ count }} 个事件，按记录次序排列；个人信息已隐去（●●●）。</span></p>
<p>This page is for reading. What proves it is in the other files; to verify them, anywhere:<br>
<span lang="zh">本页供阅读；证明在其余文件中，可在任何机器上校验：</span><br>
<code>huiyin verify --export FILE.zip --key KEY</code></p>
<p class="small">key · 密钥 <code>{{ key }}</code><br>checkpoint · 检查点 {{ size }}
<code>{{ root }}</code></p>
<table>
<thead><tr><th>#</th><th>time · 时间</th><th>event · 事件</th><th>what · 内容</th></tr></thead>
<tbody>
{% for step in steps %}<tr>
<td class="number">{{ step.sequence }}</td>
<td>{{ step.time }}{% if step.learned %}<br><span class="small">↳ {{ step.learned }}</span>{% endif %}</td>
<td>{{ step.en }}<br><span lang="zh">{{ step.zh }}</span><br><code>{{ step.type }}</code>
{% if not subject %}<br><code>{{ step.subject }}</code>{% endif %}</td>
<td>{% for name, value in step.fields %}{{ name }}: {{ value }}<br>{% endfor %}
{% for text in step.explained %}<span class="small">{{ text }}</span><br>{% endfor %}</td>
</tr>
{% endfor %}</tbody>
</table>
</body>
</html>
"""


AT_ONCE = 500
"""Pieces of the template that are written together."""


def page(
    subject: str | None, signed: Signed, count: int, messages: Iterable[Mapping[str, Any]]
) -> Iterator[bytes]:
    """HTML without scripts and without anything from elsewhere, piece by piece."""
    from jinja2 import Environment

    template = Environment(autoescape=True).from_string(TEMPLATE)
    values = {
        "subject": subject,
        "key": str(signed.key),
        "size": signed.checkpoint.size,
        "root": signed.checkpoint.root.hex(),
        "count": count,
        "steps": (_step(message) for message in messages),
    }
    stream = template.stream(values)
    stream.enable_buffering(AT_ONCE)
    return (piece.encode() for piece in stream)


def _step(message: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows of one event."""
    known = TYPES.get(message["type"])
    en, _, zh = ((known.__doc__ or "") if known else "").partition(" | ")
    data = message["data"]
    learned = message.get("recordedtime")
    return {
        "sequence": message["sequence"],
        "subject": message["subject"],
        "type": message["type"],
        "en": en,
        "zh": zh,
        "time": _brief(message["time"]),
        "learned": _brief(learned) if learned and learned != message["time"] else None,
        "fields": list(_fields(message["type"], data)),
        "explained": [_brief(str(data[name])) for name in EXPLAINS if data.get(name)],
    }


def _fields(type_: str, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Label in both languages, and value."""
    for name, value in data.items():
        if name not in UNTOLD and value not in (None, [], {}, ""):
            label = name.replace("_", " ")
            known = name in FIELDS or f"{type_} {name}" in FIELDS
            yield f"{label} · {meaning(type_, name)[1]}" if known else label, _written(value)


def _brief(text: str) -> str:
    """Instants as a person writes them, with their offset."""
    return INSTANT.sub(lambda at: f"{at[1]} {at[2]}{at[3] or ''} {at[4]}", text)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_written(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(_written(part) for part in value)
    return _brief(str(value))
