"""Personal texts: sealed before anything else sees them, opened in their place only, gone with their key."""

from __future__ import annotations

import json
import os
from base64 import b64decode
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.envelope import Event, digest, parse, read, write
from domain.erasure import KeptUntil, Unknown, erase
from domain.kinds import KINDS
from domain.ledger import Incoming, Ledger
from domain.memory import MemoryStorage
from domain.policy import load_policy
from domain.privacy import (
    ERASED,
    UNREADABLE,
    DataKey,
    Key,
    Masters,
    PrivacyError,
    is_personal,
    key_ids,
    opened_with,
    owner_of,
    sealed_with,
    with_texts,
)
from domain.sealing import REFUSED, Keyring
from tests.helpers.scenario import at, fact, received

MASTER, OTHER = bytes(range(32)), bytes(range(1, 33))
NOW = at("2026-03-09 10:00")
CONTACT = {"name": "张敏之", "phone": "13912345678", "model": "X5", "plate": "苏C88888"}
SECRETS = ("吵闹不休", "张敏之", "13912345678", "苏C88888", "您好请查收", "还算满意吧")
RECEIVED = received("C-1", "2026-03-09 09:00", customer="K-1", summary="吵闹不休", contact=CONTACT)
REPLIED = fact("complaint.replied", "complaint/C-1", "2026-03-09 09:30", text="您好请查收", by="S-1")
FEEDBACK = fact("feedback.given", "complaint/C-1", "2026-03-09 09:40", score=4, comment="还算满意吧")


class Office:
    """A ledger in memory, with the master key or without."""

    def __init__(self, packs: str = "general,auto-4s", master: bytes | None = MASTER) -> None:
        self.storage = MemoryStorage(keeps_outgoing=True)
        keyring = Keyring(Masters([master])) if master else None
        self.ledger = Ledger(
            self.storage, self.storage.recorder, load_policy(packs.split(",")), keyring=keyring
        )

    def tell(self, *facts: dict[str, Any] | bytes, now: datetime = NOW) -> list[str]:
        """What became of each."""
        raw = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in facts]
        return [
            answer.status for answer in self.ledger.record([Incoming.read(one) for one in raw], now).receipts
        ]

    def events(self) -> list[Event]:
        stored = self.storage.recorder.select_notifications(None, 10_000)
        return [read(one.state) for one in stored]

    def texts(self, subject: str) -> list[str]:
        """The personal texts of a stream, as somebody who may reads them."""
        found: list[str] = []
        ids = {key_id for event in self.events() for key_id in key_ids(event)}
        ring = Keyring(Masters([MASTER]))
        keys = {key.id: ring.unwrapped(key) for key in self.storage.keys_by_id(ids)}
        for event in self.events():
            if event.subject == subject:
                with_texts(opened_with(keys, event), collecting(found))
        return found

    def held(self) -> str:
        """All that the storage would write down, and all that the ledger keeps in memory of streams."""
        events = b"".join(one.state for one in self.storage.recorder.select_notifications(None, 10_000))
        parked = b"".join(one.message for waiting in self.storage._parked.values() for one in waiting)
        outbox = b"".join(one.value for one in self.storage.outbox)
        letters = b"".join(
            b64decode(json.loads(one.value).get("raw_base64", "")) for one in self.storage.outbox
        )
        streams = b"".join(write(one) for stream in self.ledger.streams.values() for one in stream.story)
        return b"".join((events, parked, outbox, letters, streams)).decode("utf-8", "replace")

    def owners(self) -> set[str]:
        return {key.owner for key in self.storage._keys.values()}


def collecting(found: list[str]) -> Callable[[str, str], str]:
    def take(_path: str, text: str) -> str:
        found.append(text)
        return text

    return take


def shows(text: str, secrets: Iterable[str] = SECRETS) -> list[str]:
    """The secrets that can be read in a text, written in characters or as JSON escapes."""
    return [one for one in secrets if one in text or json.dumps(one)[1:-1] in text]


def letters(office: Office) -> list[dict[str, Any]]:
    return [json.loads(one.value) for one in office.storage.outbox if one.channel == "dead-letters"]


# ---- a text in its place


@given(st.text(min_size=1).filter(lambda text: text.strip() and "\0" not in text))
def test_what_is_sealed_opens_to_the_same_text(text: str) -> None:
    event = parse(received("C-1", "2026-03-09 09:00", summary=text, contact={"name": text}))
    key = DataKey("0" * 16, OTHER)
    sealed = sealed_with(key, event)
    assert key_ids(sealed) == {key.id}
    assert text not in (sealed.data.summary, sealed.data.contact.name)  # type: ignore[attr-defined]
    assert opened_with({key.id: key}, read(write(sealed))) == event


