"""What a division of a deal rests on is said in Chinese to the last word."""

import re

import pytest

from api.because import in_chinese, texts_of
from domain.policy import load_policy
from tests.helpers.sales import claimed, deal
from tests.helpers.scenario import tell

POLICY = load_policy(["real-estate-sales"])


def said(*facts: dict[str, object]) -> str:
    (line,) = tell(POLICY, *facts).all("ownership.adjudicated")
    chinese = in_chinese(line["data"]["because"], texts_of(POLICY))
    assert chinese is not None
    return chinese


@pytest.mark.parametrize(
    "when, words",
    [
        ("2026-03-02 10:00", "登记，有效期至 2026-05-07T00:00:00+08:00"),
        ("2026-01-02 10:00", "已于 2026-03-03T00:00:00+08:00 失效"),
    ],
)
def test_a_registration_says_in_chinese_how_long_it_was_valid(when: str, words: str) -> None:
    chinese = said(claimed("S-2", when), deal(refuses=["S-2"]))

    assert words in chinese
    assert not re.search(r"registered|valid|expired", chinese.partition("：")[2])
