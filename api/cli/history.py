"""`huiyin history`: everything about one stream, as things were and as they were known; or every stream of a
kind, for programs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, Failure, failure, instant
from api.cli.unsealing import events_opened
from api.formats import EXPLAINS, Histories, Message
from api.formats import FORMATS as FOR_PROGRAMS

if TYPE_CHECKING:
    from domain.envelope import Event
    from storage.postgres import PostgresStorage

WIDE = 80
EVERY = "*"
"""In place of an id: all streams of the kind."""


def run(given: Given, edge: Edge) -> int:
    as_of, known_at = instant("--as-of", given.as_of), instant("--known-at", given.known_at)
    kind, _, name = given.SUBJECT.partition("/")
    if not kind or not name:
        raise failure(
            "{subject!r} is no stream; write e.g. complaint/C-1.",
            "{subject!r} 不是流；例如 complaint/C-1。",
            subject=given.SUBJECT,
        )
    with edge.storage() as storage:
        if name == EVERY:
            return _every(given, edge, storage, as_of, known_at)
        return _one(given, edge, storage, as_of, known_at)


def _one(
    given: Given, edge: Edge, storage: PostgresStorage, as_of: datetime | None, known_at: datetime | None
) -> int:
    from api.story import Asked, events_of, story
    from domain.history import history, shown

    events = events_of(storage, given.SUBJECT)
    if not events:
        raise Failure(failure("no stream is called {s}.", "没有名为 {s} 的流。", s=given.SUBJECT).text, NO)
    events = events_opened(edge, storage, events) if given.personal else events
    if given.format in FOR_PROGRAMS:
        told = [shown(event, given.personal) for event in history(events, as_of, known_at)]
        _pour(edge, given.format, [(given.SUBJECT, told)])
        return DONE
    asked = Asked(edge.now(), as_of, known_at)
    found = story(storage, edge.policy(), events, asked, given.personal)
    if given.format == "story":
        edge.json(found)
        return DONE
    from api.cli.story import sections

    if not found["events"]:
        edge.line(
            edge.text("nothing had happened by then, or nothing was known.", "届时尚未发生，或尚未获知。")
        )
        return DONE
    _table(edge, given.SUBJECT, found["events"])
    sections(edge, found)
    return DONE


def _every(
    given: Given, edge: Edge, storage: PostgresStorage, as_of: datetime | None, known_at: datetime | None
) -> int:
    """All streams of a kind, one after the other."""
    from api.story import every
    from domain.events import KINDS
    from domain.history import history, shown

    kind = given.SUBJECT.partition("/")[0]
    if kind not in KINDS:
        raise failure(
            "there are {kinds}.", "类别有 {kinds}。", kinds=", ".join(f"{kind}/*" for kind in KINDS)
        )
    if given.format not in FOR_PROGRAMS:
        raise failure(
            "of many streams there are --format json, csv and xes.",
            "多个流可用 --format json、csv 或 xes。",
        )

    def told(events: Sequence[Event]) -> list[Message]:
        seen = history(events, as_of, known_at)
        return [shown(event, given.personal) for event in _opened(given, edge, storage, seen)]

    found = ((events[0].subject, told(events)) for events in every(storage, kind))
    _pour(edge, given.format, (one for one in found if one[1]))
    return DONE


def _opened(given: Given, edge: Edge, storage: PostgresStorage, events: Sequence[Event]) -> Sequence[Event]:
    return events_opened(edge, storage, events) if given.personal else events


def _pour(edge: Edge, form: str, histories: Histories) -> None:
    for piece in FOR_PROGRAMS[form](histories):
        edge.stdout.write(piece)


# ---- the table


def _table(edge: Edge, subject: str, messages: Sequence[Message]) -> None:
    """What happened and what followed, each with rule, reason and cause; 80 columns are enough."""
    from rich import box
    from rich.table import Table
    from rich.text import Text as Shown

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=subject, title_justify="left")
    for heading, wide in ((("time", "时间"), 16), (("event", "事件"), 23), (("what", "内容"), None)):
        table.add_column(edge.text(*heading), width=wide, overflow="fold")
    places = {_name(message): message.get("sequence") for message in messages}
    for message in messages:
        said = [*_said(message, edge), *_caused(message, places, edge)]
        table.add_row(_when(message), Shown(f"{message['type']}{_place(message)}"), Shown("\n".join(said)))
    edge.console(WIDE).print(table)


def _place(message: Message) -> str:
    return f"\n#{message['sequence']}" if message.get("sequence") else ""


def _name(message: Message) -> str:
    """As `causationid` names an event."""
    return str(message["id"] if message["source"] == "/huiyin" else "{source}#{id}".format_map(dict(message)))


def _caused(message: Message, places: Mapping[str, Any], edge: Edge) -> Iterator[str]:
    """Which event it follows from: by its place, where that is in the table."""
    if cause := message.get("causationid"):
        place = places.get(cause)
        yield f"{edge.text('cause', '起因')}: {f'#{place}' if place else cause}"


def _when(message: Message) -> str:
    """On the clock of the sections below, whichever offset it came with; what was learned later than it
    happened says so."""
    from domain.working_time import CN

    at = datetime.fromisoformat(message["time"]).astimezone(CN.tz)
    learned = datetime.fromisoformat(message.get("recordedtime", message["time"]))
    late = f"\n↳ {learned.astimezone(CN.tz):%m-%d %H:%M}" if (learned - at).total_seconds() >= 60 else ""
    return f"{at:%Y-%m-%d %H:%M}{late}"


def _said(message: Message, edge: Edge) -> list[str]:
    data = message["data"]
    plain = ((name, value) for name, value in data.items() if name not in (*EXPLAINS, *UNTOLD))
    derived = "because" in data
    named = (
        (_field(message["type"], name, edge), _value(name, value, edge, derived)) for name, value in plain
    )
    lines = [" · ".join(f"{name}: {value}" for name, value in named)]
    words = (("rule", "规则"), ("by", "依据"), ("because", "理由"))
    read = {"source": edge.wording.source, "because": edge.wording.because}
    for heading, name in zip(words, EXPLAINS, strict=True):
        if said := data.get(name):
            lines.append(f"{edge.text(*heading)}: {brief(read[name](said) if name in read else said)}")
    if message.get("actor"):
        lines.append(f"{edge.text('actor', '行为人')}: {message['actor']}")
    return [line for line in lines if line]


def _value(name: str, value: Any, edge: Edge, ours: bool) -> str:
    """Periods and the system's own reasons in this language; what people said stays as it is."""
    if name == "within":
        return edge.period(value)
    return brief(edge.wording.because(value)) if ours and name == "reason" else written(value)


