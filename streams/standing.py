"""Which topic it is that has this name now, and how far it reaches.

A topic that was made anew, or whose log was cut short, counts its messages from an earlier offset again: what
was remembered of the one before says nothing about its messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streams.brokers import client_options
from streams.clients import opened
from streams.config import Settings

REQUEST_MS = 5_000


class BrokerAway(OSError):
    """The broker could not be asked."""


@dataclass(frozen=True)
class Standing:
    """The id that the broker gave the topic when it was made, and by partition the offset that comes next."""

    topic_id: str
    ends: Mapping[int, int]

    def source(self, topic: str, partition: int) -> str:
        """The name under which the ledger keeps how far this partition was taken in."""
        return f"{topic}#{self.topic_id}/{partition}"

    def lost(self, topic: str, kept: Mapping[str, int]) -> bool:
        """Whether something was taken in from a topic of this name that it does not hold any more: made anew
        with nothing taken in since, or cut short."""
        mine = {partition: kept.get(self.source(topic, partition)) for partition in self.ends}
        if any(at is not None and at > self.ends[partition] for partition, at in mine.items()):
            return True
        return set(mine.values()) == {None} and any(source.startswith(f"{topic}#") for source in kept)


def standing(settings: Settings, topic: str) -> Standing:
    """Raises BrokerAway when the broker does not answer or does not know the topic."""
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    asked = {"bootstrap_servers": settings.kafka.split(","), "request_timeout_ms": REQUEST_MS}
    asked["bootstrap_timeout_ms"] = REQUEST_MS
    try:
        with opened(KafkaAdminClient, **asked, **client_options(settings)) as admin:
            return _standing(admin, topic)
    except KafkaError as problem:
        raise BrokerAway(f"{topic}: {problem}") from problem


def _standing(admin: Any, topic: str) -> Standing:
    from kafka import TopicPartition
    from kafka.admin import OffsetSpec

    (found,) = admin.describe_topics([topic])
    if found["error_code"]:
        raise BrokerAway(f"{topic}: error {found['error_code']}")
    places = [TopicPartition(topic, each["partition_index"]) for each in found["partitions"]]
    ends = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    return Standing(str(found["topic_id"]), {place.partition: end.offset for place, end in ends.items()})
