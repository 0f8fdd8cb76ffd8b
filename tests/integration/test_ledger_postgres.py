"""The ledger on PostgreSQL: what it keeps through restarts, rivals, kills and an absent database."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent

from domain.ledger import Incoming, Ledger
from domain.pack import parse_pack
from domain.policy import Policy, load_policy
from domain.simulation import simulate
from domain.storage import Changes, Known
from storage.connections import Connections
from storage.postgres import PostgresStorage
from streams.local import Database
from tests.helpers.kept import QUICK

T0 = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
HOUR = timedelta(hours=1)


def fact(type_: str, subject: str, at: datetime = T0, id_: str | None = None, **data: Any) -> bytes:
    message = {
        "specversion": "1.0",
        "id": id_ or f"{type_}/{subject}/{at.isoformat()}",
        "source": "/upstream/test",
        "type": type_,
        "subject": subject,
        "time": at.isoformat(),
        "data": data,
    }
    return json.dumps(message).encode()


def received(number: object, at: datetime = T0, **data: Any) -> bytes:
    said = {"customer": f"K-{number}", "category": "fees", "channel": "phone", "summary": "多收费用", **data}
    return fact("complaint.received", f"complaint/C-{number}", at, **said)


def promised(number: object, at: datetime = T0, due: datetime = T0 + 4 * HOUR) -> bytes:
    return fact("complaint.promised", f"complaint/C-{number}", at, answer_by=due.isoformat())


def replied(number: object, at: datetime) -> bytes:
    return fact("complaint.replied", f"complaint/C-{number}", at, text="已答复")


def of_texts(texts: Mapping[str, str]) -> Policy:
    return Policy([parse_pack(text, name) for name, text in texts.items()])


class Office:
    """A ledger on a database, as its users see it."""

    def __init__(self, url: str, policy: Policy | None = None) -> None:
        self.storage = PostgresStorage(url)
        self.storage.create()
        policy = policy or load_policy(["general"])
        self.ledger = Ledger(self.storage, self.storage.recorder, policy, load_policy=of_texts)

    def take(self, *raw: bytes, now: datetime | None = None) -> list[Any]:
        incoming = [Incoming.read(message) for message in raw]
        at = now or max(message.event.time for message in incoming if message.event)
        return self.ledger.record(incoming, at).receipts

    def statuses(self, *raw: bytes, now: datetime | None = None) -> list[str]:
        return [receipt.code or receipt.status for receipt in self.take(*raw, now=now)]

    def history(self, subject: str) -> list[str]:
        return [stored.topic for _, stored in self.storage.history(subject)]

    def everything(self) -> list[tuple[int, str, str, bytes]]:
        return list(self.storage.events_after(0, 100_000))


@pytest.fixture
def open_office(database: str) -> Iterator[Callable[..., Office]]:
    """Opens one more ledger on the test's database: a restart, or a rival."""
    opened: list[Office] = []

    def another(policy: Policy | None = None) -> Office:
        opened.append(Office(database, policy))
        return opened[-1]

    yield another
    for office in opened:
        office.storage.close()


@pytest.fixture
def office(open_office: Callable[..., Office]) -> Office:
    return open_office()


# ---- facts


def test_a_fact_is_recorded_with_what_follows_from_it(office: Office) -> None:
    office.take(received(1), promised(1))
    assert office.history("complaint/C-1") == [
        "complaint.received",
        "complaint.promised",
        "obligation.opened",
    ]


def test_the_same_fact_again_is_a_duplicate_of_the_first(office: Office) -> None:
    (first,) = office.take(received(1))
    (again,) = office.take(received(1))
    assert (again.status, again.sequence) == ("duplicate", first.sequence)
    assert len(office.everything()) == 1


def test_the_same_fact_twice_in_a_batch_is_a_duplicate(office: Office) -> None:
    assert office.statuses(received(1), received(1)) == ["recorded", "duplicate"]


def test_the_same_identity_with_other_content_is_a_conflict_and_a_dead_letter(office: Office) -> None:
    office.take(received(1))
    other = received(1, category="service")
    assert office.statuses(other) == ["conflict"]
    (letter,) = office.storage.dead_letters()
    assert letter.code == "conflict"
    assert office.storage.dead_letter(letter.position) == letter
    assert office.storage.dead_letter(letter.position + 1) is None


