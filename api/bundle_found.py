"""An export while it is looked at, and what was found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from api import bundle
from api.bundle_open import File
from api.i18n import Text
from domain import merkle
from domain.checkpoint import Checkpoint, VerifierKey

MOST_SHOWN = 50
POLICY_FILE = re.compile(re.escape(bundle.POLICIES) + r"[^/]+~([0-9a-f]{8})\.toml")


class Reason(NamedTuple):
    """Why a bundle is refused: a code for programs, and a line."""

    code: str
    text: Text


@dataclass
class Checked:
    """What is wrong with a bundle; what is to be said of a good one."""

    reasons: list[Reason] = field(default_factory=list)
    said: list[Text] = field(default_factory=list)

    def wrong(self, code: str, en: str, zh: str) -> None:
        if len(self.reasons) < MOST_SHOWN:
            self.reasons.append(Reason(code, Text(f"{code}: {en}", f"{code}：{zh}")))

    def say(self, en: str, zh: str) -> None:
        self.said.append(Text(en, zh))


class Unreadable(Exception):
    """A part that nothing further can be said about."""


@dataclass
class Opened:
    """A bundle while it is looked at; of its events no more is kept than what is asked of them at the end."""

    files: Mapping[str, File]
    checked: Checked
    key: VerifierKey
    checkpoint: Checkpoint
    subject: str = ""
    anchors: frozenset[int] = frozenset()
    roots: dict[int, bytes] = field(default_factory=dict)
    tree: merkle.Growing = field(default_factory=merkle.Growing)
    hidden: int = 0
    missing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        named = ((POLICY_FILE.fullmatch(name), file) for name, file in self.files.items())
        self.policies = [(name[1], file) for name, file in named if name]
        """Policy texts with the digests that their names have."""
        self.digests = {digest for digest, _ in self.policies}

    @property
    def whole(self) -> bool:
        return self.subject == bundle.ALL
