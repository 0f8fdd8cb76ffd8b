"""Histories for programs: JSON Lines, CSV, and XES for process mining; of one stream, or of many.

Each is written piece by piece, stream by stream, so that a whole ledger needs no more memory than a stream.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any
from xml.sax.saxutils import quoteattr

import orjson

Message = Mapping[str, Any]
Histories = Iterable[tuple[str, Sequence[Message]]]
"""Subjects, and the events of each in the order recorded."""

EXPLAINS = ("clause", "source", "because")
"""What a derived event says about why it is there."""


def json_lines(histories: Histories) -> Iterator[bytes]:
    for _, messages in histories:
        for message in messages:
            yield orjson.dumps(message, default=str) + b"\n"


# ---- CSV


def comma_separated(histories: Histories) -> Iterator[bytes]:
    yield _row(COLUMNS)
    for _, messages in histories:
        for message in messages:
            yield _row(_cell(column(message)) for column in COLUMNS.values())


def _row(cells: Iterable[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def _optional(name: str, message: Message) -> Any:
    return message.get(name, "")


def _rest(message: Message) -> str:
    """What the other columns do not say, as JSON."""
    said = {name: value for name, value in message["data"].items() if name not in EXPLAINS}
    return orjson.dumps(said).decode()


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
    "cause": partial(_optional, "causationid"),
}


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


# ---- XES (IEEE 1849)

HEAD = b"""\
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
"""
FOOT = b"</log>\n"


def event_log(histories: Histories) -> Iterator[bytes]:
    """A trace a stream, an event an event."""
    yield HEAD
    for subject, messages in histories:
        events = "".join(f"    <event>{''.join(_attributes(message))}</event>\n" for message in messages)
        name = f'    <string key="concept:name" value={_quoted(subject)}/>\n'
        yield f"  <trace>\n{name}{events}  </trace>\n".encode("utf-8", "replace")
    yield FOOT


def _attributes(message: Message) -> Iterator[str]:
    told = [("string", "concept:name", message["type"]), ("date", "time:timestamp", message["time"])]
    if message.get("actor"):
        told.append(("string", "org:resource", message["actor"]))
    said = {**{name: message["data"].get(name) for name in EXPLAINS}, "cause": message.get("causationid")}
    told += [("string", f"huiyin:{name}", value) for name, value in said.items() if value]
    return (f"<{kind} key={_quoted(key)} value={_quoted(str(value))}/>" for kind, key, value in told)


def _quoted(text: str) -> str:
    """As an attribute's value; signs that XML 1.0 has no way to write are left out."""
    return quoteattr("".join(sign for sign in text if sign >= " " or sign in "\t\n\r"))


FORMATS: Mapping[str, Callable[[Histories], Iterator[bytes]]] = {
    "json": json_lines,
    "csv": comma_separated,
    "xes": event_log,
}