def test_dead_letters_are_kept_for_a_while(office: Office) -> None:
    office.take(b"not JSON", now=T0)
    office.storage.forget_dead_letters(datetime.fromisoformat("2000-01-01T00:00:00Z"))
    assert len(office.storage.dead_letters()) == 1
    office.storage.forget_dead_letters(datetime.fromisoformat("9000-01-01T00:00:00Z"))
    assert office.storage.dead_letters() == []


def test_a_message_that_claims_impossible_text_stops_nothing(office: Office) -> None:
    poison = json.dumps({"id": "a\0b", "subject": "\0", "type": "\ud800"}).encode()
    assert office.statuses(poison, received(1), b"\xff\xfe", b"", now=T0)[1] == "recorded"
    assert [letter.code for letter in office.storage.dead_letters()] == ["malformed"] * 3


def test_every_fact_has_one_receipt_in_the_outbox(office: Office) -> None:
    office.take(received(1), received(1), b"not JSON", now=T0)
    sent = office.storage.outbox_after(0, 100)
    assert [message.channel for message in sent].count("receipts") == 3
    assert [message.channel for message in sent].count("dead-letters") == 1
    office.storage.forget_outbox(sent[-2].position)
    assert office.storage.outbox_after(0, 100) == [sent[-1]]


def test_how_far_a_source_was_taken_in_is_kept_with_its_facts(office: Office) -> None:
    office.ledger.record([Incoming.read(received(1))], T0, {"intake/0": 41})
    office.ledger.record([], T0, {"intake/0": 42, "intake/1": 7})
    assert office.storage.positions() == {"intake/0": 42, "intake/1": 7}


# ---- parking


def test_a_fact_that_overtook_its_beginning_waits_for_it(office: Office) -> None:
    assert office.statuses(replied(1, T0 + HOUR)) == ["unknown-stream"]
    office.take(received(1), now=T0 + HOUR)
    assert office.history("complaint/C-1") == ["complaint.received", "complaint.replied"]
    assert office.statuses(replied(1, T0 + HOUR)) == ["duplicate"]


def test_what_waits_is_released_after_a_restart_in_the_order_it_came(
    open_office: Callable[..., Office],
) -> None:
    waiting = [replied(1, T0 + hours * HOUR) for hours in (3, 1, 2)]
    open_office().take(*waiting)
    office = open_office()
    office.take(received(1), now=T0 + 3 * HOUR)
    told = [json.loads(stored.state) for _, stored in office.storage.history("complaint/C-1")]
    assert [said["time"] for said in told[1:]] == [json.loads(raw)["time"] for raw in waiting]


def test_patience_with_a_parked_fact_ends_after_24_hours(open_office: Callable[..., Office]) -> None:
    open_office().take(replied(1, T0))
    office = open_office()
    assert office.storage.next_due() == T0 + 24 * HOUR
    office.ledger.tick(T0 + 24 * HOUR)
    assert [letter.code for letter in office.storage.dead_letters()] == ["never-began"]
    assert office.storage.next_due() is None
    assert office.statuses(replied(1, T0), now=T0 + 25 * HOUR) == ["unknown-stream"]


# ---- going on


def test_a_new_ledger_goes_on_where_the_last_one_ended(open_office: Callable[..., Office]) -> None:
    due = T0 + 4 * HOUR
    facts = [received(1), promised(1), replied(1, due + HOUR)]
    for raw in facts:
        office = open_office()
        office.ledger.tick(json_time(raw))
        office.take(raw)
    expected = list(simulate(facts, load_policy(["general"])))
    assert [told(state) for *_, state in office.everything()] == [told(line) for line in expected]
    assert "obligation.breached" in office.history("complaint/C-1")


def json_time(raw: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(raw)["time"])


def told(line: bytes) -> dict[str, Any]:
    return {name: value for name, value in json.loads(line).items() if name != "recordedtime"}


def test_a_breach_is_found_once_however_many_clocks_tick(open_office: Callable[..., Office]) -> None:
    offices = [open_office() for _ in range(3)]
    offices[0].take(received(1), promised(1))
    for office in offices * 2:
        office.ledger.tick(T0 + 5 * HOUR)
    assert offices[0].history("complaint/C-1").count("obligation.breached") == 1


