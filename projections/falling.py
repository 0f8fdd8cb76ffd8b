"""Falling rollups: at least 20 answers, and 10 points or more below the window before (002; default).

A fall is judged in the latest window that, like the one before it, has at least 20 answers: of fewer a
share says little. It is over when that window recovers, or a later one does not fall. The verdict is a
function of the counters alone, so it does not matter in which order the partitions were counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import orjson
from psycopg import Connection

from domain.envelope import Event
from domain.pack import Words
from domain.working_time import Window, window
from domain.working_time.windows import WindowKind
from projections.batch import Batch, Situation
from projections.spans import ask
from projections.table import Row, Rows, Table

Slot = tuple[str, str, WindowKind, date]
"""A counter: (per, value, kind of window, its first day)."""

ENOUGH = 20
"""Answers that a window must have for its share to be compared."""

POINTS = 10
"""Percentage points by which the share of satisfied answers must fall."""

ROLLUP = Table(
    "satisfaction_rollup",
    {
        "per": "text",
        "value": "text",
        "kind": "text",
        "first_day": "date NOT NULL",
        "falling": "boolean NOT NULL",
    },
    key=("per", "value", "kind"),
)
"""By rollup, the window last judged and its verdict; common to all partitions, written under the lock."""

Totals = dict[Slot, list[int]]
"""Answers rated and answers satisfied, of all partitions."""

Answer = tuple[Event, Sequence[tuple[Slot, Window]], Mapping[str, int]]

_INSTANT = timedelta(microseconds=1)
_TITLES = {
    "total": ("all customers", "全体客户"),
    "staff": ("staff member {}", "员工 {}"),
    "branch": ("branch {}", "分支机构 {}"),
    "category": ("category {}", "类别 {}"),
    "channel": ("channel {}", "渠道 {}"),
    "survey": ("survey {}", "问卷 {}"),
    "stage": ("stage {}", "阶段 {}"),
}
_KINDS = {"day": "日", "week": "周", "month": "月", "quarter": "季"}


def falls(before: Sequence[int], now: Sequence[int]) -> bool:
    """Whether the share of satisfied answers fell by the points, in whole numbers: (rated, satisfied)."""
    (rated_before, good_before), (rated, good) = before, now
    return 100 * (good_before * rated - good * rated_before) >= POINTS * rated * rated_before


def judge(batch: Batch, answers: Sequence[Answer]) -> None:
    """Takes the answers into account one by one, and says at which a rollup began or ceased to fall."""
    if not answers:
        return
    batch.lock()
    judgement = Judgement(batch, answers)
    for event, slots, count in answers:
        for slot, _ in slots:
            judgement.count(slot, count)
        for slot, _ in slots:
            judgement.look(event, slot)
    judgement.rows.save(batch.cursor)


class Judgement:
    """The counters of all partitions around what a batch touches, and the verdicts so far."""

    def __init__(self, batch: Batch, answers: Iterable[Answer]) -> None:
        self.batch = batch
        self.spans: dict[tuple[str, date], tuple[Window, Window, Window]] = {}
        own = {slot: span for _, slots, _ in answers for slot, span in slots}
        for slot, span in own.items():
            if slot[2:] not in self.spans:
                self.spans[slot[2:]] = self._around(slot[2], span)
        near = {slot: (self.before(slot), self.after(slot)) for slot in own}
        self.totals = self._load({*own, *(slot for pair in near.values() for slot in pair)})
        self.near = near
        self.rows: Rows = ROLLUP.load(batch.cursor, {slot[:3] for slot in own})

    def _around(self, kind: WindowKind, span: Window) -> tuple[Window, Window, Window]:
        """The window before, the window itself, and the one after."""
        calendar = self.batch.context.calendar
        return window(kind, span.start, calendar), span, window(kind, span.end + _INSTANT, calendar)

    def before(self, slot: Slot) -> Slot:
        return (*slot[:3], self.spans[slot[2:]][0].start.date())

    def after(self, slot: Slot) -> Slot:
        return (*slot[:3], self.spans[slot[2:]][2].start.date())

    def _load(self, wanted: Iterable[Slot]) -> Totals:
        keys = [dict(zip(("per", "value", "kind", "first_day"), slot, strict=True)) for slot in wanted]
        found = self.batch.cursor.execute(
            "SELECT s.per, s.value, s.kind, s.first_day, sum(s.rated)::bigint AS rated,"
            " sum(s.satisfied)::bigint AS satisfied"
            " FROM json_populate_recordset(NULL::satisfaction, %s) k JOIN satisfaction s ON s.per = k.per"
            " AND s.value = k.value AND s.kind = k.kind AND s.first_day = k.first_day GROUP BY 1, 2, 3, 4",
            [orjson.dumps(keys).decode()],
        )
        return {
            (row["per"], row["value"], row["kind"], row["first_day"]): [row["rated"], row["satisfied"]]
            for row in found
        }

    def count(self, slot: Slot, counted: Mapping[str, int]) -> None:
        total = self.totals.setdefault(slot, [0, 0])
        total[0] += counted["rated"]
        total[1] += counted["satisfied"]

    def enough(self, slot: Slot) -> bool:
        total = self.totals.get(slot)
        return total is not None and total[0] >= ENOUGH

    def look(self, event: Event, slot: Slot) -> None:
        """Judges what an answer in a window may change: that window, and the one compared with it."""
        if not self.enough(slot):
            return
        before, after = self.near[slot]
        for earlier, later in ((before, slot), (slot, after)):
            if self.enough(earlier) and self.enough(later) and self._is_latest(later):
                self._say(event, earlier, later)

    def _is_latest(self, slot: Slot) -> bool:
        row = self.rows.get(*slot[:3])
        return row is None or bool(row["first_day"] <= slot[3])

    def _say(self, event: Event, earlier: Slot, later: Slot) -> None:
        row = self.rows.get(*later[:3])
        was = row is not None and row["falling"]
        falling = falls(self.totals[earlier], self.totals[later])
        if row is None or (row["first_day"], was) != (later[3], falling):
            self.rows.change(later[:3], first_day=later[3], falling=falling)
        if falling != was:
            self.batch.situations.append(self._situation(event, earlier, later, falling))

    def _situation(self, event: Event, earlier: Slot, later: Slot, falling: bool) -> Situation:
        per, value, kind, first_day = later
        en, zh = (text.format(value) for text in _TITLES[per])
        (rated_before, good_before), (rated, good) = self.totals[earlier], self.totals[later]
        names = {
            span.start.date(): span.name
            for key, spans in self.spans.items()
            if key[0] == kind
            for span in spans
        }
        return Situation(
            event,
            key=f"rollup:{per}:{value}:{kind}",
            firing=falling,
            subject=f"{per}/{value}" if value else per,
            title=Words(en=f"Satisfaction falls by the {kind}: {en}", zh=f"满意度按{_KINDS[kind]}下降：{zh}"),
            window=names[first_day],
            value=round(good / rated, 4),
            threshold=round(good_before / rated_before - POINTS / 100, 4),
        )


# ---- asking


def falling(connection: Connection[Any], kind: WindowKind) -> list[Row]:
    """What falls by this kind of window: per what, which value, since the window that begins on which day."""
    query = (
        "SELECT per, value, first_day FROM satisfaction_rollup WHERE kind = %(kind)s AND falling"
        " ORDER BY per = 'total' DESC, per, value"
    )
    return ask(connection, query, {"kind": kind})
