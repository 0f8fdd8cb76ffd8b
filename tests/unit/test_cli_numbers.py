"""Numbers on the command line: what is none is answered with the limits, in either language."""

import pytest

from tests.helpers.cli import huiyin, refused

WRONG = [
    (("serve", "--port", "99999"), "--port", "65535"),
    (("up", "--port", "x"), "--port", "65535"),
    (("up", "--kafka-port", "0"), "--kafka-port", "65535"),
    (("emit", "f.jsonl", "--batch", "0"), "--batch", "1"),
    (("watch", "--count", "-1"), "--count", "1"),
    (("dead-letters", "show", "1.5"), "NUMBER", "1"),
    (("dead-letters", "replay", "٣"), "NUMBER", "1"),
]


@pytest.mark.parametrize("words, option, limit", WRONG)
def test_a_number_out_of_its_limits_is_answered_with_them(
    words: tuple[str, ...], option: str, limit: str
) -> None:
    said = refused(huiyin(*words))
    chinese = refused(huiyin(*words, env={"HUIYIN_LANG": "zh"}))

    assert option in said and limit in said and "whole number" in said
    assert option in chinese and limit in chinese and "整数" in chinese