def test_a_stream_keeps_to_the_policy_it_began_under(open_office: Callable[..., Office]) -> None:
    texts = load_policy(["general"]).texts
    looser = {"general": texts["general"].replace('within = "7 days"', 'within = "9 days"')}
    assert looser != texts
    resolved = fact("complaint.resolved", "complaint/C-1", T0 + HOUR, resolution="退款")
    open_office(of_texts(texts)).take(received(1))
    office = open_office(of_texts(looser))
    office.take(
        resolved, received(2), fact("complaint.resolved", "complaint/C-2", T0 + HOUR, resolution="退款")
    )
    dues = {
        subject: due_of(office, subject, "general.follow-up")
        for subject in ("complaint/C-1", "complaint/C-2")
    }
    assert dues["complaint/C-2"] - dues["complaint/C-1"] == timedelta(days=2)


def due_of(office: Office, subject: str, clause: str) -> datetime:
    told = [json.loads(stored.state) for _, stored in office.storage.history(subject)]
    (opened,) = [said["data"] for said in told if said["data"].get("clause") == clause]
    return datetime.fromisoformat(opened["due_at"])


def test_an_event_of_an_older_shape_is_read_as_todays(office: Office) -> None:
    office.take(received(1))
    message = json.loads(fact("complaint.prewarned", "complaint/C-1", T0 + HOUR, to="legal"))
    stored = StoredEvent("complaint/C-1", 2, "complaint.prewarned", json.dumps(message).encode())
    office.storage.recorder.insert_events([stored])
    with office.storage.unit() as unit:
        office.ledger.forget()
        office.ledger.load(unit, ["complaint/C-1"])
    assert office.ledger.streams["complaint/C-1"].story[-1].data.to == ("legal",)


# ---- rivals


def rival_facts(rival: int, count: int) -> list[bytes]:
    """The beginnings are everyone's, the replies each one's own; all on the same ten streams."""
    beginnings = [received(number) for number in range(10)]
    replies = [
        fact("complaint.replied", f"complaint/C-{n % 10}", T0 + HOUR, f"reply-{rival}-{n}", text="答复")
        for n in range(count)
    ]
    return beginnings + replies


def test_rivals_on_the_same_streams_lose_nothing_and_write_nothing_twice(
    open_office: Callable[..., Office],
) -> None:
    offices = [open_office() for _ in range(4)]

    def work(rival: int) -> list[str]:
        facts = rival_facts(rival, 60)
        batches = [facts[start : start + 7] for start in range(0, len(facts), 7)]
        return [status for batch in batches for status in offices[rival].statuses(*batch, now=T0 + HOUR)]

    with ThreadPoolExecutor(4) as pool:
        answers = [status for statuses in pool.map(work, range(4)) for status in statuses]
    assert answers.count("recorded") == 10 + 4 * 60
    assert answers.count("duplicate") == 3 * 10
    assert_sound(offices[0])


def test_rivals_may_share_one_storage(office: Office) -> None:
    rivals = [Ledger(office.storage, office.storage.recorder, load_policy(["general"])) for _ in range(3)]

    def work(rival: int) -> None:
        for raw in rival_facts(rival, 20):
            rivals[rival].record([Incoming.read(raw)], T0 + HOUR)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert len([topic for _, _, topic, _ in office.everything() if topic == "complaint.replied"]) == 60
    assert_sound(office)


def assert_sound(office: Office) -> None:
    """Sequences without gaps, each stream's versions from 1 without gaps, each fact once."""
    events = office.everything()
    assert [sequence for sequence, *_ in events] == list(range(1, len(events) + 1))
    ids = [(said["source"], said["id"]) for *_, state in events for said in [json.loads(state)]]
    assert len(set(ids)) == len(ids)
    for subject, _ in groupby(sorted(subject for _, subject, *_ in events)):
        versions = [stored.originator_version for _, stored in office.storage.history(subject)]
        assert versions == list(range(1, len(versions) + 1))


def test_the_tables_may_be_made_by_many_at_once(database: str) -> None:
    storages = [PostgresStorage(database) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(PostgresStorage.create, storages))
    assert storages[0].last_sequence() == 0
    for storage in storages:
        storage.close()


