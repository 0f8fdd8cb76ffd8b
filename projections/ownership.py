"""Whose customers: who registered them, who holds them, how their deals were divided, and why.

Source: 001-3 (五); 001-5 16.4. What was decided is shown as it was recorded; nothing is divided again here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from psycopg import Connection

from domain.dispute import SAYS
from domain.envelope import Event
from domain.matter import name
from projections import records
from projections.batch import Batch, ReadModel, change
from projections.spans import ask
from projections.table import Key, Row, Table

CLAIM = records.records(
    "claim", {"staff": "text", "basis": "text", "referred_by": "text", "family_of": "text"}, "(referred_by)"
)
HOLDER = records.records("holder", {"staff": "text", "by": "text", "basis": "text"}, "(staff)")
"""Each time a customer came to somebody: filed for them, or passed on by the one before (`by`)."""

DISPUTE = records.records("dispute", {"type": "text", "staff": "text[]", "by": "text", "shares": "jsonb"})

DEAL = Table(
    "deal",
    {
        "subject": "text",
        "deal": "text",
        "at": "timestamptz",
        "amount": "double precision",
        "received_by": "text",
        "state": "text NOT NULL",
        "rule": "text",
        "performance": "jsonb",
        "commission": "jsonb",
        "judged_at": "timestamptz",
        "source": "text",
        "because": "text",
        "reversals": "integer NOT NULL",
    },
    key=("subject", "deal"),
    indexes=("(at)", "(received_by)"),
)
"""`state`: open, adjudicated, or ruling-needed (the manager must say)."""

VERDICT = records.records(
    "verdict",
    {
        "deal": "text",
        "adjudication": "text",
        "rule": "text",
        "performance": "jsonb",
        "commission": "jsonb",
        "source": "text",
        "because": "text",
    },
)
REVERSAL = records.records("reversal", {"deal": "text", "adjudication": "text", "because": "text"})

_SAID = records.fields("deal", "rule", "performance", "commission", "source", "because")


def _filed(event: Event) -> Row:
    data: Any = event.data
    return {"staff": data.manager or data.by, "by": data.by, "basis": "filed"}


def _reassigned(event: Event) -> Row:
    data: Any = event.data
    return {"staff": data.to, "by": data.from_, "basis": "reassigned"}


def _disputed(event: Event) -> Row:
    data: Any = event.data
    said = {field: getattr(data, field, None) for field in ("by", "shares")}
    return {"type": event.type, "staff": list(getattr(data, "staff", ())), **said}


RECORDS: tuple[tuple[Table, records.Told], ...] = (
    (CLAIM, {"ownership.claimed": records.fields("staff", "basis", "referred_by", "family_of")}),
    (HOLDER, {"customer.filed": _filed, "customer.reassigned": _reassigned}),
    (DISPUTE, dict.fromkeys(SAYS, _disputed)),
    (VERDICT, {"ownership.adjudicated": lambda event: _SAID(event) | {"adjudication": name(event.id)}}),
    (REVERSAL, {"ownership.reversed": records.fields("deal", "adjudication", "because")}),
)

Fields = dict[str, Any]
_NOTHING = {"state": "open", "reversals": 0}


def _closed(event: Event, _row: Row) -> Fields:
    data: Any = event.data
    return {"at": event.time, "amount": data.amount, "received_by": data.received_by}


def _adjudicated(event: Event, _row: Row) -> Fields:
    return {**_SAID(event), "state": "adjudicated", "judged_at": event.time}


def _reversed(event: Event, row: Row) -> Fields:
    gone = dict.fromkeys(("rule", "performance", "commission", "source", "because"))
    return {**gone, "state": "open", "judged_at": event.time, "reversals": row["reversals"] + 1}


def _needs_ruling(event: Event, row: Row) -> Fields:
    """A deal that was adjudicated stays so until it is divided anew; it only awaits the manager's word."""
    said = records.fields("source", "because")(event) if row["state"] == "open" else {}
    return {**said, "state": "ruling-needed", "judged_at": event.time}


CHANGES: Mapping[str, Callable[[Event, Row], Fields]] = {
    "deal.closed": _closed,
    "ownership.adjudicated": _adjudicated,
    "ownership.reversed": _reversed,
    "ownership.ruling_needed": _needs_ruling,
}

_ON = frozenset(CHANGES).union(*(told for _, told in RECORDS))


def _row_of(event: Event) -> Key | None:
    data: Any = event.data
    if event.type not in CHANGES:
        return None
    deal = records.identity(event) if event.type == "deal.closed" else data.deal
    return (event.subject, deal) if deal else None


def _fold(batch: Batch) -> None:
    change(batch, CHANGES, _NOTHING)
    for table, told in RECORDS:
        records.write(batch, table, told)


MODEL = ReadModel("ownership", (DEAL, *(table for table, _ in RECORDS)), _ON, _fold, _row_of)


# ---- asking

_OF = "FROM {table} WHERE subject = %(subject)s ORDER BY at, sequence"

QUERIES: Mapping[str, str] = {
    "registrations": "SELECT at, sequence, staff, basis, referred_by, family_of " + _OF.format(table="claim"),
    "holders": "SELECT at, sequence, staff, by, basis " + _OF.format(table="holder"),
    "disputes": "SELECT at, type, staff, by, shares " + _OF.format(table="dispute"),
    "deals": (
        "SELECT deal, at, amount, received_by, state, rule, performance, commission, judged_at, source,"
        " because, reversals FROM deal WHERE subject = %(subject)s ORDER BY at, deal"
    ),
    "verdicts": (
        "SELECT v.deal, v.at, v.rule, v.performance, v.commission, v.source, v.because,"
        " r.at AS reversed_at, r.because AS reversed_because FROM verdict v"
        " LEFT JOIN reversal r ON r.subject = v.subject AND r.adjudication = v.adjudication"
        " WHERE v.subject = %(subject)s ORDER BY v.sequence"
    ),
}
"""Each list of a customer's ownership, the earliest first."""


def ownership(connection: Connection[Any], customer: str) -> dict[str, list[Row]] | None:
    """All that is known of whose customer this is; None where nothing is."""
    values = {"subject": f"customer/{customer}"}
    found = {part: ask(connection, query, values) for part, query in QUERIES.items()}
    return found if any(found.values()) else None
