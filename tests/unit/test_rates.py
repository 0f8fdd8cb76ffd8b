"""How often somebody may ask: so many at once, then steadily; nobody waits for another."""

from __future__ import annotations

import pytest

from api.http.access.rate import KEPT, Buckets, check
from api.http.problems import Problem


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_so_many_at_once_and_then_one_for_each_part_of_a_second(time: Time) -> None:
    buckets = Buckets(2, 4, time)
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    time.now = 0.5
    assert [buckets.take("a") for _ in range(2)] == [0, 0.5]
    time.now = 100
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]


def test_nobody_waits_for_another(time: Time) -> None:
    buckets = Buckets(1, 1, time)
    assert (buckets.take("a"), buckets.take("b")) == (0, 0)
    assert buckets.take("a") > 0


def test_asking_how_long_costs_nothing(time: Time) -> None:
    buckets = Buckets(1, 1, time)
    assert [buckets.wait("a") for _ in range(3)] == [0, 0, 0]
    buckets.take("a")
    assert buckets.wait("a") == 1


def test_a_rate_of_zero_is_no_limit(time: Time) -> None:
    buckets = Buckets(0, 0, time)
    assert [buckets.take("a") for _ in range(100)] == [0] * 100


def test_those_not_seen_for_long_are_forgotten(time: Time) -> None:
    buckets = Buckets(1, 2, time)
    for number in range(KEPT + 10):
        buckets.take(str(number))
    assert len(buckets._kept) == KEPT


def test_who_has_to_wait_is_told_how_long() -> None:
    check(0)
    with pytest.raises(Problem) as refused:
        check(1.2)
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "2"})
