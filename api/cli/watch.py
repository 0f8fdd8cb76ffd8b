"""`huiyin watch`: the alert topics in the terminal, one line a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import orjson

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, Edge, failure, local
from api.i18n import Text

Alert = Mapping[str, Any]
STATUSES: Mapping[str, Text] = {
    "firing": Text("FIRING", "触发"),
    "acknowledged": Text("ACKNOWLEDGED", "已接手"),
    "resolved": Text("RESOLVED", "已解除"),
}
SEVERITIES: Mapping[str, Text] = {
    "info": Text("info", "提示"),
    "warning": Text("warning", "警告"),
    "high": Text("high", "严重"),
    "critical": Text("critical", "紧急"),
}
COLOURS = {"info": "36", "warning": "33", "high": "35", "critical": "1;31"}


def run(given: Given, edge: Edge) -> int:
    """Until it is interrupted, which is how it is meant to end."""
    try:
        severe = tuple(SEVERITIES)[tuple(SEVERITIES).index(given.severity) :]
        chosen = (alert for alert in _alerts(given, edge) if alert["severity"] in severe)
        for alert in islice(chosen, given.count):
            if given.json:
                edge.json(alert)
            else:
                edge.line(line(alert, edge))
            edge.stdout.flush()
    except KeyboardInterrupt:
        pass
    return DONE


def _alerts(given: Given, edge: Edge) -> Iterator[Alert]:
    """A plain consumer, in no group: it takes nothing away from anybody."""
    from kafka import KafkaConsumer

    from streams.topics import Topics

    settings = edge.settings
    topics = Topics.under(settings.topic_prefix).alerts
    start = "earliest" if given.from_beginning else "latest"
    consumer = KafkaConsumer(
        bootstrap_servers=settings.kafka.split(","),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset=start,
    )
    with closing(consumer):
        missing = set(topics) - set(consumer.topics())
        if missing:
            raise failure(
                "topics are missing: {names}; run `huiyin topics create`.",
                "缺少主题：{names}；请运行 `huiyin topics create`。",
                names=", ".join(sorted(missing)),
            )
        consumer.subscribe(topics)
        for record in consumer:
            if record.value is not None:  # compaction's tombstones say nothing
                yield orjson.loads(record.value)


def line(alert: Alert, edge: Edge) -> str:
    """Time, severity, status, key, title, subject, due or overdue, and who is told."""
    severity, status = alert["severity"], alert["status"]
    title = (alert.get("title_zh") if edge.language == "zh" else None) or alert["title"]
    parts = [
        local(alert["updated_at"]),
        _coloured(f"{SEVERITIES[severity].within(edge.language):8}", COLOURS[severity], edge),
        f"{STATUSES[status].within(edge.language):12}",
        f"{title} — {alert['subject']}",
        *_due(alert, edge),
        *([f"→ {', '.join(alert['to'])}"] if alert.get("to") else []),
        f"[{alert['key']}]",
    ]
    return "  ".join(parts)


def _coloured(text: str, colour: str, edge: Edge) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if edge.interactive else text


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


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


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
            choices=tuple(SEVERITIES),
            default="info",
            en="only this severe, or worse",
            zh="只看此级别及以上",
        ),
        argument("--json", action="store_true", en="the alerts as they are", zh="以 JSON 输出"),
        argument("--count", type=_count, metavar="N", en="end after N changes", zh="N 次变动后结束"),
    ),
)
