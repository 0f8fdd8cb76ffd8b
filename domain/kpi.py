"""KPIs: figures measured over windows, missed at the window's end or at once when they cannot be saved.

`domain.measures` says what a figure is made of. Here its parts are kept in documents, one for each subject
and window, and a figure is judged when its window ends; when it is lost before; and when a late fact
changes it. Windows are of the pack's local calendar, and what happens at 24:00 of a window's last day
belongs to it. In a document, `said` is what was last said of each figure that was missed, `days` which days
have parts of their own, and `ended` that the window's end was noticed. One more document of each subject
tells which windows missed a figure, as far as none in order has followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from domain import holding
from domain.envelope import Event
from domain.events import KpiMissed, KpiRecovered, KpiRestated
from domain.measures import MEASURES, Figures, Part, View, held_in, instant
from domain.working_time import Window, window, window_named

if TYPE_CHECKING:
    from domain.engine import Turn
    from domain.policy import BoundKpi, Policy
    from domain.stream import Stream

Document = dict[str, Any]
Said = type[KpiMissed | KpiRestated | KpiRecovered]

EMPTY: Document = {"parts": {}, "said": {}}
INSTANT = timedelta(microseconds=1)


class Windows(Protocol):
    """What the KPI engine needs of the ledger: documents by key, kept with the events."""

    def window(self, key: str) -> Document | None: ...
    def keep(self, key: str, document: Document, due: datetime | None) -> None: ...


def home(kpi: BoundKpi) -> str:
    """The name under which a KPI's documents are kept: its feed's where that is shared in the pack."""
    feed = MEASURES[kpi.row.measure].feed
    return f"{kpi.pack.id}:{feed.name}" if feed.shared else kpi.row.id


def _base(kpi: BoundKpi) -> str:
    return "day" if MEASURES[kpi.row.measure].feed.shared else kpi.row.window


def _span(kpi: BoundKpi, at: datetime) -> Window:
    return window(kpi.row.window, at, kpi.calendar)


class Books(NamedTuple):
    """The documents of one home and subject, the KPIs measured by them, and the turn they are worked in."""

    turn: Turn
    windows: Windows
    name: str
    subject: str
    kpis: Sequence[BoundKpi]

    def key(self, span: Window) -> str:
        return f"{self.name} {self.subject} {span.name}"

    def read(self, span: Window) -> Document:
        return self.windows.window(self.key(span)) or EMPTY

    def keep(self, span: Window, document: Document) -> None:
        """Keeps a document; its window's end stays due until it was noticed."""
        self.windows.keep(self.key(span), document, None if document.get("ended") else span.end)

    def open(self, span: Window) -> None:
        """Sees to it that the window's end will be noticed."""
        if self.windows.window(self.key(span)) is None:
            self.keep(span, EMPTY)

    def note(self, span: Window, day: str) -> None:
        """Writes down in a long window which of its days has parts, so that its end looks at no others."""
        document = self.read(span)
        self.keep(span, {**document, "days": [*document.get("days", ()), day]})

    def missed(self) -> Document:
        """By figure, the windows that missed it, as far as none in order has followed."""
        return self.windows.window(self._missed_key) or {}

    def keep_missed(self, name: str, windows: Sequence[str]) -> None:
        self.windows.keep(self._missed_key, {**self.missed(), name: list(windows)}, None)

    @property
    def _missed_key(self) -> str:
        return f"{self.name} {self.subject} missed"

    def ended(self, span: Window) -> bool:
        return span.end < self.turn.now

    def held(self) -> Mapping[str, Any]:
        return self.turn.world.links(holding.key(self.subject.partition("/")[2]))

    def parts(self, span: Window) -> Mapping[str, Any]:
        """All parts of a window; those of a long one lie in the documents of its days."""
        document = self.read(span)
        days = (window_named(day, self.kpis[0].calendar) for day in document.get("days", ()))
        others = {name: value for day in days for name, value in self.read(day)["parts"].items()}
        return {**document["parts"], **others}


