"""Forgetting a customer: the data key is destroyed, and that it was is recorded.

The record, its proofs, counts and figures stand; the personal texts sealed with the key are gone, wherever
their sealed form has gone. Source: 个人信息保护法 第四十七条 (erasure), 003 七 (what must be kept meanwhile).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from domain import visit
from domain.events import CustomerErased
from domain.links import visits_of

if TYPE_CHECKING:
    from domain.batch import Batch
    from domain.ledger import Ledger

SOURCE = "个人信息保护法 第四十七条 (Personal Information Protection Law, article 47)"


FIRST = 2000
"""The year of the first visits that a rule may want kept still."""


class NotErased(Exception):
    """Why a customer cannot be erased."""


class Unknown(NotErased):
    """Nothing is on record of such a customer."""


class KeptUntil(NotErased):
    """A rule says that something about the customer must be kept; `until` is when that ends."""

    def __init__(self, subject: str, until: datetime) -> None:
        super().__init__(subject, until)
        self.subject, self.until = subject, until


@dataclass(frozen=True, slots=True)
class Erasure:
    """Whether there was a key to destroy; without one there was nothing personal, or it was not sealed."""

    subject: str
    was_sealed: bool


def erase(ledger: Ledger, customer: str, reason: str, now: datetime, by: str | None = None) -> Erasure:
    """Makes a customer's personal texts unreadable for ever, in one transaction.

    Raises:
        NotErased: it may not be, or there is nobody to erase; nothing was changed.
    """
    subject, sealed = f"customer/{customer}", [False]

    def work(batch: Batch) -> None:
        _check_kept(batch, subject, now)
        sealed[0] = batch.privacy.destroy(subject)
        stream = batch.stream(subject)
        if not sealed[0] and not stream.began:
            raise Unknown(subject)
        because = f"erasure was asked for at {now.isoformat()}; the data key was destroyed"
        data = CustomerErased(reason=reason, by=by, source=SOURCE, because=because)
        batch.turn().emit(stream, data, now, None)
        batch.settle()

    ledger.work(work, now)
    return Erasure(subject, sealed[0])


def _check_kept(batch: Batch, subject: str, now: datetime) -> None:
    latest = max(_kept(batch, subject, now), default=None)
    if latest is not None and latest[0] > now:
        raise KeptUntil(latest[1], latest[0])


def _kept(batch: Batch, subject: str, now: datetime) -> Iterator[tuple[datetime, str]]:
    """Until when each of the customer's visits must be kept, where a rule says so."""
    months = [
        visits_of(subject, year, month) for year in range(FIRST, now.year + 1) for month in range(1, 13)
    ]
    for visits in batch.unit.links(months).values():
        for name in visits:
            if (until := visit.kept_until(batch.stream(name))) is not None:
                yield until, name
