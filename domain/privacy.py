"""Personal fields that can be forgotten: each customer's are sealed with a key of their own.

A fact's personal texts are sealed at the gate, before its stream is told, so that the ledger, the streams in
memory, the topics, the read models and the proofs hold sealed texts only, and keep them for ever. Whoever
may read them opens them when showing them. Erasing a customer destroys the key: the record and its proofs
stand, the texts are gone. Nothing that the ledger decides needs a personal text, only that there is one, so
a blank one is left as it is.

Encryption is AES-256-GCM with a random nonce. The event's source and id and the field's path are bound to
the text, so that it opens in its own place only. Data keys are stored wrapped by a master key.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from os import urandom
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.envelope import Event, digest
from domain.events import PERSONAL, Part

MARK = "sealed:1:"
"""How a sealed text begins; then the key's id, a colon, and nonce and ciphertext in URL-safe Base64."""

ERASED = "[erased]"
"""What a personal text reads as when its key was destroyed."""

UNREADABLE = "[unreadable]"
"""What it reads as when it is not the text that was sealed in this place."""

NONCE, SECRET, KEY_ID = 12, 32, 16
"""Bytes of a nonce and of a key; hexadecimal digits of a key's id."""

Change = Callable[[str, str], str]
"""From a field's path and its text to the text that takes its place."""


class PrivacyError(Exception):
    """A key that cannot be used; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """A data key as it is stored. `wrapped` is None once it was destroyed; `master` says by what."""

    id: str
    owner: str
    master: str
    wrapped: bytes | None


class DataKey:
    """A data key in use."""

    __slots__ = ("_cipher", "_digests", "id")

    def __init__(self, key_id: str, secret: bytes) -> None:
        self.id = key_id
        self._cipher = AESGCM(secret)
        self._digests = hmac.digest(secret, b"digests", sha256)

    def seal(self, content: bytes, place: str) -> bytes:
        nonce = urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, content, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises InvalidTag where this was not sealed in this place with this key."""
        return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], place.encode())

    def digest(self, event: Event) -> str:
        """A digest that nobody can compare guesses with once the key is gone; it begins with the key's id."""
        return self.id + hmac.digest(self._digests, digest(event).encode(), sha256).hex()


class Masters:
    """The master keys: the first wraps, all of them unwrap, so that they can be changed while at work."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._keys = {_master_id(key): AESGCM(key) for key in keys}
        self.current = next(iter(self._keys))

    def holds(self, master: str) -> bool:
        return master in self._keys

    def wrap(self, key_id: str, owner: str, secret: bytes) -> Key:
        nonce = urandom(NONCE)
        wrapped = self._keys[self.current].encrypt(nonce, secret, f"{key_id} {owner}".encode())
        return Key(key_id, owner, self.current, nonce + wrapped)

    def unwrap(self, key: Key) -> bytes:
        """Raises PrivacyError where the master key is not among these, or the stored key was altered."""
        master = self._keys.get(key.master)
        if master is None or key.wrapped is None:
            raise PrivacyError(missing(key.master))
        try:
            return master.decrypt(key.wrapped[:NONCE], key.wrapped[NONCE:], f"{key.id} {key.owner}".encode())
        except InvalidTag:
            raise PrivacyError(
                f"the stored key of {key.owner} was altered / {key.owner} 的密钥已被改动"
            ) from None

    def rewrapped(self, key: Key) -> Key:
        """The same data key under the current master key."""
        return self.wrap(key.id, key.owner, self.unwrap(key))


def missing(master: str) -> str:
    return (
        f"personal fields are sealed under master key {master}; add it to HUIYIN_MASTER_KEY or its file / "
        f"个人信息由主密钥 {master} 保护，请在 HUIYIN_MASTER_KEY 或其文件中加入"
    )


def _master_id(key: bytes) -> str:
    if len(key) != SECRET:
        raise PrivacyError(
            "a master key is 32 bytes in Base64; make one with `huiyin keys new` / 主密钥须为 32 字节"
        )
    return sha256(b"huiyin master key" + key).hexdigest()[:8]


# ---- the personal texts of an event


def owner_of(event: Event, state: Any) -> str:
    """Whose key seals what an event says: the customer's it is about, else the stream's own. What has no
    personal fields is not asked about: this is gone through for every fact."""
    if event.type not in PERSONAL or event.kind == "customer":
        return event.subject
    customer = event.data.__dict__.get("customer") or state.__dict__.get("customer")
    return f"customer/{customer}" if customer else event.subject


def is_personal(event: Event) -> bool:
    """Whether there is a personal text in it."""
    return event.type in PERSONAL and bool(_texts(event))


def _texts(event: Event) -> list[str]:
    found: list[str] = []

    def note(_path: str, text: str) -> str:
        found.append(text)
        return text

    _changes(event, note)
    return found


def with_texts(event: Event, change: Change) -> Event:
    """The event with each of its personal texts changed; blank ones stay."""
    changes = _changes(event, change)
    return event.saying(event.data.model_copy(update=changes)) if changes else event


def _changes(event: Event, change: Change) -> dict[str, Any]:
    said = ((name, getattr(event.data, name)) for name in PERSONAL.get(event.type, ()))
    return {name: _changed(name, value, change) for name, value in said if value}


def _changed(path: str, value: Any, change: Change) -> Any:
    if isinstance(value, Part):
        parts = (
            (name, part) for name, part in value.__dict__.items() if isinstance(part, str) and part.strip()
        )
        return value.model_copy(update={name: change(f"{path}.{name}", part) for name, part in parts})
    return change(path, value) if value.strip() else value


def place(event: Event, path: str) -> str:
    """Where a text stands; what is sealed there opens nowhere else."""
    return place_of(event.source, event.id, path)


def place_of(source: str, event_id: str, path: str) -> str:
    return f"{source}\n{event_id}\n{path}"


def sealed_with(key: DataKey, event: Event) -> Event:
    def seal(path: str, text: str) -> str:
        content = key.seal(text.encode("utf-8", "surrogatepass"), place(event, path))
        return f"{MARK}{key.id}:{urlsafe_b64encode(content).decode()}"

    return with_texts(event, seal)


def key_id_of(text: str) -> str | None:
    """The id of the key that a text is sealed with; None where it is not sealed."""
    return text[len(MARK) : len(MARK) + KEY_ID] if text.startswith(MARK) else None


def key_ids(event: Event) -> set[str]:
    """The keys that opening an event needs."""
    return {key_id for text in _texts(event) if (key_id := key_id_of(text)) is not None}


Keys = Mapping[str, DataKey | None]
"""Data keys by id; None for one that was destroyed, and no entry for what never was a key."""


def opened_with(keys: Keys, event: Event, erased: str = ERASED) -> Event:
    """The event with its personal texts readable, as far as their keys are there."""

    def open_(path: str, text: str) -> str:
        key_id = key_id_of(text)
        if key_id is None or key_id not in keys:
            return text
        key = keys[key_id]
        return erased if key is None else read_text(key, text, place(event, path))

    return with_texts(event, open_)


def read_text(key: DataKey, text: str, where: str) -> str:
    """A sealed text in clear, or what says that it is none of this place."""
    try:
        content = urlsafe_b64decode(text[len(MARK) + KEY_ID + 1 :])
        return key.open(content, where).decode("utf-8", "surrogatepass")
    except (InvalidTag, ValueError):
        return UNREADABLE
