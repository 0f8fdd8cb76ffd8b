"""The client for upstream systems, at an API played by a stand-in."""

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from threading import Thread

import pytest

from api.client import BATCH_FACTS, Client, ClientError, Fact, Receipt
from tests.helpers.door import Door, standing

SPOKEN_AT = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)


def contacted(id_: str = "1") -> Fact:
    data = {"staff": "S-1", "channel": "phone"}
    return Fact("customer.contacted", "customer/K-1", data, "/crm", SPOKEN_AT, id_)


@pytest.fixture
def door() -> Iterator[Door]:
    with standing() as server:
        yield server


class Asleep(list[float]):
    """The pauses that were made, without making them."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def asleep() -> Asleep:
    return Asleep()


@pytest.fixture
def client(door: Door, asleep: Asleep) -> Client:
    return Client(door.url, "hy_1", pauses_s=(1, 2), sleep=asleep)


def test_a_fact_goes_out_as_a_cloudevent_with_the_key(door: Door, client: Client) -> None:
    assert list(client.send([contacted()])) == [Receipt("recorded", "1", "/crm")]
    assert door.tokens == ["Bearer hy_1"]
    assert door.batches == [
        [
            {
                "specversion": "1.0",
                "type": "customer.contacted",
                "subject": "customer/K-1",
                "source": "/crm",
                "id": "1",
                "time": "2026-03-09T01:00:00+00:00",
                "data": {"staff": "S-1", "channel": "phone"},
            }
        ]
    ]


def test_many_facts_go_in_batches_and_each_has_its_receipt_in_order(door: Door, client: Client) -> None:
    receipts = client.send(contacted(str(number)) for number in range(2 * BATCH_FACTS + 1))
    assert [receipt.id for receipt in receipts] == [str(number) for number in range(2 * BATCH_FACTS + 1)]
    assert [len(batch) for batch in door.batches] == [BATCH_FACTS, BATCH_FACTS, 1]


def test_a_batch_stays_within_what_the_api_takes(
    door: Door, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.client.BATCH_BYTES", 500)
    list(client.send(contacted(str(number)) for number in range(5)))
    assert [len(batch) for batch in door.batches] == [2, 2, 1]


def test_what_is_tried_again_keeps_its_ids(door: Door, client: Client, asleep: Asleep) -> None:
    door.trouble = [(503, {}), (429, {})]
    fact = Fact("customer.contacted", "customer/K-1", {"staff": "S-1", "channel": "phone"}, "/crm")
    assert [receipt.taken for receipt in client.send([fact])] == [True]
    assert [batch[0]["id"] for batch in door.refused] == [fact.id, fact.id]
    assert door.ids == [fact.id]
    assert asleep == [1, 2]


def test_it_waits_as_long_as_it_is_told(door: Door, client: Client, asleep: Asleep) -> None:
    door.trouble, door.headers = [(429, {})], {"Retry-After": "7"}
    list(client.send([contacted()]))
    assert asleep == [7.0]


def test_a_refused_key_is_said_at_once(door: Door, client: Client, asleep: Asleep) -> None:
    door.trouble = [(401, {"title": "Who asks is not known", "detail": "Send a key."})]
    with pytest.raises(ClientError, match="401: Who asks is not known: Send a key") as refusal:
        list(client.send([contacted()]))
    assert refusal.value.status == 401
    assert "hy_1" not in str(refusal.value)
    assert asleep == []


def test_the_key_is_not_carried_to_where_an_answer_points(door: Door, client: Client) -> None:
    door.trouble, door.headers = [(302, {})], {"Location": f"{door.url}/elsewhere"}
    with pytest.raises(ClientError, match="answered 302"):
        list(client.send([contacted()]))
    assert len(door.tokens) == 1


def test_a_refusal_is_heard_before_all_was_sent(asleep: Asleep) -> None:
    """As from a server that looks at the key first, and closes."""
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        refusing = Thread(target=refuse, args=(door,))
        refusing.start()
        client = Client(f"http://127.0.0.1:{door.getsockname()[1]}", "hy_1", pauses_s=(), sleep=asleep)
        answer = client.post(b"x" * 50_000_000)
        refusing.join()
    assert (answer.status, answer.body) == (401, b"{}")


def refuse(door: socket.socket) -> None:
    with door.accept()[0] as asked:
        asked.recv(100)
        asked.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}")


def test_an_answer_that_breaks_off_is_asked_for_again(door: Door, client: Client, asleep: Asleep) -> None:
    door.trouble, door.headers = [(200, [])], {"Content-Length": "1000"}
    with pytest.raises(ClientError, match="cannot be reached"):
        list(client.send([contacted()]))
    assert asleep == [1, 2]


def test_an_api_that_stays_away_is_given_up(asleep: Asleep) -> None:
    with pytest.raises(ClientError, match=r"http://127\.0\.0\.1:1/events cannot be reached") as refusal:
        list(Client("http://127.0.0.1:1", pauses_s=(1, 2), sleep=asleep).send([contacted()]))
    assert refusal.value.status is None
    assert asleep == [1, 2]


def test_a_time_without_an_offset_is_no_instant(client: Client) -> None:
    fact = Fact("customer.contacted", "customer/K-1", {}, "/crm", datetime(2026, 3, 9))
    with pytest.raises(ValueError, match="needs an offset"):
        list(client.send([fact]))


def test_days_in_data_are_written_as_days(door: Door, client: Client) -> None:
    planned = {"customer": "K-1", "manager": "S-1", "date": date(2026, 3, 9), "mode": "on-site"}
    list(client.send([Fact("visit.planned", "visit/V-1", planned, "/crm")]))
    assert door.batches[0][0]["data"]["date"] == "2026-03-09"


def test_what_later_receipts_may_say_is_passed_over() -> None:
    assert Receipt.read({"status": "parked", "id": "1", "news": True}) == Receipt("parked", "1")
