"""The sections that `huiyin history` prints after the events: how things stood, what was owed, who was
alerted, who read it, and what happened around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from api.cli.edge import Edge
from api.cli.history import WIDE, brief, written
from domain.glossary import label
from domain.working_time import CN

Story = Mapping[str, Any]
Row = Sequence[str]

STATUS: Mapping[str, tuple[str, str]] = {
    "open": ("open", "未到期"),
    "met": ("met", "已按期履行"),
    "breached": ("breached", "已逾期"),
    "withdrawn": ("withdrawn", "已撤销"),
    "firing": ("FIRING", "告警"),
    "acknowledged": ("acknowledged", "已接手"),
    "resolved": ("resolved", "已解除"),
    "counted": ("counted", "计入"),
    "uncounted": ("not counted", "不计入"),
    "paused": ("paused", "暂停"),
}


def sections(edge: Edge, story: Story) -> None:
    """Those that have something to say."""
    for heading, rows, widths in SECTIONS:
        told = [list(row) for row in rows(edge, story)]
        if told:
            _print(edge, edge.text(*heading), told, widths)


def _print(edge: Edge, heading: str, rows: Sequence[Row], widths: Sequence[int | None]) -> None:
    from rich.table import Table
    from rich.text import Text as Shown

    table = Table(box=None, pad_edge=False, show_header=False, title=heading, title_justify="left")
    for wide in widths:
        table.add_column(width=wide, overflow="fold")
    for row in rows:
        table.add_row(*map(Shown, row))
    console = edge.console(WIDE)
    console.print(table)
    console.print()


def _word(edge: Edge, status: str) -> str:
    return edge.text(*STATUS.get(status, (status, status)))


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(CN.tz):%Y-%m-%d %H:%M}"


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def _state(edge: Edge, story: Story) -> Iterator[Row]:
    """What is so; what is not, or is nothing, is left out."""
    state = story["state"]
    told = {name: value for name, value in state.items() if value not in (None, False, [], {}, "", 0)}
    if state.get("status") != "merged":
        told.pop("status_before_merge", None)
    for name, value in told.items():
        shown = _at(value) if isinstance(value, datetime) else written(_plain(value))
        yield edge.text(name.replace("_", " "), label(story["kind"], name)), shown
    if story["policy"]:
        yield edge.text("rules in force", "适用规则"), story["policy"]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _at(value)
    if isinstance(value, list):
        return [" – ".join(map(_at, one)) if _is_span(one) else _plain(one) for one in value]
    return {name: _plain(part) for name, part in value.items()} if isinstance(value, dict) else value


def _is_span(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, datetime) for part in value)


def _obligations(edge: Edge, story: Story) -> Iterator[Row]:
    for one in story["obligations"]:
        title = edge.text(one["title"], one["title_zh"])
        yield _verdict(edge, one), f"{one['clause']}  {title}"
        yield (
            "",
            edge.text(
                "due {due}, from {start}{within}",
                "到期 {due}，自 {start} 起{within}",
                due=_at(one["due_at"]),
                start=_at(one["opened_at"]),
                within=f" · {edge.period(one['within'])}" if one["within"] else "",
            ),
        )
        for part in one["segments"]:
            why = edge.text(part["reason"], part["reason_zh"])
            yield "", f"{_at(part['start'])} → {_at(part['end'])}  {_word(edge, part['kind'])}  {why}"


def _verdict(edge: Edge, one: Mapping[str, Any]) -> str:
    paused = one["paused"] and edge.text("paused", "暂停计时")
    late = one["done_late"] and edge.text("done late", "逾期后履行")
    return "\n".join(filter(None, (_word(edge, one["status"]), paused, late)))


def _alerts(edge: Edge, story: Story) -> Iterator[Row]:
    for one in story["alerts"]:
        title = edge.text(one["title"], one.get("title_zh") or one["title"])
        told = [title, *(f"→ {edge.roles(one['to'])}" for _ in "1" if one["to"])]
        if one["status"] == "acknowledged":
            told.append(edge.text("by {who}", "接手人 {who}", who=one.get("acknowledged_by", "")))
        yield _at(_moment(one["updated_at"])), _word(edge, one["status"]), "  ".join(told)


def _reads(_edge: Edge, story: Story) -> Iterator[Row]:
    for one in story["reads"]:
        yield _at(one["time"]), one["by"] or "", one["purpose"] or ""


def _around(edge: Edge, story: Story) -> Iterator[Row]:
    for one in story["around"]:
        yield _at(one["time"]), one["subject"], brief(edge.text(one["line"], one["line_zh"]))


Rows = Callable[[Edge, Story], Iterator[Row]]

SECTIONS: Sequence[tuple[tuple[str, str], Rows, Sequence[int | None]]] = (
    (("as it stood", "当时状况"), _state, (18, None)),
    (("obligations", "义务"), _obligations, (12, None)),
    (("who was alerted", "告警经过"), _alerts, (16, 12, None)),
    (("who read it", "查阅记录"), _reads, (16, 16, None)),
    (("around it", "相关事项"), _around, (16, 20, None)),
)
