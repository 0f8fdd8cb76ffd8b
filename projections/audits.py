"""Who read what, whom reading was granted or denied, whose personal texts were erased, and what passed to
other rules.

Source: 001-5 15, 001-6 (who may read what), 个人信息保护法 第四十七条 (erasure). One row an event; no
personal texts: who read is a staff id, why is a reason that somebody gave for the record.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from domain.envelope import Event
from projections import records
from projections.batch import Batch, ReadModel
from projections.paging import Listing, Page
from projections.table import Row

AUDIT = records.records(
    "audit",
    {
        "type": "text NOT NULL",
        "by": "text",
        "role": "text",
        "reason": "text",
        "personal": "boolean",
        "approval": "text",
        "clause": "text",
        "source": "text",
    },
    "(type, at)",
    "(by)",
)

GROUPS = {
    "read": ("history.read", "document.accessed", "document.copied"),
    "access": ("access.requested", "access.granted", "access.denied"),
    "erased": ("customer.erased",),
    "leaked": ("document.leaked",),
    "rebased": ("policy.rebased",),
}
"""What can be looked for, and the events that it is."""


def _told(event: Event) -> Row:
    data: Any = event.data
    said = {name: getattr(data, name, None) for name in ("role", "personal", "approval", "clause", "source")}
    reason = getattr(data, "purpose", None) or getattr(data, "reason", None)
    return {"type": event.type, "by": getattr(data, "by", None), "reason": reason, **said}


TOLD: records.Told = {name: _told for names in GROUPS.values() for name in names}


def _fold(batch: Batch) -> None:
    records.write(batch, AUDIT, TOLD)


MODEL = ReadModel("audit", (AUDIT,), frozenset(TOLD), _fold)

LISTING = Listing(
    "SELECT subject, record, at, type, by, role, reason, personal, approval, clause, source FROM audit",
    {
        "group": "type = ANY (%(group)s)",
        "subject": "subject = %(subject)s",
        "by": "by = %(by)s",
        "since": "at >= %(since)s",
        "until": "at < %(until)s",
    },
    (("at", "at", "timestamptz"), ("subject", "subject", "text"), ("record", "record", "text")),
    descending=True,
)


def audits(
    connection: Connection[Any],
    *,
    limit: int = 50,
    cursor: str | None = None,
    group: str | None = None,
    **filters: Any,
) -> Page:
    """Readings, answers to requests for access, erasures, leaks and re-basings, the latest first.

    Filters: group (one of `GROUPS`), subject, by (who read, asked or decided), since, until.
    """
    types = list(GROUPS[group]) if group else None
    return LISTING.page(connection, limit, cursor, group=types, **filters)
