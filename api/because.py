"""What derived events say of why they are there, in the language in which it is read.

The ledger keeps one reason for ever, in English; each kind of sentence is a row here, and a row says it
again in Chinese. A reason that no row knows, as of an older version, is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from api.i18n import Language
from api.sentences import Reader, Row, Sentences, Texts, listed
from domain.glossary import ROLES, label
from domain.working_time.periods import parse_period

if TYPE_CHECKING:
    from domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Wording:
    """How what the ledger keeps in one language is read in another: reasons, and written rules."""

    language: Language
    texts: Texts = field(default_factory=dict)
    """What clauses say, from English to Chinese."""

    titles: Mapping[str, str] = field(default_factory=dict)
    """What the standards are called, from Chinese to English."""

    @classmethod
    def of(cls, policy: Policy, language: Language) -> Self:
        """The wording of the packs in force."""
        sources = [words for pack in policy.packs for words in pack.sources.values()]
        return cls(language, texts_of(policy), {words.zh: words.en for words in sources})

    def because(self, sentence: str) -> str:
        return (in_chinese(sentence, self.texts) or sentence) if self.language == "zh" else sentence

    def points(self, sentence: str) -> list[str]:
        """What a division of a deal rests on, one by one, without the name of the row that divides it."""
        head, colon, rest = self.because(sentence).partition("）：" if self.language == "zh" else "): ")
        said = (rest if colon else head).split("；" if self.language == "zh" else ";")
        return [point.strip() for point in said if point.strip()]

    def source(self, cited: str) -> str:
        """The written rule: what it is called, and the number in it, several separated by semicolons."""
        if self.language == "zh":
            return cited
        return "; ".join(map(self._titled, cited.split("; ")))

    def _titled(self, cited: str) -> str:
        known = [title for title in self.titles if cited == title or cited.startswith(f"{title} ")]
        title = max(known, key=len, default="")
        return f"{self.titles.get(title, '')}{cited.removeprefix(title)}"


@lru_cache(maxsize=16)
def wording(policy: Policy, language: Language) -> Wording:
    """The wording of a policy, which is made once."""
    return Wording.of(policy, language)


def texts_of(policy: Policy) -> Texts:
    """The clauses' own words, which some reasons repeat."""
    return {bound.row.text.en: bound.row.text.zh for bound in policy.clauses.values()}


# ---- what stands in a sentence's gaps

AT = r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)"
KIND = r"[a-z]+\.[a-z_]+"
GAPS: Mapping[str, str] = {
    "at": AT,
    "due": AT,
    "type": KIND,
    "number": r"-?[\d.e+-]+",
    "limit": r"-?[\d.e+-]+",
    "clause": r"[\w.-]+\.[\w.-]+",
    "word": r"[^\s;:]+",
}
"""What a gap takes, by its name; any other takes anything."""


def _period(value: str, _: Texts) -> str | None:
    try:
        return parse_period(value).zh
    except ValueError:
        return None


def _role(value: str, _: Texts) -> str:
    return KEYS.get(value) or ROLES.get(value, ("", value))[1]


def _text(value: str, texts: Texts) -> str:
    """A clause's words; those of a clause that is no more stay as they are."""
    return texts.get(value, value)


def _inputs(value: str, _: Texts) -> str:
    return "；".join(map(_input, value.split("; ")))


def _input(said: str) -> str:
    """One of the things that a division rests on: who is who, or a field of the deal."""
    for en, zh in PARTIES.items():
        if said == en or said.startswith(f"{en} "):
            return f"{zh}{listed(_registrations(said.removeprefix(en).strip()), {})}"
    name, _, value = said.partition(" ")
    truth = {"True": "是", "False": "否"}.get(value)
    return f"{label('deal.closed', name)}：{truth or listed(value, {})}"


REGISTERED = re.compile(r" \(registered ([^\s,)]+)(?:, (valid until|expired) ([^\s,)]+))?\)")
"""Somebody's registration, with how long it was valid."""

UNTIL = {"valid until": "，有效期至 {at}", "expired": "，已于 {at} 失效"}


def _registrations(said: str) -> str:
    """When people registered, wherever it is said of them."""

    def chinese(found: re.Match[str]) -> str:
        until = UNTIL[found[2]].format(at=found[3]) if found[2] else ""
        return f"（{found[1]} 登记{until}）"

    return REGISTERED.sub(chinese, said)


READ: Mapping[str, Reader] = {
    "period": _period,
    "role": _role,
    "list": listed,
    "text": _text,
    "inputs": _inputs,
}

KEYS = {
    "upstream": "上游系统",
    "ops": "运维人员",
    "auditor": "审计人员",
    "rule_author": "规则编制人员",
    "admin": "管理员",
}
"""The roles of who asks the API; the standards' roles are the glossary's."""

PARTIES = {
    "A is": "A 为 ",
    "B is": "B 为 ",
    "the complaint was found reasonable against": "投诉属实的被投诉人为 ",
    "the old customer's original receiver is": "老客户的原接待人为 ",
    "the family's first owner is": "家庭的首位归属人为 ",
    "quarrelled over, or the ruling defied": "发生争吵，或不服裁定",
    "settled or ruled": "协商或裁定的份额：",
}


