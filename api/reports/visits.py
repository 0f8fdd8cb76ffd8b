"""The branch's check of visits: planned, made, checked, and which figures were missed (003 六-七)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from api.i18n import Text
from api.reports.asked import Asked, Made, leads
from api.reports.model import Bar, Chart, Column, Row, Section, Sheet
from projections import handling
from projections.visits import compliance

SOURCE = Text("Xuzhou customer manager work standard 六, 七", "徐州市烟草公司客户经理工作规范 六、七")
MANAGER = Column("manager", Text("Manager", "客户经理"), "text")
NOTE = Text(
    "Made: planned visits that started by 24:00 of their day, of those whose day is over. "
    "Visits belong to the day they started on.",
    "完成：计划日 24:00 前开始的计划走访，以计划日已过者为基数。走访归属其开始之日。",
)

COLUMNS = (
    Column("branch", Text("Branch", "分支"), "text"),
    Column("completion", Text("Completed", "计划完成率"), "share", "made", "due"),
    Column("excepted", Text("Excepted", "例外")),
    Column("without_photo", Text("Without a photo", "无照片例外")),
    Column("missed", Text("Missed", "未走访")),
    Column("visits", Text("Visits", "走访")),
    Column("unplanned_share", Text("Unplanned", "计划外占比"), "share", "unplanned_customers", "customers"),
    Column("on_site_share", Text("On site, of held", "现场走访率"), "share", "on_site_customers", "held"),
    Column(
        "hours_per_day", Text("Market hours a day", "日均市场小时"), "number", "market_hours", "market_days"
    ),
    Column("check_share", Text("Spot checks", "抽查率"), "share", "checks", "visits"),
    Column("checks_failed", Text("Checks failed", "抽查不实")),
)


def section(asked: Asked) -> Section:
    title = Text("Check of visits", "走访检查")
    return Section("visits", title, SOURCE, [_visits(asked), *_missed(asked), _found(asked)])


def _visits(asked: Asked) -> Sheet:
    found = compliance(asked.connection, (asked.span,), calendar=asked.calendar, now=asked.now)
    rows = [{**row, "due": row["planned"] - row["running"]} for row in found]

    def there(row: Row) -> str:
        return asked.links.figures("/visits/compliance", manager=row["manager"])

    linked = [Column(c.name, c.title, c.show, c.part, c.of, there if c.is_number else None) for c in COLUMNS]
    owed = (
        Column("breaches", Text("Breaches", "逾期"), link=leads(asked.links.breaches, "whose=manager")),
        Column(
            "violations", Text("Violations", "违规"), link=leads(asked.links.violations, "handler=manager")
        ),
    )
    bars = [
        Bar(row["manager"], row["completion"], f"{row['made']}/{row['due']}", there(row))
        for row in rows
        if row["completion"] is not None
    ]
    chart = Chart(Text("Planned visits completed", "计划走访完成率"), bars=bars[:30])
    return Sheet("visits", Text("By manager", "按客户经理"), [MANAGER, *linked, *owed], rows, NOTE, chart)


LIMITS = (
    Column("subject", Text("Of", "对象"), "text"),
    Column("title", Text("Figure", "指标"), "text"),
    Column("dimension", Text("Dimension", "维度"), "text"),
)


def _missed(asked: Asked) -> tuple[Sheet, Sheet]:
    """What the period's own figures came to, and how often each figure was missed in it."""
    found = handling.missed(asked.connection, asked.span, calendar=asked.calendar)
    told = [{**row, "title": asked.title(row["kpi"]), "limit": _limit(row)} for row in found]
    own = [row for row in told if row["window"] == asked.period.name]
    return _own(asked, own), _often(asked, told)


def _own(asked: Asked, rows: list[dict[str, Any]]) -> Sheet:
    columns = [
        *LIMITS,
        Column(
            "value",
            Text("Value", "实测值"),
            "number",
            link=leads(asked.links.kpis, "subject", "kpi", "window"),
        ),
        Column("limit", Text("Threshold", "阈值"), "text"),
    ]
    note = Text(
        "Figures of this very period that miss their threshold, as late facts have restated them.",
        "本期未达标的指标，已计入补录更正。",
    )
    return Sheet("missed-figures", Text("Figures missed", "未达标指标"), columns, rows, note)


def _often(asked: Asked, told: list[dict[str, Any]]) -> Sheet:
    keys = ("subject", "kpi", "dimension", "title", "limit")
    counted = Counter(tuple(row[key] for key in keys) for row in told)
    rows = [{**dict(zip(keys, key, strict=True)), "times": times} for key, times in counted.most_common()]
    columns = [
        *LIMITS,
        Column("limit", Text("Threshold", "阈值"), "text"),
        Column("times", Text("Windows missed", "未达标区间数"), link=_times(asked)),
    ]
    note = Text(
        "By days, weeks, months and quarters that were missed in the period.",
        "本期内未达标的日、周、月、季区间数。",
    )
    return Sheet("missed-how-often", Text("How often figures were missed", "未达标次数"), columns, rows, note)


def _times(asked: Asked) -> Made:
    """A list of figures cannot be narrowed to one dimension of them."""
    of_all = leads(asked.links.missed, "subject", "kpi")
    return lambda row: None if row["dimension"] else of_all(row)


def _limit(row: Row) -> Text:
    sign = {True: "≥", False: "≤", None: ""}[row["at_least"]]
    limit = "" if row["threshold"] is None else f"{row['threshold']:g}"
    return Text(f"{sign} {limit}".strip(), f"{sign} {limit}".strip())


def _found(asked: Asked) -> Sheet:
    found = handling.found(asked.connection, asked.span, calendar=asked.calendar)
    rows = [{**row, "title": asked.title(row["clause"])} for row in found]
    columns = [
        Column("clause", Text("Clause", "条款"), "text"),
        Column("title", Text("Rule", "规则"), "text"),
        Column("detail", Text("What was broken", "违规情形"), "text"),
        Column("handler", Text("Whose", "责任人"), "text"),
        Column(
            "violations",
            Text("Violations", "次数"),
            link=leads(asked.links.violations, "clause", "detail", "handler"),
        ),
    ]
    note = Text("Violations found in the period that stand.", "本期发现且未撤销的违规。")
    return Sheet("violations", Text("Violations", "违规"), columns, rows, note)
