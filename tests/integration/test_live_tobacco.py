"""The stories of the tobacco packs come to the same live, on PostgreSQL, as simulated: also when the ledger
is restarted before every fact, so that all figures and links are read again."""

import json

import pytest

from domain.policy import load_policy
from domain.simulation import simulate
from storage.postgres import PostgresStorage
from tests.helpers.scenario import at
from tests.helpers.scenarios import Scenario
from tests.integration.test_live_equals_simulated import Forgetful, told
from tests.unit.test_pack_tobacco import STORIES


@pytest.mark.parametrize("row", STORIES)
def test_a_row_says_the_same_live_as_simulated(row: str, storage: PostgresStorage) -> None:
    story, policy = STORIES[row], load_policy([STORIES[row].pack])
    facts, until = [json.dumps(fact).encode() for fact in story.facts], at(story.until)
    lines = Forgetful(storage, policy).live(Scenario(row, [story.pack], until, facts, []))
    assert [told(line) for line in lines] == [told(line) for line in simulate(facts, policy, until)]
