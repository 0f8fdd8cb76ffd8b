"""`huiyin draw --repeat` on a ledger: a draw is found by its id or its sequence."""

import json
from datetime import UTC, datetime

from domain.incoming import Incoming
from domain.ledger import Ledger
from domain.policy import load_policy
from storage.postgres import PostgresStorage
from tests.helpers.cli import huiyin
from tests.helpers.scenario import fact


def test_a_draw_in_the_ledger_is_repeated_by_its_id_and_by_its_sequence(
    storage: PostgresStorage, tables: str
) -> None:
    ledger = Ledger(storage, storage.recorder, load_policy(["tobacco-xuzhou"]))
    facts = [
        *(
            fact("customer.filed", f"customer/K-{n}", "2026-03-02 09:00", by="S-9", manager="S-1")
            for n in range(5)
        ),
        fact("evaluation.requested", "staff/S-1", "2026-03-02 10:00", n=2),
    ]
    ledger.record(
        [Incoming.read(json.dumps(one).encode()) for one in facts], datetime(2026, 3, 2, 3, tzinfo=UTC)
    )
    env = {"HUIYIN_DATABASE_URL": tables}

    (by_id,) = huiyin("draw", "--json", "--repeat", "staff/S-1@2", env=env).json
    last = storage.last_sequence()
    (by_sequence,) = huiyin("draw", "--json", "--repeat", str(last), env=env).json
    none = huiyin("draw", "--repeat", str(last + 1), env=env)

    assert by_id == by_sequence and by_id["same"]
    assert len(by_id["drawn"]) == 2 and len(by_id["lots"]) == 5
    assert none.status == 1 and "no event is called" in none.err
