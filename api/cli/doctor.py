"""`huiyin doctor`: whether settings, database, broker, topics, lag, clock and disk are as they should be."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, WRONG, Edge, database_place, local
from api.i18n import Text

if TYPE_CHECKING:
    from streams.config import Settings

State = Literal["ok", "look", "bad", "away"]
MARKS = {"ok": "✓", "look": "!", "bad": "✗", "away": "✗"}
STATUSES: dict[State, int] = {"ok": DONE, "look": DONE, "bad": NO, "away": WRONG}

CLOCK_APART = timedelta(seconds=5)
"""Beyond this the clocks of this machine and of the database are apart; deadlines go by the worker's."""

MANY = 10_000  # messages behind, beyond which somebody should look
LITTLE_DISK = 1_000_000_000  # bytes


class Finding(NamedTuple):
    state: State
    what: Text
    detail: str


def run(given: Given, edge: Edge) -> int:
    """Every part is looked at, whatever the others are like; the worst of them is the exit status."""
    findings = list(_findings(edge))
    for found in findings:
        if given.json:
            edge.json({"state": found.state, "what": found.what.en, "detail": found.detail})
        else:
            edge.line(f"{MARKS[found.state]} {found.what.within(edge.language)}: {found.detail}")
    return max(STATUSES[found.state] for found in findings)


def _findings(edge: Edge) -> Iterator[Finding]:
    settings = edge.settings
    yield Finding("ok", Text("settings", "配置"), _shown(settings, edge))
    for look in (_policy, _sealing, _database, _broker, _intake, _disk):
        try:
            yield from look(settings, edge)
        except Exception as problem:
            yield _away(look, problem, edge)


def _shown(settings: Settings, edge: Edge) -> str:
    from streams.config import NO_BROKER

    return edge.text(
        "database {place} · kafka {kafka} · prefix {prefix} · instance {instance}",
        "数据库 {place} · kafka {kafka} · 主题前缀 {prefix} · 实例 {instance}",
        place=database_place(settings.database_url),
        kafka=settings.kafka or NO_BROKER,
        prefix=settings.topic_prefix,
        instance=settings.instance,
    )


def _away(look: Callable[..., Any], problem: Exception, edge: Edge) -> Finding:
    from api.cli.main import explained, fault

    text = explained(problem) or fault(problem)
    state: State = "away" if look in (_database, _broker) else "bad"
    return Finding(state, WHAT[look], " ".join(text.within(edge.language).split()))


def _policy(_: Settings, edge: Edge) -> Iterator[Finding]:
    from domain.policy import check_examples

    policy = edge.policy()
    wrong = check_examples(policy)
    yield Finding("bad" if wrong else "ok", WHAT[_policy], "; ".join(wrong) or policy.version)


def _sealing(settings: Settings, edge: Edge) -> Iterator[Finding]:
    """Whether personal fields are sealed, and with a key that others do not know."""
    from storage.keys import EXAMPLE, masters
    from streams.parts import masters_of

    found = masters_of(settings)
    if found is None:
        words = ("no master key: stored as they come, and cannot be erased", "未设主密钥：明文保存，无法删除")
        yield Finding("look", WHAT[_sealing], edge.text(*words))
    elif found.current == masters(EXAMPLE).current:
        words = (
            "the example's master key; make one: huiyin keys new",
            "示例主密钥；请用 huiyin keys new 生成",
        )
        yield Finding("look", WHAT[_sealing], edge.text(*words))
    else:
        yield Finding("ok", WHAT[_sealing], edge.text("master key", "主密钥") + f" {found.current}")


def _database(settings: Settings, edge: Edge) -> Iterator[Finding]:
    import psycopg

    with psycopg.connect(settings.database_url, connect_timeout=5, autocommit=True) as connection:
        row = connection.execute("SELECT current_setting('server_version'), clock_timestamp()").fetchone()
        assert row is not None
        yield Finding("ok", WHAT[_database], f"PostgreSQL {row[0]}")
        apart = abs(row[1] - edge.now())
        state: State = "ok" if apart <= CLOCK_APART else "bad"
        yield Finding(state, Text("clock", "时钟"), f"{apart.total_seconds():.2f} s")
        there = connection.execute("SELECT to_regclass('stored_events')").fetchone()
        if there is None or there[0] is None:
            words = edge.text("no ledger yet; the first worker makes it", "尚无账本；首个工作进程会创建")
            yield Finding("look", Text("ledger", "账本"), words)
            return
        yield from _ledger(connection, edge)


LEDGER = """SELECT
    (SELECT coalesce(max(notification_id), 0) FROM stored_events), (SELECT count(*) FROM parked),
    (SELECT count(*) FROM dead_letter), (SELECT count(*) FROM ledger_outbox),
    (SELECT coalesce(max(sequence), 0) FROM projection_through),
    (SELECT coalesce(max(sequence), 0) FROM projection_partition), (SELECT min(at) FROM due)"""


def _ledger(connection: Any, edge: Edge) -> Iterator[Finding]:
    last, parked, letters, outbox, through, partitions, due = connection.execute(LEDGER).fetchone()
    told = [edge.text("sequence", "序号") + f" {last}", edge.text("parked", "暂存") + f" {parked}"]
    told += [edge.text("next due", "下一到期") + f" {local(due.isoformat())}"] if due else []
    yield Finding("ok", Text("ledger", "账本"), " · ".join(told))
    yield Finding("look" if letters else "ok", Text("dead letters", "死信"), str(letters))
    behind = last - max(through, partitions)
    late = edge.text("{n} behind", "落后 {n}", n=max(0, behind))
    yield Finding("look" if behind > MANY else "ok", Text("read models", "读模型"), late)
    unsent = edge.text("{n} unsent", "{n} 条未发", n=outbox)
    yield Finding("look" if outbox > MANY else "ok", Text("outbox", "发件箱"), unsent)
    yield from _webhooks(connection, edge)
    sizes = ((table, _size(connection, table)) for table in ("ledger_outbox", "parked", "dead_letter"))
    yield Finding("ok", Text("disk used", "占用空间"), " · ".join(f"{table} {size}" for table, size in sizes))


