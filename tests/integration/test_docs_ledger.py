"""What the guides say that a ledger answers is what it answers: a week in March, played and then asked."""

from __future__ import annotations

import json
import shlex
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from domain import reading
from domain.incoming import Incoming
from streams.config import Settings
from streams.inprocess import Loop
from streams.parts import Parts
from tests.helpers.cli import huiyin
from tests.helpers.documents import ROOT, blocks, documents, environment, matches, trimmed
from tests.helpers.proven import SEED
from tests.helpers.scenario import at, fact

WITH_LEDGER = [one for one in documents() if any(block.ledger for block in blocks(one))]
MASTER = SEED
PACKS = ("general", "tobacco-xuzhou")
P7 = "complaint/P-7"


def received(number: str, time: str, **more: Any) -> dict[str, Any]:
    said = {"customer": "K-7", "category": "delivery", "channel": "phone", "summary": "送货未到", **more}
    return fact("complaint.received", f"complaint/{number}", time, **said, handler="XZ-103", branch="XZ-05")


PROMISE, FUND = {"answer_by": "2026-03-03T12:00:00+08:00"}, {"about": P7, "amount": 80}
REPLY = {"text": "今日补送", "final": True}

WEEK: tuple[tuple[str, tuple[dict[str, Any], ...]], ...] = (
    ("2026-02-26 15:00", (received("P-3", "2026-02-26 15:00", category="quality"),)),
    ("2026-03-02 10:00", (received("P-7", "2026-03-02 10:00"),)),
    ("2026-03-02 10:05", (fact("complaint.promised", P7, "2026-03-02 10:05", **PROMISE),)),
    ("2026-03-04 09:00", (fact("escalation.acknowledged", P7, "2026-03-04 09:00", by="XZ-100"),)),
    (
        "2026-03-04 11:00",
        (
            fact(
                "approval.requested",
                "approval/A-1",
                "2026-03-04 10:00",
                kind="compensation",
                by="XZ-103",
                **FUND,
            ),
            fact(
                "approval.granted", "approval/A-1", "2026-03-04 11:00", by="XZ-900", role="marketing_centre"
            ),
        ),
    ),
    ("2026-03-06 09:00", (fact("complaint.replied", P7, "2026-03-03 11:00", by="XZ-103", **REPLY),)),
)
"""When what was learned; the reply of the 3rd was typed in on the 6th."""


def play(url: str) -> None:
    settings = Settings(url, policy=PACKS, master_key=MASTER)
    with closing(Parts.open(settings)) as parts:
        for learned, facts in WEEK:
            while (due := parts.storage.next_due()) is not None and due < at(learned):
                parts.ledger.tick(due)
            parts.ledger.record([Incoming.read(json.dumps(one).encode()) for one in facts], at(learned))
        audit = (P7, "Auditor-2", "auditor", "audit of the first quarter", True, at("2026-03-06 17:00"))
        parts.ledger.work(lambda batch: reading.note(batch, *audit), at("2026-03-06 17:00"))
        loop = Loop(parts)
        while loop.round(at("2026-03-06 17:00")):
            continue


@pytest.mark.parametrize("document", WITH_LEDGER, ids=lambda one: one.relative_to(ROOT).as_posix())
def test_a_ledger_answers_as_the_guide_says(
    document: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    play(database)
    own = {"HUIYIN_DATABASE_URL": database, "HUIYIN_POLICY": ",".join(PACKS)}
    secret = {"HUIYIN_MASTER_KEY": MASTER, "HUIYIN_SIGNING_KEY": SEED}
    env = {"HUIYIN_LANG": environment(document)["HUIYIN_LANG"], **own, **secret}
    for command, said in (step for block in blocks(document) if block.ledger for step in block.steps()):
        program, *words = shlex.split(command)
        assert program == "huiyin", command
        answer = huiyin(*words, env=env)
        seen = trimmed(answer.out + answer.err)
        assert matches(said, seen), f"$ {command}\n--- said\n{said}\n--- seen\n{seen}"
