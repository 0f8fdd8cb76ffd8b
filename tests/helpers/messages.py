"""A message, and what is wrong with it."""

import json
from typing import Any

import pytest

from domain.envelope import Rejected, parse

DATA: dict[str, Any] = {"customer": "K-1", "category": "fees", "channel": "phone", "summary": "多收费用"}
FACT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/upstream/hotline",
    "type": "complaint.received",
    "subject": "complaint/C-1",
    "time": "2026-03-04T09:30:00+08:00",
    "data": DATA,
}


PHONE = "13900000001"


def raw(**changes: Any) -> bytes:
    """The fact with attributes changed, or left out where the change is `...`."""
    message = {name: value for name, value in (FACT | changes).items() if value is not ...}
    return json.dumps(message, ensure_ascii=False).encode()


def with_data(**changes: Any) -> bytes:
    return raw(data={name: value for name, value in (DATA | changes).items() if value is not ...})


def refusal(message: bytes | str | dict[str, Any]) -> Rejected:
    with pytest.raises(Rejected) as caught:
        parse(message)
    return caught.value


def nested(levels: int) -> Any:
    return [] if levels == 1 else [nested(levels - 1)]