def _field(type_: str, name: str, edge: Edge) -> str:
    """What a field is called: as programs have it, or in Chinese."""
    from domain.glossary import label

    return label(type_, name) if edge.language == "zh" else name


UNTOLD = ("obligation", "violation", "escalation", "opened_at", "warn_at", "pauses")
"""Keys for programs, and what the lines around say as well."""

INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def written(value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {written(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(written(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else brief(str(value))


def brief(text: str) -> str:
    """Instants as a person writes them; whole minutes without their seconds."""
    return INSTANT.sub(lambda at: f"{at[1]} {at[2]}{_seconds(at[3])}{at[4]}", text)


def _seconds(written: str | None) -> str:
    return "" if not written or not written.strip(":0.") else written[:3]


def _by_pieces(form: str) -> Callable[[Edge, str, Sequence[Message]], None]:
    return lambda edge, subject, messages: _pour(edge, form, [(subject, messages)])


FORMATS: Mapping[str, Callable[[Edge, str, Sequence[Message]], None]] = {
    "table": _table,
    **{form: _by_pieces(form) for form in FOR_PROGRAMS},
}
"""How the events of one stream are written."""

HISTORY = Command(
    run,
    (
        argument(
            "SUBJECT",
            en="the stream, such as complaint/C-1; 'complaint/*' for all of a kind",
            zh="流，例如 complaint/C-1；'complaint/*' 为该类全部",
        ),
        argument("--as-of", metavar="T", en="only what had happened by T", zh="只看 T 及之前发生的"),
        argument("--known-at", metavar="T", en="only what was known by T", zh="只看 T 及之前已获知的"),
        argument(
            "--format",
            choices=(*FORMATS, "story"),
            default="table",
            en="table; events as json, csv or xes; story: all that the table says, as one JSON object",
            zh="输出格式：table 表格；json、csv、xes 为事件；story 为表格全部内容的 JSON 对象",
        ),
        argument("--personal", action="store_true", en="show personal fields", zh="显示个人信息"),
    ),
)
