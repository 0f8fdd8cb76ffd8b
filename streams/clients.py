"""kafka-python's clients, opened and ended so that nothing of them stays behind.

Two things are known of kafka-python 3.0. A client that reaches no broker in time raises from its constructor,
and its thread and sockets live on. And a consumer asks for the next records as it hands over some: closed
before that request was written, it forgets its socket instead of closing it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

SETTLING_MS = 20
"""Enough for a request to be written that was made before."""

ENDING_S = 5
"""How long a producer may take to send what it was given."""


@contextmanager
def opened(kind: Any, *topics: str, **options: Any) -> Iterator[Any]:
    """A KafkaConsumer (of topics), KafkaProducer or KafkaAdminClient with its options, ended afterwards.

    Raises kafka.errors.KafkaError when the broker is away.
    """
    networks: list[Any] = []

    def network(**given: Any) -> Any:
        networks.append(kind.DEFAULT_CONFIG["kafka_client"](**given))
        return networks[-1]

    try:
        client = kind(*topics, kafka_client=network, **options)
    except BaseException:
        for half_made in networks:
            half_made.close()
        raise
    try:
        yield client
    finally:
        _end(client)


def _end(client: Any) -> None:
    from kafka import KafkaConsumer, KafkaProducer

    match client:
        case KafkaConsumer():
            _settle(client)
            client.close()
        case KafkaProducer():
            client.close(timeout=ENDING_S)
        case _:
            client.close()


def _settle(consumer: Any) -> None:
    """Paused, it asks for nothing more, and what it asked for is written meanwhile."""
    from kafka.errors import KafkaError

    with suppress(KafkaError):
        consumer.pause(*consumer.assignment())
        consumer.poll(timeout_ms=SETTLING_MS)
