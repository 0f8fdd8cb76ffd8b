"""Satisfaction: who was asked, who answered, how satisfied, per window and per whatever it can be cut by.

Source: 客户满意度与忠诚度 (002). Asked are `complaint.feedback_solicited` and `complaint.followed_up` (one
customer each) and `evaluation.sampled` (each customer drawn). A result fed back asks nothing. Answers
on complaints belong to the complaint's handler, branch, category and channel as known when the answer
was recorded; on visits to the manager and branch; on staff to the staff. An answer counts in the
windows of the time it was given, however late it is learned. Counters are kept per partition, so that
partitions never wait for each other, and summed when read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, get_args

from psycopg import Connection
from psycopg.rows import dict_row

from domain.envelope import Event
from domain.working_time import Calendar, Window, window
from domain.working_time.windows import WindowKind
from projections.batch import Batch, ReadModel
from projections.falling import ROLLUP, Slot, judge
from projections.paging import BadQuery
from projections.responses import RESPONSE, row_of
from projections.table import Row, Table

COUNT = Table(
    "satisfaction",
    {
        "partition": "text",
        "per": "text",
        "value": "text",
        "kind": "text",
        "first_day": "date",
        "asked": "bigint NOT NULL",
        "answered": "bigint NOT NULL",
        "scored": "bigint NOT NULL",
        "score_sum": "bigint NOT NULL",
        "rated": "bigint NOT NULL",
        "satisfied": "bigint NOT NULL",
        "dissatisfied": "bigint NOT NULL",
    },
    key=("per", "value", "kind", "first_day", "partition"),
    adds=("asked", "answered", "scored", "score_sum", "rated", "satisfied", "dissatisfied"),
)
"""`rated`: answers with a score or a verdict, of which alone a share can be satisfied; answers that give
nothing but dimensions are answers all the same. The total is the row whose `per` is total."""

KINDS: Final[tuple[WindowKind, ...]] = get_args(WindowKind)
PER = ("total", "staff", "branch", "category", "channel", "survey", "stage")
ZERO = dict.fromkeys(COUNT.adds, 0)


def _asked(event: Event) -> Mapping[str, int]:
    return {"asked": len(getattr(event.data, "customers", (None,)))}


def _answered(event: Event) -> Mapping[str, int]:
    """One answer: satisfied from 4 of 5 on or by saying so, dissatisfied to 2 or by saying so."""
    data: Any = event.data
    score = data.score
    return {
        "answered": 1,
        "scored": int(score is not None),
        "score_sum": score or 0,
        "rated": int(score is not None or data.satisfied is not None),
        "satisfied": int(data.satisfied is True or (score or 0) >= 4),
        "dissatisfied": int(data.satisfied is False or (score or 5) <= 2),
    }


COUNTS = {
    "complaint.feedback_solicited": _asked,
    "complaint.followed_up": _asked,
    "evaluation.sampled": _asked,
    "feedback.given": _answered,
}


def cuts(event: Event, about: Row | None) -> Iterator[tuple[str, str]]:
    """What an answer or a question counts for: (staff, S-1), (branch, B-EAST), …"""
    row: Mapping[str, Any] = about or {}
    staff = event.subject.partition("/")[2] if event.kind == "staff" else row.get("handler")
    values = {
        "staff": staff,
        **{name: row.get(name) for name in ("branch", "category", "channel")},
        **{name: getattr(event.data, name, None) for name in ("survey", "stage")},
    }
    yield "total", ""
    yield from ((per, value) for per, value in values.items() if value)


def _slots(event: Event, about: Row | None, calendar: Calendar) -> Iterator[tuple[Slot, Window]]:
    spans = [(kind, window(kind, event.time, calendar)) for kind in KINDS]
    for per, value in cuts(event, about):
        for kind, span in spans:
            yield (per, value, kind, span.start.date()), span


def _fold(batch: Batch) -> None:
    counted: dict[Slot, dict[str, int]] = {}
    answers: list[tuple[Event, list[tuple[Slot, Window]]]] = []
    told: list[Row] = []
    for event in batch.of(COUNTS):
        about = batch.about.get(event.sequence or 0)
        slots = list(_slots(event, about, batch.context.calendar))
        count = COUNTS[event.type](event)
        told.append(row_of(event, dict(count), about, cuts(event, about)))
        for slot, _ in slots:
            sums = counted.setdefault(slot, dict(ZERO))
            for name, number in count.items():
                sums[name] += number
        if count.get("rated"):
            answers.append((event, slots))
    judge(batch, [(event, slots, _answered(event)) for event, slots in answers])
    rows = [
        {**dict(zip(COUNT.key, (*slot, batch.partition), strict=True)), **sums}
        for slot, sums in sorted(counted.items())
    ]
    COUNT.save(batch.cursor, rows)
    RESPONSE.save(batch.cursor, told)


MODEL = ReadModel(
    "satisfaction", (COUNT, ROLLUP, RESPONSE), frozenset(COUNTS), _fold, built_with=("about", "alerts")
)


# ---- asking

_MEASURES = """
    per, value, kind, first_day, sum(asked)::bigint AS asked, sum(answered)::bigint AS answered,
    sum(scored)::bigint AS scored, sum(score_sum)::bigint AS score_sum, sum(rated)::bigint AS rated,
    sum(satisfied)::bigint AS satisfied, sum(dissatisfied)::bigint AS dissatisfied
