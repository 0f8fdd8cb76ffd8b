"""How often somebody may ask: a bucket of tokens each, filled at a steady rate (token bucket), in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from time import monotonic

from api.http.problems import Problem

KEPT = 10_000
"""Buckets; those not used for longest are forgotten, which at worst fills one."""

FAILURES_PER_S, FAILURES_AT_ONCE = 2.0, 60.0
"""How often one address may try keys that are none."""


@dataclass
class Buckets:
    """`per_s` tokens a second and `at_once` at most, for each name; none where `per_s` is 0."""

    per_s: float
    at_once: float
    clock: Callable[[], float] = monotonic
    _kept: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, name: str) -> float:
        """Takes a token; 0, or in how many seconds there is one."""
        if not self.per_s:
            return 0.0
        left = self._left(name)
        if left < 1:
            return (1 - left) / self.per_s
        self._keep(name, left - 1)
        return 0.0

    def wait(self, name: str) -> float:
        """In how many seconds there is a token; takes none."""
        return max(0.0, (1 - self._left(name)) / self.per_s) if self.per_s else 0.0

    def _left(self, name: str) -> float:
        left, at = self._kept.get(name, (self.at_once, self.clock()))
        return min(self.at_once, left + (self.clock() - at) * self.per_s)

    def _keep(self, name: str, left: float) -> None:
        self._kept.pop(name, None)
        self._kept[name] = (left, self.clock())
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def check(wait_s: float) -> None:
    """Raises Problem where somebody has to wait."""
    if wait_s > 0:
        seconds = max(1, ceil(wait_s))
        en = f"Ask again in {seconds} s; send facts in batches, and follow alerts by their stream."
        zh = f"请在 {seconds} 秒后重试；事实请分批提交，告警请用实时流跟踪。"
        raise Problem("too-often", en, zh, headers={"Retry-After": str(seconds)})
