"""Rows behind a number, cell by cell: what each kind of list shows, in which words, and where it leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from api.http.pages import registry
from api.http.pages.templates import local
from api.http.pages.words import roles
from api.http.services import Services
from api.i18n import Language

Row = Mapping[str, Any]


class Cell(NamedTuple):
    """One value of a row: what it says, where it leads, and how it is set."""

    words: str
    href: str | None = None
    kind: str = ""


class Within(NamedTuple):
    """What cells are written with."""

    services: Services
    language: Language
    t: Any

    def moment(self, at: datetime | None) -> Cell:
        words = "—" if at is None else local(at, self.services.parts.policy.calendar.tz)
        return Cell(words, kind="when")

    def clause(self, name: str) -> Cell:
        policy = self.services.parts.policy
        bound = policy.clauses.get(name) or policy.kpis.get(name)
        title = name if bound is None else str(getattr(bound.row.title, self.language))
        return Cell(title, f"/view/rules/{bound.pack.id}#{name}" if bound else None, "clause")

    def stream(self, subject: str) -> Cell:
        return Cell(subject, registry.address(subject), "stream")

    def plain(self, value: Any) -> Cell:
        return Cell("—" if value in (None, "", []) else str(value))

    def verdict(self, row: Row) -> Cell:
        name = "satisfied" if row["satisfied"] else "dissatisfied" if row["dissatisfied"] else "neither"
        return Cell(self.t(f"beh_{name}"), kind=name)


Cells = Callable[[Within, Row], Sequence[Cell]]


class Kind(NamedTuple):
    """A list: its headings, and the cells of a row beneath them."""

    headings: Sequence[str]
    cells: Cells


def _answer(of: Within, row: Row) -> Sequence[Cell]:
    score = of.plain(row["score"] or ("·" if row["answered"] else of.t("beh_asked", row["asked"])))
    return (
        of.moment(row["at"]),
        of.stream(row["subject"]),
        of.verdict(row) if row["answered"] else Cell("—"),
        score,
        *(of.plain(row[name]) for name in ("staff", "branch", "category", "channel", "survey", "stage")),
    )


def _violation(of: Within, row: Row) -> Sequence[Cell]:
    missing = f" ({', '.join(row['missing'])})" if row["missing"] else ""
    return (
        of.moment(row["found_at"]),
        of.stream(row["subject"]),
        of.clause(row["clause"]),
        Cell(f"{row['detail']}{missing}", kind="code"),
        of.plain(row["handler"]),
        of.plain(row["branch"]),
        of.moment(row["withdrawn_at"]),
    )


def _breach(of: Within, row: Row) -> Sequence[Cell]:
    return (
        of.moment(row["due_at"]),
        of.stream(row["subject"]),
        of.clause(row["clause"]),
        Cell(of.t(f"beh_state_{row['state'].replace('-', '_')}"), kind=row["state"]),
        of.moment(row["done_at"]),
        of.plain(row["duty_of"] or row["handler"]),
        of.plain(row["branch"]),
    )


def _escalation(of: Within, row: Row) -> Sequence[Cell]:
    return (
        of.moment(row["raised_at"]),
        of.stream(row["subject"]),
        of.clause(row["clause"]),
        of.plain(row.get("level")),
        of.plain(roles(row.get("to", ()), of.language)),
        of.plain(of.t(row["severity"])),
        Cell(of.t(row["status"]), kind=row["status"]),
        of.plain(row.get("acknowledged_by")),
    )


def _kpi(of: Within, row: Row) -> Sequence[Cell]:
    at = row["missed_at"] or row["restated_at"]
    return (
        of.moment(at),
        of.stream(row["subject"]),
        of.clause(row["kpi"]),
        of.plain(row["window"]),
        of.plain(row["dimension"]),
        Cell(f"{row['value']:g}", kind="number"),
        Cell("—" if row["threshold"] is None else f"{row['threshold']:g}", kind="number"),
        Cell(of.t("yes" if row["missed"] else "beh_restated"), kind="missed" if row["missed"] else ""),
    )


def _visit(of: Within, row: Row) -> Sequence[Cell]:
    return (
        of.plain(row["planned_for"]),
        of.stream(row["subject"]),
        Cell(of.t(f"beh_visit_{row['became']}"), kind=row["became"]),
        of.moment(row["started_at"]),
        of.moment(row["summarised_at"]),
        of.plain(row["manager"]),
        of.plain(row["customer"]),
        of.plain(of.t(f"beh_mode_{row['mode']}".replace("-", "_")) if row["mode"] else None),
    )


KINDS: Mapping[str, Kind] = {
    "answers": Kind(
        ("at", "stream", "verdict", "score", "staff", "branch", "category", "channel", "survey", "stage"),
        _answer,
    ),
    "violations": Kind(("at", "stream", "clause", "code", "staff", "branch", "withdrawn"), _violation),
    "obligations": Kind(("due", "stream", "clause", "state", "done", "staff", "branch"), _breach),
    "breaches": Kind(("due", "stream", "clause", "state", "done", "staff", "branch"), _breach),
    "escalations": Kind(
        ("at", "stream", "clause", "level", "told", "severity", "status", "taken_by"), _escalation
    ),
    "kpis": Kind(("at", "stream", "clause", "window", "dimension", "value", "threshold", "missed"), _kpi),
    "visits": Kind(
        ("planned_for", "stream", "became", "started", "summarised", "manager", "customer", "mode"), _visit
    ),
}
