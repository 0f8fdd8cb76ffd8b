"""/metrics: what operations watch, for Prometheus (text format 0.0.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg import Connection

Read = Callable[[Callable[[Connection[Any]], Any]], Any]
STATUSES = ("recorded", "duplicate", "parked", "rejected")


class Gauge(NamedTuple):
    """A figure that the database knows: one row, or one for each value of its label."""

    name: str
    help: str
    query: str
    label: str | None = None


GAUGES = (
    Gauge(
        "huiyin_events",
        "Events in the ledger",
        "SELECT coalesce(max(notification_id), 0) FROM stored_events",
    ),
    Gauge(
        "huiyin_facts_known",
        "Facts taken in by every door",
        "SELECT status, count(*) FROM fact GROUP BY 1",
        "status",
    ),
    Gauge("huiyin_parked", "Facts that wait for their stream to begin", "SELECT count(*) FROM parked"),
    Gauge(
        "huiyin_dead_letters",
        "Messages refused and kept",
        "SELECT code, count(*) FROM dead_letter GROUP BY 1",
        "code",
    ),
    Gauge("huiyin_outbox", "Receipts and dead letters to be published", "SELECT count(*) FROM ledger_outbox"),
    Gauge("huiyin_alert_outbox", "Changes of alerts in the outbox", "SELECT count(*) FROM alert_outbox"),
    Gauge("huiyin_alerts", "Alerts by status", "SELECT status, count(*) FROM alert GROUP BY 1", "status"),
    Gauge(
        "huiyin_webhook_failing_seconds",
        "How long a receiver of alerts has not taken what it was sent; 0: it does",
        "SELECT name, coalesce(extract(epoch FROM now() - failing_since), 0)::float8 FROM webhook",
        "receiver",
    ),
    Gauge(
        "huiyin_webhook_behind",
        "Changes of alerts that a receiver has not been told of",
        "SELECT name, (SELECT count(*) FROM alert_outbox o WHERE o.position > coalesce(w.position, 0))"
        " FROM webhook w",
        "receiver",
    ),
    Gauge(
        "huiyin_webhook_refused",
        "Requests that a receiver said it would never take",
        "SELECT name, refused FROM webhook",
        "receiver",
    ),
    Gauge(
        "huiyin_due_overdue_seconds",
        "How long what is due has been waiting for the clock",
        "SELECT coalesce(greatest(extract(epoch FROM now() - min(at)), 0), 0)::float8 FROM due",
    ),
    Gauge(
        "huiyin_projection_lag_events",
        "Events that no read model has seen yet",
        "SELECT (SELECT coalesce(max(notification_id), 0) FROM stored_events) - coalesce(greatest((SELECT"
        " max(sequence) FROM projection_partition), (SELECT max(sequence) FROM projection_through)), 0)",
    ),
    Gauge(
        "huiyin_projection_position",
        "The sequence up to which each partition is in the read models",
        "SELECT topic || '/' || partition, sequence FROM projection_partition",
        "partition",
    ),
)

UP = Gauge("huiyin_database_up", "Whether the database answers", "")


class _Database(Collector):
    """The figures as they are when they are asked for; without the database, only that it is away."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        found = self._read(_figures)
        yield _family(UP, [(int(found is not None),)])
        for gauge, rows in zip(GAUGES, found or (), strict=False):
            yield _family(gauge, rows)


def _figures(connection: Connection[Any]) -> list[list[tuple[Any, ...]]]:
    return [connection.execute(gauge.query.encode()).fetchall() for gauge in GAUGES]


def _family(gauge: Gauge, rows: list[tuple[Any, ...]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(gauge.name, gauge.help, labels=[gauge.label] if gauge.label else [])
    for *labels, value in rows:
        family.add_metric([str(label) for label in labels], float(value))
    return family


class Metrics:
    """The registry of one application."""

    def __init__(self, read: Read) -> None:
        self._registry = CollectorRegistry()
        self._facts = Counter(
            "huiyin_http_facts",
            "Facts answered by this process",
            ["status"],
            registry=self._registry,
        )
        for status in STATUSES:
            self._facts.labels(status)
        self._registry.register(_Database(read))

    def count(self, status: str) -> None:
        self._facts.labels(status).inc()

    def text(self) -> bytes:
        return generate_latest(self._registry)
