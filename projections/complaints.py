"""The search for complaints: one row each, without anything personal but the customer's id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from psycopg import Connection

from domain.envelope import Event
from projections import word_search
from projections.about import learned
from projections.batch import Batch, ReadModel, by_subject, change
from projections.paging import Listing, Page
from projections.table import Row, Table
from projections.texts import PLAIN, Opener
from projections.words import Wanted

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
        "customer": "text",
        "handler": "text",
        "branch": "text",
        "category": "text",
        "channel": "text",
        "said_at": "timestamptz",
    },
    key=("subject",),
    indexes=(
        "(received_at, subject)",
        "(status, received_at, subject)",
        "(customer, received_at, subject)",
        "(handler, received_at, subject)",
        "(branch, received_at, subject)",
        "(category, received_at, subject)",
        "(received_at, subject) WHERE major",
    ),
)
"""Whose, where and of what kind stand here as well as in `about`: each with the order of the list in one
index, so that a page costs what it holds and not what is searched. `said_at` is of the latest to say so."""

Fields = dict[str, Any]

_UNKNOWN: Fields = {"status": "open", "major": False, "urgent": False, "cycle": 1}


def _received(event: Event, row: Row) -> Fields:
    data: Any = event.data
    return learned(row, event, "said_at") | {
        "kind": data.kind or "complaint",
        "received_at": event.time,
        "urgent": bool(data.urgent),
        "sub_category": data.sub_category,
    }


def _assigned(event: Event, row: Row) -> Fields:
    return learned(row, event, "said_at")


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


def _unconcluded(event: Event, row: Row) -> Fields:
    """A classification or a reopening by rule that turned out not to follow."""
    data: Any = event.data
    if ":complaint.classified:" in data.conclusion:
        return {"major": False}
    return {"status": data.status, "cycle": row["cycle"] - 1}


def _resolved(event: Event, row: Row) -> Fields:
    return {"resolved_at": event.time} | _investigated(event, row)


def _investigated(event: Event, _row: Row) -> Fields:
    data: Any = event.data
    return {"root_cause": data.root_cause} if data.root_cause else {}


CHANGES: Mapping[str, Callable[[Event, Row], Fields]] = {
    "complaint.received": _received,
    "complaint.assigned": _assigned,
    "complaint.classified": _classified,
    "complaint.investigated": _investigated,
    "complaint.resolved": _resolved,
    "complaint.closed": _closed,
    "complaint.reopened": _reopened,
    "complaint.withdrawn": _becomes("withdrawn"),
    "complaint.merged": _merged,
    "complaint.unmerged": _unmerged,
    "conclusion.withdrawn": _unconcluded,
}


def _fold(batch: Batch) -> None:
    change(batch, CHANGES, _UNKNOWN)


MODEL = ReadModel("complaints", (COMPLAINT,), frozenset(CHANGES), _fold, by_subject)

# ---- asking

BREACHED = "FROM obligation o WHERE o.subject = c.subject AND o.state = 'breached'"

SEARCH = Listing(
    f"""SELECT c.subject, c.kind, c.status, c.customer, c.handler, c.branch, c.category, c.sub_category,
            c.channel, c.received_at, c.major, c.urgent, c.cycle, c.root_cause, c.resolved_at, c.closed_at,
            (SELECT count(*) {BREACHED}) AS overdue
        FROM complaint c""",
    {
        "status": "c.status = %(status)s",
        "kind": "c.kind = %(kind)s",
        "customer": "c.customer = %(customer)s",
        "handler": "c.handler = %(handler)s",
        "branch": "c.branch = %(branch)s",
        "branches": "c.branch = ANY(%(branches)s)",
        "category": "c.category = %(category)s",
        "channel": "c.channel = %(channel)s",
        "root_cause": "c.root_cause = %(root_cause)s",
        "major": "c.major = %(major)s",
        "urgent": "c.urgent = %(urgent)s",
        "resolved": "(c.resolved_at IS NOT NULL) = %(resolved)s",
        "reopened": "(c.cycle > 1) = %(reopened)s",
        "counted": "(c.kind <> 'inquiry' AND c.status <> 'withdrawn') = %(counted)s",
        "_overdue": f"EXISTS (SELECT {BREACHED}) AND %(_overdue)s",
        "_on_time": f"NOT EXISTS (SELECT {BREACHED}) AND %(_on_time)s",
        "since": "c.received_at >= %(since)s",
        "until": "c.received_at < %(until)s",
        "_subjects": "c.subject = ANY(%(_subjects)s)",
    },
    (("received_at", "c.received_at", "timestamptz"), ("subject", "c.subject", "text")),
    descending=True,
)


def search(
    connection: Connection[Any],
    *,
    limit: int = 50,
    cursor: str | None = None,
    words: str | None = None,
    texts: Opener | None = None,
    overdue: bool | None = None,
    **filters: Any,
) -> Page:
    """Complaints, the latest received first; `overdue` is how many breached obligations are not done yet.

    Filters: status (open, closed, withdrawn, merged), kind, customer, handler, branch, branches (any of
    them), category, channel, root_cause, major, urgent, resolved, reopened, overdue (bool), counted (bool:
    neither an inquiry nor withdrawn), since, until (of `received_at`), words (all in the summary, as far as
    `texts` can read it). A page of a search for words may hold fewer rows than asked for, or none, and still
    have a next one.

    Raises:
        TooShort: `words` has nothing to search for.
    """
    if overdue is not None:
        filters["_overdue" if overdue else "_on_time"] = True
    if words is None:
        return SEARCH.page(connection, limit, cursor, **filters)
    return word_search.page(connection, SEARCH, Wanted(words), texts or PLAIN, limit, cursor, filters)
