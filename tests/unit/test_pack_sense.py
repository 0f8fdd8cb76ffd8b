"""Packs that contradict themselves are refused when they are loaded: what could never hold, what could never
be met, and what compares things that cannot be compared. What was in force once is read back all the same."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.conditions import OPERATORS, Situation, compile_condition
from domain.ledger import Incoming, Ledger
from domain.memory import MemoryStorage
from domain.pack import PackError
from domain.policy import Policy, load_policy
from domain.working_time import CN
from streams.parts import policy_once
from tests.helpers.mistakes import in_both
from tests.helpers.scenario import at, fact, received, tell

PACK = """
[pack]
id = "own"
version = "1"
title = {{ zh = "自有", en = "Our own" }}
includes = []
ladder = [["department_manager"]]

[[clause]]
id = "own.rule"
title = {{ zh = "……", en = "…" }}
text = {{ zh = "……", en = "…" }}
source = "our rules 1"
{says}
"""
OPENS = 'opens = ["complaint.received"]\nwithin = "3 days"\n'
Load = Callable[[str], Policy]


def violates(when: str, on: str = "complaint.received", more: str = "") -> str:
    return f'violates = [{{ on = "{on}", detail = "x", when = {{ {when} }}{more} }}]'


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_saying(says: str) -> Policy:
        (tmp_path / "own.toml").write_text(PACK.format(says=says), "utf-8")
        return load_policy(["own"], [tmp_path])

    return load_saying


def refused(load: Load, says: str) -> str:
    with pytest.raises(PackError) as caught:
        load(says)
    said = in_both(caught.value)
    assert said.startswith('own.toml: clause "own.rule": ')
    return said


NEVER = [
    ('kind = "claim"', "field violates.when: 'kind' is never 'claim'; known are appeal, complaint, inquiry"),
    ('kind = ["claim", "appeals"]', "'kind' is never 'claim'"),
    ('kind = { not = "claim" }', "'kind' is never 'claim'"),
    ('urgent = "yes"', "'urgent' is true or false, never 'yes'"),
    ("category = 3", "'category' is a text, never 3"),
    ('"state.major" = "yes"', "'state.major' is true or false, never 'yes'"),
    ('signals = "repeat"', "'signals' is a list, never 'repeat'"),
    ("category = { above = 3 }", "'above' is for a number, and 'category' is a text"),
    ('urgent = { covers = ["x"] }', "'covers' is for a list, and 'urgent' is true or false"),
    ("category = { fewer_than = 2 }", "'fewer_than' is for a list, and 'category' is a text"),
    ("report_received_at = { above = 3 }", "'above' is for a number, and 'report_received_at' is a time"),
    ('day = { above_field = "report_received_at" }', "'day' is a day, and 'report_received_at' is a time"),
    ('time = { above_field = "category" }', "'time' is a time, and 'category' is a text"),
    ('category = { above_field = "state.compensated" }', "'category' is a text"),
    ('signals = { includes_field = "urgent" }', "'urgent' is true or false"),
]


@pytest.mark.parametrize("when, words", NEVER)
def test_what_can_never_hold_is_refused_with_what_the_field_is(load: Load, when: str, words: str) -> None:
    assert words in refused(load, violates(when))


SENSIBLE = [
    'kind = "appeal"',
    'kind = ["appeal", "inquiry"]',
    "urgent = true",
    'category = { not = "x" }',
    'signals = { includes_field = "category" }',
    "signals = { fewer_than = 2 }",
    'time = { above_field = "report_received_at" }',
    '"state.contact_given" = { covers = ["name"] }',
    '"state.compensated" = { at_least = 100 }',
    'category = { is_field = "state.category" }',
    'accused = { absent = false }, handler = { not_field = "accused" }',
]


@pytest.mark.parametrize("when", SENSIBLE)
def test_what_makes_sense_is_accepted(load: Load, when: str) -> None:
    assert load(violates(when)).clauses["own.rule"]


def test_an_exception_that_takes_back_the_condition_is_refused(load: Load) -> None:
    says = violates('kind = "appeal", urgent = true', more=', unless = { kind = "appeal" }')
    assert "field violates.unless: takes back all that `when` asks for" in refused(load, says)


def test_an_exception_that_leaves_something_is_accepted(load: Load) -> None:
    assert load(violates('kind = "appeal"', more=', unless = { kind = "appeal", urgent = true }'))


def test_what_can_happen_once_cannot_meet_what_it_opens(load: Load) -> None:
    said = refused(load, f'{OPENS}met_by = ["complaint.received"]')
    assert "field met_by: complaint.received happens once, so it could never be met" in said


def test_what_every_complaint_is_refused_cannot_meet_anything(load: Load) -> None:
    says = f'{OPENS}met_by = ["complaint.replied"]\nrefuses = [{{ on = "complaint.replied", code = "no" }}]'
    assert "field met_by: complaint.replied is always refused by own.rule" in refused(load, says)


def test_a_refusal_with_a_condition_leaves_a_way(load: Load) -> None:
    refusal = '{ on = "complaint.replied", code = "no", when = { final = true } }'
    assert load(f'{OPENS}met_by = ["complaint.replied"]\nrefuses = [{refusal}]')


def test_an_obligation_has_one_due_date(load: Load) -> None:
    says = (
        'opens = ["complaint.promised"]\nwithin = "1 day"\ndue = "answer_by"\nmet_by = ["complaint.replied"]'
    )
    assert "needs one of `within` and `due`, not both" in refused(load, says)


def test_what_the_system_records_cannot_be_refused(load: Load) -> None:
    said = refused(load, 'refuses = [{ on = "obligation.met", code = "x" }]')
    assert "field refuses: obligation.met is recorded by the system only" in said


@pytest.mark.parametrize("field", ["pauses", "ends_on_close"])
def test_only_complaints_pause_and_close(load: Load, field: str) -> None:
    says = f'opens = ["visit.planned"]\nwithin = "1 day"\nmet_by = ["visit.started"]\n{field} = true'
    assert f"field {field}: is for complaints, and visit.planned is of none" in refused(load, says)


MISMEASURED = """escalates = [{ on = "complaint.received", severity = "info" }]
[[kpi]]
id = "own.complaints"
title = { zh = "…", en = "…" }
text = { zh = "…", en = "…" }
source = "our rules 2"
measure = "complaints"
per = "staff"
window = "month"
at_most = 5
"""


def test_a_figure_is_of_what_it_is_measured_for(load: Load) -> None:
    with pytest.raises(PackError) as caught:
        load(MISMEASURED)
    said = in_both(caught.value)
    assert (
        said == 'own.toml: kpi "own.complaints": field per: complaints is measured per branch, not per staff'
    )


MISSPELT = [
    ('metby = ["complaint.replied"]', "field metby: is unknown; did you mean 'met_by'?"),
    (
        'opens = [{ on = "complaint.received", wen = {} }]',
        "field opens.0.wen: is unknown; did you mean 'when'?",
    ),
    ("zzz = 1", "field zzz: is unknown"),
]


@pytest.mark.parametrize("more, words", MISSPELT)
def test_a_misspelt_field_is_answered_with_the_one_that_was_meant(load: Load, more: str, words: str) -> None:
    with pytest.raises(PackError) as caught:
        load(more)
    assert words in in_both(caught.value)


THINGS = (None, "a", 3, 2.5, True, ("a",), frozenset({"a"}), {"a": 1}, CN)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("right", ["accused", "urgent", "signals"])
def test_a_comparison_of_what_cannot_be_compared_does_not_hold_and_does_not_fail(
    name: str, right: str
) -> None:
    """Whatever an old pack compares, a fact is taken in."""

    class Said:
        accused, urgent, signals, category = "a", 3, ("a",), None

    fields = frozenset({"accused", "urgent", "signals", "category"})
    wanted = right if name != "absent" else "category"
    test = compile_condition({"category": {f"{name}_field": wanted}}, {}, fields, frozenset(), CN)
    assert test is not None
    for thing in THINGS:
        Said.category = thing  # type: ignore[assignment]
        assert test(Situation(_Event(Said), None)) in (True, False)  # type: ignore[arg-type]


class _Event:
    def __init__(self, data: object) -> None:
        self.data = data


# ---- what was taken once


OWED = f'{OPENS}met_by = ["complaint.replied"]\n'
VISIT_OWED = 'opens = ["visit.planned"]\nwithin = "1 day"\nmet_by = ["visit.started"]\n'
SLOPPY = [
    *(violates(when) for when, _ in NEVER),
    violates('kind = "appeal"', more=', unless = { kind = "appeal" }'),
    f'{OPENS}met_by = ["complaint.received"]',
    f'{OPENS}met_by = ["visit.started"]',
    f'{OWED}refuses = [{{ on = "complaint.replied", code = "no" }}]',
    'opens = ["complaint.promised"]\nwithin = "1 day"\ndue = "answer_by"\nmet_by = ["complaint.replied"]',
    'refuses = [{ on = "obligation.met", code = "x" }]',
    f"{VISIT_OWED}pauses = true",
    f"{VISIT_OWED}ends_on_close = true",
    'escalates = [{ on = "complaint.received", severity = "high", ladder = [[]] }]',
    'rule = "repeat"\nparams = { days = 30, weeks = 4 }',
    MISMEASURED,
]
ME = "complaint/C-1"
STORY = (
    received("C-1", "2026-03-09 09:00", branch="B-1", signals=["repeat"]),
    fact(
        "visit.planned",
        "visit/V-1",
        "2026-03-09 11:00",
        customer="K-1",
        manager="S-1",
        date="2026-03-10",
        mode="phone",
    ),
    fact("complaint.promised", ME, "2026-03-09 12:00", answer_by="2026-03-09T16:00:00+08:00"),
    fact("complaint.replied", ME, "2026-03-10 09:00", text="已处理"),
    fact("complaint.resolved", ME, "2026-03-11 09:00", resolution="退款"),
    fact("complaint.closed", ME, "2026-03-12 09:00", by="S-1"),
)


@pytest.mark.parametrize("says", SLOPPY)
def test_what_was_in_force_once_is_read_back_though_it_would_be_refused_today(load: Load, says: str) -> None:
    """Streams that began under it keep to it for ever."""
    with pytest.raises(PackError):
        load(says)
    told = tell(policy_once({"own": PACK.format(says=says)}), *STORY, until="2026-03-20 00:00")
    assert told.has("complaint.closed")


def test_a_branchs_part_of_it_is_read_back_too() -> None:
    elsewhere = PACK.replace("includes = []", 'branches = ["B-9"]').replace("own", "other")
    texts = {"other": elsewhere.format(says=OWED), "own": PACK.format(says=violates("category = 3"))}
    assert list(policy_once(texts).for_branch("B-1").clauses) == ["own.rule"]


def test_a_name_that_there_is_none_of_is_refused_even_there() -> None:
    with pytest.raises(PackError, match=r"'complaint\.recieved' is no event type"):
        policy_once({"own": PACK.format(says=violates("urgent = true", on="complaint.recieved"))})


def test_a_complaint_goes_on_under_the_pack_that_it_began_under() -> None:
    said = '{ on = "complaint.replied", detail = "x" }'
    never = '{ on = "complaint.replied", detail = "y", when = { final = "yes" } }'
    old = policy_once({"own": PACK.format(says=f"violates = [{said}, {never}]")})
    storage = MemoryStorage()
    for policy, one in ((old, STORY[0]), (load_policy(["general"]), STORY[3])):
        ledger = Ledger(storage, storage.recorder, policy, load_policy=policy_once)
        ledger.record([Incoming.read(json.dumps(one).encode())], at("2026-03-10 10:00"))
    found = [json.loads(stored.state) for stored in storage.events([ME])]
    assert [each["data"]["detail"] for each in found if each["type"] == "violation.found"] == ["x"]