# ---- the sentences


ROWS = tuple(
    Row(*pair)
    for pair in (
        # obligations
        ("due from {at}: {type}", "期限由 {type} 确定，自 {at} 起"),
        ("{period} (assumed) from {at}: {type}", "{type}：自 {at} 起，{period}（默认值）"),
        ("{period} from {at}: {type}", "{type}：自 {at} 起，{period}"),
        ("80 % of the time is used up, due {due}", "时间已用去 80%，到期 {due}"),
        ("not done by {due}", "至 {due} 仍未履行"),
        ("{type} at {at}, due {due}", "{type} 发生于 {at}，到期 {due}"),
        ("{type} at {at} shows otherwise", "{type}（{at}）表明并非如此"),
        ("{type} at {at} changes who has the deal", "{type}（{at}）改变了成交归属"),
        ("{type} at {at}: {text}", "{type} 发生于 {at}：{text}"),
        ("{type} at {at}", "{type} 发生于 {at}"),
        ("the official schedule is known", "正式放假安排已公布"),
        # escalations
        ("{clause} was due {due}", "{clause} 应于 {due} 前履行"),
        ("{clause}: level {number} was not acknowledged", "{clause}：第 {number} 级无人接手"),
        ("{reason}; level {number} of {limit}", "{reason}；第 {number} 级，共 {limit} 级"),
        ("{text}; level {number} of {limit}", "{text}；第 {number} 级，共 {limit} 级"),
        ("done by {type}", "已由 {type} 履行"),
        ("done, as {type} shows", "{type} 表明已履行"),
        ("{type} shows it is over", "{type} 表明已结束"),
        ("ended by {type}", "因 {type} 终止"),
        ("withdrawn by {type}", "因 {type} 撤销"),
        ("{reason} at {at}", "{reason}（{at}）"),
        # figures
        ("{number} in {word}, at least {limit}", "{word} 为 {number}，应不低于 {limit}"),
        ("{number} in {word}, at most {limit}", "{word} 为 {number}，应不高于 {limit}"),
        ("{reason}; missed since {word}", "{reason}；自 {word} 起未达标"),
        ("{reason}, by {type} of {at}", "{reason}；依据 {at} 的 {type}"),
        # complaints
        ("the customer is not satisfied", "客户不满意"),
        ("signals {list}", "信号：{list}"),
        # staff, receptions, customers
        ("received by {word}, who joined as {role}", "由 {word} 收取，其入职角色为{role}"),
        ("{word} is next; in: {list}", "轮到 {word}；在岗：{list}"),
        ("{word} makes up a turn; in: {list}", "{word} 补轮；在岗：{list}"),
        ("{customer} asked for {word}", "{customer} 指定 {word}"),
        (
            "{word} left ({why}); drawn among {list} with seed {seed}",
            "{word} 离岗（{why}）；以种子 {seed} 在 {list} 中抽取",
        ),
        (
            "{number} of {limit} customers held, drawn with seed {seed}",
            "从负责的 {limit} 位客户中抽取 {number} 位，种子 {seed}",
        ),
        (
            "erasure was asked for at {at}; the data key was destroyed",
            "于 {at} 要求删除；数据密钥已销毁",
        ),
        ("the stream passes from {previous} to {version}", "该流由 {previous} 改用 {version}"),
        # approvals, documents, readings
        ("{number} asked for, {limit} (assumed) allowed", "申请 {number}，准予 {limit}（默认值）"),
        ("{number} asked for, {limit} allowed", "申请 {number}，准予 {limit}"),
        ("no granted, unused approval covers it", "没有已批准且未使用的审批可依据"),
        ("by approval/{approval}", "依据 approval/{approval}"),
        ("{staff} was granted to read {subject}", "{staff} 获准查阅 {subject}"),
        ("the document is {level}", "文件密级为 {level}"),
        (
            "top-secret, and no approval of kind copy was granted by a general manager",
            "绝密文件，且没有总经理批准的 copy 审批",
        ),
        ("classified until {at}", "保密期至 {at}"),
        (
            "{word}, as {role}, read the record with its personal fields",
            "{word} 以{role}身份查阅了记录及个人信息",
        ),
        ("{word}, as {role}, read the record", "{word} 以{role}身份查阅了记录"),
        # ownership
        ("the dispute is open; {inputs}", "争议尚未解决；{inputs}"),
        ("{clause} ({case}) is left to the manager; {inputs}", "{clause}（{case}）由经理裁定；{inputs}"),
        ("{clause} ({case}): {inputs}", "{clause}（{case}）：{inputs}"),
    )
)

REASONS = Sentences(ROWS, GAPS, READ, nested=frozenset({"reason"}))


def in_chinese(sentence: str, texts: Texts) -> str | None:
    """A reason in Chinese; None: no row knows it."""
    return REASONS.chinese(sentence, texts)
