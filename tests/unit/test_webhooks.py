"""Webhooks: what the settings say of receivers, and what is posted."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from streams.config import SettingError, Settings
from streams.webhooks.payload import MOST, NEVER, Change, Post, posts
from streams.webhooks.receivers import Receiver, receiver, receivers
from streams.webhooks.sender import Pace

SECRET = b64encode(bytes(range(32))).decode()
URL = "https://pager.example/hook"
ADDRESS = "https://huiyin.example"
NOW = datetime(2026, 3, 4, tzinfo=UTC)


def alert(key: str = "breach:complaint/C-1:p", **said: Any) -> dict[str, Any]:
    return {
        "key": key,
        "status": "firing",
        "severity": "high",
        "title": "A promise is kept: overdue",
        "title_zh": "承诺：已逾期",
        "subject": "complaint/C-1",
        "clause": "general.promise",
        "source": "001",
        "due_at": "2026-03-04T08:00:00Z",
        "to": ["market_manager", "service_section"],
        "raised_at": "2026-03-04T08:00:00Z",
        "updated_at": "2026-03-04T09:00:00Z",
        "history_url": "/streams/complaint/C-1/history",
        **said,
    }


def change(position: int, channel: str = "alerts.sla", **said: Any) -> Change:
    return Change(position, channel, alert(**said))


def bodies(one: Receiver, *changes: Change) -> list[dict[str, Any]]:
    return [json.loads(post.body) for post in posts(one, changes, ADDRESS)]


ALL = receiver(URL)


# ---- receivers


def test_a_receiver_is_its_address_and_wants_everything() -> None:
    assert (ALL.name, ALL.url, ALL.secret) == ("pager.example", URL, None)
    assert ALL.wants("alerts.sla", alert()) and ALL.wants("alerts.satisfaction", alert(status="resolved"))


def test_a_receiver_says_after_its_address_what_it_wants() -> None:
    said = f"name=duty&topics=escalations,sla&severities=critical&resolved=false&secret=whsec_{SECRET}"
    one = receiver(f"{URL}?team=1#{said}")
    assert (one.name, one.url, one.secret) == ("duty", f"{URL}?team=1", bytes(range(32)))
    assert one.wants("alerts.sla", alert(severity="critical"))
    assert not one.wants("alerts.sla", alert(severity="high"))
    assert not one.wants("alerts.satisfaction", alert(severity="critical"))
    assert not one.wants("alerts.sla", alert(severity="critical", status="resolved"))


def test_receivers_stand_in_the_setting_or_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "webhooks"
    file.write_text(f"{URL}#name=a\n\n{URL}#name=b\n")
    assert [one.name for one in receivers(Settings(webhooks_file=file))] == ["a", "b"]
    assert [one.name for one in receivers(Settings(webhooks=f"{URL} http://127.0.0.1:9/x"))] == [
        "pager.example",
        "127.0.0.1:9",
    ]
    assert receivers(Settings()) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ftp://pager.example", "http"),
        ("file:///etc/passwd", "http"),
        ("pager.example/hook", "http"),
        (f"{URL}#topics=weather", "weather"),
        (f"{URL}#severities=grave", "grave"),
        (f"{URL}#colour=red", "colour"),
        (f"{URL}#secret=short", "24"),
        (f"{URL}#resolved=maybe", "true or false"),
        (f"{URL}#name=a%0Ab", "name"),
        (f"{URL} {URL}", "name="),
    ],
)
def test_what_cannot_be_used_is_said_without_the_address(text: str, told: str) -> None:
    with pytest.raises(SettingError) as refused:
        receivers(Settings(webhooks=text))
    said = str(refused.value)
    assert said.startswith("HUIYIN_WEBHOOKS ") and told in said and "\n" not in said
    assert "/hook" not in said and "passwd" not in said


def test_a_file_that_is_not_there_is_named_by_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="HUIYIN_WEBHOOKS_FILE"):
        receivers(Settings(webhooks_file=tmp_path / "none"))


def test_secrets_are_not_shown() -> None:
    settings = Settings(webhooks=f"{URL}#secret={SECRET}")
    assert SECRET not in repr(settings) and repr(bytes(range(32))) not in repr(receivers(settings))


# ---- what is posted


def test_an_alert_is_told_as_alertmanager_tells_its_own() -> None:
    [body] = bodies(ALL, change(1))
    assert {"version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels"} <= set(body)
    assert (body["version"], body["status"], body["receiver"]) == ("4", "firing", "pager.example")
    assert body["groupLabels"] == {"topic": "sla", "clause": "general.promise"}
    [one] = body["alerts"]
    assert one["labels"] == {
        "alertname": "breach:complaint/C-1:p",
        "topic": "sla",
        "severity": "high",
        "subject": "complaint/C-1",
        "clause": "general.promise",
    }
    assert body["commonLabels"] == one["labels"] and body["commonAnnotations"] == one["annotations"]
    assert one["annotations"]["summary"] == "A promise is kept: overdue"
    assert one["annotations"]["to"] == "market_manager, service_section"
    assert (one["startsAt"], one["endsAt"]) == ("2026-03-04T08:00:00Z", NEVER)
    assert one["generatorURL"] == f"{ADDRESS}/streams/complaint/C-1/history"


def test_what_is_over_says_when_it_ended_and_keeps_its_fingerprint() -> None:
    [fired], [over] = (
        bodies(ALL, change(1, status=status))[0]["alerts"] for status in ("firing", "resolved")
    )
    assert (over["status"], over["endsAt"]) == ("resolved", "2026-03-04T09:00:00Z")
    assert over["fingerprint"] == fired["fingerprint"] and over["labels"] == fired["labels"]


def test_what_somebody_took_on_fires_still_and_says_who_did() -> None:
    [body] = bodies(ALL, change(1, status="acknowledged", acknowledged_by="S-1"))
    assert body["alerts"][0]["status"] == "firing"
    assert body["alerts"][0]["annotations"]["acknowledged_by"] == "S-1"


def test_changes_come_in_groups_by_topic_and_clause_each_alert_as_it_became_last() -> None:
    found = bodies(
        ALL,
        change(1, key="a"),
        change(2, channel="alerts.escalations", key="b"),
        change(3, key="c", clause="general.reply"),
        change(4, key="a", status="resolved"),
        change(5, key="d"),
    )
    told = [[(one["labels"]["alertname"], one["status"]) for one in body["alerts"]] for body in found]
    assert told == [[("a", "resolved"), ("d", "firing")], [("b", "firing")], [("c", "firing")]]
    assert [body["status"] for body in found] == ["firing", "firing", "firing"]
    assert found[0]["commonLabels"].keys() == {"topic", "severity", "subject", "clause"}


def test_a_request_holds_a_hundred_alerts_at_most() -> None:
    found = bodies(ALL, *(change(n, key=f"k{n}") for n in range(2 * MOST + 1)))
    assert [len(body["alerts"]) for body in found] == [MOST, MOST, 1]


def test_the_same_changes_have_the_same_id_and_others_another() -> None:
    one, again, other = (next(posts(ALL, [change(1, value=n)], ADDRESS)) for n in (1, 1, 2))
    assert one.id == again.id != other.id


def test_a_request_is_signed_with_its_id_and_its_time() -> None:
    """As Standard Webhooks 1.0 verifies it."""
    one = receiver(f"{URL}#secret={SECRET}")
    post = Post("msg_1", b'{"a":1}')
    headers = post.headers(one, NOW)
    signed = f"msg_1.{int(NOW.timestamp())}.".encode() + post.body
    expected = hmac.digest(b64decode(SECRET), signed, sha256)
    assert headers["webhook-signature"] == f"v1,{b64encode(expected).decode()}"
    assert (headers["webhook-id"], headers["Idempotency-Key"]) == ("msg_1", "msg_1")
    assert "webhook-signature" not in post.headers(ALL, NOW)


# ---- pauses


def test_pauses_double_up_to_the_longest_and_are_never_all_the_same() -> None:
    pace = Pace(first_s=1, most_s=300)
    for failures, whole in [(1, 1), (2, 2), (5, 16), (50, 300)]:
        assert all(whole / 2 <= pace.pause(failures) <= whole for _ in range(50))
    assert len({pace.pause(3) for _ in range(20)}) > 10


def test_a_receiver_that_asks_to_be_left_alone_is_but_not_for_ever() -> None:
    pace = Pace(first_s=1, most_s=300)
    assert pace.pause(1, 60) == 60 and pace.pause(1, 10**9) == 300
