"""The pictures in the README, made by `make screenshots` from `huiyin up --sample`, as a newcomer sees it."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, ViewportSize, sync_playwright
from rich.console import Console

from api.because import Wording
from api.cli.alert_topics import AlertTopics
from api.cli.board import Board
from api.cli.board_screen import alerts_page
from api.i18n import Language
from domain.policy import load_policy
from streams.child import free_ports
from streams.config import Settings
from tests.helpers.browser import launch

IMAGES = Path(__file__).parent / "images"
LOCALES: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}
WINDOW = ViewportSize(width=1180, height=760)
COLUMNS, LINES = 104, 22
UP = (sys.executable, "-m", "api.cli", "up", "--sample")
PATIENCE_S = 180.0
ENOUGH = 25
"""Alerts, until which the sample counts as played in."""


class Running:
    """A running `huiyin up --sample`: where it listens, and the key that it printed for an administrator."""

    def __init__(self, settings: Settings, key: str) -> None:
        self.settings = settings
        self.url = f"http://127.0.0.1:{settings.http_port}"
        self.key = key

    def alerts(self) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = httpx.get(f"{self.url}/alerts", params={"limit": 200, "current": "true"}, headers=headers)
        return list(answer.raise_for_status().json()["items"])


@contextmanager
def running() -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as folder:
        data, said = Path(folder, "data"), Path(folder, "said")
        http, kafka = map(str, free_ports(2))
        places = ["--data", str(data), "--port", http, "--kafka-port", kafka]
        with said.open("wb") as out:
            process = subprocess.Popen([*UP, *places], stdout=out, stderr=out, env=_world())
        try:
            until(lambda: "Ctrl-C" in said.read_text("utf-8"))
            found = re.search(r"/login#(\S+)", said.read_text("utf-8"))
            assert found, "no key was printed"
            lines = (data / "running.env").read_text("utf-8").splitlines()
            yield Running(Settings.from_env(dict(line.split("=", 1) for line in lines)), found[1])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _world() -> dict[str, str]:
    """Nothing of who runs this: the sample's own settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HUIYIN_")}
    return {**own, "HUIYIN_LANG": "en", "PYTHONUNBUFFERED": "1"}


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.5)


def pages(browser: Browser, site: Running, language: Language) -> None:
    """The first page, and the complaint that is worst."""
    worst = next(alert["subject"] for alert in site.alerts() if alert["severity"] == "critical")
    context = browser.new_context(
        base_url=site.url, locale=LOCALES[language], timezone_id="Asia/Shanghai", viewport=WINDOW
    )
    with closing(context):
        assert context.request.post("/session", data={"key": site.key}).ok
        page = context.new_page()
        for name, path in (("now", "/?limit=15"), ("complaint", f"/complaints/{worst.partition('/')[2]}")):
            page.goto(path, wait_until="load")
            page.screenshot(path=IMAGES / f"{name}.{language}.png", animations="disabled")


def terminal(browser: Browser, site: Running, language: Language) -> None:
    """`huiyin watch`, as its terminal shows it."""
    board = Board()
    with closing(AlertTopics(site.settings, "beginning")) as topics:
        while topics.behind():
            for alert in topics.poll(1000):
                board.take(alert)
    wording = Wording.of(load_policy(site.settings.policy), language)
    console = Console(record=True, file=io.StringIO(), width=COLUMNS, height=LINES, force_terminal=True)
    console.print(alerts_page(board, wording, datetime.now(UTC), console.size, "", ""), height=LINES)
    with closing(browser.new_page(viewport=WINDOW)) as page:
        page.set_content(console.export_html(code_format=TERMINAL, inline_styles=True))
        page.locator("pre").screenshot(path=IMAGES / f"watch.{language}.png")


TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0 }}
pre {{ width: 104ch; overflow: hidden; margin: 0; padding: 12px; background: #fff; color: #222;
  font: 15px/1.35 "Noto Sans Mono CJK SC", monospace }}
</style><pre>{code}</pre>"""


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with running() as site, sync_playwright() as playwright, closing(launch(playwright)) as browser:
        until(lambda: len(site.alerts()) >= ENOUGH)
        for language in LOCALES:
            pages(browser, site, language)
            terminal(browser, site, language)


if __name__ == "__main__":
    main()
