"""Who was alerted when: every change of a stream's alerts, told from its events alone.

The read model has each alert's latest word, and the outbox forgets; but what was said follows from what was
recorded, so the same fold over the events of a history says it again, at any instant, as known at any other.
Alerts about falling rollups come of many streams and are not among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from psycopg import Cursor

from domain.envelope import Event
from projections.alerts import as_alert
from projections.batch import Batch, Context
from projections.situations import ALERT, CHANGES, Fold
from projections.table import Row, Rows

_NO_CURSOR = cast("Cursor[Row]", None)
"""This fold reads no rows and writes none."""


def lifecycle(events: Sequence[Event], context: Context) -> list[dict[str, Any]]:
    """Alerts as the contract has them, one for each change, in order; `updated_at` is when it was said, and
    `sequence` of which event."""
    batch = Batch(_NO_CURSOR, "", events, context, publish=False)
    fold = Fold(batch, Rows(ALERT, ()))
    for event in batch.of(CHANGES):
        fold.tell(event)
    return [{**as_alert(row), "channel": row["channel"], "sequence": row["sequence"]} for row in fold.changes]
