"""`huiyin history`: everything about one stream, as things were and as they were known, in four formats."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any
from xml.sax.saxutils import quoteattr

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, failure, instant
from api.cli.unsealing import events_opened

Message = Mapping[str, Any]
EXPLAINS = ("clause", "source", "because")
"""What a derived event says about why it is there."""

WIDE = 80


def run(given: Given, edge: Edge) -> int:
    as_of, known_at = instant("--as-of", given.as_of), instant("--known-at", given.known_at)
    kind, _, name = given.SUBJECT.partition("/")
    if not kind or not name:
        raise failure(
            "{subject!r} is no stream; write e.g. complaint/C-1.",
            "{subject!r} 不是流；例如 complaint/C-1。",
            subject=given.SUBJECT,
        )
    messages = _messages(given, edge, as_of, known_at)
    FORMATS[given.format](edge, given.SUBJECT, messages)
    return DONE


def _messages(given: Given, edge: Edge, as_of: datetime | None, known_at: datetime | None) -> list[Message]:
    from domain.history import history, shown
    from domain.mapper import EventMapper

    mapper = EventMapper()
    with edge.storage() as storage:
        stored = storage.history(given.SUBJECT)
        if not stored:
            text = failure("no stream is called {s}.", "没有名为 {s} 的流。", s=given.SUBJECT).text
            raise type(failure("", ""))(text, NO)
        events = [mapper.load(event)._replace(sequence=sequence) for sequence, event in stored]
        told = history(events, as_of, known_at)
        told = events_opened(edge, storage, told) if given.personal else told
    return [shown(event, given.personal) for event in told]


def _table(edge: Edge, subject: str, messages: Sequence[Message]) -> None:
    """What happened and what followed, each with the rule and the reason; 80 columns are enough."""
    from rich import box
    from rich.table import Table
    from rich.text import Text as Shown

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=subject, title_justify="left")
    for heading, wide in ((("time", "时间"), 16), (("event", "事件"), 21), (("what", "内容"), None)):
        table.add_column(edge.text(*heading), width=wide, overflow="fold")
    for message in messages:
        table.add_row(_when(message), Shown(message["type"]), Shown("\n".join(_said(message, edge))))
    edge.console(WIDE).print(table)


def _when(message: Message) -> str:
    """Local to where it happened; what was learned later than it happened says so."""
    at = datetime.fromisoformat(message["time"])
    learned = datetime.fromisoformat(message.get("recordedtime", message["time"]))
    late = f"\n↳ {learned.astimezone(at.tzinfo):%m-%d %H:%M}" if (learned - at).total_seconds() >= 60 else ""
    return f"{at:%Y-%m-%d %H:%M}{late}"


def _said(message: Message, edge: Edge) -> list[str]:
    data = message["data"]
    plain = ((name, value) for name, value in data.items() if name not in (*EXPLAINS, *UNTOLD))
    lines = [" · ".join(f"{name}: {_written(value)}" for name, value in plain)]
    words = (("rule", "规则"), ("by", "依据"), ("because", "理由"))
    for heading, name in zip(words, EXPLAINS, strict=True):
        if data.get(name):
            lines.append(f"{edge.text(*heading)}: {_brief(data[name])}")
    if message.get("actor"):
        lines.append(f"{edge.text('actor', '行为人')}: {message['actor']}")
    return [line for line in lines if line]


UNTOLD = ("obligation", "violation", "escalation", "opened_at", "warn_at", "pauses")
"""Keys for programs, and what the lines around say as well."""

INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_written(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(_written(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else _brief(str(value))


def _brief(text: str) -> str:
    """Instants as a person writes them; whole minutes without their seconds."""
    return INSTANT.sub(lambda at: f"{at[1]} {at[2]}{_seconds(at[3])}{at[4]}", text)


def _seconds(written: str | None) -> str:
    return "" if not written or not written.strip(":0.") else written[:3]


def _json(edge: Edge, _: str, messages: Sequence[Message]) -> None:
    for message in messages:
        edge.json(message)


def _csv(edge: Edge, _: str, messages: Sequence[Message]) -> None:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    rows.writerows([_cell(column(message)) for column in COLUMNS.values()] for message in messages)
    edge.stdout.write(text.getvalue().encode())


def _optional(name: str, message: Message) -> Any:
    return message.get(name, "")


def _rest(message: Message) -> str:
    """What the other columns do not say, as JSON."""
    import orjson

    return orjson.dumps(
        {name: value for name, value in message["data"].items() if name not in EXPLAINS}
    ).decode()


# column → what it holds of an event; `source` is who reported it, `rule` the written rule behind it
COLUMNS: Mapping[str, Callable[[Message], Any]] = {
    "sequence": partial(_optional, "sequence"),
    "time": itemgetter("time"),
    "recordedtime": partial(_optional, "recordedtime"),
    "type": itemgetter("type"),
    "subject": itemgetter("subject"),
    "source": itemgetter("source"),
    "actor": partial(_optional, "actor"),
    "clause": lambda message: message["data"].get("clause", ""),
    "rule": lambda message: message["data"].get("source", ""),
    "because": lambda message: message["data"].get("because", ""),
    "data": _rest,
}


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


XES = """\
<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xes.features="" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <global scope="trace"><string key="concept:name" value=""/></global>
  <global scope="event">
    <string key="concept:name" value=""/>
    <date key="time:timestamp" value="1970-01-01T00:00:00Z"/>
  </global>
  <classifier name="activity" keys="concept:name"/>
  <trace>
    <string key="concept:name" value={subject}/>
{events}
  </trace>
</log>"""


def _xes(edge: Edge, subject: str, messages: Sequence[Message]) -> None:
    """IEEE 1849 (XES), for process mining: one trace, an event each."""
    events = "\n".join(f"    <event>{''.join(_attributes(message))}</event>" for message in messages)
    edge.line(XES.format(subject=quoteattr(subject), events=events))


def _attributes(message: Message) -> list[str]:
    told = [("string", "concept:name", message["type"]), ("date", "time:timestamp", message["time"])]
    if message.get("actor"):
        told.append(("string", "org:resource", message["actor"]))
    told += [
        ("string", f"huiyin:{name}", message["data"][name]) for name in EXPLAINS if message["data"].get(name)
    ]
    return [f"<{kind} key={quoteattr(key)} value={quoteattr(str(value))}/>" for kind, key, value in told]


FORMATS: Mapping[str, Callable[[Edge, str, Sequence[Message]], None]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
    "xes": _xes,
}

HISTORY = Command(
    run,
    (
        argument("SUBJECT", en="the stream, such as complaint/C-1", zh="流，例如 complaint/C-1"),
        argument("--as-of", metavar="T", en="only what had happened by T", zh="只看 T 及之前发生的"),
        argument("--known-at", metavar="T", en="only what was known by T", zh="只看 T 及之前已获知的"),
        argument("--format", choices=tuple(FORMATS), default="table", en="how it is written", zh="输出格式"),
        argument("--personal", action="store_true", en="show personal fields", zh="显示个人信息"),
    ),
)
