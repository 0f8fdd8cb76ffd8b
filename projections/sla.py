"""Obligations: what is due, what was breached, and whether it has been done since."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from domain.envelope import Event
from projections.batch import Batch, ReadModel
from projections.paging import Listing, Page
from projections.table import Key, Row, Table

OBLIGATION = Table(
    "obligation",
    {
        "subject": "text",
        "obligation": "text",
        "clause": "text NOT NULL",
        "source": "text",
        "state": "text NOT NULL",
        "opened_at": "timestamptz",
        "due_at": "timestamptz NOT NULL",
        "warn_at": "timestamptz",
        "warned": "boolean NOT NULL",
        "provisional": "boolean NOT NULL",
        "pauses": "boolean NOT NULL",
        "duty_of": "text",
        "breached_at": "timestamptz",
        "done_at": "timestamptz",
        "withdrawn_at": "timestamptz",
        "because": "text",
    },
    key=("subject", "obligation"),
    indexes=(
        "(due_at, subject, obligation) WHERE state = 'open'",
        "(due_at, subject, obligation) WHERE breached_at IS NOT NULL",
        "(subject) WHERE state = 'breached'",
        "(due_at)",
    ),
)
"""All are listed by an index of `due_at` alone, a fifth as large: what is due at one instant is few enough to
be sorted. What is open, or was breached, would be too little to be found among all that was met.
`state`: open, met, breached, done-late (done after the breach, or the matter is over), withdrawn."""

BREACH = "breach:"
"""What the key of an escalation begins with that is about an obligation; the obligation's key follows."""

Fields = dict[str, Any]


def _owed(event: Event) -> Fields:
    data: Any = event.data
    fields = {"clause": data.clause, "source": data.source, "due_at": data.due_at, "because": data.because}
    return fields | ({"opened_at": data.opened_at} if data.opened_at else {})


def _opened(event: Event, _before: Row | None) -> Fields:
    data: Any = event.data
    return _owed(event) | {
        "state": "open",
        "opened_at": data.opened_at or event.time,
        "warn_at": data.warn_at,
        "warned": False,
        "provisional": bool(data.provisional),
        "pauses": bool(data.pauses),
        "duty_of": data.duty_of,
        "done_at": None,
    }


def _moved(event: Event, _before: Row | None) -> Fields:
    data: Any = event.data
    return _owed(event) | {"warn_at": data.warn_at, "provisional": bool(data.provisional)}


def _warned(event: Event, _before: Row | None) -> Fields:
    return _owed(event) | {"warned": True}


def _met(event: Event, _before: Row | None) -> Fields:
    return _owed(event) | {"state": "met", "done_at": event.time}


def _breached(event: Event, _before: Row | None) -> Fields:
    said = {"state": "breached", "breached_at": event.time, "withdrawn_at": None, "done_at": None}
    return _owed(event) | said


def _withdrawn(event: Event, _before: Row | None) -> Fields:
    """Where only the breach is withdrawn, it is owed as if it had never been breached."""
    data: Any = event.data
    if data.runs_on:
        return _owed(event) | {"state": "open", "warned": False, "breached_at": None}
    return _owed(event) | {"state": "withdrawn", "withdrawn_at": event.time}


def _stood_down(event: Event, before: Row | None) -> Fields:
    """The escalation of a breach ends when what was owed is done late, or is over."""
    if before is None or before["state"] != "breached":
        return {}
    return {"state": "done-late", "done_at": event.time}


CHANGES: Mapping[str, Callable[[Event, Row | None], Fields]] = {
    "obligation.opened": _opened,
    "obligation.moved": _moved,
    "obligation.warned": _warned,
    "obligation.met": _met,
    "obligation.breached": _breached,
    "obligation.withdrawn": _withdrawn,
    "escalation.stood_down": _stood_down,
}


def obligation_of(event: Event) -> str | None:
    """The obligation that an event is about; None: an escalation about something else."""
    data: Any = event.data
    if not event.type.startswith("escalation."):
        return str(data.obligation)
    return str(data.escalation).removeprefix(BREACH) if data.escalation.startswith(BREACH) else None


def _row_of(event: Event) -> Key | None:
    name = obligation_of(event)
    return (event.subject, name) if name else None


_NOTHING_YET = {"state": "open", "warned": False, "provisional": False, "pauses": False}