def test_two_schemas_of_a_database_are_two_ledgers(database: str) -> None:
    east, west = PostgresStorage(database, "east"), PostgresStorage(database, "west")
    for storage in (east, west):
        storage.create()
    with east.unit() as one, west.unit() as other:
        one.save(Changes(events=[StoredEvent("complaint/C-1", 1, "t", b"{}")]))
        assert other.position() == 0
    assert (east.last_sequence(), west.last_sequence()) == (1, 0)
    for storage in (east, west):
        storage.close()


def test_the_second_of_one_version_is_refused_and_leaves_nothing(office: Office) -> None:
    office.storage.recorder.insert_events([StoredEvent("complaint/C-1", 1, "t", b"{}")])
    twice = Changes(
        events=[StoredEvent("complaint/C-2", 1, "t", b"{}"), StoredEvent("complaint/C-1", 1, "t", b"{}")]
    )
    with pytest.raises(IntegrityError), office.storage.unit() as unit:
        unit.save(twice)
    assert office.storage.last_sequence() == 1
    office.storage.recorder.insert_events([StoredEvent("complaint/C-2", 1, "t", b"{}")])
    assert office.storage.last_sequence() == 2


# ---- accidents


def test_a_unit_that_fails_leaves_nothing(office: Office) -> None:
    known = {("/s", "1"): (Known("ab" * 32, "recorded"), None)}
    with pytest.raises(ZeroDivisionError), office.storage.unit() as unit:
        unit.save(Changes(events=[StoredEvent("complaint/C-1", 1, "t", b"{}")], facts=known))
        raise ZeroDivisionError
    with office.storage.unit() as unit:
        assert (unit.position(), unit.facts([("/s", "1")])) == (0, {})


def test_a_killed_session_leaves_nothing_and_the_next_unit_goes_on(office: Office, database: str) -> None:
    with (
        psycopg.connect(database, autocommit=True) as admin,
        pytest.raises(psycopg.OperationalError),
        office.storage.unit() as unit,
    ):
        unit.save(Changes(events=[StoredEvent("complaint/C-1", 1, "t", b"{}")]))
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    assert office.everything() == []
    assert office.statuses(received(1)) == ["recorded"]


def test_a_stopped_writer_is_put_out(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    options = office.storage._connections.parameters["options"]
    quick = options.replace(
        "idle_in_transaction_session_timeout=30s", "idle_in_transaction_session_timeout=200ms"
    )
    monkeypatch.setitem(office.storage._connections.parameters, "options", quick)
    office.storage._connections.close()
    with pytest.raises(psycopg.OperationalError), office.storage.unit() as unit:
        time.sleep(0.6)
        unit.facts([("/s", "1")])
    assert office.statuses(received(1)) == ["recorded"]


def test_a_database_that_is_away_is_said_so_and_its_return_noticed_at_once(tmp_path: Path) -> None:
    with Database(tmp_path, settings=QUICK) as server:
        office = Office(server.url())
        office.take(received(1))
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            office.take(promised(1))
        with pytest.raises(psycopg.OperationalError):
            office.storage.next_due()
        server.start()
        assert office.statuses(promised(1)) == ["recorded"]
        assert len(office.everything()) == 3
        office.storage.close()


def test_who_follows_the_ledger_is_woken_when_something_was_written(
    open_office: Callable[..., Office],
) -> None:
    writer, follower = open_office(), open_office()
    assert follower.storage.wait(0.1), "having begun to listen, it looks once"
    assert not follower.storage.wait(0.05)
    writing = threading.Timer(0.1, lambda: writer.take(received(1)))
    writing.start()
    began = time.monotonic()
    assert follower.storage.wait(10)
    assert time.monotonic() - began < 5
    writing.join()


def test_a_connection_in_use_while_the_storage_is_closed_is_closed_after_it(database: str) -> None:
    """As where one thread still writes: it would stay open for as long as the process lives."""
    connections = Connections(database, "public")
    with connections.take(lambda one: one.execute("SELECT 1")) as (used, _):
        connections.close()
        assert not used.closed
    assert used.closed
    with connections.take(lambda one: one.execute("SELECT 1")) as (fresh, _):
        pass
    assert not fresh.closed
    connections.close()
    assert fresh.closed


def test_making_a_storage_connects_to_nothing() -> None:
    storage = PostgresStorage("postgresql://nobody:secret@127.0.0.1:1/none")
    storage.close()
    assert storage.keeps_outgoing
