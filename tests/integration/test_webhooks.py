"""Webhooks as their receivers see them: some fail, some are slow, some are away and come back."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from streams.local import free_ports
from streams.webhooks import sender
from streams.webhooks.payload import sign
from streams.webhooks.sender import Pace
from tests.helpers.scenario import fact
from tests.helpers.site import Site, ago, serving

SECRET = bytes(range(32))
QUICK = Pace(first_s=0.1, most_s=0.4)


@dataclass
class Hook:
    """A receiver: it keeps what it was sent, and answers as it is told to."""

    port: int = field(default_factory=lambda: free_ports(1)[0])
    statuses: list[int] = field(default_factory=list)
    delay_s: float = 0.0
    sent: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def address(self, **said: str) -> str:
        return f"http://127.0.0.1:{self.port}/hook#{'&'.join(f'{k}={v}' for k, v in said.items())}"

    def open(self) -> None:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.sent.append(({name.lower(): value for name, value in self.headers.items()}, body))
                time.sleep(hook.delay_s)
                status = hook.statuses.pop(0) if hook.statuses else 200
                if status < 300:
                    hook.taken.append(json.loads(body))
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def told(self) -> dict[str, str]:
        """By complaint, the status that it was told to have last; in the order of the first."""
        alerts = [alert for body in self.taken for alert in body["alerts"]]
        return {alert["labels"]["subject"].partition("/")[2]: alert["status"] for alert in alerts}


@pytest.fixture
def hooks() -> Iterator[list[Hook]]:
    made = [Hook(), Hook()]
    for hook in made:
        hook.open()
    yield made
    for hook in made:
        hook.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "Pace", lambda: QUICK)
    monkeypatch.setattr(sender, "STANDBY_S", 0.1)
    monkeypatch.setattr(sender, "LOOK_S", 0.1)
    monkeypatch.setattr(sender, "TIMEOUT_S", 0.5)


@contextmanager
def site(database: str, *addresses: str) -> Iterator[Site]:
    with serving(database, *free_ports(1), policy=("general",), webhooks=" ".join(addresses)) as running:
        yield running


def late(running: Site, name: str) -> None:
    """A promise that was not kept: it is overdue, and somebody is told."""
    running.tell(
        running.complaint(name, ago(hours=5)),
        fact("complaint.promised", f"complaint/{name}", ago(hours=4), answer_by=ago(hours=3)),
    )


def until(holds: Callable[[], Any], what: str) -> None:
    ends = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < ends, what
        time.sleep(0.02)


def state(running: Site, name: str) -> dict[str, Any]:
    webhooks = running.get("/health/ready").json()["webhooks"]
    return next(each for each in webhooks if each["name"] == name)


def test_a_receiver_is_told_what_it_wants_signed_and_once(database: str, hooks: list[Hook]) -> None:
    secret = b64encode(SECRET).decode()
    first = hooks[0].address(name="sla", topics="sla", severities="high", secret=f"whsec_{secret}")
    with site(database, first, hooks[1].address(name="all")) as running:
        late(running, "C-1")
        until(lambda: hooks[0].told() == {"C-1": "firing"}, "told")
        until(
            lambda: {body["groupLabels"]["topic"] for body in hooks[1].taken} >= {"sla", "escalations"}, "all"
        )
        fact_ = fact("complaint.replied", "complaint/C-1", ago(minutes=1), text="x", by="S-1", final=True)
        running.tell(fact_)
        until(lambda: hooks[0].told() == {"C-1": "resolved"}, "told that it is over")
        assert {body["groupLabels"]["topic"] for body in hooks[0].taken} == {"sla"}
        for headers, body in hooks[0].sent:
            signed = sign(SECRET, headers["webhook-id"], headers["webhook-timestamp"], body)
            assert headers["webhook-signature"] == signed
            assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
        ids = [headers["idempotency-key"] for headers, _ in hooks[0].sent]
        assert len(set(ids)) == len(ids)


def test_a_receiver_that_fails_is_tried_again_with_the_same_id(database: str, hooks: list[Hook]) -> None:
    hooks[0].statuses = [500, 429, 503, 302]
    with site(database, hooks[0].address(name="pager", topics="sla", severities="high")) as running:
        late(running, "C-1")
        until(lambda: hooks[0].taken, "taken at last")
        assert hooks[0].told() == {"C-1": "firing"}
        until(lambda: state(running, "pager")["failing_since"] is None, "said to be well")
    assert len(hooks[0].sent) == 5
    assert len({headers["webhook-id"] for headers, _ in hooks[0].sent}) == 1


def test_a_receiver_that_is_slow_or_away_holds_up_no_other(database: str, hooks: list[Hook]) -> None:
    hooks[0].delay_s = 1.0
    away = f"http://127.0.0.1:{free_ports(1)[0]}/#name=away"
    with site(database, hooks[0].address(name="slow"), away, hooks[1].address(name="well")) as running:
        late(running, "C-1")
        began = time.monotonic()
        until(lambda: hooks[1].told() == {"C-1": "firing"}, "the well one is told")
        assert time.monotonic() - began < 1
        until(
            lambda: state(running, "slow")["problem"] and state(running, "away")["problem"], "they are named"
        )
        assert (state(running, "away")["problem"], state(running, "well")["problem"]) == (
            "ConnectError",
            None,
        )
        metrics = running.client.get("/metrics").text
        assert 'huiyin_webhook_behind{receiver="well"} 0.0' in metrics
        assert 'huiyin_webhook_failing_seconds{receiver="away"} 0.0' not in metrics


def test_a_receiver_that_comes_back_is_told_how_things_stand(database: str, hooks: list[Hook]) -> None:
    hooks[0].close()
    with site(database, hooks[0].address(name="pager", topics="sla", severities="high")) as running:
        late(running, "C-1")
        until(lambda: state(running, "pager")["failing_since"], "said to fail")
        late(running, "C-2")
        hooks[0].open()
        until(lambda: len(hooks[0].told()) == 2, "told of both")
        assert hooks[0].told() == {"C-1": "firing", "C-2": "firing"}
        until(lambda: state(running, "pager")["behind"] == 0, "nothing is left")


def test_what_left_the_outbox_meanwhile_is_told_as_it_stands(database: str, hooks: list[Hook]) -> None:
    with site(database, hooks[0].address(name="pager", topics="sla", severities="high")) as running:
        late(running, "C-1")
        until(lambda: hooks[0].taken, "told")
        hooks[0].close()
        late(running, "C-2")
        running.tell(
            fact("complaint.replied", "complaint/C-1", ago(minutes=1), text="x", by="S-1", final=True)
        )
        running.parts.connections.read(FORGET)
        hooks[0].taken.clear()
        hooks[0].open()
        until(lambda: len(hooks[0].told()) == 2, "told how things stand")
        assert hooks[0].told() == {"C-1": "resolved", "C-2": "firing"}


FORGET = "DELETE FROM alert_outbox WHERE position < (SELECT max(position) FROM alert_outbox)"


def test_a_request_that_a_receiver_will_never_take_is_counted_and_passed_over(
    database: str, hooks: list[Hook]
) -> None:
    hooks[0].statuses = [422]
    with site(database, hooks[0].address(name="pager", topics="sla", severities="high")) as running:
        late(running, "C-1")
        until(lambda: state(running, "pager")["refused"] == 1, "counted")
        late(running, "C-2")
        until(lambda: "C-2" in hooks[0].told(), "the next one is taken")
        assert "C-1" not in hooks[0].told()


def test_of_two_processes_one_sends_and_the_other_takes_over(database: str, hooks: list[Hook]) -> None:
    address = hooks[0].address(name="pager", topics="sla", severities="high")
    with ExitStack() as running:
        first = running.enter_context(site(database, address))
        late(first, "C-1")
        until(lambda: hooks[0].taken, "told")
        with site(database, address) as second:
            late(second, "C-2")
            until(lambda: "C-2" in hooks[0].told(), "told by the first")
            running.close()
            late(second, "C-3")
            until(lambda: "C-3" in hooks[0].told(), "told by the other one")
    ids = [headers["webhook-id"] for headers, _ in hooks[0].sent]
    assert len(set(ids)) == len(ids), "nothing twice"
