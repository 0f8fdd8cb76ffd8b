"""`huiyin watch` in a terminal: a table that changes as the alerts do, and keys to act on it."""

from __future__ import annotations

import io
import os
import queue
import select
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from api.cli.acknowledging import PATIENCE_S, acknowledge
from api.cli.alert_topics import AlertTopics
from api.cli.board import MOVES, Alert, Board, Entry, acknowledgeable
from api.cli.board_screen import alerts_page, text_page
from api.cli.edge import DONE, Edge
from api.cli.terminal import Keys, key_by_key

QUIET_S = 5
"""After how many empty rounds of reading, of a second each, the broker is asked whether it is there."""

ESCALATIONS_ONLY = (
    "Only escalations that fire can be acknowledged; this ends when the duty is done or the figure recovers.",
    "只有触发中的升级可以接手；此告警在义务履行或指标恢复后自行解除。",
)


def watch(edge: Edge, severity: str, staff: str | None) -> int:
    """Until q is pressed, or it is interrupted."""
    topics = AlertTopics(edge.settings, "beginning")
    live = Live(edge, topics, Board(severity=severity), staff)
    with live.reading(), key_by_key(edge.stdin.fileno()):
        live.run()
    return DONE


class Live:
    """The board, what is on the screen beside it, and what came from other threads meanwhile."""

    def __init__(self, edge: Edge, topics: AlertTopics, board: Board, staff: str | None) -> None:
        self.edge, self.topics, self.board, self.staff = edge, topics, board, staff
        self.console = edge.console()
        self.entry: Entry | None = None
        self.text: tuple[str, list[str], int] | None = None
        self.message, self.state = "", edge.text("reading …", "读取中…")
        self.over = False
        self.asked: set[str] = set()
        self._came: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake_out, self._wake_in = os.pipe()

    # ---- the loop

    def run(self) -> None:
        keys = Keys()
        descriptor = self.edge.stdin.fileno()
        with self.console.screen() as screen:
            while not self.over:
                screen.update(self.page())
                for key in self._pressed(keys, descriptor):
                    self.key(key)

    def _pressed(self, keys: Keys, descriptor: int) -> Iterator[str]:
        """The keys that were pressed, until the next whole second or until something came."""
        until = 1 - self.edge.now().microsecond / 1_000_000
        ready, _, _ = select.select([descriptor, self._wake_out], [], [], until)
        if self._wake_out in ready:
            os.read(self._wake_out, 65536)
            while not self._came.empty():
                self._came.get()()
        if descriptor in ready:
            raw = os.read(descriptor, 1024)
            self.over = not raw
            yield from keys.of(raw)

    def _tell(self, what: Callable[[], None]) -> None:
        """Another thread's word for this one, which alone touches the board."""
        self._came.put(what)
        os.write(self._wake_in, b".")

    # ---- reading

    @contextmanager
    def reading(self) -> Iterator[None]:
        """The topics are read beside the terminal, as neither may wait for the other."""
        ended = threading.Event()
        reader = threading.Thread(target=self._read, args=(ended,), daemon=True)
        reader.start()
        try:
            yield
        finally:
            ended.set()
            reader.join(PATIENCE_S)
            self.topics.close()

    def _read(self, ended: threading.Event) -> None:
        quiet = 0
        while not ended.is_set():
            try:
                alerts = self.topics.poll(1000 if quiet else 200)
            except Exception as problem:
                self._tell(lambda why=problem: self._failed(why))  # type: ignore[misc]
                return
            quiet = 0 if alerts else quiet + 1
            if alerts:
                self._tell(lambda told=alerts: self._took(told))  # type: ignore[misc]
            if not self.topics.behind():
                self._tell(lambda: self._stands(""))
            if quiet and quiet % QUIET_S == 0 and not self.topics.reachable():
                self._tell(lambda: self._stands(self.edge.text("Kafka is away", "Kafka 无法连接")))

    def _failed(self, problem: Exception) -> None:
        raise problem

    def _took(self, alerts: list[Alert]) -> None:
        for alert in alerts:
            self.asked.discard(alert["key"])
            self.board.take(alert)

    def _stands(self, state: str) -> None:
        self.state = state

    # ---- drawing

    def page(self) -> Any:
        if self.text is not None:
            return text_page(*self.text, self.edge.language)
        footer = f"{self.edge.text(*self.entry.label)} {self.entry.text}▏" if self.entry else self.message
        size = self.console.size
        return alerts_page(self.board, self.edge.wording, self.edge.now(), size, self.state, footer)

    # ---- keys

    def key(self, key: str) -> None:
        self.message = ""
        if self.entry is not None:
            entry = self.entry
            if entry.key(key) and self.entry is entry:
                self.entry = None
        elif self.text is not None:
            self._read_on(key)
        elif key in MOVES:
            self.board.move(MOVES[key])
        elif key in self.acts:
            self.acts[key](self)

    def _read_on(self, key: str) -> None:
        assert self.text is not None
        title, lines, offset = self.text
        room = max(1, self.console.size.height - 2)
        steps = room if key in ("pagedown", " ") else -room if key == "pageup" else MOVES.get(key, 0)
        offset = max(0, min(offset + steps, len(lines) - room))
        self.text = None if key in ("q", "escape", "enter") else (title, lines, offset)

    def _filter(self) -> None:
        def typed(text: str) -> None:
            self.board.words = text

        self.entry = Entry(("filter:", "筛选："), self.board.words, typed, typed)

    def _severity(self) -> None:
        self.board.next_severity()

    def _quit(self) -> None:
        self.over = True

    def _history(self) -> None:
        """What `huiyin history` prints of the alert's stream."""
        alert = self.board.current()
        if alert is None:
            return
        subject = str(alert["subject"])
        out, notes = self._ran("history", subject)
        if out:
            self.text = (subject, out.splitlines(), 0)
        else:
            self.message = notes.strip()

    def _ran(self, *words: str) -> tuple[str, str]:
        from api.cli.main import run

        out, notes = io.BytesIO(), io.StringIO()
        run(words, Edge(io.BytesIO(), out, notes, self.edge.environ, self.edge.now))
        return out.getvalue().decode(), notes.getvalue()

    # ---- acknowledging

    def _acknowledge(self) -> None:
        alert = self.board.current()
        if alert is None:
            return
        if not acknowledgeable(alert):
            self.message = self.edge.text(*ESCALATIONS_ONLY)
        elif self.staff:
            self._send(alert, self.staff)
        else:
            self._ask_who(alert)

    def _ask_who(self, alert: Alert) -> None:
        def known(staff: str) -> None:
            self.staff = staff.strip() or None
            if self.staff:
                self._send(alert, self.staff)

        self.entry = Entry(("your staff id:", "您的员工编号："), "", known)

    def _send(self, alert: Alert, staff: str) -> None:
        """The fact that somebody took it on; the alert itself changes when the ledger has recorded that."""
        if alert["key"] in self.asked:
            return
        self.asked.add(alert["key"])
        self.board.chosen = alert["key"]  # it moves down once it is taken on; one sees it do so
        self.message = self.edge.text("acknowledging as {by} …", "以 {by} 接手…", by=staff)
        threading.Thread(target=self._sent, args=(alert, staff), daemon=True).start()

    def _sent(self, alert: Alert, staff: str) -> None:
        answer = acknowledge(alert, staff, self.edge)
        self._tell(lambda: self._answered(alert["key"], answer))

    def _answered(self, key: str, answer: str) -> None:
        self.message = answer or self.edge.text("acknowledged", "已接手")
        if answer:
            self.asked.discard(key)

    acts: Mapping[str, Callable[[Live], None]] = {
        "a": _acknowledge,
        "enter": _history,
        "h": _history,
        "/": _filter,
        "s": _severity,
        "q": _quit,
    }