"""


@dataclass(frozen=True, slots=True)
class Rollup:
    """Satisfaction in one window, each share beside what it is a share of; None where that is 0.

    `asked` is None per survey and stage, as asking names neither. `trend` is the share satisfied minus
    that of the window before.
    """

    per: str
    value: str
    window: str
    start: datetime
    end: datetime
    asked: int | None
    answered: int
    scored: int
    mean: float | None
    rated: int
    satisfied: int
    dissatisfied: int
    satisfied_share: float | None
    dissatisfied_share: float | None
    trend: float | None
    rated_before: int


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def rollups(
    connection: Connection[Any],
    per: str,
    kind: str,
    start: date,
    end: date,
    *,
    calendar: Calendar,
    value: str | None = None,
) -> list[Rollup]:
    """Rollups of the windows of one kind that hold any of the local days `start` to `end`, both included.

    `per` is one of `PER`, `kind` day, week, month or quarter; `value` narrows to one staff member,
    branch, ….

    Raises:
        BadQuery: `per` or `kind` is none of these.
    """
    if per not in PER or kind not in KINDS:
        raise BadQuery(f"per must be one of {', '.join(PER)}, the window one of {', '.join(KINDS)}")
    first, last = (_window_of(kind, day, calendar) for day in (start, end))
    since = window(kind, first.start, calendar)
    query = (
        f"SELECT {_MEASURES} FROM satisfaction WHERE per = %s AND kind = %s AND first_day BETWEEN %s AND %s"
        " AND (%s::text IS NULL OR value = %s) GROUP BY per, value, kind, first_day ORDER BY first_day, value"
    )
    values = [per, kind, since.start.date(), last.start.date(), value, value]
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, values).fetchall()
    by_slot = {(row["value"], row["first_day"]): row for row in rows}
    wanted = [row for row in rows if row["first_day"] >= first.start.date()]
    spans = {day: _window_of(kind, day, calendar) for day in {row["first_day"] for row in wanted}}
    earlier = {day: window(kind, span.start, calendar).start.date() for day, span in spans.items()}
    return [
        _rollup(row, spans[day], by_slot.get((row["value"], earlier[day])) or ZERO)
        for row in wanted
        for day in [row["first_day"]]
    ]


def _window_of(kind: str, day: date, calendar: Calendar) -> Window:
    """The window that a local day belongs to."""
    return window(kind, calendar.end_of(day.toordinal()), calendar)  # type: ignore[arg-type]


def _rollup(row: Row, span: Window, earlier: Mapping[str, Any]) -> Rollup:
    satisfied, was = (_share(found["satisfied"], found["rated"]) for found in (row, earlier))
    return Rollup(
        row["per"],
        row["value"],
        span.name,
        span.start,
        span.end,
        None if row["per"] in ("survey", "stage") else row["asked"],
        row["answered"],
        row["scored"],
        _share(row["score_sum"], row["scored"]),
        row["rated"],
        row["satisfied"],
        row["dissatisfied"],
        satisfied,
        _share(row["dissatisfied"], row["rated"]),
        None if satisfied is None or was is None else satisfied - was,
        earlier["rated"],
    )
