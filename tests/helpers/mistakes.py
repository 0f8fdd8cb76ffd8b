"""What is wrong is said in both languages, whatever a test comes to."""

import re

from api.mistakes import in_chinese

CHINESE = re.compile("[\u4e00-\u9fff]")


def in_both(problem: Exception) -> str:
    """The message, after it was seen that each part of it has its Chinese."""
    said = in_chinese(str(problem))
    assert said is not None, f"no Chinese for: {problem}"
    assert CHINESE.search(said), said
    return str(problem)
