"""A verification of the whole ledger, as a process of its own: `python -m api.verification`.

As `huiyin verify` does it. The settings are environment variables, the answer is JSON on standard output.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import orjson

from api.signing import seed_of
from domain.checkpoint import Signer
from storage.audits import FINDINGS
from storage.postgres import PostgresStorage
from storage.verification import verify
from streams.config import Settings
from streams.parts import SCHEMA


def answer(settings: Settings) -> dict[str, Any]:
    """What was looked at, and what is wrong with it, line by line in both languages."""
    storage = PostgresStorage(settings.database_url, SCHEMA)
    try:
        storage.proofs.catch_up()
        seed = seed_of(settings)
        keys = [Signer.read(storage.proofs.origin(), seed).public] if seed else []
        verified = verify(storage.proofs.connections, keys)
    finally:
        storage.close()
    findings = [{"en": one.text(), "zh": one.text(zh=True)} for one in verified.findings]
    return {
        "events": verified.events,
        "size": verified.size,
        "checkpoints": verified.checkpoints,
        "wrong": len(findings),
        "findings": findings[:FINDINGS],
    }


def main() -> int:
    sys.stdin.buffer.read()
    sys.stdout.buffer.write(orjson.dumps(answer(Settings.from_env(os.environ))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
