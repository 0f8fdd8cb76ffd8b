"""`huiyin policy`: the packs, what they say and where from, and what is wrong with one."""

from pathlib import Path

import pytest

from domain.policy import SHIPPED
from tests.helpers.cli import huiyin, refused

PACKS = sorted(file.stem for file in SHIPPED.glob("*.toml"))
PACK = """
[pack]
id = "own"
version = "1"
title = { zh = "自有", en = "Our own" }
ladder = [["department_manager"]]

[[clause]]
id = "own.answer"
title = { zh = "答复", en = "Answer" }
text = { zh = "三个工作日内答复", en = "answered within three working days" }
source = "our rules 1"
assumed = true
opens = ["complaint.received"]
within = "3 working days"
met_by = ["complaint.replied"]
example = { opened = "2026-09-30T10:00:00+08:00", due = "2026-10-11T00:00:00+08:00" }
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "own.toml"
    file.write_text(PACK)
    return file


def test_every_pack_is_listed_with_its_version() -> None:
    rows = {
        row[0]: row[1] for line in huiyin("policy", "list").out.splitlines() if len(row := line.split()) > 3
    }
    assert {pack: rows[pack] for pack in PACKS} == {
        pack: rows[pack] for pack in PACKS if rows[pack][0].isdigit()
    }


def test_an_organisations_own_packs_are_listed_beside_the_shipped_ones(own: Path) -> None:
    packs = huiyin("policy", "list", "--policy-dir", str(own.parent), "--json").json
    assert {pack["pack"] for pack in packs} == {*PACKS, "own"}


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_pack_is_shown_with_every_row_in_both_languages(pack: str, lang: str) -> None:
    shown = huiyin("policy", "show", pack, "--lang", lang)
    (said,) = huiyin("policy", "show", pack, "--json").json
    assert shown.status == 0
    for row in (*said.get("clause", ()), *said.get("kpi", ())):
        assert row["id"] in shown.out
        assert row["title"][lang] in shown.out
        assert row["text"][lang] in shown.out


def test_a_clause_is_shown_with_period_source_example_and_as_assumed(own: Path) -> None:
    out = huiyin("policy", "show", "own", "--policy-dir", str(own.parent)).out
    assert "own.answer  Answer  [assumed]" in out
    assert "period: 3 working days" in out
    assert "source: our rules 1" in out
    assert "2026-09-30T10:00:00+08:00 → 2026-10-11T00:00:00+08:00" in out
    assert "includes: general" in out


@pytest.mark.parametrize("pack", PACKS)
def test_every_shipped_pack_is_sound(pack: str) -> None:
    answer = huiyin("policy", "check", str(SHIPPED / f"{pack}.toml"))
    assert (answer.status, answer.err) == (0, "")


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (('"complaint.replied"', '"complaint.replyed"'), "did you mean 'complaint.replied'"),
        (("3 working days", "three days"), 'clause "own.answer"'),
        (('within = "3', 'whithin = "3'), "whithin"),
        (("2026-10-11", "2026-10-12"), "due is 2026-10-11"),
        (("[[clause]]", "[[clause"), "not TOML"),
        (('"department_manager"', ""), "ladder"),
    ],
)
def test_a_mistake_in_a_pack_is_answered_with_file_row_and_field(
    own: Path, mistake: tuple[str, str], said: str
) -> None:
    own.write_text(PACK.replace(*mistake))
    answer = huiyin("policy", "check", str(own))
    assert answer.status == 1
    assert "own.toml" in answer.err
    assert said in answer.err


def test_several_packs_are_checked_to_the_end(own: Path) -> None:
    bad = own.with_name("bad.toml")
    bad.write_text("[pack]")
    answer = huiyin("policy", "check", str(bad), str(own))
    assert answer.status == 1
    assert "own.toml: sound" in answer.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "nothing"], "no pack is called 'nothing'; there are"),
        (["show"], "PACK"),
        (["show", "general", "--lang", "fr"], "--lang"),
        (["check"], "FILE"),
        (["check", "/no/such.toml"], "there is no such file"),
        (["check", "tests"], "tests is a directory; name the packs in it"),
        (["list", "--policy-dir", "/no/such"], "/no/such is not a directory"),
    ],
)
def test_what_is_no_pack_is_refused_in_one_line(words: list[str], said: str) -> None:
    assert said in refused(huiyin("policy", *words))
