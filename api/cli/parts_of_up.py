"""What `huiyin up` starts: database, broker, topics, roles and the sample, and where each of them listens."""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli.command import Given
from api.cli.edge import API_KEY, RUNNING, Edge, failure

if TYPE_CHECKING:
    from api.cli.supervisor import Supervisor
    from streams.config import Settings

LOOK_S = 0.1
MASTER_KEY = "master.key"
READY_S = 60.0
SERVER_TRIES = 5
HTTP_PORT, KAFKA_PORT = 8080, 9092
SAMPLE_LASTS = timedelta(hours=12)
SAMPLE_POLICY = ("auto-4s@QC-4S", "tobacco-xuzhou@XZ-TS")


def services(given: Given, edge: Edge, data: Path, supervisor: Supervisor, settings: Settings) -> Settings:
    """The database and, where it can be had, the broker with its topics."""
    from api.cli.supervisor import KeptServer
    from streams.local import Broker, Database, JarsUnavailable
    from streams.topics import create

    settings = _signing(data, _sealed(data, settings))
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
    return replace(settings, kafka=broker.bootstrap, kafka_security="PLAINTEXT")


def _sealed(data: Path, settings: Settings) -> Settings:
    """With the master key that is configured, else with one of this folder's own, made at the first start."""
    from storage.keys import make_master_file

    if settings.master_key or settings.master_key_file:
        return settings
    return replace(settings, master_key_file=make_master_file(data / MASTER_KEY))


def _signing(data: Path, settings: Settings) -> Settings:
    """With the signing key that is configured, else with one of this folder's own."""
    from api.signing import made_once

    if settings.signing_key or settings.signing_key_file:
        return settings
    return replace(settings, signing_key_file=made_once(data))


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


def share(data: Path, settings: Settings, api_key: str) -> None:
    """For the children, and for every other `huiyin` on this machine as long as this one runs; the key is
    for those who report facts over HTTP."""
    variables = {name: value for name, value in settings.to_env().items() if value}
    file = data / RUNNING
    file.touch(mode=0o600)
    shared = {**variables, API_KEY: api_key}
    file.write_text("".join(f"{name}={value}\n" for name, value in shared.items()))
    os.environ.update(variables, HUIYIN_DATA=str(data))


def roles(settings: Settings, data: Path, supervisor: Supervisor) -> None:
    from api.cli.supervisor import Role

    logs = data / "logs"
    words = (
        {"publisher": ["publish"], "worker": ["worker"], "api": ["serve"]}
        if settings.kafka
        else {"inprocess": ["worker", "--no-broker"], "api": ["serve"]}
    )
    for name, command in words.items():
        supervisor.add(Role(name, command, logs))


def await_api(settings: Settings, supervisor: Supervisor) -> None:
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


def sample_is_here(edge: Edge) -> bool:
    from importlib.util import find_spec

    if find_spec("sample") is None:
        edge.note(edge.text("no sample is installed here", "此处未安装样例"))
        return False
    return True


def with_policy(settings: Settings, edge: Edge, data: Path, sample: bool) -> Settings:
    """The packs that the environment names; else the sample's, which is made for them; else those under which
    this folder ran last: started again, it goes on under its rules."""
    kept = data / "policy"
    if not edge.environ.get("HUIYIN_POLICY"):
        last = tuple(kept.read_text().split()) if kept.exists() else ()
        settings = replace(settings, policy=SAMPLE_POLICY if sample else last or settings.policy)
    kept.write_text("".join(f"{pack}\n" for pack in settings.policy))
    return settings


def play_sample(edge: Edge, data: Path, settings: Settings) -> None:
    """In a process of its own, so that nothing waits for it; sent again, it is answered as duplicates."""
    from api.cli.supervisor import Role

    words = ["sample", "--at", sample_time(data / "sample.time", edge.now()).isoformat()]
    if not settings.kafka:
        words += ["--http", f"http://{settings.http_host}:{settings.http_port}"]
    Role("sample", words, data / "logs").start()
    edge.note(edge.text("playing the sample in …", "正在播放样例……"))


def worth_reading(edge: Edge, data: Path, sample: bool) -> str:
    """A stream whose history to look at; without the sample nobody knows what will be there."""
    if not sample:
        return "complaint/ID"
    from sample.play import longest_story

    return longest_story(sample_time(data / "sample.time", edge.now()))


def sample_time(stamp: Path, now: datetime) -> datetime:
    """Around when the sample is dated: the same for half a day, so that starting again repeats nothing."""
    with suppress(OSError, ValueError):
        played = datetime.fromisoformat(stamp.read_text())
        if abs(now - played) < SAMPLE_LASTS:
            return played
    stamp.write_text(now.isoformat(timespec="seconds"))
    return datetime.fromisoformat(stamp.read_text())
