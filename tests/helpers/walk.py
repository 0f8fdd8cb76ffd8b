"""The pages as they are walked in a browser: a page joins by a row here.

`path` may name what the sample holds: {major} and {promise} are complaints, {customer} and {staff} ids.
"""

from __future__ import annotations

from typing import NamedTuple


class Stop(NamedTuple):
    """A page, and words that only its content says, in either language; a variant of a page is looked at by
    axe in one way alone."""

    name: str
    path: str
    en: str
    zh: str
    signed_in: bool = True
    variant: bool = False


STOPS = (
    Stop("now", "/?limit=8", "Major complaints: escalated to level", "重大投诉：升级至第"),
    Stop(
        "now-nothing",
        "/?branch=nowhere",
        "No alert fits these filters",
        "没有符合筛选条件的告警",
        variant=True,
    ),
    Stop("search", "/view/complaints?overdue=true&limit=12", "Clear all", "全部清除"),
    Stop("search-words", "/view/complaints?words=%E5%88%B9%E8%BD%A6", "刹车异响", "刹车异响", variant=True),
    Stop(
        "search-none", "/view/complaints?handler=nobody", "No complaint fits", "没有符合的投诉", variant=True
    ),
    Stop("complaint", "/complaints/{major}", "Crisis meeting", "危机处理会议"),
    Stop(
        "complaint-then",
        "/complaints/{major}?as_of={early}",
        "Shown as it was",
        "显示的是当时情形",
        variant=True,
    ),
    Stop(
        "complaint-before",
        "/complaints/{major}?as_of=2020-01-01T00:00:00Z",
        "Nothing had happened",
        "尚无任何记录",
        variant=True,
    ),
    Stop("history", "/streams/staff/QC-001/history", "staff.joined", "staff.joined", variant=True),
    Stop("satisfaction", "/view/satisfaction", "Window by window", "各区间"),
    Stop("satisfaction-staff", "/view/satisfaction?per=staff", "By Staff", "按员工", variant=True),
    Stop("answers", "/view/answers?counted=rated", "Asked and answered", "询问与答复", variant=True),
    Stop("visits", "/view/visits?window=quarter", "By manager", "按客户经理"),
    Stop(
        "ownership-customer",
        "/view/ownership?customer={customer}",
        "Who held the customer",
        "历任持有人",
        variant=True,
    ),
    Stop("rankings", "/view/rankings", "Where problems concentrate", "问题集中度"),
    Stop("rules", "/view/rules", "Each clause is one paragraph", "每一条款对应"),
    Stop("pack", "/view/rules/auto-4s", "Worked example", "示例"),
    Stop("what-if", "/view/what-if", "The recorded facts of a period", "重放某期间的已记录事实"),
    Stop("audit", "/view/audit", "Who read what", "查阅、删除与规则变更记录"),
    Stop("missing", "/complaints/none-such", "There is nothing here", "此处没有内容", variant=True),
    Stop("login", "/login", "Enter the key that you were given", "请输入您的密钥", signed_in=False),
)


class Way(NamedTuple):
    """How somebody looks: each two of language, device and colours meet once."""

    language: str
    device: str
    colours: str

    def __str__(self) -> str:
        return f"{self.language}-{self.device}-{self.colours}"


WAYS = (
    Way("en", "desktop", "light"),
    Way("zh-CN", "phone", "dark"),
    Way("en", "phone", "light"),
    Way("zh-CN", "desktop", "dark"),
)
FEW = EXAMINED = WAYS[:2]
KEY = ("now", "search", "complaint", "login")
"""The pages that are walked in all ways; the others in two, in which each choice is met. Axe sees those."""

WALK = [(way, stop) for way in WAYS for stop in STOPS if way in FEW or stop.name in KEY]
SIZES = {"desktop": (1360, 900), "phone": (390, 844)}
