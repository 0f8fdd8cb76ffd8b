"""Sealing within the ledger: which data keys a unit of work uses, makes and destroys.

A key is made in the transaction of the fact that first needs it, under the writer's lock, so an owner has
one key at a time. A ledger keeps keys in memory; what others wrote since tells it which to look up again.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterable
from os import urandom
from typing import TYPE_CHECKING, Protocol

from domain.envelope import Event, digest
from domain.incoming import Incoming, claims
from domain.kinds import KINDS
from domain.privacy import (
    KEY_ID,
    SECRET,
    DataKey,
    Key,
    Keys,
    Masters,
    is_personal,
    key_ids,
    opened_with,
    sealed_with,
)

if TYPE_CHECKING:
    from domain.storage import Changes, Unit
    from domain.stream import Stream

LIMIT = 50_000
"""How many data keys a ledger keeps in memory."""

PLAIN_DIGEST = 64
"""Hexadecimal digits of a digest that was made without a key."""

REFUSED = "dead-letters"
"""Whose key seals a refused message of which nobody can tell whose it is."""


StreamOf = Callable[[str], "Stream"]


def whose(message: Incoming, stream: StreamOf) -> str:
    """Whose key seals a refused message: the customer's it tells of, as far as that can be read."""
    told = {name: value for name, value in claims(message).items() if str(value).isprintable()}
    subject = str(told.get("subject") or _in_headers(message))
    kind, _, name = subject.partition("/")
    state = stream(subject).state if kind in KINDS and name else None
    owned = name if kind == "customer" else getattr(state, "customer", None)
    customer = told.get("customer") or owned
    return f"customer/{customer}" if customer else REFUSED


def _in_headers(message: Incoming) -> str:
    """The subject that a message in binary mode names."""
    named = message.headers.get("ce_subject") or message.headers.get("ce-subject") or b""
    subject = named.decode("utf-8", "replace")[:200]
    return subject if subject.isprintable() else ""


class Privacy(Protocol):
    """What a unit of work asks about personal texts."""

    def know(self, owners: Iterable[str]) -> None: ...
    def seal(self, owner: str, event: Event) -> Event: ...
    def open(self, event: Event) -> Event: ...
    def digest(self, owner: str, event: Event) -> str: ...
    def is_same(self, event: Event, known: str) -> bool: ...
    def seal_refused(self, message: Incoming, stream: StreamOf) -> tuple[bytes, str | None]: ...
    def destroy(self, owner: str) -> bool: ...


class Plain:
    """Texts as they came."""

    def know(self, owners: Iterable[str]) -> None: ...

    def seal(self, owner: str, event: Event) -> Event:
        return event

    def open(self, event: Event) -> Event:
        return event

    def digest(self, owner: str, event: Event) -> str:
        return digest(event)

    def is_same(self, event: Event, known: str) -> bool:
        return known == digest(event)

    def seal_refused(self, message: Incoming, stream: StreamOf) -> tuple[bytes, str | None]:
        return message.raw, None

    def destroy(self, owner: str) -> bool:
        return False


class Keyring:
    """The data keys that a ledger has in memory, of those that lie wrapped in its storage."""

    def __init__(self, masters: Masters) -> None:
        self.masters = masters
        self.owned: dict[str, DataKey] = {}
        self.known: dict[str, DataKey] = {}

    def within(self, unit: Unit, changes: Changes) -> Privacy:
        if len(self.owned) > LIMIT:
            self.forget()
        return Sealing(self, unit, changes)

    def forget(self, owners: Iterable[str] | None = None) -> None:
        """Drops keys that somebody may have destroyed."""
        for owner in list(self.owned) if owners is None else owners:
            if (key := self.owned.pop(owner, None)) is not None:
                self.known.pop(key.id, None)

    def keep(self, owner: str, key: DataKey) -> DataKey:
        self.owned[owner] = self.known[key.id] = key
        return key

    def unwrapped(self, key: Key) -> DataKey | None:
        return None if key.wrapped is None else DataKey(key.id, self.masters.unwrap(key))


class NoKeyring:
    """In its place where nothing is sealed: simulations, and installations without a master key."""

    def within(self, _unit: Unit, _changes: Changes) -> Privacy:
        return Plain()

    def forget(self, owners: Iterable[str] | None = None) -> None: ...


class Sealing:
    """Sealing within one unit of work: a key is made in the transaction of the fact that first needs it."""

    def __init__(self, ring: Keyring, unit: Unit, changes: Changes) -> None:
        self.ring, self.unit, self.changes = ring, unit, changes

    def know(self, owners: Iterable[str]) -> None:
        """Brings the keys of owners into memory in one question."""
        missing = {owner for owner in owners if owner not in self.ring.owned}
        for key in self.unit.keys(missing) if missing else ():
            if (known := self.ring.unwrapped(key)) is not None:
                self.ring.keep(key.owner, known)

    def _key(self, owner: str) -> DataKey:
        self.know([owner])
        return self.ring.owned.get(owner) or self.ring.keep(owner, self._made(owner))

    def _made(self, owner: str) -> DataKey:
        key_id, secret = urandom(KEY_ID // 2).hex(), urandom(SECRET)
        self.changes.keys.append(self.ring.masters.wrap(key_id, owner, secret))
        return DataKey(key_id, secret)

    def _keys(self, ids: Collection[str]) -> Keys:
        """By id, from memory or storage."""
        found: dict[str, DataKey | None] = {i: self.ring.known[i] for i in ids if i in self.ring.known}
        missing = [key_id for key_id in ids if key_id not in found]
        stored = self.unit.keys_by_id(missing) if missing else ()
        return found | {key.id: self.ring.unwrapped(key) for key in stored}

    def seal(self, owner: str, event: Event) -> Event:
        return sealed_with(self._key(owner), event) if is_personal(event) else event

    def open(self, event: Event) -> Event:
        ids = key_ids(event)
        return opened_with(self._keys(ids), event) if ids else event

    def digest(self, owner: str, event: Event) -> str:
        """Personal texts are few and short enough to be guessed from a digest, so it needs the key."""
        return self._key(owner).digest(event) if is_personal(event) else digest(event)

    def is_same(self, event: Event, known: str) -> bool:
        """Of what was erased nothing can be compared: the same identity is then taken for the same fact."""
        if len(known) == PLAIN_DIGEST:
            return known == digest(event)
        key = self._keys([known[:KEY_ID]]).get(known[:KEY_ID])
        return key is None or hmac.compare_digest(known, key.digest(event))

    def seal_refused(self, message: Incoming, stream: StreamOf) -> tuple[bytes, str | None]:
        """A refused message's bytes, and the id of the key that opens them again. A fact that could be read
        and holds nothing personal stays as it came."""
        if message.event is not None and not is_personal(message.event):
            return message.raw, None
        key = self._key(whose(message, stream))
        return key.seal(message.raw, key.id), key.id

    def destroy(self, owner: str) -> bool:
        """Whether there was a key to destroy. The next fact about the owner gets a new one."""
        self.ring.forget([owner])
        there = any(True for _ in self.unit.keys([owner]))
        self.changes.destroyed.append(owner)
        return there