def observe(turn: Turn, windows: Windows, stream: Stream, event: Event) -> None:
    """Takes a recorded event into the figures it contributes to."""
    for name, kpis in _homes(stream.policy, event.type):
        feed = MEASURES[kpis[0].row.measure].feed
        for part in feed.parts(stream, event, kpis[0]):
            _add(Books(turn, windows, name, part.subject, kpis), part, event)
        if event.type in holding.CHANGES:
            for staff in holding.holders(stream):
                _hold(Books(turn, windows, name, f"staff/{staff}", kpis), event)


@lru_cache(maxsize=512)
def _homes(policy: Policy, event_type: str) -> tuple[tuple[str, tuple[BoundKpi, ...]], ...]:
    """The KPIs that an event of a type contributes to, by the home of their documents."""
    kpis = policy.kpis_on(event_type)
    names = dict.fromkeys(map(home, kpis))
    return tuple((name, tuple(kpi for kpi in kpis if home(kpi) == name)) for name in names)


def _add(books: Books, part: Part, cause: Event) -> None:
    """Takes a part into its document, and judges what can no longer wait."""
    kpi = books.kpis[0]
    span = window(_base(kpi), part.at, kpi.calendar)  # type: ignore[arg-type]
    known = books.windows.window(books.key(span))
    document = known or EMPTY
    if document["parts"].get(part.name) == part.value:
        return
    parts = {**document["parts"], part.name: part.value}
    if part.value is None:
        del parts[part.name]
    books.keep(span, {**document, "parts": parts})
    if not document["parts"]:
        _note_longer(books, part.at, span)
    if books.ended(span) or MEASURES[kpi.row.measure].moments is not None:
        _judge_now(books, part.at, cause)


def _note_longer(books: Books, at: datetime, day: Window) -> None:
    for kind in dict.fromkeys(kpi.row.window for kpi in books.kpis):
        longer = window(kind, at, books.kpis[0].calendar)
        if longer != day and day.name not in books.read(longer).get("days", ()):
            books.note(longer, day.name)


def _judge_now(books: Books, at: datetime, cause: Event) -> None:
    for kpi in books.kpis:
        span = _span(kpi, at)
        if MEASURES[kpi.row.measure].moments is not None or books.ended(span):
            _judge(books, kpi, span, books.parts(span), cause)


def _hold(books: Books, event: Event) -> None:
    """Who holds a customer is measured, whatever else happens, in every window from then on."""
    for kpi in books.kpis:
        if not MEASURES[kpi.row.measure].of_holders:
            continue
        for span in _windows(kpi, event.time, books.turn.now):
            books.open(span)
            if books.ended(span):
                _judge(books, kpi, span, books.parts(span), event)


def _windows(kpi: BoundKpi, since: datetime, until: datetime) -> Iterator[Window]:
    span = _span(kpi, since)
    yield span
    while span.end < until:
        span = _span(kpi, span.end + INSTANT)
        yield span


def expire(turn: Turn, windows: Windows, policy: Policy, key: str) -> None:
    """The end of a window: its figures are measured, and the next window opens for who holds a customer."""
    name, _, rest = key.partition(" ")
    subject, _, label = rest.rpartition(" ")
    kpis = [kpi for kpi in policy.kpis.values() if home(kpi) == name]
    if not kpis:
        return
    books = Books(turn, windows, name, subject, kpis)
    span = window_named(label, kpis[0].calendar)
    books.keep(span, {**books.read(span), "ended": True})
    ending = [kpi for kpi in kpis if _span(kpi, span.end) == span]
    parts = books.parts(span) if ending else {}
    for kpi in ending:
        _judge(books, kpi, span, parts, None)
    _open_next(books, ending, span)


def _open_next(books: Books, ending: Iterable[BoundKpi], span: Window) -> None:
    for kpi in ending:
        following = _span(kpi, span.end + INSTANT)
        if MEASURES[kpi.row.measure].of_holders and held_in(books.held(), following):
            books.open(following)


