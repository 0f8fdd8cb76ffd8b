"""kafka-python's clients end whole, whatever state they are in: no thread and no socket of theirs stays."""

from __future__ import annotations

import gc
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from streams.clients import opened


@contextmanager
def nothing_stays() -> Iterator[None]:
    gc.collect()
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always", ResourceWarning)
        gc.collect()
    assert [str(one.message) for one in left] == []


@pytest.mark.parametrize("kind", [KafkaAdminClient, KafkaConsumer, KafkaProducer])
def test_a_client_that_reaches_nobody_leaves_nothing_behind(kind: Any) -> None:
    """The time is over before anybody was asked."""
    nobody = {"bootstrap_servers": "127.0.0.1:1", "bootstrap_timeout_ms": 0}
    with nothing_stays(), pytest.raises(KafkaTimeoutError), opened(kind, **nobody):
        pytest.fail("nobody is there")


class Consumer(KafkaConsumer):
    """What a consumer is told, in order."""

    def __init__(self, away: bool = False, **_: Any) -> None:
        self.told: list[str] = []
        self.away = away

    def __del__(self) -> None:
        """It opened nothing."""

    def assignment(self) -> set[str]:
        return {"topic/0"}

    def pause(self, *places: str) -> None:
        self.told.append(f"pause {','.join(places)}")

    def poll(self, timeout_ms: int = 0, **_: Any) -> dict[str, Any]:
        self.told.append("poll")
        if self.away:
            raise KafkaConnectionError("away")
        return {}

    def close(self, *_: Any, **__: Any) -> None:
        self.told.append("close")


@pytest.mark.parametrize("away", [False, True], ids=["there", "away"])
def test_a_consumer_asks_for_nothing_more_before_it_is_closed(away: bool) -> None:
    with opened(Consumer, away=away) as consumer:
        assert consumer.told == []
    assert consumer.told == ["pause topic/0", "poll", "close"]


def test_what_went_wrong_with_a_client_is_what_is_raised() -> None:
    with pytest.raises(KafkaError, match="mine"), opened(Consumer, away=True) as consumer:
        raise KafkaError("mine")
    assert consumer.told[-1] == "close"
