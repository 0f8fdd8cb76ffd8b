"""Taking an escalation on from the terminal: a fact as any other, and its receipt."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson

from api.cli.board import Alert
from api.cli.edge import Edge, Failure

SOURCE = "/huiyin/watch"
PATIENCE_S = 10.0
"""How long an acknowledgement may take to be answered."""


def acknowledge(alert: Alert, staff: str, edge: Edge) -> str:
    """What is wrong with it, in a line; nothing where the ledger took it."""
    from api.cli.main import explained, fault

    try:
        receipt = _receipt(orjson.dumps(_fact(alert, staff, edge)), edge)
    except Failure as problem:
        return problem.text.within(edge.language)
    except Exception as problem:
        return (explained(problem) or fault(problem)).within(edge.language)
    reason = receipt.get("reason_zh" if edge.language == "zh" else "reason")
    return str(reason or receipt["code"]) if receipt["status"] == "rejected" else ""


def _receipt(fact: bytes, edge: Edge) -> dict[str, Any]:
    """The one answer to it; a ledger that gives none in time is a failure."""
    from api.cli.sending import KafkaSender

    sender = KafkaSender(edge.settings, True, PATIENCE_S)
    try:
        [receipt] = [*sender.send([fact]), *sender.finish()]
    finally:
        sender.close()
    return receipt


def _fact(alert: Alert, staff: str, edge: Edge) -> dict[str, Any]:
    """Somebody takes care of what the clause of this stream was escalated for."""
    data = {"by": staff} | ({"clause": alert["clause"]} if alert.get("clause") else {})
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": SOURCE,
        "type": "escalation.acknowledged",
        "subject": alert["subject"],
        "time": edge.now(),
        "actor": staff,
        "data": data,
    }