def _judge(books: Books, kpi: BoundKpi, span: Window, parts: Mapping[str, Any], cause: Event | None) -> None:
    """Says what there is to say of a KPI's figures in a window; `cause` is None at the window's end."""
    measure = MEASURES[kpi.row.measure]
    view = View(parts, lambda: held_in(books.held(), span), kpi.row.params)
    figures, document = measure.figures(view), books.read(span)
    said = dict(document["said"])
    for dimension in dict.fromkeys([*figures, *_dimensions(said, kpi)]):
        verdict = Verdict(books, kpi, span, dimension, figures.get(dimension), cause, _lost_at(kpi, parts))
        verdict.record(said)
    if said != document["said"]:
        books.keep(span, {**document, "said": said})


def _dimensions(said: Figures, kpi: BoundKpi) -> Iterator[str]:
    for name in said:
        of, _, dimension = name.partition("/")
        if of == kpi.row.id:
            yield dimension


def _lost_at(kpi: BoundKpi, parts: Mapping[str, Any]) -> datetime | None:
    """When a figure that can only grow went past its limit; None where it did not, or is no such figure."""
    moments = MEASURES[kpi.row.measure].moments
    counted = moments(parts) if moments else []
    limit = int(kpi.row.threshold)
    return instant(counted[limit]) if moments and len(counted) > limit else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of one figure, given what was said of it before."""

    books: Books
    kpi: BoundKpi
    span: Window
    dimension: str
    figure: float | None
    cause: Event | None
    lost_at: datetime | None

    @property
    def missed(self) -> bool:
        return self.figure is not None and self.kpi.row.missed(self.figure)

    def record(self, said: Figures) -> None:
        name = f"{self.kpi.row.id}/{self.dimension}"
        over = self.cause is None or self.books.ended(self.span)
        self._say(said, name, over)
        if over or name in said:
            self._compare(name, over)

    def _say(self, said: Figures, name: str, over: bool) -> None:
        """Missed once a window; afterwards what changes it after the end, or saves it before."""
        if name not in said:
            if self.missed and self.figure is not None:
                self._emit(KpiMissed, self.figure, self.span.end if over else self._lost())
                said[name] = self.figure
            return
        value = self.kpi.row.threshold if self.figure is None else self.figure
        turned = self.missed != self.kpi.row.missed(said[name])
        if self.cause is not None and value != said[name] and (over or turned):
            self._emit(KpiRestated, value, self.books.turn.now)
        if over or turned:
            said[name] = value

    def _compare(self, name: str, over: bool) -> None:
        """The first window in order after some that missed it says that the figure has recovered."""
        known = self.books.missed().get(name, [])
        others = [label for label in known if label != self.span.name]
        missed = sorted([*others, self.span.name]) if self.missed else others
        before = [label for label in others if label < self.span.name]
        if before and over and not self.missed and self.figure is not None:
            at = self.span.end if self.cause is None else self.books.turn.now
            self._emit(KpiRecovered, self.figure, at, windows=before)
            missed = [label for label in others if label not in before]
        if missed != known:
            self.books.keep_missed(name, missed)
            self._measure_again()

    def _measure_again(self) -> None:
        """Of what is counted, none is good news: the window that runs is measured, though it stay empty."""
        if self.missed and MEASURES[self.kpi.row.measure].moments is not None:
            runs = max(self.span.end + INSTANT, self.books.turn.now)
            self.books.open(_span(self.kpi, runs))

    def _lost(self) -> datetime:
        return self.kpi.calendar.local(self.lost_at) if self.lost_at else self.books.turn.now

    def _emit(self, data: Said, value: float, at: datetime, **more: Any) -> None:
        turn, row = self.books.turn, self.kpi.row
        said = data(
            clause=row.id,
            source=self.kpi.cites,
            because=self._because(data, value, **more),
            kpi=row.id,
            window=self.span.name,
            value=value,
            threshold=row.threshold,
            dimension=self.dimension or None,
            **more,
        )
        turn.emit(turn.world.stream(self.books.subject), said, at, self.cause)

    def _because(self, data: Said, value: float, windows: Sequence[str] = ()) -> str:
        limit = "at least" if self.kpi.row.at_least is not None else "at most"
        because = f"{value:g} in {self.span.name}, {limit} {self.kpi.row.threshold:g}"
        if windows:
            because += f"; missed since {windows[0]}"
        if data is not KpiMissed and self.cause is not None:
            because += f", by {self.cause.type} of {self.cause.time.isoformat()}"
        return because
