"""Personal fields in clear, for a reading that was permitted and recorded (`reading`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from domain.envelope import Event
from domain.privacy import key_ids, opened_with
from streams.parts import masters_of

if TYPE_CHECKING:
    from api.http.services import Services


def opened(services: Services, events: Sequence[Event]) -> list[Event]:
    """Events with their personal texts, or with what says that those were erased."""
    ids = {key_id for event in events for key_id in key_ids(event)}
    masters = masters_of(services.settings) if ids else None
    keys = services.parts.storage.data_keys(masters, ids) if masters else {}
    return [opened_with(keys, event) for event in events]