def _webhooks(connection: Any, edge: Edge) -> Iterator[Finding]:
    """Receivers of alerts, and since when one has not taken what it was sent."""
    from projections.webhooks import states

    there = connection.execute("SELECT to_regclass('webhook')").fetchone()
    for row in states(connection) if there[0] is not None else ():
        told = [edge.text("{name}: {behind} behind", "{name}：落后 {behind}", **row)]
        if row["failures"]:
            since = local(row["failing_since"].isoformat())
            told += [edge.text("{problem} since {since}", "{problem}，自 {since} 起", **row, since=since)]
        if row["refused"]:
            told += [edge.text("{refused} refused", "{refused} 条被拒", **row)]
        yield Finding("look" if told[1:] else "ok", Text("webhook", "告警推送"), " · ".join(told))


def _size(connection: Any, table: str) -> str:
    row = connection.execute("SELECT pg_size_pretty(pg_total_relation_size(%s))", [table]).fetchone()
    return str(row[0])


def _broker(settings: Settings, edge: Edge) -> Iterator[Finding]:
    from kafka import KafkaAdminClient

    from streams.brokers import checked_options
    from streams.clients import opened
    from streams.topics import Topics

    if not settings.kafka:
        yield Finding("ok", WHAT[_broker], edge.text("none (--no-broker)", "无（--no-broker）"))
        return
    spoken_to = {"bootstrap_servers": settings.kafka.split(","), **checked_options(settings)}
    with opened(KafkaAdminClient, request_timeout_ms=5000, **spoken_to) as admin:
        topics = Topics.under(settings.topic_prefix)
        present = set(admin.list_topics())
        missing = [name for name in topics if name not in present]
        yield Finding("ok", WHAT[_broker], settings.kafka)
        if missing:
            words = edge.text(
                "missing: {names}; run `huiyin topics create`",
                "缺少 {names}；请运行 `huiyin topics create`",
                names=", ".join(missing),
            )
            yield Finding("bad", TOPICS, words)
            return
        counts = {found["name"]: len(found["partitions"]) for found in admin.describe_topics(list(topics))}
    wrong = {name: count for name, count in counts.items() if count != settings.partitions}
    shown = " · ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    yield Finding("bad" if wrong else "ok", TOPICS, shown)
    yield from _lag(spoken_to, settings, topics)


TOPICS = Text("topics and partitions", "主题与分区")


def _lag(spoken_to: dict[str, Any], settings: Settings, topics: Any) -> Iterator[Finding]:
    """What the workers' group has not acknowledged yet, by topic."""
    from kafka import KafkaConsumer, TopicPartition

    from streams.clients import opened

    group = f"{settings.topic_prefix}-worker"
    with opened(KafkaConsumer, group_id=group, enable_auto_commit=False, **spoken_to) as consumer:
        for topic in (topics.intake, topics.segments):
            places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            ends = consumer.end_offsets(places)
            behind = sum(end - (consumer.committed(place) or 0) for place, end in ends.items())
            state: State = "look" if behind > MANY else "ok"
            yield Finding(state, Text(f"lag of {topic}", f"{topic} 滞后"), str(behind))


def _intake(settings: Settings, edge: Edge) -> Iterator[Finding]:
    """Whether the topic is the one, and as long, as what was taken in from it says; nothing where one of the
    two is not there, which is said already."""
    import psycopg

    from streams.standing import BrokerAway, standing
    from streams.topics import Topics

    if not settings.kafka:
        return
    topic = Topics.under(settings.topic_prefix).intake
    try:
        with psycopg.connect(settings.database_url, connect_timeout=5, autocommit=True) as connection:
            rows = connection.execute("SELECT source, position FROM intake_position").fetchall()
        lost = standing(settings, topic).lost(topic, dict(rows))
    except (psycopg.Error, BrokerAway):
        return
    if lost:
        words = (
            "the topic lost what had been taken in (made anew or cut short); workers take it from its first"
            " message, and facts that are recorded already are duplicates",
            "主题丢失了已接收的消息（重建或截断）；工作进程将从第一条消息重新接收，已记录的事实按重复处理",
        )
        yield Finding("look", WHAT[_intake], edge.text(*words))
    else:
        yield Finding("ok", WHAT[_intake], edge.text("as it was taken in", "与已接收的一致"))


def _disk(_: Settings, edge: Edge) -> Iterator[Finding]:
    free = shutil.disk_usage(Path.cwd()).free
    state: State = "look" if free < LITTLE_DISK else "ok"
    yield Finding(state, WHAT[_disk], f"{free / 1e9:.1f} GB")


WHAT: dict[Callable[..., Any], Text] = {
    _policy: Text("policy", "规则包"),
    _sealing: Text("personal fields", "个人信息"),
    _database: Text("database", "数据库"),
    _broker: Text("broker", "Kafka"),
    _intake: Text("intake topic", "接收主题"),
    _disk: Text("disk free here", "本地可用空间"),
}

DOCTOR = Command(run, (argument("--json", action="store_true", en="answer as JSON", zh="以 JSON 输出"),))
