"""The history of a stream: as things were at one instant, and as they were known at another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from domain.envelope import Event, write
from domain.events import PERSONAL

HIDDEN = "●●●"
"""What stands for a personal field where it may not be seen."""


def history(
    events: Iterable[Event], as_of: datetime | None = None, known_at: datetime | None = None
) -> list[Event]:
    """What had happened by `as_of`, as far as it was known by `known_at`; both inclusive, both optional.

    The order is kept: that of the ledger, in which what follows from an event stands behind it.
    """
    return [event for event in events if _known(event, known_at) and _happened(event, as_of)]


def _known(event: Event, known_at: datetime | None) -> bool:
    return known_at is None or event.recordedtime is None or event.recordedtime <= known_at


def _happened(event: Event, as_of: datetime | None) -> bool:
    return as_of is None or event.time <= as_of


def shown(event: Event, personal: bool = False) -> dict[str, Any]:
    """An event as CloudEvents JSON has it; its personal fields only for those who may see them."""
    message: dict[str, Any] = orjson.loads(write(event))
    secret = () if personal else PERSONAL.get(event.type, ())
    message["data"] |= {name: HIDDEN for name in secret if name in message["data"]}
    return message