def test_a_text_opens_in_its_own_event_and_field_only() -> None:
    key = DataKey("0" * 16, OTHER)
    one = sealed_with(key, parse(RECEIVED))
    moved = with_texts(one, lambda _path, _text: one.data.summary)  # type: ignore[attr-defined]
    found: list[str] = []
    with_texts(opened_with({key.id: key}, moved), collecting(found))
    assert found == ["吵闹不休", *[UNREADABLE] * 4]


def test_one_changed_character_makes_a_text_unreadable() -> None:
    key = DataKey("0" * 16, OTHER)
    sealed = sealed_with(key, parse(REPLIED))
    changed = with_texts(
        sealed, lambda _path, text: text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:]
    )
    assert opened_with({key.id: key}, changed).data.text == UNREADABLE  # type: ignore[attr-defined]


def test_a_text_that_only_looks_sealed_is_read_as_it_is() -> None:
    told = parse(
        fact("complaint.replied", "complaint/C-1", "2026-03-09 09:30", text="sealed:1:0123456789abcdef:AA")
    )
    assert opened_with({}, told) == told


def test_blank_texts_stay_as_a_rule_may_ask_whether_there_is_one() -> None:
    blank = parse(received("C-1", "2026-03-09 09:00", summary=" ", contact={"name": "", "phone": "139"}))
    sealed = sealed_with(DataKey("0" * 16, OTHER), blank).data
    assert (sealed.summary, sealed.contact.name) == (" ", "")  # type: ignore[attr-defined]
    assert sealed.contact.phone != "139"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("told", "owner"),
    [
        (RECEIVED, "customer/K-1"),
        (REPLIED, "complaint/C-1"),
        (fact("customer.filed", "customer/K-2", "2026-03-09 09:00", by="S-1", name="李"), "customer/K-2"),
        (fact("feedback.given", "staff/S-1", "2026-03-09 09:00", score=5, comment="好"), "staff/S-1"),
    ],
)
def test_the_key_is_that_of_the_customer_or_else_of_the_stream(told: dict[str, Any], owner: str) -> None:
    event = parse(told)
    assert owner_of(event, KINDS[event.kind].initial) == owner
    assert is_personal(event)


# ---- in the ledger


def test_neither_the_storage_nor_the_streams_in_memory_hold_a_personal_text() -> None:
    office = Office()
    assert office.tell(REPLIED, RECEIVED, FEEDBACK, RECEIVED) == [
        "parked",
        "recorded",
        "recorded",
        "recorded",
        "duplicate",
    ]
    assert shows(office.held()) == []
    assert set(SECRETS) <= set(office.texts("complaint/C-1"))
    assert office.owners() == {"customer/K-1", "complaint/C-1"}, (
        "of the stream, while nobody knew whose it was"
    )


def test_without_a_master_key_texts_are_kept_as_they_come() -> None:
    office = Office(master=None)
    office.tell(RECEIVED)
    assert shows(office.held())
    assert office.owners() == set()


def test_what_follows_from_a_fact_is_the_same_sealed_or_not() -> None:
    def derived(office: Office) -> list[tuple[str, str, Any]]:
        office.tell(RECEIVED, REPLIED, FEEDBACK)
        return [(one.id, one.type, one.data) for one in office.events() if not is_personal(one)]

    assert derived(Office()) == derived(Office(master=None))


def test_each_customer_has_one_key_and_another_one_than_others() -> None:
    office = Office()
    office.tell(RECEIVED, received("C-2", "2026-03-09 09:05", customer="K-2"), REPLIED)
    office.tell(received("C-3", "2026-03-09 09:10", customer="K-1"))
    assert sorted(key.owner for key in office.storage._keys.values()) == ["customer/K-1", "customer/K-2"]


def test_the_same_identity_is_a_duplicate_with_the_same_content_and_a_conflict_with_other() -> None:
    office = Office()
    office.tell(RECEIVED)
    other = {**RECEIVED, "data": {**RECEIVED["data"], "summary": "另一件事"}}
    assert office.tell(RECEIVED, other) == ["duplicate", "rejected"]


def test_digests_of_personal_facts_cannot_be_compared_with_guesses() -> None:
    office = Office()
    plain = fact("complaint.verified", "complaint/C-1", "2026-03-09 09:10", by="S-1", matches=True)
    office.tell(RECEIVED, plain)
    kept = {known.digest for known in office.storage._facts.values()}
    assert digest(parse(plain)) in kept
    assert digest(parse(RECEIVED)) not in kept


