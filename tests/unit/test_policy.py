"""Packs are checked when they are loaded: what is wrong is answered with file, row, field and what would
be right."""

from collections.abc import Callable
from pathlib import Path

import pytest

from domain.pack import PackError
from domain.policy import Policy, check_examples, load_policy
from tests.helpers.complaints import Fact, act
from tests.helpers.mistakes import in_both
from tests.helpers.scenario import received, tell

PACK = """
[pack]
id = "own"
version = "1"
title = { zh = "自有", en = "Our own" }
includes = []
ladder = [["department_manager"], ["general_manager"]]

[[clause]]
id = "own.answer"
title = { zh = "答复", en = "Answer" }
text = { zh = "三个工作日内答复", en = "answered within three working days" }
source = "our rules 1"
opens = [{ on = "complaint.received", when = { category = "service" } }]
within = "3 working days"
met_by = ["complaint.replied"]
example = { opened = "2026-09-30T10:00:00+08:00", due = "2026-10-11T00:00:00+08:00" }

[[kpi]]
id = "own.complaints"
title = { zh = "投诉", en = "Complaints" }
text = { zh = "每月投诉不超过五件", en = "no more than five complaints a month" }
source = "our rules 2"
measure = "complaints"
per = "branch"
window = "month"
at_most = 5
"""
CLAUSE = """
[[clause]]
id = "own.{id}"
title = {{ zh = "……", en = "…" }}
text = {{ zh = "……", en = "…" }}
source = "our rules 3"
{says}
"""


def extra(says: str, row: str = "more") -> str:
    return PACK + CLAUSE.format(id=row, says=says)


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Policy]:
    def load_text(text: str, *names: str) -> Policy:
        (tmp_path / "own.toml").write_text(text, "utf-8")
        return load_policy(["own", *names], [tmp_path])

    return load_text


def refused(load: Callable[..., Policy], text: str) -> str:
    with pytest.raises(PackError) as found:
        load(text)
    return in_both(found.value)


def test_a_sound_pack_loads_with_its_rows(load: Callable[..., Policy]) -> None:
    policy = load(PACK)
    assert (list(policy.clauses), list(policy.kpis)) == (["own.answer"], ["own.complaints"])
    assert check_examples(policy) == []


