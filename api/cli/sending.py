"""Ways for facts to leave: onto the intake topic, or to the API; and for their receipts to come back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from api.cli.edge import failure
from api.client import PAUSES_S, Client, ClientError, batches
from api.client import Answer as HttpAnswer

if TYPE_CHECKING:
    from streams.config import Settings

Answer = dict[str, Any]
Identity = tuple[str | None, str | None]
PLACE = ""
"""Instead of a source, which is never empty: beside it stands a message's place on the intake topic."""
LARGEST = 1_000_000
"""Bytes that one Kafka message may have; beyond, no broker takes it, nor is it a fact."""


class Sender(Protocol):
    """Sends facts in batches; a batch is safe when `send` returns. Receipts come when they come."""

    def send(self, facts: Sequence[bytes]) -> Iterator[Answer]: ...
    def finish(self) -> Iterator[Answer]: ...
    def close(self) -> None: ...


def claimed(fact: bytes) -> Mapping[str, Any]:
    """What a line says it is, as far as that can be read."""
    try:
        said = orjson.loads(fact)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _identity(said: Mapping[str, Any]) -> Identity:
    source, id_ = said.get("source"), said.get("id")
    return (source if isinstance(source, str) else None, id_ if isinstance(id_, str) else None)


def _answered(answer: Answer) -> Identity:
    """What a receipt from the topic is about: by its place where the message could not be named."""
    origin = answer.get("origin")
    return (PLACE, origin) if origin else _identity(answer)


class KafkaSender:
    """kafka-python's idempotent producer; receipts are read from their topic, from where it stood before."""

    def __init__(self, settings: Settings, wait: bool, patience_s: float) -> None:
        from kafka import KafkaProducer

        from streams.brokers import checked_options
        from streams.clients import opened
        from streams.topics import Topics

        security = checked_options(settings)
        self.topics = Topics.under(settings.topic_prefix)
        spoken_to = {"bootstrap_servers": settings.kafka.split(","), **security}
        options = {"acks": "all", "linger_ms": 5, "batch_size": 65536, "max_block_ms": 15_000}
        self.patience_s = patience_s
        self.awaited: Counter[Identity] = Counter()
        self.receipts: Any = None
        with ExitStack() as opening:
            self.producer = opening.enter_context(opened(KafkaProducer, **options, **spoken_to))
            if wait:
                self.receipts = opening.enter_context(_from_end(self.topics.receipts, spoken_to))
            self._open = opening.pop_all()

    def send(self, facts: Sequence[bytes]) -> Iterator[Answer]:
        """Returns when the broker has all of it."""
        refused = [fact for fact in facts if len(fact) > LARGEST]
        sent = [(fact, self._put(fact)) for fact in facts if len(fact) <= LARGEST]
        for fact, future in sent:
            self._await(fact, future.get(timeout=60))
        yield from (_too_large(fact) for fact in refused)
        yield from self._arrived(0)

    def _put(self, fact: bytes) -> Any:
        said = claimed(fact)
        subject = said.get("subject")
        key = subject.encode() if isinstance(subject, str) else None
        return self.producer.send(self.topics.intake, value=fact, key=key)

    def _await(self, fact: bytes, place: Any) -> None:
        """The receipt names a fact as far as the ledger could read it, and else its place."""
        from domain.incoming import Incoming, claims, unnamed

        said = claims(Incoming(fact, None))
        origin = unnamed(said, f"{place.topic}/{place.partition}@{place.offset}")
        self.awaited[_answered({**said, **origin})] += 1

    def _arrived(self, timeout_ms: int) -> Iterator[Answer]:
        """The receipts of what was sent here; other senders' are not ours to print."""
        if self.receipts is None:
            return
        for records in self.receipts.poll(timeout_ms=timeout_ms, max_records=2000).values():
            for record in records:
                answer = orjson.loads(record.value)
                identity = _answered(answer)
                if self.awaited[identity] > 0:
                    self.awaited[identity] -= 1
                    yield answer

    def finish(self) -> Iterator[Answer]:
        """Waits for the receipts that are still to come, as long as any come."""
        if self.receipts is None:
            return
        deadline = time.monotonic() + self.patience_s
        while (left := self.awaited.total()) and time.monotonic() < deadline:
            yield from self._arrived(250)
            if self.awaited.total() < left:
                deadline = time.monotonic() + self.patience_s
        if left := self.awaited.total():
            raise failure(
                "{n} facts are on {topic}, but have no receipt after {s:g} s; does `huiyin worker` run?",
                "{n} 条事实已在 {topic}，但 {s:g} 秒内没有回执；`huiyin worker` 是否在运行？",
                n=left,
                topic=self.topics.intake,
                s=self.patience_s,
            )

    def close(self) -> None:
        self._open.close()


