"""What a report is made of: sections of sheets, each a table with its columns in both languages.

A share is told with what it is a share of; a number leads to what it was counted from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any, Literal
from urllib.parse import quote, urlencode

from api.i18n import Language, Text
from api.reports.periods import Period

Row = Mapping[str, Any]
Show = Literal["text", "count", "amount", "number", "share", "change", "instant"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: how its values are shown; for a share, the columns it is made of; where a value leads."""

    name: str
    title: Text
    show: Show = "count"
    part: str = ""
    of: str = ""
    link: Callable[[Row], str | None] | None = None

    @property
    def is_number(self) -> bool:
        return self.show not in ("text", "instant")

    @property
    def is_measure(self) -> bool:
        """Whether nothing, as a value, says something all the same: a count of 0 leads nowhere."""
        return self.show in ("share", "change", "number")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: a value, how it is written, and where it leads."""

    label: str
    value: float
    shown: str
    link: str | None = None
    line: float | None = None
    """For Pareto: the running total's share at this bar."""


@dataclass(frozen=True, slots=True)
class Series:
    """One of several sets of columns over the same labels."""

    title: Text
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Chart:
    """Either bars, one beneath the other, or series of columns over labels."""

    title: Text
    bars: Sequence[Bar] = ()
    labels: Sequence[str] = ()
    series: Sequence[Series] = ()


NO_NOTE = Text("", "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a report; `note` says what is counted, and of what."""

    name: str
    title: Text
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: Text = NO_NOTE
    chart: Chart | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """What one written standard wants told; `source` is where it says so."""

    name: str
    title: Text
    source: Text
    sheets: Sequence[Sheet]

    @property
    def empty(self) -> bool:
        return not any(sheet.rows for sheet in self.sheets)


@dataclass(frozen=True, slots=True)
class Report:
    """A report, as known at the time it was made."""

    period: Period
    made_at: datetime
    zone: tzinfo
    packs: Sequence[str]
    sections: Sequence[Section] = field(default=())


def title_of(report: Report) -> Text:
    name = report.period.name
    return Text(f"Huiyin report {name}", f"回音报告 {name}")


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the lists and histories that numbers were counted from."""

    base: str
    period: Period

    def _list(self, path: str, filters: Mapping[str, Any]) -> str | None:
        """A list narrowed to the period: after its start, up to and including its end. A filter of None is
        something nobody said, which no list can be narrowed to: there is no link then."""
        if None in filters.values():
            return None
        return f"{self.base}{path}?{urlencode({**filters, **self._bounds()})}"

    def _bounds(self) -> dict[str, str]:
        """The lists take from, included, to, excluded; the period excludes its start and includes its end."""
        instants = {"from": self.period.span.start, "to": self.period.span.end}
        return {name: just_after(at) for name, at in instants.items()}

    def complaints(self, **filters: Any) -> str | None:
        return self._list("/complaints", {"counted": "true", **filters})

    def violations(self, **filters: Any) -> str | None:
        return self._list("/violations", {"withdrawn": "false", **filters})

    def due(self, **filters: Any) -> str | None:
        """Breaches of what was due in the period."""
        return self._list("/sla/breaches", {"withdrawn": "false", **filters})

    def breaches(self, **filters: Any) -> str | None:
        """What was breached in the period, whenever it was due."""
        if None in filters.values():
            return None
        bounds = {f"breached_{name}": at for name, at in self._bounds().items()}
        return f"{self.base}/sla/breaches?{urlencode({'withdrawn': 'false', **filters, **bounds})}"

    def history(self, subject: str | None) -> str | None:
        return f"{self.base}/streams/{quote(subject)}/history" if subject else None

    def figures(self, path: str, /, **filters: Any) -> str:
        """A list of figures, by the local days of the period."""
        bounds = {"from": self.period.first_day.isoformat(), "to": self.period.last_day.isoformat()}
        return f"{self.base}{path}?{urlencode({'window': self.period.kind, **filters, **bounds})}"

    def missed(self, **filters: Any) -> str | None:
        return self._list("/kpis", {"missed": "true", **filters})

    def kpis(self, **filters: Any) -> str:
        return f"{self.base}/kpis?{urlencode(filters)}"

    def quarter(self, path: str, /, **filters: Any) -> str:
        return f"{self.base}{path}?{urlencode({'quarter': self.period.name, **filters})}"


def just_after(at: datetime) -> str:
    return at.replace(microsecond=1).isoformat()


# ---- how values are written

NOTHING = "—"


def _share(value: Any) -> str:
    return f"{100 * value:.1f} %"


def _change(value: Any) -> str:
    return f"{100 * value:+.1f}"


SHOWN: Mapping[Show, Callable[[Any], str]] = {
    "text": str,
    "count": lambda value: f"{value:,}",
    "amount": lambda value: f"{value:,.2f}",
    "number": lambda value: f"{value:.2f}",
    "share": _share,
    "change": _change,
}


def shown(column: Column, row: Row, language: Language, zone: tzinfo) -> str:
    """A value as a person reads it; a share names what it is of."""
    value = row[column.name]
    if value is None:
        return NOTHING
    if column.show == "instant":
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    text = SHOWN[column.show](_told(value, language))
    if not column.of:
        return text
    return f"{text} ({_plain(row[column.part])}/{_plain(row[column.of])})"


def _told(value: Any, language: Language) -> Any:
    if isinstance(value, Text):
        return value.within(language)
    return value.isoformat() if isinstance(value, date) else value


def _plain(value: Any) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
