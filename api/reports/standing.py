"""The quarter's looks back: ranking (003 七.3), concentration of problems (000 5), loyalty (001-15)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from api.i18n import Text
from api.reports.asked import Asked, leads
from api.reports.model import Bar, Chart, Column, Row, Section, Sheet
from projections.concentration import UNKNOWN, Of, Per, concentrated
from projections.loyalty import GRADES, loyalty, retention
from projections.ranking import ranking, weights_of

PARTS = {
    "satisfaction": Text("Satisfaction", "满意度"),
    "completion": Text("Completion", "计划完成"),
    "breaches": Text("Breaches", "逾期"),
    "violations": Text("Violations", "违规"),
}


# ---- ranking


def ranked(asked: Asked) -> Section:
    title = Text("Ranking of managers", "客户经理排名")
    source = Text("Xuzhou customer manager work standard 七.3", "徐州市烟草公司客户经理工作规范 七.3")
    return Section("ranking", title, source, [_ranking(asked)])


def _ranking(asked: Asked) -> Sheet:
    weights = weights_of(asked.policy)
    found = ranking(asked.connection, asked.span, weights, calendar=asked.calendar, now=asked.now)
    rows = [{**row, **_parts(row), "part_completion_of": row["planned"]} for row in found]
    columns = [
        Column("rank", Text("Rank", "名次")),
        Column("staff", Text("Manager", "客户经理"), "text"),
        Column("branch", Text("Branch", "分支"), "text"),
        Column("score", Text("Score", "得分"), "number", link=lambda _row: asked.links.quarter("/rankings")),
        Column("part_satisfaction", PARTS["satisfaction"], "share", "satisfied", "rated"),
        Column("part_completion", PARTS["completion"], "share", "made", "planned"),
        Column("breaches", PARTS["breaches"], link=leads(asked.links.breaches, "whose=staff")),
        Column("part_breaches", Text("Breaches, scaled", "逾期折算"), "number"),
        Column("violations", PARTS["violations"], link=leads(asked.links.violations, "handler=staff")),
        Column("part_violations", Text("Violations, scaled", "违规折算"), "number"),
    ]
    bars = [
        Bar(row["staff"], row["score"], f"{row['score']:.2f}") for row in rows if row["score"] is not None
    ]
    chart = Chart(Text("Score", "得分"), bars=bars[:30])
    return Sheet("ranking", Text("By manager", "按客户经理"), columns, rows, _weighted(asked), chart)


def _parts(row: Row) -> dict[str, Any]:
    return {f"part_{name}": row["parts"].get(name) for name in PARTS}


def _weighted(asked: Asked) -> Text:
    weights = weights_of(asked.policy)
    en = ", ".join(
        f"{PARTS[name].en if name in PARTS else name} {weight:g}" for name, weight in weights.items()
    )
    zh = "、".join(
        f"{PARTS[name].zh if name in PARTS else name} {weight:g}" for name, weight in weights.items()
    )
    return Text(
        f"The weighted mean of the parts that could be measured; 1 is best. Weights: {en or 'none'}.",
        f"可测各分项的加权平均，1 为最佳。权重：{zh or '无'}。",
    )


# ---- concentration

PROBLEMS: tuple[tuple[Of, Per, Text], ...] = (
    ("complaints", "manager", Text("Complaints per manager", "各客户经理投诉")),
    ("complaints", "root-cause", Text("Complaints per root cause", "各根本原因投诉")),
    ("breaches", "manager", Text("Breaches per manager", "各客户经理逾期")),
    ("violations", "manager", Text("Violations per manager", "各客户经理违规")),
)


def concentration(asked: Asked) -> Section:
    sheets = [_concentration(asked, of, per, title) for of, per, title in PROBLEMS]
    title = Text("Where problems concentrate", "问题集中度")
    source = Text("Tobacco marketing staff complaint rules 5", "烟草营销人员投诉管理规定 5")
    return Section("concentration", title, source, sheets)


def _concentration(asked: Asked, of: Of, per: Per, title: Text) -> Sheet:
    rows = concentrated(asked.connection, (asked.span,), calendar=asked.calendar, of=of, per=per)

    def there(row: Row) -> str | None:
        name = None if row["name"] == UNKNOWN else row["name"]
        filters = {_NARROWS[of, per]: name}
        return getattr(asked.links, of)(**filters)  # type: ignore[no-any-return]

    columns = [
        Column("told", Text("Name", "名称"), "text"),
        Column("count", Text("Count", "数量"), link=there),
        Column("share", Text("Share", "占比"), "share", "count", "of"),
        Column("cumulative", Text("Running total", "累计占比"), "share"),
        Column("vital", Text("Vital few", "关键少数"), "text"),
    ]
    told = [{**row, "told": _named(row), "vital": VITAL if row["vital"] else Text("", "")} for row in rows]
    bars = [
        Bar(row["name"], row["count"], str(row["count"]), there(row), row["cumulative"]) for row in rows[:12]
    ]
    note = Text(
        "Pareto: the vital few are those needed to reach 80 %.", "帕累托分析：关键少数为累计达到八成所需者。"
    )
    return Sheet(f"{of}-per-{per}", title, columns, told, note, Chart(title, bars=bars))


def _named(row: Row) -> Text:
    return NOT_SAID if row["name"] == UNKNOWN else Text(row["name"], row["name"])


NOT_SAID = Text("not said", "未说明")
VITAL = Text("yes", "是")
_NARROWS: dict[tuple[Of, Per], str] = {
    ("complaints", "manager"): "handler",
    ("complaints", "root-cause"): "root_cause",
    ("breaches", "manager"): "whose",
    ("violations", "manager"): "handler",
}
"""The filter of the list that a row leads to."""


# ---- loyalty and retention


def loyal(asked: Asked) -> Section:
    title = Text("Loyalty and retention", "忠诚度与客户保持")
    source = Text("Customer management standard 15; all figures assumed", "客户管理规范15；数值均为假定")
    return Section("loyalty", title, source, [_retention(asked), *_grades(asked)])


def _retention(asked: Asked) -> Sheet:
    row = retention(asked.connection, asked.span, calendar=asked.calendar)
    there = asked.links.quarter("/retention")
    columns = [
        Column("before", Text("Quarter before", "上季度"), "text"),
        Column("retention", Text("Retained", "保持率"), "share", "kept", "active_before", lambda _row: there),
        Column("active", Text("Active now", "本季度活跃")),
        Column("new", Text("Not active before", "新活跃")),
    ]
    note = Text("Active: a deal, a visit or a contact in the quarter.", "活跃：季度内有成交、走访或联系。")
    rows = [row] if row["active_before"] or row["active"] else []
    return Sheet("retention", Text("Retention", "客户保持"), columns, rows, note)


def _grades(asked: Asked) -> tuple[Sheet, Sheet]:
    graded = loyalty(asked.connection, asked.span, calendar=asked.calendar)
    counted = Counter(row["grade"] for row in graded)
    whole = len(graded)
    sums: list[dict[str, Any]] = [
        {"grade": grade, "customers": counted[grade], "of": whole, "share": counted[grade] / whole}
        for grade in GRADES
        if whole
    ]
    there = asked.links.quarter("/loyalty")
    columns = [
        Column("grade", Text("Grade", "等级"), "text"),
        Column("customers", Text("Customers", "客户数"), link=lambda _row: there),
        Column("share", Text("Share", "占比"), "share", "customers", "of"),
    ]
    bars = [Bar(row["grade"], row["customers"], str(row["customers"])) for row in sums]
    title = Text("Grades", "等级分布")
    note = Text(
        "Over 12 months. A: mean score of at least 4, and two deals or a referral; B: one of the two; "
        "C: neither; D: the latest feedback is dissatisfied.",
        "近 12 个月。A：平均分不低于 4 且有两次成交或一次推荐；B：满足其一；C：均不满足；D：最近反馈不满意。",
    )
    grades = Sheet("loyalty-grades", title, columns, sums, note, Chart(title, bars=bars))
    return grades, _customers(asked, graded)


def _customers(asked: Asked, graded: list[dict[str, Any]]) -> Sheet:
    columns = [
        Column(
            "customer",
            Text("Customer", "客户"),
            "text",
            link=lambda row: asked.links.quarter("/loyalty", customer=row["customer"]),
        ),
        Column("grade", Text("Grade", "等级"), "text"),
        Column("mean", Text("Mean score", "平均分"), "number"),
        Column("scored", Text("Scores", "评分数")),
        Column("deals", Text("Deals", "成交")),
        Column("referrals", Text("Referrals", "推荐")),
        Column(
            "latest_at",
            Text("Latest feedback", "最近反馈"),
            "instant",
            link=lambda row: asked.links.history(row["latest_on"]),
        ),
    ]
    return Sheet("loyalty-customers", Text("By customer", "按客户"), columns, graded)
