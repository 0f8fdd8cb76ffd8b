"""The search for complaints: one row each, without anything personal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from psycopg import Connection

from domain.envelope import Event
from projections.batch import Batch, ReadModel
from projections.paging import Listing, Page
from projections.table import Row, Table

COMPLAINT = Table(
    "complaint",
    {
        "subject": "text",
        "kind": "text",
        "status": "text NOT NULL",
        "before_merge": "text",
        "changed_at": "timestamptz",
        "received_at": "timestamptz",
        "major": "boolean NOT NULL",
        "urgent": "boolean NOT NULL",
        "cycle": "integer NOT NULL",
        "sub_category": "text",
        "root_cause": "text",
        "resolved_at": "timestamptz",
        "closed_at": "timestamptz",
    },
    key=("subject",),
    indexes=("(received_at, subject)", "(status)"),
)

Fields = dict[str, Any]

_UNKNOWN: Fields = {"status": "open", "major": False, "urgent": False, "cycle": 1}


def _received(event: Event, _row: Row) -> Fields:
    data: Any = event.data
    return {
        "kind": data.kind or "complaint",
        "received_at": event.time,
        "urgent": bool(data.urgent),
        "sub_category": data.sub_category,
    }


def _becomes(status: str) -> Callable[[Event, Row], Fields]:
    """The latest turn by time counts: one that is learned late does not undo what came after it."""

    def change(event: Event, row: Row) -> Fields:
        if row["changed_at"] is not None and event.time < row["changed_at"]:
            return {}
        return {"status": status, "changed_at": event.time}

    return change


def _closed(event: Event, row: Row) -> Fields:
    return _becomes("closed")(event, row) | {"closed_at": event.time}


def _reopened(event: Event, row: Row) -> Fields:
    return _becomes("open")(event, row) | {"cycle": row["cycle"] + 1}


def _merged(event: Event, row: Row) -> Fields:
    before = row["before_merge"] if row["status"] == "merged" else row["status"]
    return _becomes("merged")(event, row) | {"before_merge": before}


def _unmerged(event: Event, row: Row) -> Fields:
    return _becomes(row["before_merge"] or "open")(event, row) if row["status"] == "merged" else {}


def _classified(event: Event, _row: Row) -> Fields:
    data: Any = event.data
    return {"major": data.major}


def _resolved(event: Event, row: Row) -> Fields:
    return {"resolved_at": event.time} | _investigated(event, row)


def _investigated(event: Event, _row: Row) -> Fields:
    data: Any = event.data
    return {"root_cause": data.root_cause} if data.root_cause else {}


CHANGES: Mapping[str, Callable[[Event, Row], Fields]] = {
    "complaint.received": _received,
    "complaint.classified": _classified,
    "complaint.investigated": _investigated,
    "complaint.resolved": _resolved,
    "complaint.closed": _closed,
    "complaint.reopened": _reopened,
    "complaint.withdrawn": _becomes("withdrawn"),
    "complaint.merged": _merged,
    "complaint.unmerged": _unmerged,
}


def _fold(batch: Batch) -> None:
    events = batch.of(CHANGES)
    rows = COMPLAINT.load(batch.cursor, {(event.subject,) for event in events})
    for event in events:
        row = rows.get(event.subject) or {**rows.begin((event.subject,)), **_UNKNOWN}
        rows.put({**row, **CHANGES[event.type](event, row)})
    rows.save(batch.cursor)


MODEL = ReadModel("complaints", (COMPLAINT,), frozenset(CHANGES), _fold)

_OVERDUE = "(SELECT count(*) FROM obligation o WHERE o.subject = c.subject AND o.state = 'breached')"

SEARCH = Listing(
    f"""SELECT c.subject, c.kind, c.status, a.customer, a.handler, a.branch, a.category, c.sub_category,
            a.channel, c.received_at, c.major, c.urgent, c.cycle, c.root_cause, c.resolved_at, c.closed_at,
            {_OVERDUE} AS overdue
        FROM complaint c LEFT JOIN about a ON a.subject = c.subject""",
    {
        "status": "c.status = %(status)s",
        "kind": "c.kind = %(kind)s",
        "customer": "a.customer = %(customer)s",
        "handler": "a.handler = %(handler)s",
        "branch": "a.branch = %(branch)s",
        "category": "a.category = %(category)s",
        "channel": "a.channel = %(channel)s",
        "root_cause": "c.root_cause = %(root_cause)s",
        "major": "c.major = %(major)s",
        "urgent": "c.urgent = %(urgent)s",
        "resolved": "(c.resolved_at IS NOT NULL) = %(resolved)s",
        "reopened": "(c.cycle > 1) = %(reopened)s",
        "counted": "(c.kind <> 'inquiry' AND c.status <> 'withdrawn') = %(counted)s",
        "overdue": f"({_OVERDUE} > 0) = %(overdue)s",
        "since": "c.received_at >= %(since)s",
        "until": "c.received_at < %(until)s",
    },
    (("received_at", "c.received_at", "timestamptz"), ("subject", "c.subject", "text")),
    descending=True,
)


def search(
    connection: Connection[Any], *, limit: int = 50, cursor: str | None = None, **filters: Any
) -> Page:
    """Complaints, the latest received first; `overdue` is how many breached obligations are not done yet.

    Filters: status (open, closed, withdrawn, merged), kind, customer, handler, branch, category, channel,
    root_cause, major, urgent, resolved, reopened, overdue (bool), counted (bool: neither an inquiry nor
    withdrawn), since, until (of `received_at`).
    """
    return SEARCH.page(connection, limit, cursor, **filters)
