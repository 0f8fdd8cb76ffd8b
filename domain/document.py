"""A document and its level of secrecy, from public to top-secret (001-6 三)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.envelope import Event
from domain.events import DocumentDeclassified
from domain.frozen import replace
from domain.rules import rule

if TYPE_CHECKING:
    from domain.engine import Emit, Turn
    from domain.policy import BoundClause
    from domain.stream import Stream

KIND = "document"
DECLASSIFY = "declassify"


@dataclass(frozen=True)
class Document:
    """What decisions need to know of a document. `until`: when its secrecy ends by itself."""

    level: str = "public"
    until: datetime | None = None
    owner: str | None = None
    named: tuple[str, ...] = ()


INITIAL = Document()


def _classified(_state: Document, event: Event) -> Document:
    data: Any = event.data
    return Document(data.level, data.until, data.owner, data.named)


def _declassified(state: Document, event: Event) -> Document:
    """Ends the secrecy that had run out by then: one that was classified anew, as is learned late, stays."""
    if state.until is None or state.until > event.time:
        return state
    return replace(state, level="public", until=None)


EVOLVE: dict[str, Callable[[Document, Event], Document]] = {
    "document.classified": _classified,
    "document.declassified": _declassified,
}


def timers(stream: Stream) -> Iterator[datetime]:
    """When secrecy ends, where a clause says that it does."""
    if stream.state.until is not None and stream.policy.with_rule(DECLASSIFY):
        yield stream.state.until


def expire(stream: Stream, at: datetime) -> Iterator[Emit]:
    """What was classified until now, and not classified anew, is secret no more (001-6 三.4)."""
    from domain.engine import Emit

    if stream.state.until is None or stream.state.until > at:
        return
    for clause in stream.policy.with_rule(DECLASSIFY):
        because = f"classified until {stream.state.until.isoformat()}"
        data = DocumentDeclassified(clause=clause.id, source=clause.cites, because=because)
        yield Emit(data, time=max(at, stream.story[-1].time))


@rule(DECLASSIFY)
def declassify(_turn: Turn, _stream: Stream, _event: Event, _clause: BoundClause) -> None:
    """Asked by no event: time alone ends secrecy, in `expire`."""
