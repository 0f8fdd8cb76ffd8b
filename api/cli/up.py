"""`huiyin up`: everything on this machine as children of this process, until it is asked to stop."""

from __future__ import annotations

import fcntl
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from api.cli.command import Command, Given, argument
from api.cli.edge import DATA, DONE, RUNNING, Edge, failure

if TYPE_CHECKING:
    from api.cli.supervisor import Supervisor
    from streams.config import Settings

LOOK_S = 0.1
READY_S = 60.0
SERVER_TRIES = 5
HTTP_PORT, KAFKA_PORT = 8080, 9092
SAMPLE_LASTS = timedelta(hours=12)
SAMPLE_POLICY = ("auto-4s@QC-4S", "tobacco-xuzhou@XZ-TS")


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
        sample = given.sample and _sample_is_here(edge)
        settings = _for_sample(edge.own_settings, edge) if sample else edge.own_settings
        settings = _services(given, edge, data, supervisor, settings)
        _share(data, settings)
        _roles(settings, data, supervisor)
        _await_api(settings, supervisor)
        _welcome(edge, settings, data)
        if sample:
            _play_sample(edge, data, settings)
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


# ---- what is started


def _services(given: Given, edge: Edge, data: Path, supervisor: Supervisor, settings: Settings) -> Settings:
    """The database and, where it can be had, the broker with its topics."""
    from api.cli.supervisor import KeptServer
    from streams.local import Broker, Database, JarsUnavailable
    from streams.topics import create

    settings = replace(settings, http_port=_port("--port", given.port, HTTP_PORT, edge))
    edge.note(edge.text("starting PostgreSQL …", "正在启动 PostgreSQL……"))
    database = Database(data / "postgres", port=_kept_port(data, "postgres.port"))
    supervisor.add(KeptServer("postgres", database), SERVER_TRIES)
    settings = replace(settings, database_url=database.url(), instance="up")
    if given.no_broker:
        return replace(settings, kafka="")
    port = _port("--kafka-port", given.kafka_port, KAFKA_PORT, edge)
    edge.note(edge.text("starting Kafka …", "正在启动 Kafka……"))
    broker = Broker(data / "kafka", port=port, cache=settings.cache_dir)
    try:
        supervisor.add(KeptServer("kafka", broker), SERVER_TRIES)
    except JarsUnavailable as problem:
        _without_broker(edge, problem)
        return replace(settings, kafka="")
    create(broker.bootstrap, settings.topic_prefix, settings.partitions, settings.replication)
    return replace(settings, kafka=broker.bootstrap)


def _without_broker(edge: Edge, problem: Exception) -> None:
    edge.note("!" * 78)
    edge.note(
        edge.text(
            "Kafka's jars could not be fetched: {why}\n"
            "Going on WITHOUT KAFKA (as with --no-broker): there are no topics; facts come in over HTTP,\n"
            "alerts are on the dashboard and GET /alerts only. With a network, stop and start again.",
            "无法获取 Kafka 的 jar 文件：{why}\n"
            "将在没有 Kafka 的情况下继续（等同 --no-broker）：没有主题；事实经 HTTP 接收，\n"
            "告警仅见于看板与 GET /alerts。网络恢复后请停止并重新启动。",
            why=" ".join(str(problem).split())[:200],
        )
    )
    edge.note("!" * 78)


def _port(option: str, given: int | None, usual: int, edge: Edge) -> int:
    """The port asked for, or it is an error; the usual one, or, if that is taken, a free one."""
    from streams.child import free_ports, listens

    if given is not None:
        if listens(given):
            raise failure(
                "{option} {port}: the port is taken; choose another one.",
                "{option} {port}：端口已被占用，请另选。",
                option=option,
                port=given,
            )
        return given
    if not listens(usual):
        return usual
    free = free_ports(1)[0]
    edge.note(
        edge.text(
            "port {usual} is taken; using {free}",
            "端口 {usual} 已被占用，改用 {free}",
            usual=usual,
            free=free,
        )
    )
    return free


def _kept_port(data: Path, name: str) -> int:
    """The database's port of last time, if it is free still: what was connected then finds it again."""
    from streams.child import free_ports, listens

    file = data / name
    with suppress(OSError, ValueError):
        if not listens(port := int(file.read_text())):
            return port
    port = free_ports(1)[0]
    file.write_text(str(port))
    return port


def _share(data: Path, settings: Settings) -> None:
    """For the children, and for every other `huiyin` on this machine as long as this one runs."""
    variables = {name: value for name, value in settings.to_env().items() if value}
    file = data / RUNNING
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    os.environ.update(variables)


