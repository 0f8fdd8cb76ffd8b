"""A document and its level of secrecy (001-6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.envelope import Event
from domain.events import Data

KIND = "document"


@dataclass(frozen=True, slots=True)
class Document:
    """What decisions need to know of a document."""

    level: str = "public"
    until: datetime | None = None


INITIAL = Document()
EVOLVE: dict[str, Callable[[Document, Event], Document]] = {}


def timers(state: Document) -> Iterator[datetime]:
    if state.until is not None:
        yield state.until


def expire(_state: Document, _at: datetime) -> Iterable[tuple[Data, Event | None]]:
    return ()