MISTAKES = {
    "unknown event type": (
        ('"complaint.replied"', '"complaint.replyed"'),
        ["own.answer", "met_by", "'complaint.replied'"],
    ),
    "unknown event type of an opening": (
        ("complaint.received", "complaint.recieved"),
        ["own.answer", "opens", "'complaint.received'"],
    ),
    "unknown field of a condition": (
        ("category = ", "catgory = "),
        ["own.answer", "opens", "'catgory'", "'category'"],
    ),
    "unknown field of a state": (
        ("category = ", '"state.chanel" = '),
        ["own.answer", "opens", "'state.chanel'", "'channel'"],
    ),
    "unknown test": (
        ('category = "service"', "category = { inside = 3 }"),
        ["own.answer", "opens", "'inside'"],
    ),
    "no period": (("3 working days", "three days"), ["own.answer", "within", "three days"]),
    "an obligation that can never be met": (
        ('met_by = ["complaint.replied"]', ""),
        ["own.answer", "met_by", "never be met"],
    ),
    "an obligation that something else's facts would meet": (
        ('"complaint.replied"', '"visit.started"'),
        ["own.answer", "met_by", "never be met"],
    ),
    "an obligation without a time": (
        ('within = "3 working days"', ""),
        ["own.answer", "within", "due"],
    ),
    "no last resort among the periods": (
        ('"3 working days"', '[{ within = "1 day", when = { category = "x" } }]'),
        ["own.answer", "within", "`when`"],
    ),
    "a due time that no fact says": (
        ('within = "3 working days"', 'due = "answer_by"'),
        ["own.answer", "due", "complaint.received", "report_received_at"],
    ),
    "unknown key": (("within = ", "whithin = "), ["own.answer", "whithin"]),
    "unknown measure": (('"complaints"', '"complants"'), ["own.complaints", "measure", "complaints"]),
    "two limits": (("at_most = 5", "at_most = 5\nat_least = 1"), ["own.complaints", "exactly one"]),
    "no limit": (("at_most = 5", ""), ["own.complaints", "exactly one"]),
    "no window": (('"month"', '"fortnight"'), ["own.complaints", "window", "'month'"]),
    "a ladder without steps": (('[["department_manager"], ["general_manager"]]', "[]"), ["ladder"]),
    "a step without roles": (('["general_manager"]', "[]"), ["ladder", "role"]),
    "a role without a name": (('["general_manager"]', '[""]'), ["ladder", "role"]),
    "not TOML": (("[[clause]]", "[[clause"), ["not TOML"]),
    "one language": (('zh = "答复", ', ""), ["own.answer", "title.zh"]),
    "no source": (('source = "our rules 1"', ""), ["own.answer", "source"]),
    "no such calendar": (("includes = []", 'includes = []\ncalendar = "us"'), ["calendar", "'cn'"]),
    "no such zone": (
        ("includes = []", 'includes = []\ntimezone = "Mars/Olympus"'),
        ["timezone", "Mars/Olympus"],
    ),
    "no such included pack": (("includes = []", 'includes = ["genral"]'), ["genral", "general"]),
    "no step": (("includes = []", 'includes = []\nstep = "soon"'), ["step", "soon"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_its_place_and_what_would_be_right(
    load: Callable[..., Policy], mistake: str
) -> None:
    (right, wrong), said = MISTAKES[mistake]
    assert right in PACK
    answer = refused(load, PACK.replace(right, wrong, 1))
    assert all(word in answer for word in said), answer
    assert "own.toml" in answer or "no pack is called" in answer


ROWS = {
    "unknown rule": ('rule = "classify-majr"', ["field rule", "'classify-majr'", "classify-major"]),
    "a rule without its figures": ('rule = "repeat"', ["params.days"]),
    "a rule with a figure it does not know": (
        'rule = "repeat"\nparams = { days = 3, hours = 2 }',
        ["params.hours"],
    ),
    "unknown check": (
        'refuses = [{ on = "approval.used", code = "no", check = "granted-in-ordr" }]',
        ["refuses.check", "'granted-in-order'"],
    ),
    "a check without its figures": (
        'refuses = [{ on = "approval.used", code = "no", check = "granted-in-order" }]',
        ["params.roles"],
    ),
    "a refusal about no field": (
        'refuses = [{ on = "complaint.assigned", code = "no", field = "handlr" }]',
        ["refuses.field", "'handler'"],
    ),
    "a violation that looks at nothing": (
        'violates = [{ on = "complaint.received", detail = "x", given = "contct_given", expects = ["x"] }]',
        ["violates.given", "'contact_given'"],
    ),
    "told apart by no field": (
        'opens = ["customer.change_requested"]\nwithin = "1 day"\nper = "chang"\n'
        'met_by = ["customer.change_completed"]',
        ["field per", "'change'"],
    ),
    "counted against nobody": (
        'opens = ["complaint.received"]\nwithin = "1 day"\nmet_by = ["complaint.replied"]\n'
        'counts_against = "handlr"',
        ["counts_against", "'handler'"],
    ),
    "no severity": (
        'escalates = [{ on = "complaint.received", severity = "grave" }]',
        ["severity", "'critical'"],
    ),
    "an escalation's step without roles": (
        'escalates = [{ on = "complaint.received", severity = "info", ladder = [[]] }]',
        ["escalates.ladder", "role"],
    ),
    "nothing at all": ("assumed = true", ["says nothing"]),
}


@pytest.mark.parametrize("mistake", ROWS)
def test_a_row_that_contradicts_itself_is_refused(load: Callable[..., Policy], mistake: str) -> None:
    says, said = ROWS[mistake]
    answer = refused(load, extra(says))
    assert all(word in answer for word in ['own.toml: clause "own.more"', *said]), answer


def test_two_rows_of_one_name_are_refused_in_one_pack_and_over_several(
    load: Callable[..., Policy], tmp_path: Path
) -> None:
    again = 'opens = ["complaint.received"]\nwithin = "1 day"\nmet_by = ["complaint.replied"]'
    assert 'clause "own.answer" is already in own.toml' in refused(load, extra(again, "answer"))
    second = PACK[PACK.index("[[kpi]]") :]
    assert 'kpi "own.complaints" is already in own.toml' in refused(load, PACK + second)
    (tmp_path / "other.toml").write_text(PACK.replace('id = "own"', 'id = "other"'), "utf-8")
    with pytest.raises(PackError, match=r'other.toml: clause "own.answer" is already in own.toml') as found:
        load(PACK, "other")
    in_both(found.value)


def test_packs_that_include_each_other_are_refused(load: Callable[..., Policy], tmp_path: Path) -> None:
    circle = PACK.replace("includes = []", 'includes = ["other"]')
    other = circle.replace('"other"', '"own"').replace('id = "own"', 'id = "other"', 1)
    (tmp_path / "other.toml").write_text(other, "utf-8")
    assert "own → other → own goes in a circle" in refused(load, circle)


def test_a_pack_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(PackError, match="cannot be read") as found:
        load_policy(["own"], [tmp_path])
    in_both(found.value)


def test_what_no_directory_has_is_refused_with_what_there_is() -> None:
    with pytest.raises(
        PackError, match=r"no pack is called 'nothing'; there are .*auto-4s.*general"
    ) as found:
        load_policy(["nothing"])
    in_both(found.value)


def test_a_wrong_example_is_found(load: Callable[..., Policy]) -> None:
    (problem,) = check_examples(load(PACK.replace("2026-10-11T", "2026-10-12T")))
    assert "own.answer" in problem and "2026-10-11T00:00:00+08:00" in problem


def test_an_organisations_own_pack_wins_over_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "property.toml").write_text(PACK.replace('id = "own"', 'id = "property"'), "utf-8")
    assert list(load_policy(["property"], [tmp_path]).clauses) == ["own.answer"]
    assert "property.first-reply" in load_policy(["property"]).clauses


def test_a_pack_includes_general_unless_it_says_otherwise(load: Callable[..., Policy]) -> None:
    assert [pack.id for pack in load(PACK.replace("includes = []", "")).packs] == ["general", "own"]
    assert [pack.id for pack in load(PACK).packs] == ["own"]


def test_the_version_names_the_very_text(load: Callable[..., Policy]) -> None:
    one, other = load(PACK).version, load(PACK + "\n").version
    assert one != other
    assert one.startswith("own@1~")


# ---- branches, zones, calendars


def came(branch: str | None = None, of: str = "C-1") -> Fact:
    return received(of, "2026-03-09 09:00", branch=branch)


def test_a_pack_limited_to_branches_counts_there_and_where_nobody_named_one(
    load: Callable[..., Policy],
) -> None:
    policy = load(PACK.replace("includes = []", 'includes = []\nbranches = ["B-1", "B-2"]'))
    told = tell(policy, came("B-1"), came("B-9", "C-2"), came(None, "C-3"))
    assert {line["subject"] for line in told.all("obligation.opened")} == {"complaint/C-1", "complaint/C-3"}


def test_a_pack_may_be_limited_where_it_is_named() -> None:
    policy = load_policy(["property@B-1+B-2"])
    told = tell(policy, came("B-2"), came("B-9", "C-2"))
    assert {line["subject"] for line in told.all("obligation.opened")} == {"complaint/C-1"}


def test_days_are_of_the_packs_time_zone(load: Callable[..., Policy]) -> None:
    text = PACK.replace("includes = []", 'includes = []\ntimezone = "Asia/Tokyo"')
    assert tell(load(text), came()).has("obligation.opened", due_at="2026-03-12 23:00")


def test_a_calendar_of_its_own_is_in_the_packs_zone_and_ends_days_at_its_closing_time(
    load: Callable[..., Policy],
) -> None:
    week = ", ".join(f'{day} = [["09:00", "17:00"]]' for day in ("mon", "tue", "wed", "thu", "fri", "sat"))
    own = PACK.replace(
        "includes = []", f'includes = []\ntimezone = "Asia/Tokyo"\ncalendar = {{ week = {{ {week} }} }}'
    )
    friday = received("C-1", "2026-03-13 09:00")
    assert tell(load(own), friday).has("obligation.opened", due_at="2026-03-17 16:00")


def test_an_organisations_clause_works_like_a_shipped_one(load: Callable[..., Policy]) -> None:
    told = tell(load(PACK), came(), act("replied", "2026-03-10 09:00", text="……"))
    assert told.has("obligation.met", clause="own.answer", due_at="2026-03-13 00:00")
    assert not tell(load(PACK), received("C-2", "2026-03-09 09:00", category="fees")).has("obligation.opened")