def _roles(settings: Settings, data: Path, supervisor: Supervisor) -> None:
    from api.cli.supervisor import Role

    logs = data / "logs"
    words = (
        {"publisher": ["publish"], "worker": ["worker"], "api": ["serve"]}
        if settings.kafka
        else {"inprocess": ["worker", "--no-broker"], "api": ["serve"]}
    )
    for name, command in words.items():
        supervisor.add(Role(name, command, logs))


def _await_api(settings: Settings, supervisor: Supervisor) -> None:
    address = f"http://{settings.http_host}:{settings.http_port}/health/live"
    deadline = time.monotonic() + READY_S
    while not _answers(address):
        supervisor.look()
        if time.monotonic() > deadline:
            raise failure(
                "the API does not answer on {address} after {s:g} s; see its log.",
                "API 在 {s:g} 秒内未在 {address} 应答；请查看其日志。",
                address=address,
                s=READY_S,
            )
        time.sleep(LOOK_S)


def _answers(address: str) -> bool:
    """Asked directly: a proxy knows nothing of this machine."""
    directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with directly.open(address, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True  # it answers, which is what was asked
    except OSError:
        return False


def _sample_is_here(edge: Edge) -> bool:
    from importlib.util import find_spec

    if find_spec("sample") is None:
        edge.note(edge.text("no sample is installed here", "此处未安装样例"))
        return False
    return True


def _for_sample(settings: Settings, edge: Edge) -> Settings:
    """The sample is made for its packs; who names others gets those."""
    named = bool(edge.environ.get("HUIYIN_POLICY"))
    return settings if named else replace(settings, policy=SAMPLE_POLICY)


def _play_sample(edge: Edge, data: Path, settings: Settings) -> None:
    """In a process of its own, so that nothing waits for it; sent again, it is answered as duplicates."""
    from api.cli.supervisor import Role

    words = ["sample", "--at", _sample_time(data / "sample.time", edge.now()).isoformat()]
    if not settings.kafka:
        words += ["--http", f"http://{settings.http_host}:{settings.http_port}"]
    Role("sample", words, data / "logs").start()
    edge.note(edge.text("playing the sample in …", "正在播放样例……"))


def _sample_time(stamp: Path, now: datetime) -> datetime:
    """Around when the sample is dated: the same for half a day, so that starting again repeats nothing."""
    with suppress(OSError, ValueError):
        played = datetime.fromisoformat(stamp.read_text())
        if abs(now - played) < SAMPLE_LASTS:
            return played
    stamp.write_text(now.isoformat(timespec="seconds"))
    return datetime.fromisoformat(stamp.read_text())


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


def _welcome(edge: Edge, settings: Settings, data: Path) -> None:
    base = f"http://{settings.http_host}:{settings.http_port}"
    none = edge.text("none (--no-broker)", "无（--no-broker）")
    rows: list[tuple[str, Any]] = [
        (edge.text("dashboard", "看板"), f"{base}/"),
        ("API", f"{base}/docs"),
        ("Kafka", settings.kafka or none),
        ("PostgreSQL", settings.database_url),
        (edge.text("policy", "规则包"), ", ".join(settings.policy)),
        (edge.text("data, logs", "数据与日志"), data),
    ]
    edge.note(edge.text("\nHuiyin is up:", "\n回音已就绪："))
    for name, value in rows:
        edge.note(f"  {name}: {value}")
    edge.note(edge.text("try, in another terminal:", "可在另一终端尝试："))
    if data != Path(DATA).resolve():
        edge.note(f"  export HUIYIN_DATA={data}")
    for line in _tries(settings, base):
        edge.note(f"  {line}")
    edge.note(edge.text("Ctrl-C stops everything.", "按 Ctrl-C 停止全部组件。"))


def _tries(settings: Settings, base: str) -> list[str]:
    if settings.kafka:
        return ["huiyin watch --from-beginning", "huiyin emit FILE.jsonl", "huiyin history complaint/C-1"]
    return [f"huiyin emit FILE.jsonl --http {base}", "huiyin history complaint/C-1", f"curl {base}/alerts"]


def _number(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError
    return port


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
            type=_number,
            metavar="N",
            en="API and dashboard (default 8080, or a free one)",
            zh="API 与看板端口（默认 8080，被占用时另取）",
        ),
        argument(
            "--kafka-port",
            type=_number,
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
