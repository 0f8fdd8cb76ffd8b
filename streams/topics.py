"""The topics: their names under a prefix, how long each keeps what it holds, and creating them.

A worker that starts before its topic exists consumes nothing and says nothing, so they are created first,
by `huiyin topics create`, and nothing else may create one.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from streams.clients import opened

DAY_MS = 24 * 60 * 60 * 1000
WEEK = {"retention.ms": str(7 * DAY_MS)}
MONTH = {"retention.ms": str(30 * DAY_MS)}
# What was recorded stays: late readers begin at the beginning, and the publisher reads back where it stood.
FOR_EVER = {"retention.ms": "-1", "retention.bytes": "-1"}
# Each situation's latest word stays 30 days, earlier words go as soon as they are compacted (daily).
ALERTS = {"cleanup.policy": "compact,delete", "segment.ms": str(DAY_MS), **MONTH}
# A dead letter wraps the bytes that were refused (up to the broker's 1 MiB) in base64 and reasons.
LETTERS = {"max.message.bytes": str(4 * 1024 * 1024), **MONTH}

CONFIGS: Mapping[str, Mapping[str, str]] = {
    "intake": WEEK,
    "receipts": WEEK,
    "events": FOR_EVER,
    "segments": FOR_EVER,
    "alerts.escalations": ALERTS,
    "alerts.sla": ALERTS,
    "alerts.satisfaction": ALERTS,
    "dead-letters": LETTERS,
    "checkpoints": FOR_EVER,
}


class TopicsDiffer(Exception):
    """A topic exists with other partitions: its subjects would move between them and lose their order."""


class Topics(NamedTuple):
    """The names of the topics of one installation, in the order of CONFIGS."""

    intake: str
    receipts: str
    events: str
    segments: str
    escalations: str
    sla: str
    satisfaction: str
    dead_letters: str
    checkpoints: str

    @classmethod
    def under(cls, prefix: str) -> Self:
        return cls(*(f"{prefix}.{short}" for short in CONFIGS))

    @property
    def alerts(self) -> tuple[str, str, str]:
        return self.escalations, self.sla, self.satisfaction


def create(
    bootstrap: str,
    prefix: str = "huiyin",
    partitions: int = 4,
    replication: int = 1,
    security: Mapping[str, Any] | None = None,
) -> Topics:
    """Create what is missing and wait until every partition has a leader; what is there is left as it is.

    Raises TopicsDiffer before it creates anything, and kafka.errors.KafkaError when the broker is away.
    """
    from kafka import KafkaAdminClient

    names = Topics.under(prefix)
    with opened(KafkaAdminClient, bootstrap_servers=bootstrap, **(security or {})) as admin:
        present = _partitions(admin, names)
        _insist(present, partitions)
        missing = {
            name: _options(config, partitions, replication)
            for name, config in zip(names, CONFIGS.values(), strict=True)
            if name not in present
        }
        _create(admin, missing)
        admin.wait_for_topics(list(names))
        _insist(_partitions(admin, names), partitions)
    return names


def _partitions(admin: Any, names: Topics) -> dict[str, int]:
    present = sorted(set(names) & set(admin.list_topics()))
    described = admin.describe_topics(present) if present else []
    return {topic["name"]: len(topic["partitions"]) for topic in described}


def _insist(present: Mapping[str, int], partitions: int) -> None:
    other = [f"{name}: {count}" for name, count in sorted(present.items()) if count != partitions]
    if other:
        raise TopicsDiffer(
            f"not {partitions} partitions as configured / 分区数与配置 {partitions} 不符: {', '.join(other)}"
        )


def _options(config: Mapping[str, str], partitions: int, replication: int) -> dict[str, Any]:
    """Kept by when the broker got it: records about last year's events would otherwise expire on arrival."""
    everywhere = {
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": str(max(1, replication - 1)),
    }
    return {
        "num_partitions": partitions,
        "replication_factor": replication,
        "configs": everywhere | dict(config),
    }


def _create(admin: Any, missing: Mapping[str, Mapping[str, Any]]) -> None:
    """Two that create at once both succeed: what the other one made is checked afterwards."""
    from kafka.errors import TopicAlreadyExistsError

    for name, options in missing.items():
        try:
            admin.create_topics({name: dict(options)})
        except TopicAlreadyExistsError:
            continue
