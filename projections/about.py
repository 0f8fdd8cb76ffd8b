"""What each stream is about: its customer, handler, branch, category and channel, as last known.

Other read models are asked "whose", "where" and "of what kind" far more often than streams say it, so it
is kept once, by subject. No personal fields: customers and staff are their bare ids.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.envelope import Event
from projections.batch import Batch, ReadModel, by_subject
from projections.table import Row, Rows, Table

ABOUT = Table(
    "about",
    {
        "subject": "text",
        "customer": "text",
        "handler": "text",
        "branch": "text",
        "category": "text",
        "channel": "text",
        "at": "timestamptz",
    },
    key=("subject",),
    indexes=("(handler)", "(branch)", "(customer)"),
)

SAYS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "complaint.received": {
        "customer": ("customer",),
        "handler": ("handler",),
        "branch": ("branch",),
        "category": ("category",),
        "channel": ("channel",),
    },
    "complaint.assigned": {"handler": ("handler",)},
    "visit.planned": {"customer": ("customer",), "handler": ("manager",), "channel": ("mode",)},
    "visit.started": {
        "customer": ("customer",),
        "handler": ("manager",),
        "branch": ("branch",),
        "channel": ("mode",),
    },
    "customer.filed": {"handler": ("manager", "by"), "category": ("category",)},
    "customer.reassigned": {"handler": ("to",)},
    "staff.joined": {"branch": ("branch",)},
}
"""By event type: each column, and the fields that say it, the first given one counting."""

_ASKED = frozenset({"feedback.given", "complaint.feedback_solicited", "complaint.followed_up"})


def _said(event: Event) -> Row:
    columns = SAYS[event.type]
    return {
        column: value
        for column, fields in columns.items()
        if (value := next(filter(None, (getattr(event.data, name) for name in fields)), None))
    }


def learned(row: Row, event: Event, at: str = "at") -> Row:
    """What an event says anew. The latest by time counts; what is learned late only fills what nobody said
    yet. `at` is the row's column that has the time of the latest."""
    said = _said(event)
    if row[at] is not None and event.time < row[at]:
        return {name: value for name, value in said.items() if row[name] is None}
    return {**said, at: event.time}


def _learn(rows: Rows, event: Event) -> None:
    row = rows.get(event.subject) or rows.begin((event.subject,))
    rows.put({**row, **learned(row, event)})


def _fold(batch: Batch) -> None:
    rows = batch.rows
    known: dict[int, Row] = {}
    for event in batch.events:
        if event.type in SAYS:
            _learn(rows, event)
        else:
            known[event.sequence or 0] = rows.get(event.subject) or rows.begin((event.subject,))
    rows.save(batch.cursor)
    batch.about = known


ON = frozenset(SAYS) | _ASKED
MODEL = ReadModel("about", (ABOUT,), ON, _fold, by_subject, built_with=("satisfaction", "alerts"))
