"""A pack of one's own, as an organisation would write it: a house with a rule or two."""

from __future__ import annotations

from domain.pack import parse_pack
from domain.policy import Policy

LADDER = '["handler"], ["ceo"]'

_PACK = """
[pack]
id = "house"
version = "{version}"
title = {{ zh = "本公司", en = "Our house" }}
includes = []
calendar = "cn"
ladder = [{ladder}]
step = "1 working day"

[sources]
"house" = {{ zh = "本公司客户服务规定", en = "Our rules" }}
"""
_CLAUSE = """
[[clause]]
id = "house.{name}"
title = {{ zh = "答复", en = "Reply" }}
text = {{ zh = "限时答复", en = "a reply in time" }}
source = "house 1"
opens = ["complaint.received"]
{time}
met_by = ["complaint.replied"]
example = "none"
{more}
"""


def within(period: str) -> str:
    """How a clause says its period."""
    return f'within = "{period}"'


def pack(version: str, *clauses: tuple[str, str], ladder: str = LADDER, more: str = "") -> str:
    """The text of a pack whose clauses, each a name and how it says its time, ask for a reply."""
    rows = (_CLAUSE.format(name=name, time=time, more=more) for name, time in clauses)
    return _PACK.format(version=version, ladder=ladder) + "".join(rows)


def policy(version: str, *clauses: tuple[str, str], ladder: str = LADDER, more: str = "") -> Policy:
    """The same, in force."""
    return Policy([parse_pack(pack(version, *clauses, ladder=ladder, more=more), "house.toml")])
