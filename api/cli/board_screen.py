"""The board as a terminal shows it: the alerts, what there is to say of the chosen one, and the keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from rich.console import ConsoleDimensions as Size
from rich.console import RenderableType
from rich.layout import Layout
from rich.table import Table
from rich.text import Text as Shown

from api.because import Wording
from api.cli.board import SEVERITIES, SEVERITY, STATUSES, Alert, Board
from api.cli.edge import local
from api.i18n import Language, Text
from domain.glossary import called

SIGNS = {"info": "", "warning": "!", "high": "!!", "critical": "!!!"}
STYLES = {"info": "cyan", "warning": "yellow", "high": "magenta", "critical": "bold red"}
CHOSEN = "bold white on blue"
SOON = timedelta(hours=1)

HEADINGS = (
    Text("severity", "级别"),
    Text("time left", "剩余时间"),
    Text("state", "状态"),
    Text("what", "事项"),
    Text("about", "对象"),
)
ROOMY = 100
"""From this width on severities are named in the rows; below, their signs must do."""

SHARES = (None, None, None, 6, 5)
"""What columns take of what those of a fixed width leave."""


def _widths(wide: int) -> tuple[int | None, ...]:
    return (12 if wide >= ROOMY else 3, 11, 9, None, None)


DETAIL, HEADER, FOOTER = 4, 1, 1
"""Lines of the parts around the rows."""

KEYS = Text(
    "↑↓ move  a acknowledge  ⏎ history  / filter  s severity  q quit",
    "↑↓ 移动  a 接手  ⏎ 历史  / 筛选  s 级别  q 退出",
)
EMPTY = Text("Nothing is firing. This page changes by itself.", "没有告警。本页自动更新。")
NOT_FOUND = Text("No alert is as the filter says; / changes it.", "没有符合筛选的告警；按 / 更改。")


def alerts_page(
    board: Board, wording: Wording, now: datetime, size: Size, state: str, footer: str
) -> RenderableType:
    """All of the screen; `state` says how the reading goes, `footer` what is asked or was answered."""
    language = wording.language
    room = size.height - HEADER - DETAIL - FOOTER - 2
    page = Layout()
    page.split_column(
        Layout(_header(board, language, state), size=HEADER),
        Layout(_rows(board, language, now, size.width, max(room, 1))),
        Layout(Shown("─" * 500, no_wrap=True, overflow="crop", style="dim"), size=1),
        Layout(_detail(board.current(), wording), size=DETAIL),
        Layout(
            Shown(footer or KEYS.within(language), no_wrap=True, style="bold" if footer else "dim"),
            size=FOOTER,
        ),
    )
    return page


def text_page(title: str, lines: list[str], offset: int, language: Language) -> RenderableType:
    """A text to be read by moving through it."""
    page = Layout()
    shown = Shown("\n".join(lines[offset:]), no_wrap=True, overflow="crop")
    foot = Text("↑↓ move  q back", "↑↓ 移动  q 返回").within(language)
    page.split_column(
        Layout(Shown(title, style="reverse", no_wrap=True), size=1),
        Layout(shown),
        Layout(_foot(foot, "dim"), size=FOOTER),
    )
    return page


def _foot(text: str, style: str) -> Shown:
    return Shown(text, style, no_wrap=True, overflow="ellipsis")


def _header(board: Board, language: Language, state: str) -> Shown:
    """How many of each severity are not over, what is filtered, and how the reading goes."""
    line = Shown(no_wrap=True, overflow="ellipsis")
    line.append(Text("alerts", "告警").within(language), "bold")
    for severity in reversed(SEVERITIES):
        number = sum(alert["severity"] == severity for alert in board.alerts.values())
        if number:
            line.append(f"  {number} {SEVERITY[severity].within(language)}", STYLES[severity])
    for filtered in _filters(board, language):
        line.append(f"  [{filtered}]", "reverse")
    line.append(f"  {state}", "bold yellow" if state else "")
    return line


def _filters(board: Board, language: Language) -> Iterable[str]:
    if board.severity != SEVERITIES[0]:
        least = SEVERITY[board.severity].within(language)
        yield Text("{least} or worse", "{least}及以上").within(language, least=least)
    if board.words:
        yield f"/{board.words}"


def _rows(board: Board, language: Language, now: datetime, wide: int, room: int) -> RenderableType:
    rows = board.rows()
    if not rows:
        return Shown((NOT_FOUND if board.alerts else EMPTY).within(language), style="dim")
    table = Table(box=None, expand=True, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for heading, width, share in zip(HEADINGS, _widths(wide), SHARES, strict=True):
        said = heading.within(language) if width != 3 else ""
        table.add_column(said, width=width, ratio=share, no_wrap=True, overflow="ellipsis")
    place = board.place()
    first = max(0, min(place - room // 2, len(rows) - room))
    for number, alert in enumerate(rows[first : first + room], first):
        cells = _cells(alert, language, now, wide >= ROOMY)
        if number == place:
            table.add_row(*(cell.plain for cell in cells), style=CHOSEN)
        else:
            table.add_row(*cells)
    return table


def _cells(alert: Alert, language: Language, now: datetime, roomy: bool) -> list[Shown]:
    severity = alert["severity"]
    named = f" {SEVERITY[severity].within(language)}" if roomy else ""
    title = (alert.get("title_zh") if language == "zh" else None) or alert["title"]
    return [
        Shown(f"{SIGNS[severity]:<3}{named}".rstrip(), STYLES[severity]),
        _left(alert, language, now),
        _state(alert, language),
        Shown(title),
        Shown(alert["subject"]),
    ]


def _state(alert: Alert, language: Language) -> Shown:
    if alert["status"] == "acknowledged":
        return Shown(
            f"✓ {alert.get('acknowledged_by') or STATUSES['acknowledged'].within(language)}", "green"
        )
    level = alert.get("level")
    return Shown(Text("level {n}", "第 {n} 级").within(language, n=level) if level else "")


def _left(alert: Alert, language: Language, now: datetime) -> Shown:
    """To when it is due; to the second, so that one sees it run. What is late has a sign of its own."""
    if not alert.get("due_at"):
        return Shown("")
    left = datetime.fromisoformat(alert["due_at"]) - now
    late = left < timedelta(0)
    style = "red" if late else "yellow" if left < SOON else ""
    return Shown(f"{'-' if late else ' '}{_ticking(abs(left), language)}", style)


def _ticking(length: timedelta, language: Language) -> str:
    hours, seconds = divmod(length.seconds, 3600)
    if length.days:
        return Text("{d} d {h} h", "{d} 天 {h} 时").within(language, d=length.days, h=hours)
    return f"{hours}:{seconds // 60:02}:{seconds % 60:02}"


def _detail(alert: Alert | None, wording: Wording) -> Shown:
    """Which written rule, since when, who is told, and what comes next if nobody does anything."""
    if alert is None:
        return Shown()
    language = wording.language
    alert = {**alert, "source": wording.source(alert.get("source") or "")}
    title = (alert.get("title_zh") if language == "zh" else None) or alert["title"]
    rows = (
        [f"{title} — {alert['subject']}"],
        _named(alert, language, (("clause", "rule", "规则"), ("source", "by", "依据"))),
        _named(alert, language, (("raised_at", "since", "始于"), ("due_at", "due", "到期"))),
        [*_told(alert, language), *_named(alert, language, (("next_at", "next level", "升至下一级"),))],
    )
    return Shown("\n".join("  ".join(row) for row in rows), no_wrap=True, overflow="ellipsis")


def _named(alert: Alert, language: Language, names: Iterable[tuple[str, str, str]]) -> list[str]:
    return [
        f"{Text(en, zh).within(language)}: {_value(name, alert[name])}"
        for name, en, zh in names
        if alert.get(name)
    ]


def _value(name: str, value: str) -> str:
    return local(value)[:16] if name.endswith("_at") else value


def _told(alert: Alert, language: Language) -> list[str]:
    told = (
        Text(", ", "、")
        .within(language)
        .join(Text(*called(role)).within(language) for role in alert.get("to", ()))
    )
    return [f"→ {told}"] if told else []
