"""What a pack says to people, it says in both languages: its examples, its periods, whom it escalates to."""

import re
from pathlib import Path

import pytest

from domain.pack import Clause, Words
from domain.policy import SHIPPED, load_policy
from tests.helpers.cli import huiyin

PACKS = sorted(file.stem for file in Path(SHIPPED).glob("*.toml"))
CHINESE = re.compile("[\u4e00-\u9fff]")
CLAUSES = [row for name in PACKS for row in load_policy([name]).packs[-1].clause]


@pytest.mark.parametrize("row", CLAUSES, ids=lambda row: row.id)
def test_a_worked_example_in_words_is_in_both_languages(row: Clause) -> None:
    example = row.example
    assert not isinstance(example, str)
    if isinstance(example, Words):
        assert CHINESE.search(example.zh) and example.en != example.zh


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_shown_in_chinese_leaves_no_sentence_in_english(pack: str) -> None:
    shown = huiyin("policy", "show", pack, "--lang", "zh").out
    said = [line for line in shown.splitlines() if line.startswith(("  示例", "  期限", "升级层级"))]

    assert said
    assert not [line for line in said if re.search(r"[a-z]+ [a-z]+ [a-z]+", line)]
    assert not [line for line in said if line.startswith("  期限") and not CHINESE.search(line[5:])]


def test_english_shows_what_the_pack_writes() -> None:
    shown = huiyin("policy", "show", "tobacco-xuzhou").out
    assert "ladder: market_manager → service_section → marketing_centre" in shown
    assert "period: 3 working days" in shown
    assert "example: The shop is closed" in shown


def test_chinese_shows_periods_roles_and_figures_in_chinese() -> None:
    shown = huiyin("policy", "show", "tobacco-xuzhou", "--lang", "zh").out
    assert "期限: 3个工作日" in shown.replace("3 个", "3个")
    assert "market_manager" not in shown
    assert "期限: 月, 员工: ≥ 0.5" in shown
    assert "示例: 商店关门" in shown


def test_an_organisations_own_example_may_be_one_sentence(tmp_path: Path) -> None:
    text = (Path(SHIPPED) / "property.toml").read_text("utf-8")
    own = re.sub(r"example = \{ zh = .*", 'example = "As we do it."', text, count=1)
    (tmp_path / "property.toml").write_text(own, "utf-8")

    for language in ("en", "zh"):
        shown = huiyin("policy", "show", "property", "--lang", language, "--policy-dir", str(tmp_path)).out
        assert "As we do it." in shown
