"""`huiyin up`: everything on this machine as children of this process, until it is asked to stop."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from api.cli.command import PORT, Command, Given, argument
from api.cli.edge import DATA, DONE, RUNNING, Edge, database_place, failure
from api.cli.parts_of_up import (
    await_api,
    play_sample,
    roles,
    sample_is_here,
    services,
    share,
    with_policy,
    worth_reading,
)
from api.cli.up_keys import make_keys, tell

if TYPE_CHECKING:
    from streams.config import Settings

LOOK_S = 0.1


class Stop(BaseException):
    """Somebody asked for the end: Ctrl-C, a signal, or a closed terminal."""


def run(given: Given, edge: Edge) -> int:
    data = Path(given.data or edge.environ.get("HUIYIN_DATA") or DATA).expanduser().resolve()
    with _alone_on(data), _signals():
        try:
            _run(given, edge, data)
        except Stop:
            edge.note(edge.text("stopped", "已停止"))
    return DONE


def _run(given: Given, edge: Edge, data: Path) -> None:
    from api.cli.supervisor import Supervisor

    supervisor = Supervisor(lambda name, event, detail: _say(edge, name, event, detail))
    try:
        sample = given.sample and sample_is_here(edge)
        settings = with_policy(edge.own_settings, edge, data, sample)
        settings = services(given, edge, data, supervisor, settings)
        keys, own_key = make_keys(settings)
        share(data, settings, own_key)
        roles(settings, data, supervisor)
        await_api(settings, supervisor)
        _welcome(edge, settings, data, keys, worth_reading(edge, data, sample))
        if sample:
            play_sample(edge, data, settings)
        while True:
            supervisor.look()
            time.sleep(LOOK_S)
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        (data / RUNNING).unlink(missing_ok=True)
        if supervisor.watches:
            edge.note(edge.text("stopping …", "正在停止……"))
        supervisor.stop()


# ---- one at a time, until a signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _alone_on(data: Path) -> Iterator[None]:
    """Two on one folder would take each other's files: the second is refused."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "up.lock").open("a+")
    except OSError as problem:
        raise failure(
            "{data}: cannot be written: {why}; choose another folder with --data.",
            "{data}：无法写入：{why}；请用 --data 另选目录。",
            data=data,
            why=problem.strerror,
        ) from problem
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise failure(
                "another `huiyin up` (process {pid}) runs on {data}; stop it, or choose another --data.",
                "另一个 `huiyin up`（进程 {pid}）正在使用 {data}；请先停止它，或用 --data 另选目录。",
                pid=lock.read().strip() or "?",
                data=data,
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _signals() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:  # what follows is the orderly end, which nothing is to interrupt
            signal.signal(number, signal.SIG_IGN)
        raise Stop

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# ---- what is said


def _say(edge: Edge, name: str, event: str, detail: str) -> None:
    words: Mapping[str, str] = {
        "fell": edge.text("{name} ended; starting it again", "{name} 已退出，正在重启", name=name),
        "back": edge.text("{name} is started again", "{name} 已重启", name=name),
        "failed": edge.text("{name} does not start; trying again", "{name} 无法启动，正在重试", name=name),
    }
    edge.note(f"{edge.now():%H:%M:%S} {words[event]}")
    for line in detail.splitlines()[-3:]:
        edge.note(f"         {line[:200]}")


def _welcome(edge: Edge, settings: Settings, data: Path, keys: Mapping[str, str], stream: str) -> None:
    base = f"http://{settings.http_host}:{settings.http_port}"
    none = edge.text("none (--no-broker)", "无（--no-broker）")
    rows: list[tuple[str, Any]] = [
        (edge.text("dashboard", "看板"), f"{base}/"),
        ("API", f"{base}/docs"),
        ("Kafka", settings.kafka or none),
        ("PostgreSQL", f"{database_place(settings.database_url)} ({data / RUNNING})"),
        (edge.text("policy", "规则包"), ", ".join(settings.policy)),
        (edge.text("data, logs", "数据与日志"), data),
    ]
    edge.note(edge.text("\nHuiyin is up:", "\n回音已就绪："))
    for name, value in rows:
        edge.note(f"  {name}: {value}")
    tell(edge, keys, base)
    edge.note(edge.text("try, in another terminal:", "可在另一终端尝试："))
    if data != Path(DATA).resolve():
        edge.note(f"  export HUIYIN_DATA={data}")
    for line in (*_tries(settings, base), f"huiyin history {stream}"):
        edge.note(f"  {line}")
    edge.note(edge.text("Ctrl-C stops everything.", "按 Ctrl-C 停止全部组件。"))


def _tries(settings: Settings, base: str) -> list[str]:
    if settings.kafka:
        return ["huiyin watch", "huiyin emit FILE.jsonl"]
    return [
        f"huiyin emit FILE.jsonl --http {base}",
        f"curl -H 'Authorization: Bearer KEY' {base}/alerts",
    ]


UP = Command(
    run,
    (
        argument(
            "--no-broker",
            action="store_true",
            en="without Kafka: the same processors in a plain loop",
            zh="不使用 Kafka：同样的处理以普通循环运行",
        ),
        argument("--sample", action="store_true", en="play the bundled sample in", zh="播放自带样例"),
        argument(
            "--port",
            type=PORT,
            metavar="N",
            en="API and dashboard (default 8080, or a free one)",
            zh="API 与看板端口（默认 8080，被占用时另取）",
        ),
        argument(
            "--kafka-port",
            type=PORT,
            metavar="N",
            en="Kafka (default 9092, or a free one)",
            zh="Kafka 端口（默认 9092，被占用时另取）",
        ),
        argument(
            "--data",
            metavar="DIR",
            en="where everything is kept (default: ./data)",
            zh="数据目录（默认 ./data）",
        ),
    ),
)