# ---- refused messages


def test_a_refused_fact_is_sealed_with_its_customers_key_and_opens_again() -> None:
    office = Office()
    office.tell(RECEIVED)
    conflict = {**RECEIVED, "data": {**RECEIVED["data"], "mindset": "venting"}}
    office.tell(conflict)
    (letter,) = letters(office)
    (key,) = office.storage.keys_by_id([letter["sealed_with"]])
    assert key.owner == "customer/K-1"
    opened = DataKey(key.id, Masters([MASTER]).unwrap(key)).open(b64decode(letter["raw_base64"]), key.id)
    assert json.loads(opened) == conflict
    assert shows(office.held()) == []


MALFORMED = json.dumps({**RECEIVED, "data": {**RECEIVED["data"], "category": 7}}).encode()


@pytest.mark.parametrize(
    ("raw", "owner"),
    [
        (MALFORMED, "customer/K-1"),
        (json.dumps({**REPLIED, "data": {"text": 7, "more": "苏C88888"}}).encode(), "customer/K-1"),
        (json.dumps({"subject": "customer/K-9", "data": {"name": "李"}}).encode(), "customer/K-9"),
        (json.dumps({"subject": "complaint/C-99", "data": {"text": "好"}}).encode(), REFUSED),
        (json.dumps({"subject": "nothing/1", "data": [1]}).encode(), REFUSED),
        (json.dumps({"subject": "complaint/\0", "data": {"customer": "K\0"}}).encode(), REFUSED),
        (b"\xff no json: 13912345678", REFUSED),
    ],
)
def test_what_cannot_be_read_is_sealed_for_whomever_it_tells_of(raw: bytes, owner: str) -> None:
    office = Office()
    office.tell(RECEIVED)
    assert office.tell(raw) == ["rejected"]
    (letter,) = letters(office)
    (key,) = office.storage.keys_by_id([letter["sealed_with"]])
    assert key.owner == owner
    assert shows(office.held()) == []


def test_a_refused_fact_without_personal_fields_stays_as_it_came() -> None:
    office = Office()
    closed = fact("complaint.closed", "complaint/C-1", "2026-03-10 09:00", by="S-1")
    office.tell(RECEIVED, closed)
    (letter,) = letters(office)
    assert "sealed_with" not in letter
    assert json.loads(b64decode(letter["raw_base64"])) == closed


def test_a_fact_that_waited_in_vain_is_sealed_in_its_dead_letter() -> None:
    office = Office()
    office.tell(REPLIED)
    office.ledger.tick(NOW + timedelta(days=2))
    (letter,) = letters(office)
    assert letter["code"] == "never-began"
    assert letter["sealed_with"]
    assert shows(office.held()) == []


# ---- erasing


def test_after_erasing_texts_are_gone_and_all_else_stands() -> None:
    office = Office()
    office.tell(
        RECEIVED, REPLIED, FEEDBACK, received("C-2", "2026-03-09 09:05", customer="K-2", summary="别人的")
    )
    before = [one.state for one in office.storage.recorder.select_notifications(None, 1000)]
    assert erase(office.ledger, "K-1", "asked for", NOW, "S-9").was_sealed
    after = [one.state for one in office.storage.recorder.select_notifications(None, 1000)]
    assert after[: len(before)] == before, "nothing recorded is touched"
    assert set(office.texts("complaint/C-1")) == {ERASED}
    assert office.texts("complaint/C-2") == ["别人的"]
    last = office.events()[-1]
    assert (last.type, last.subject) == ("customer.erased", "customer/K-1")
    assert (last.data.reason, last.data.by) == ("asked for", "S-9")  # type: ignore[attr-defined]


SIGNAL = fact("complaint.signalled", "complaint/C-1", "2026-03-09 09:10", signal="door-blocking")
PARTLY = {**RECEIVED, "data": {**RECEIVED["data"], "contact": {"name": "张敏之", "phone": " "}}}


