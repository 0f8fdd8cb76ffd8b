"""What `huiyin watch` keeps of the alerts, and what its keys do to it: no terminal, no broker, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.i18n import Text

Alert = Mapping[str, Any]
STATUSES: Mapping[str, Text] = {
    "firing": Text("FIRING", "触发"),
    "acknowledged": Text("ACKNOWLEDGED", "已接手"),
    "resolved": Text("RESOLVED", "已解除"),
}
SEVERITY: Mapping[str, Text] = {
    "info": Text("info", "提示"),
    "warning": Text("warning", "警告"),
    "high": Text("high", "严重"),
    "critical": Text("critical", "紧急"),
}
SEVERITIES = tuple(SEVERITY)
LATEST = "9999"


@dataclass
class Board:
    """The situations that are not over, the worst first; which of them are shown, and which is chosen."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    severity: str = "info"
    words: str = ""
    chosen: str | None = None
    resolved: int = 0

    def take(self, alert: Alert) -> None:
        """A change. What is resolved goes; the one that is chosen stays chosen wherever it moves."""
        if alert["status"] == "resolved":
            self.resolved += self.alerts.pop(alert["key"], None) is not None
        else:
            self.alerts[alert["key"]] = alert

    def rows(self) -> list[Alert]:
        """Not acknowledged before acknowledged; then the most severe; then what was due first."""
        return sorted(filter(self._shown, self.alerts.values()), key=_order)

    def _shown(self, alert: Alert) -> bool:
        severe = SEVERITIES.index(alert["severity"]) >= SEVERITIES.index(self.severity)
        return severe and all(word in _said(alert) for word in self.words.lower().split())

    def place(self) -> int:
        """Where the chosen one stands; the first, if it is not among those shown."""
        keys = [alert["key"] for alert in self.rows()]
        return keys.index(self.chosen) if self.chosen in keys else 0

    def current(self) -> Alert | None:
        rows = self.rows()
        return rows[self.place()] if rows else None

    def move(self, steps: int) -> None:
        rows = self.rows()
        if rows:
            self.chosen = rows[max(0, min(len(rows) - 1, self.place() + steps))]["key"]

    def next_severity(self) -> None:
        """Only this severe or worse; after the worst, all again."""
        self.severity = SEVERITIES[(SEVERITIES.index(self.severity) + 1) % len(SEVERITIES)]


def _order(alert: Alert) -> tuple[bool, int, str, str]:
    worst_first = -SEVERITIES.index(alert["severity"])
    return alert["status"] != "firing", worst_first, alert.get("due_at") or LATEST, alert["key"]


FOUND_BY = ("title", "title_zh", "subject", "clause", "source", "acknowledged_by")


def _said(alert: Alert) -> str:
    """What a filter's words are looked for in."""
    said = [alert.get(name) or "" for name in FOUND_BY]
    return " ".join([*said, *alert.get("to", ())]).lower()


def acknowledgeable(alert: Alert) -> bool:
    """Only escalations are taken on by somebody; the others end by what is done."""
    return str(alert["key"]).startswith("escalation:") and alert["status"] == "firing"


PAGE = 10
MOVES: Mapping[str, int] = {
    "up": -1,
    "k": -1,
    "down": 1,
    "j": 1,
    "pageup": -PAGE,
    "pagedown": PAGE,
    "home": -1_000_000,
    "g": -1_000_000,
    "end": 1_000_000,
    "G": 1_000_000,
}


@dataclass
class Entry:
    """A line that is being typed, and what is done with it."""

    label: tuple[str, str]
    text: str
    done: Callable[[str], None]
    typed: Callable[[str], None] | None = None
    """What is done while it is typed, as a filter narrows."""

    def key(self, key: str) -> bool:
        """Takes a key; whether that was the last one."""
        if key == "enter":
            self.done(self.text)
        elif key == "backspace":
            self.text = self.text[:-1]
        elif len(key) == 1 and key.isprintable():
            self.text += key
        if self.typed is not None and key != "escape":
            self.typed(self.text)
        return key in ("enter", "escape")
