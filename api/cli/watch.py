"""`huiyin watch`: the alert topics in the terminal as a live table; piped on, one line a change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice

from api.cli.alert_topics import Alert, AlertTopics, Start
from api.cli.board import SEVERITIES, SEVERITY, STATUSES
from api.cli.command import Command, Given, argument, whole
from api.cli.edge import DONE, Edge, instant, local
from api.cli.terminal import controllable

COLOURS = {"info": "36", "warning": "33", "high": "35", "critical": "1;31"}


def run(given: Given, edge: Edge) -> int:
    """Until it is interrupted, which is how it is meant to end."""
    plain = given.lines or given.json or given.count or given.since or given.from_beginning
    try:
        if not plain and controllable(edge.stdin, edge.stdout):
            from api.cli.live import watch

            return watch(edge, given.severity, given.by)
        _lines(given, edge)
    except KeyboardInterrupt:
        pass
    return DONE


def _lines(given: Given, edge: Edge) -> None:
    severe = SEVERITIES[SEVERITIES.index(given.severity) :]
    chosen = (alert for alert in _changes(given, edge) if alert["severity"] in severe)
    for alert in islice(chosen, given.count):
        if given.json:
            edge.json(alert)
        else:
            edge.line(line(alert, edge))
        edge.stdout.flush()


def _changes(given: Given, edge: Edge) -> Iterator[Alert]:
    otherwise: Start = "beginning" if given.from_beginning else "now"
    start = instant("--since", given.since) or otherwise
    with closing(AlertTopics(edge.settings, start)) as topics:
        while True:
            yield from topics.poll(1000)


def line(alert: Alert, edge: Edge) -> str:
    """Time, severity, status, key, title, subject, due or overdue, and who is told."""

    severity, status = alert["severity"], alert["status"]
    title = (alert.get("title_zh") if edge.language == "zh" else None) or alert["title"]
    parts = [
        local(alert["updated_at"]),
        _coloured(_padded(SEVERITY[severity].within(edge.language), 8), COLOURS[severity], edge),
        _padded(STATUSES[status].within(edge.language), 12),
        f"{title} — {alert['subject']}",
        *_due(alert, edge),
        *_told(alert, edge),
        f"[{alert['key']}]",
    ]
    return "  ".join(parts)


def _padded(text: str, wide: int) -> str:
    """As wide as that many columns; a Chinese character takes two."""
    from rich.cells import cell_len

    return text + " " * (wide - cell_len(text))


def _coloured(text: str, colour: str, edge: Edge) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if edge.interactive else text


def _told(alert: Alert, edge: Edge) -> list[str]:
    return [f"→ {edge.roles(alert['to'])}"] if alert.get("to") else []


def _due(alert: Alert, edge: Edge) -> list[str]:
    if not alert.get("due_at") or alert["status"] == "resolved":
        return []
    due = datetime.fromisoformat(alert["due_at"])
    left = due - edge.now()
    span = _span(abs(left), edge)
    if left.total_seconds() >= 0:
        return [edge.text("due in {span}", "距到期 {span}", span=span)]
    return [edge.text("overdue {span}", "已逾期 {span}", span=span)]


def _span(length: timedelta, edge: Edge) -> str:
    """Days and hours, or hours and minutes."""
    hours, seconds = divmod(length.seconds, 3600)
    if length.days:
        return edge.text("{d} d {h} h", "{d} 天 {h} 小时", d=length.days, h=hours)
    return f"{hours}:{seconds // 60:02} h" if edge.language == "en" else f"{hours} 小时 {seconds // 60} 分"


WATCH = Command(
    run,
    (
        argument(
            "what", nargs="?", choices=("alerts",), default="alerts", en="what to follow", zh="关注对象"
        ),
        argument(
            "--from-beginning",
            action="store_true",
            en="begin with what the topics hold",
            zh="从主题已有内容开始",
        ),
        argument(
            "--severity",
            choices=SEVERITIES,
            default="info",
            en="only this severe, or worse",
            zh="只看此级别及以上",
        ),
        argument("--since", metavar="T", en="begin with what changed since T", zh="从 T 以来的变动开始"),
        argument("--as", dest="by", metavar="STAFF", en="who acknowledges", zh="接手人的员工编号"),
        argument(
            "--lines", action="store_true", en="one line a change, in a terminal too", zh="终端中也逐行输出"
        ),
        argument("--json", action="store_true", en="the alerts as they are", zh="以 JSON 输出"),
        argument("--count", type=whole(1), metavar="N", en="end after N changes", zh="N 次变动后结束"),
    ),
)