@pytest.mark.parametrize("afresh", [False, True], ids=["in memory", "loaded again"])
@pytest.mark.parametrize(("told", "missing"), [(RECEIVED, None), (PARTLY, ("phone", "model", "plate"))])
def test_judged_again_after_erasing_what_was_given_is_given_still_and_what_was_missing_is_missing(
    told: dict[str, Any], missing: tuple[str, ...] | None, afresh: bool
) -> None:
    office = Office()
    office.tell(told, REPLIED, FEEDBACK)
    erase(office.ledger, "K-1", "asked for", NOW)
    if afresh:
        office.ledger.forget()
    before = len(office.events())
    assert office.tell(SIGNAL) == ["recorded"]
    found = [one for one in office.events() if getattr(one.data, "detail", "") == "intake-incomplete"]
    assert [(one.type, one.data.missing) for one in found] == (  # type: ignore[attr-defined]
        [("violation.found", missing)] if missing else []
    )
    later = {one.type for one in office.events()[before:]}
    assert "escalation.raised" in later and not later & {"violation.withdrawn", "obligation.withdrawn"}
    assert set(office.texts("complaint/C-1")) <= {ERASED, " "}


def test_a_new_fact_about_an_erased_customer_gets_a_new_key() -> None:
    office = Office()
    office.tell(RECEIVED)
    erase(office.ledger, "K-1", "asked for", NOW)
    assert office.tell(REPLIED) == ["recorded"]
    assert office.texts("complaint/C-1") == [ERASED] * 5 + ["您好请查收"]


def test_what_was_erased_and_comes_again_is_a_duplicate_whatever_it_says() -> None:
    office = Office()
    office.tell(RECEIVED)
    erase(office.ledger, "K-1", "asked for", NOW)
    assert (
        office.tell(RECEIVED, {**RECEIVED, "data": {**RECEIVED["data"], "summary": "另"}})
        == ["duplicate"] * 2
    )
    assert shows(office.held()) == []


def test_another_ledger_on_the_same_storage_does_not_go_on_with_a_destroyed_key() -> None:
    office = Office()
    office.tell(RECEIVED)
    second = Ledger(
        office.storage, office.storage.recorder, load_policy(["general"]), keyring=Keyring(Masters([MASTER]))
    )
    erase(second, "K-1", "asked for", NOW)
    office.tell(REPLIED)
    assert office.texts("complaint/C-1")[-1] == "您好请查收"


def test_nobody_is_erased_of_whom_nothing_is_recorded() -> None:
    with pytest.raises(Unknown):
        erase(Office().ledger, "K-1", "asked for", NOW)


VISIT = {"customer": "K-1", "manager": "S-1", "mode": "on-site"}


def visited(time: str) -> list[dict[str, Any]]:
    return [
        fact("visit.started", "visit/V-1", time, **VISIT),
        fact("feedback.given", "visit/V-1", time, score=5, comment="还算满意吧"),
    ]


def test_a_visit_that_must_be_kept_stands_in_the_way_until_its_time_is_over() -> None:
    office = Office("tobacco-xuzhou")
    office.tell(*visited("2026-03-09 09:00"))
    with pytest.raises(KeptUntil) as kept:
        erase(office.ledger, "K-1", "asked for", at("2026-06-08 12:00"))
    assert (kept.value.subject, kept.value.until) == ("visit/V-1", at("2026-06-10 00:00"))
    assert office.texts("visit/V-1") == ["还算满意吧"], "nothing was changed"
    assert erase(office.ledger, "K-1", "asked for", kept.value.until).was_sealed
    assert office.texts("visit/V-1") == [ERASED]


def test_where_no_rule_keeps_visits_a_customer_is_erased_at_once() -> None:
    office = Office("general,auto-4s")
    office.tell(*visited("2026-03-09 09:00"))
    assert erase(office.ledger, "K-1", "asked for", NOW).was_sealed


# ---- master keys


def test_a_data_key_is_wrapped_anew_and_still_opens_what_it_sealed() -> None:
    old, both, new = Masters([MASTER]), Masters([OTHER, MASTER]), Masters([OTHER])
    secret = os.urandom(32)
    key = old.wrap("0" * 16, "customer/K-1", secret)
    assert both.unwrap(key) == secret
    again = both.rewrapped(key)
    assert again.master == new.current != old.current
    assert new.unwrap(again) == secret
    with pytest.raises(PrivacyError, match="HUIYIN_MASTER_KEY"):
        new.unwrap(key)


def test_a_stored_key_cannot_be_given_to_another_owner() -> None:
    key = Masters([MASTER]).wrap("0" * 16, "customer/K-1", bytes(32))
    with pytest.raises(PrivacyError, match="altered"):
        Masters([MASTER]).unwrap(Key(key.id, "customer/K-2", key.master, key.wrapped))


def test_a_master_key_of_another_length_is_refused() -> None:
    with pytest.raises(PrivacyError, match="huiyin keys new"):
        Masters([b"short"])