@contextmanager
def _from_end(topic: str, spoken_to: Mapping[str, Any]) -> Iterator[Any]:
    """A consumer of what comes from now on."""
    from kafka import KafkaConsumer, TopicPartition

    from streams.clients import opened

    with opened(KafkaConsumer, enable_auto_commit=False, group_id=None, **spoken_to) as consumer:
        partitions = consumer.partitions_for_topic(topic)
        if not partitions:
            raise failure(
                "topic {topic} does not exist; run `huiyin topics create` first.",
                "主题 {topic} 不存在；请先运行 `huiyin topics create`。",
                topic=topic,
            )
        places = [TopicPartition(topic, partition) for partition in sorted(partitions)]
        consumer.assign(places)
        for place, offset in consumer.end_offsets(places).items():
            consumer.seek(place, offset)
        yield consumer


def _too_large(fact: bytes) -> Answer:
    reason = f"A message of {len(fact)} bytes is larger than Kafka takes; a fact has 256 KiB at most."
    return {"status": "rejected", "code": "too-large", "reason": reason}


class HttpSender:
    """`POST /events` in batches, by the client that upstream systems have. A line that is no JSON would spoil
    its batch, so it goes by itself."""

    def __init__(self, url: str, token: str | None, patience_s: float) -> None:
        self.client = Client(url, token, max(patience_s, 5.0), PAUSES_S)

    def send(self, facts: Sequence[bytes]) -> Iterator[Answer]:
        whole = [fact for fact in facts if claimed(fact)]
        for batch in batches(whole):
            yield from self._post(batch)
        for fact in facts:
            if not claimed(fact):
                yield from self._post([fact], alone=True)

    def _post(self, facts: Sequence[bytes], alone: bool = False) -> list[Answer]:
        mode = "cloudevents" if alone else "cloudevents-batch"
        body = facts[0] if alone else b"[" + b",".join(facts) + b"]"
        answer = self._asked(body, f"application/{mode}+json")
        if answer.status == 200:
            return _receipts(orjson.loads(answer.body))
        if answer.status in (401, 403) or answer.status >= 500:
            raise failure(
                "{url} answered {status}: {why}",
                "{url} 返回 {status}：{why}",
                url=self.client.url,
                status=answer.status,
                why=answer.body.decode("utf-8", "replace")[:300],
            )
        if not alone:  # something in it spoils the batch: each by itself says what
            return [receipt for fact in facts for receipt in self._post([fact], alone=True)]
        return [_problem(answer, facts[0])]

    def _asked(self, body: bytes, media: str) -> HttpAnswer:
        try:
            return self.client.post(body, media)
        except ClientError as problem:
            raise failure(
                "The API cannot be reached: {why}; check the address and that `huiyin serve` runs.",
                "无法连接 API：{why}；请检查地址及 `huiyin serve` 是否运行。",
                why=problem,
            ) from problem

    def finish(self) -> Iterator[Answer]:
        return iter(())

    def close(self) -> None:
        """Nothing is kept open between requests."""


def _receipts(answered: Any) -> list[Answer]:
    if isinstance(answered, dict):
        answered = answered.get("receipts", [answered])
    return list(answered)


def _problem(answer: HttpAnswer, fact: bytes) -> Answer:
    """A problem (RFC 9457) as the receipt that it stands for."""
    try:
        said = orjson.loads(answer.body)
    except ValueError:
        said = {}
    source, id_ = _identity(claimed(fact))
    found = {
        "id": id_,
        "source": source,
        "status": "rejected",
        "code": "too-large" if answer.status == 413 else "malformed",
        "reason": said.get("detail") or said.get("title") or f"HTTP {answer.status}",
    }
    return {name: value for name, value in found.items() if value is not None}
