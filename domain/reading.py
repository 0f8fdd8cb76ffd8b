"""That somebody read what is protected is itself on record, in the stream that was read (001-6 三, 四)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from domain.events import HistoryRead

if TYPE_CHECKING:
    from domain.batch import Batch

SOURCE = "001-6 四: each reading of what is secret is recorded"


def note(
    batch: Batch, subject: str, by: str, role: str, purpose: str | None, personal: bool, now: datetime
) -> None:
    """Records a reading on the stream that was read; nothing follows from it."""
    because = f"{by}, as {role}, read the record" + (" with its personal fields" if personal else "")
    data = HistoryRead(by=by, role=role, purpose=purpose, personal=personal, source=SOURCE, because=because)
    batch.turn().emit(batch.stream(subject), data, now, None)
    batch.settle()