def _fold(batch: Batch) -> None:
    rows = batch.rows
    for event, key in batch.touched:
        before = rows.get(*key)
        fields = CHANGES[event.type](event, before)
        if fields:
            rows.change(key, **({} if before else _NOTHING_YET) | fields)
    rows.save(batch.cursor)


MODEL = ReadModel("sla", (OBLIGATION,), frozenset(CHANGES), _fold, _row_of)


# ---- asking

_WHOSE = "COALESCE(a.handler, CASE WHEN o.subject LIKE 'staff/%%' THEN substr(o.subject, 7) END)"

_SELECT = f"""
    SELECT o.subject, o.obligation, o.clause, o.source, o.state, o.opened_at, o.due_at, o.warn_at, o.warned,
        o.provisional, o.duty_of, o.breached_at, o.done_at, o.withdrawn_at, o.because,
        {_WHOSE} AS handler, a.customer, a.branch, a.category, a.channel
    FROM obligation o LEFT JOIN about a ON a.subject = o.subject
"""

_FILTERS = {
    "subject": "o.subject = %(subject)s",
    "clause": "o.clause = %(clause)s",
    "handler": f"{_WHOSE} = %(handler)s",
    "branch": "a.branch = %(branch)s",
    "category": "a.category = %(category)s",
    "since": "o.due_at >= %(since)s",
    "until": "o.due_at < %(until)s",
}

_ORDER = (
    ("due_at", "o.due_at", "timestamptz"),
    ("subject", "o.subject", "text"),
    ("obligation", "o.obligation", "text"),
)

UPCOMING = Listing(_SELECT, {**_FILTERS, "_open": "o.state = 'open' AND %(_open)s"}, _ORDER)
BREACHES = Listing(
    _SELECT,
    {
        **_FILTERS,
        "_breached": "o.breached_at IS NOT NULL AND %(_breached)s",
        "withdrawn": "(o.state = 'withdrawn') = %(withdrawn)s",
        "whose": f"COALESCE(o.duty_of, {_WHOSE}) = %(whose)s",
        "breached_since": "o.breached_at >= %(breached_since)s",
        "breached_until": "o.breached_at < %(breached_until)s",
        "outstanding": "(o.state = 'breached') = %(outstanding)s",
    },
    _ORDER,
    descending=True,
)


OPENED = Listing(
    _SELECT,
    {
        **_FILTERS,
        "state": "o.state = %(state)s",
        "opened_since": "o.opened_at >= %(opened_since)s",
        "opened_until": "o.opened_at < %(opened_until)s",
    },
    _ORDER,
    descending=True,
)


def obligations(
    connection: Connection[Any], *, limit: int = 50, cursor: str | None = None, **filters: Any
) -> Page:
    """All obligations, whatever became of them, the latest due first.

    Filters: those of `upcoming`, state, opened_since and opened_until (of `opened_at`).
    """
    return OPENED.page(connection, limit, cursor, **filters)


def upcoming(
    connection: Connection[Any], *, limit: int = 50, cursor: str | None = None, **filters: Any
) -> Page:
    """Open obligations, the first due first.

    Filters: subject, clause, handler, branch, category, since and until (of `due_at`).
    """
    return UPCOMING.page(connection, limit, cursor, _open=True, **filters)


def breaches(
    connection: Connection[Any], *, limit: int = 50, cursor: str | None = None, **filters: Any
) -> Page:
    """Breached obligations, the latest due first; those withdrawn since say so in `state`.

    Filters: those of `upcoming`, withdrawn (bool), outstanding (bool: not done since either), whose (the
    staff member that the breach counts against), breached_since and breached_until (of `breached_at`).
    """
    return BREACHES.page(connection, limit, cursor, _breached=True, **filters)


def counts(connection: Connection[Any], now: datetime) -> dict[str, int]:
    """How much is open, open and past its warning, and breached and not done since."""
    query = (
        "SELECT count(*) FILTER (WHERE state = 'open') AS open,"
        " count(*) FILTER (WHERE state = 'open' AND warn_at <= %s) AS warned,"
        " count(*) FILTER (WHERE state = 'breached') AS breached"
        " FROM obligation WHERE state IN ('open', 'breached')"
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, [now]).fetchone() or {}
