"""Reasons and written rules in the language in which they are read; the ledger keeps one of each.

That no reason is left without its Chinese is held by `tests.helpers.scenario`, for all that any test tells.
"""

import re

import pytest

from api.because import ROWS, Wording
from api.i18n import Language
from domain.policy import SHIPPED, load_policy

POLICY = load_policy(sorted(file.stem for file in SHIPPED.glob("*.toml")))


def read(sentence: str, language: Language = "zh") -> str:
    return Wording.of(POLICY, language).because(sentence)


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (
            "3 working days from 2026-09-30T10:00:00+08:00: complaint.received",
            "complaint.received：自 2026-09-30T10:00:00+08:00 起，3 个工作日",
        ),
        (
            "5 working days (assumed) from 2026-03-02T09:00:00+08:00: customer.filed",
            "customer.filed：自 2026-03-02T09:00:00+08:00 起，5 个工作日（默认值）",
        ),
        ("650 asked for, 500 (assumed) allowed", "申请 650，准予 500（默认值）"),
        (
            "general.promise was due 2026-09-30T16:00:00+08:00; level 1 of 2",
            "general.promise 应于 2026-09-30T16:00:00+08:00 前履行；第 1 级，共 2 级",
        ),
        (
            "done by complaint.replied at 2026-09-30T16:20:00+08:00",
            "已由 complaint.replied 履行（2026-09-30T16:20:00+08:00）",
        ),
        (
            "visit.planned at 2026-11-17T08:05:00+08:00: a visit is planned before its own date",
            "visit.planned 发生于 2026-11-17T08:05:00+08:00：走访计划应在走访日之前制定",
        ),
        (
            "a complaint is filed under one of seven causes; level 2 of 3",
            "投诉按房屋质量、配套设施、设备、服务、收费、突发事件、邻里七类登记；第 2 级，共 3 级",
        ),
        (
            "0.5 in 2026-Q1, at least 0.9, by feedback.given of 2026-03-01T09:00:00Z",
            "2026-Q1 为 0.5，应不低于 0.9；依据 2026-03-01T09:00:00Z 的 feedback.given",
        ),
        ("received by S-1, who joined as salesperson", "由 S-1 收取，其入职角色为销售人员"),
        ("S-2 is next; in: S-2, S-3", "轮到 S-2；在岗：S-2、S-3"),
        ("S-7, as auditor, read the record", "S-7 以审计人员身份查阅了记录"),
        (
            "sales.named (named-present): A is S-1; B is S-2; at_event True; named S-2, S-3",
            "sales.named（named-present）：A 为 S-1；B 为 S-2；"
            "是否在开盘等活动中成交：是；客户点名的员工编号：S-2、S-3",
        ),
    ],
)
def test_a_reason_is_said_again_in_chinese(kept: str, said: str) -> None:
    assert read(kept) == said
    assert read(kept, "en") == kept


def test_a_reason_that_nobody_knows_is_shown_as_it_is_kept() -> None:
    assert read("because of the weather") == "because of the weather"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.en)
def test_both_languages_have_the_same_gaps(row: tuple[str, str]) -> None:
    english, chinese = (set(re.findall(r"\{\w+\}", text)) for text in row)
    assert english == chinese


def test_a_written_rule_is_cited_in_the_readers_language() -> None:
    cited = "客户管理规范10 汽车4S店投诉处理 2.5; 客户管理规范14 客户投诉答复 1"
    english = (
        "Customer management standard 10, car dealer complaints 2.5; "
        "Customer management standard 14, answering complaints 1"
    )
    assert Wording.of(POLICY, "en").source(cited) == english
    assert Wording.of(POLICY, "zh").source(cited) == cited


def test_every_clause_is_cited_without_a_word_of_chinese_in_english() -> None:
    wording = Wording.of(POLICY, "en")
    for bound in POLICY.clauses.values():
        assert wording.source(bound.cites) == bound.pack.cites(bound.row.source, "en")


def test_a_standard_of_a_pack_that_is_not_in_force_is_cited_as_it_is_kept() -> None:
    assert Wording("en").source("某某办法 三") == "某某办法 三"


def test_what_a_division_rests_on_is_told_point_by_point() -> None:
    kept = "sales.named (named-present): A is S-1; B is S-2; named S-2, S-3"
    assert Wording("en").points(kept) == ["A is S-1", "B is S-2", "named S-2, S-3"]
    assert Wording("zh").points(kept) == ["A 为 S-1", "B 为 S-2", "客户点名的员工编号：S-2、S-3"]
