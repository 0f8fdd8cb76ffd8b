"""What is posted: changes of alerts in groups, as Alertmanager posts its own (webhook format, version 4).

An alert's labels say what it is and stay as they are while it lasts; its annotations say how it stands. Each
alert is there once in a request, as it became last. `acknowledged` is no status there: such an alert fires
still, and an annotation says who took it on.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b, sha256
from typing import Any, NamedTuple

import orjson

from streams.webhooks.receivers import Receiver

NEVER = "0001-01-01T00:00:00Z"
"""When an alert ends of which nobody knows, as Alertmanager writes it."""

MOST = 100
"""Alerts of one request."""

LABELS = ("severity", "subject", "clause", "window")
ANNOTATIONS = (
    "title",
    "title_zh",
    "source",
    "due_at",
    "level",
    "next_at",
    "acknowledged_by",
    "value",
    "threshold",
)

Alert = Mapping[str, Any]


class Change(NamedTuple):
    """An alert as it became, and where the outbox says so."""

    position: int
    channel: str
    alert: Alert


@dataclass(frozen=True, slots=True)
class Post:
    """One request: `id` is the same whenever the same changes are sent again."""

    id: str
    body: bytes

    def headers(self, receiver: Receiver, now: datetime) -> dict[str, str]:
        """Who sends what, and a signature over all of it with the time (Standard Webhooks 1.0)."""
        stamp = str(int(now.timestamp()))
        said = {
            "Content-Type": "application/json",
            "User-Agent": "huiyin-webhook/1",
            "Idempotency-Key": self.id,
            "webhook-id": self.id,
            "webhook-timestamp": stamp,
        }
        if receiver.secret is not None:
            said["webhook-signature"] = sign(receiver.secret, self.id, stamp, self.body)
        return said


def sign(secret: bytes, id_: str, stamp: str, body: bytes) -> str:
    signed = hmac.digest(secret, b"%b.%b.%b" % (id_.encode(), stamp.encode(), body), sha256)
    return f"v1,{b64encode(signed).decode()}"


def posts(receiver: Receiver, changes: Iterable[Change], address: str) -> Iterator[Post]:
    """The requests that tell a receiver what it wants to know of these changes, in the order of the first."""
    groups: dict[tuple[str, str], dict[str, Change]] = {}
    for change in changes:
        if receiver.wants(change.channel, change.alert):
            group = groups.setdefault((change.channel, change.alert.get("clause") or ""), {})
            group[change.alert["key"]] = change
    for (channel, clause), found in groups.items():
        members = list(found.values())
        for first in range(0, len(members), MOST):
            yield _post(receiver, channel, clause, members[first : first + MOST], address)


def _post(receiver: Receiver, channel: str, clause: str, members: Sequence[Change], address: str) -> Post:
    alerts = [_alert(change, address) for change in members]
    by = {"topic": channel.removeprefix("alerts."), "clause": clause}
    body = {
        "version": "4",
        "groupKey": _group_key(by),
        "truncatedAlerts": 0,
        "status": "firing" if any(alert["status"] == "firing" for alert in alerts) else "resolved",
        "receiver": receiver.name,
        "groupLabels": by,
        "commonLabels": _common([alert["labels"] for alert in alerts]),
        "commonAnnotations": _common([alert["annotations"] for alert in alerts]),
        "externalURL": address,
        "alerts": alerts,
    }
    content = orjson.dumps(body)
    return Post(f"msg_{blake2b(content, digest_size=16).hexdigest()}", content)


def _group_key(by: Mapping[str, str]) -> str:
    """As Alertmanager writes it: the route, which here is the only one, and the labels of the group."""
    labels = ", ".join(f'{name}="{value}"' for name, value in by.items())
    return f"{{}}:{{{labels}}}"


def _alert(change: Change, address: str) -> dict[str, Any]:
    said = change.alert
    labels = {"alertname": said["key"], "topic": change.channel.removeprefix("alerts.")}
    labels |= {name: str(said[name]) for name in LABELS if said.get(name) is not None}
    notes = {name: str(said[name]) for name in ANNOTATIONS if said.get(name) is not None}
    notes |= {"to": ", ".join(said["to"])} if said.get("to") else {}
    page = f"{address}{said['history_url']}" if said.get("history_url") else address
    return {
        "status": "resolved" if said["status"] == "resolved" else "firing",
        "labels": labels,
        "annotations": {"summary": said["title"], **notes},
        "startsAt": said["raised_at"],
        "endsAt": said["updated_at"] if said["status"] == "resolved" else NEVER,
        "generatorURL": page,
        "fingerprint": blake2b(said["key"].encode(), digest_size=8).hexdigest(),
    }


def _common(all_: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What is the same in all of them."""
    first, *others = all_
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}
