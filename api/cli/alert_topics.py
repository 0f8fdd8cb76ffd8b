"""The alert topics as whoever watches reads them: a plain consumer, in no group, that takes nothing away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any, Literal

import orjson

from api.cli.edge import failure
from streams.config import Settings

Alert = Mapping[str, Any]
Start = Literal["beginning", "now"] | datetime

ANSWER_MS = 3_000
"""How long a broker may take to say where its topics end, before it counts as away."""


class AlertTopics:
    """Changes of alerts, from the beginning of what the topics hold, from an instant, or from now on."""

    def __init__(self, settings: Settings, start: Start) -> None:
        from kafka import KafkaConsumer

        from streams.brokers import checked_options
        from streams.clients import opened
        from streams.topics import Topics

        options = {"bootstrap_servers": settings.kafka.split(","), **checked_options(settings)}
        with ExitStack() as opening:
            consumer = opened(KafkaConsumer, group_id=None, enable_auto_commit=False, **options)
            self._consumer = opening.enter_context(consumer)
            self._places = self._assigned(Topics.under(settings.topic_prefix).alerts)
            self._consumer.assign(self._places)
            self._ends: Mapping[Any, int] = self._consumer.end_offsets(self._places)
            self._begin(start)
            self._open = opening.pop_all()

    def _assigned(self, topics: Sequence[str]) -> list[Any]:
        from kafka import TopicPartition

        partitions = {topic: self._consumer.partitions_for_topic(topic) for topic in topics}
        missing = sorted(topic for topic, found in partitions.items() if not found)
        if missing:
            raise failure(
                "topics are missing: {names}; run `huiyin topics create`.",
                "缺少主题：{names}；请运行 `huiyin topics create`。",
                names=", ".join(missing),
            )
        return [TopicPartition(topic, each) for topic, found in partitions.items() for each in sorted(found)]

    def _begin(self, start: Start) -> None:
        if start == "beginning":
            self._consumer.seek_to_beginning(*self._places)
            return
        since: Mapping[Any, Any] = {}
        if isinstance(start, datetime):
            instant = int(start.timestamp() * 1000)
            since = self._consumer.offsets_for_times(dict.fromkeys(self._places, instant))
        for place, end in self._ends.items():
            found = since.get(place)
            self._consumer.seek(place, found.offset if found else end)

    def poll(self, timeout_ms: int) -> list[Alert]:
        """What came, in order within a topic's partition; compaction's tombstones say nothing."""
        found = self._consumer.poll(timeout_ms=timeout_ms, max_records=2000)
        return [orjson.loads(each.value) for records in found.values() for each in records if each.value]

    def behind(self) -> bool:
        """Whether something is still to be read of what the topics held at the start."""
        return any(self._consumer.position(place) < end for place, end in self._ends.items())

    def reachable(self) -> bool:
        """Whether the broker answers; a consumer by itself says nothing, and tries again for ever."""
        from kafka.errors import KafkaError

        try:
            self._consumer.end_offsets(self._places, timeout_ms=ANSWER_MS)
        except KafkaError:
            return False
        return True

    def close(self) -> None:
        self._open.close()
