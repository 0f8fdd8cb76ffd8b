"""Checkpoints: the size and the root of the ledger's tree, signed, in the form transparency logs agreed on.

C2SP signed notes (Ed25519, key id) and C2SP tlog-checkpoint, so that witnesses and tools made for those logs
read ours as well. A note is text, a blank line, and signature lines.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
SEED = 32
NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,200}")
SIGNATURE = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})")
SIGNED = "— "
MOST = 1_000_000
"""Characters of a note that are looked at."""


class BadNote(Exception):
    """A note, a checkpoint or a key that cannot be what it says; the reason in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh, self.reason_zh = en, zh, zh


def _decoded(text: str, length: int, en: str, zh: str) -> bytes:
    try:
        found = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        found = b""
    if len(found) != length or b64encode(found).decode() != text:
        raise BadNote(en, zh)
    return found


def base64(hash_: bytes) -> str:
    return b64encode(hash_).decode()


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a signing key, and whose it is."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """As signed notes have it: name, key id, algorithm and key."""
        return f"{self.name}+{self.id.hex()}+{base64(ED25519 + self.public)}"

    @classmethod
    def read(cls, text: str) -> Self:
        """A key as it was handed out; raises `BadNote`."""
        wrong = "is no verifier key: name+id+base64", "不是验证密钥：名称+编号+base64"
        parts = text.strip().split("+", 2)
        if len(parts) != 3 or not NAME.fullmatch(parts[0]):
            raise BadNote(*wrong)
        key = _decoded(parts[2], SEED + 1, *wrong)
        found = cls(parts[0], key[1:])
        if key[:1] != ED25519 or found.id.hex() != parts[1]:
            raise BadNote(*wrong)
        return found

    def opens(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A signing key under the name it signs with."""

    name: str
    seed: bytes

    @classmethod
    def read(cls, name: str, text: str) -> Self:
        """A key from its configuration: base64 of 32 bytes; raises `BadNote`."""
        wrong = "the signing key is not base64 of 32 bytes", "签名密钥不是 32 字节的 base64"
        return cls(name, _decoded(text.strip(), SEED, *wrong))

    @property
    def public(self) -> VerifierKey:
        key = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return VerifierKey(self.name, key.public_bytes_raw())

    def sign(self, text: str) -> str:
        """A text as a signed note."""
        if not text.endswith("\n") or "\n\n" in text:
            raise ValueError("a note's text ends with a newline and has no blank line")
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"{text}\n— {self.name} {base64(self.public.id + signature)}\n"


def new_seed() -> str:
    """A new signing key, as its configuration has it."""
    return base64(Ed25519PrivateKey.generate().private_bytes_raw())


def opened(note: str, keys: Sequence[VerifierKey]) -> tuple[str, VerifierKey]:
    """The text of a note, and which of the keys signed it; raises `BadNote` where none did.

    Lines by unknown keys are passed over; a line that names a known key and is not by it refuses the note.
    """
    text, mark, lines = note.rpartition("\n\n")
    if not mark or not lines.endswith("\n") or len(note) > MOST or "\n\n" in text:
        raise BadNote("is no signed note", "不是签名文本")
    text += "\n"
    found = [(key, signature) for line in lines[:-1].split("\n") for key, signature in _signed(line, keys)]
    for key, signature in found:
        if not key.opens(text, signature):
            raise BadNote(f"the signature of {key.name} is not valid", f"{key.name} 的签名无效")
    if not found:
        named = ", ".join(str(key) for key in keys) or "-"
        raise BadNote(f"it is not signed by {named}", f"未由 {named} 签名")
    return text, found[0][0]


def _signed(line: str, keys: Sequence[VerifierKey]) -> list[tuple[VerifierKey, bytes]]:
    written = SIGNATURE.fullmatch(line)
    wrong = "a signature line cannot be read", "签名行无法读取"
    if written is None:
        raise BadNote(*wrong)
    try:
        signature = b64decode(written[2], validate=True)
    except (NotBase64, ValueError):
        raise BadNote(*wrong) from None
    if base64(signature) != written[2] or len(signature) < 5:
        raise BadNote(*wrong)
    return [(key, signature[4:]) for key in keys if (key.name, key.id) == (written[1], signature[:4])]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the tree was at one size."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64(self.root)}\n"

    @classmethod
    def read(cls, text: str) -> Self:
        """A note's text as a checkpoint; raises `BadNote`. Lines that others added are passed over."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or lines[-1] or not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]):
            raise BadNote("is no checkpoint: origin, size, root", "不是检查点：来源、大小、根")
        wrong = "its root is not base64 of 32 bytes", "其根不是 32 字节的 base64"
        return cls(lines[0], int(lines[1]), _decoded(lines[2], SEED, *wrong))


def open_checkpoint(note: str, keys: Sequence[VerifierKey]) -> tuple[Checkpoint, VerifierKey]:
    """A signed checkpoint, and which of the keys signed it; raises `BadNote`."""
    text, key = opened(note, keys)
    return Checkpoint.read(text), key


def notes_in(text: str) -> list[str]:
    """The notes of a text that has one after the other, as a file that is only added to, or a topic that was
    read out; blank lines between them are passed over."""
    found: list[str] = []
    for block in text.split("\n\n"):
        lines = block.strip("\n").split("\n")
        signed = next((at for at, line in enumerate(lines) if not line.startswith(SIGNED)), len(lines))
        if signed and found:
            found[-1] += "\n\n" + "\n".join(lines[:signed]) + "\n"
        if any(lines[signed:]):
            found.append("\n".join(lines[signed:]))
    return found


def open_checkpoints(text: str, keys: Sequence[VerifierKey]) -> list[Checkpoint]:
    """The checkpoints that were gathered in a text; those by other keys are passed over.

    Raises:
        BadNote: one is no checkpoint, or not what a key of ours signed, or none is by a key of ours.
    """
    known = {(key.name, key.id.hex()) for key in keys}
    notes = notes_in(text)
    ours = [note for note in notes if known & set(_signers(note))] or notes[-1:] or [text]
    return [open_checkpoint(note, keys)[0] for note in ours]


def _signers(note: str) -> list[tuple[str, str]]:
    """Who is said to have signed a note: name and key id."""
    lines = note.rpartition("\n\n")[2].split("\n")
    found = (SIGNATURE.fullmatch(line) for line in lines)
    return [(one[1], b64decode(one[2][:8])[:4].hex()) for one in found if one and len(one[2]) > 8]


def origin_of(note: str) -> str:
    """Which ledger a checkpoint says it is of, whoever signed it."""
    return note.split("\n", 1)[0]
