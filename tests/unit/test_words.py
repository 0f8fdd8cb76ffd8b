"""Words of summaries: what is marked of them, and what a search for them finds."""

from __future__ import annotations

import pytest

from projections.words import TooShort, Wanted, grams, mark, marks, runs

SUMMARY = "客户反映多收服务费２００元，OVERCHARGED by the Shop; café 未送货"


@pytest.mark.parametrize(
    "asked",
    [
        "服务费",
        "多收 服务费",
        "服务费 多收",
        "overcharged",
        "Overcharged SHOP",
        "200",
        "200元",
        "CAFÉ",
        "未送货 café",
    ],
)
def test_a_summary_is_found_by_its_words_however_they_are_spelled(asked: str) -> None:
    wanted = Wanted(asked)
    assert wanted.within(SUMMARY)
    assert set(wanted.marks(bytes(32))) <= set(marks(bytes(32), runs(SUMMARY)))


@pytest.mark.parametrize("asked", ["退款", "服务费 退款", "over", "charged", "20", "费服务", "货元"])
def test_a_summary_without_one_of_the_words_is_not_found(asked: str) -> None:
    assert not Wanted(asked).within(SUMMARY)


@pytest.mark.parametrize("asked", ["费", "", "，。！", "费 元", "_", "  "])
def test_a_search_for_less_than_a_word_is_refused(asked: str) -> None:
    with pytest.raises(TooShort):
        Wanted(asked)


def test_chinese_is_marked_by_two_characters_in_sequence_and_never_by_one() -> None:
    assert grams(runs("多收费")) == {"多收", "收费"}
    assert grams(runs("费")) == set()


def test_marks_tell_nothing_without_the_secret() -> None:
    """Another secret, other marks; and of 65,536 marks each stands for many words."""
    one, other = bytes(32), bytes([1]) * 32
    pairs = [chr(0x4E00 + i) + chr(0x4E00 + j) for i in range(500) for j in range(500)]
    assert sum(mark(one, pair) == mark(other, pair) for pair in pairs[:10_000]) < 5
    assert len({mark(one, pair) for pair in pairs}) < len(pairs) / 3


def test_a_search_takes_no_more_words_than_anybody_types() -> None:
    assert len(Wanted(" ".join(f"word{n}" for n in range(500))).runs) == 20
