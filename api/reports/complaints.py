"""Complaints and their handling: the weekly and monthly reports of the 4S standard (001-10 2.8)."""

from __future__ import annotations

from collections.abc import Sequence

from api.i18n import Text
from api.reports.asked import Asked, Made, leads
from api.reports.model import Bar, Chart, Column, Row, Section, Series, Sheet
from projections import contacts, handling
from projections.handling import Cut
from projections.satisfaction import rollups

SOURCE = Text(
    "Customer management standard 10, car dealer complaints 2.8; Tobacco marketing staff complaint rules 5",
    "客户管理规范10 汽车4S店投诉处理 2.8；烟草营销人员投诉管理规定 5",
)
COUNTED = Text(
    "Complaints received in the period, as they stand now; inquiries and withdrawn ones are not counted.",
    "本期受理的投诉的当前状况；不含咨询和已撤回的。",
)

BY: dict[Cut, Text] = {
    "category": Text("Category", "类别"),
    "channel": Text("Channel", "渠道"),
    "handler": Text("Handler", "处理人"),
    "branch": Text("Branch", "分支"),
    "root_cause": Text("Root cause", "根本原因"),
}
STATUS = {
    "open": Text("open", "未结"),
    "closed": Text("closed", "已结"),
    "merged": Text("merged", "已合并"),
}
UNKNOWN = Text("not said", "未说明")

# column -> its title, and the filter of the list that it leads to
NUMBERS: dict[str, tuple[Text, dict[str, str]]] = {
    "received": (Text("Received", "受理"), {}),
    "major": (Text("Major", "重大"), {"major": "true"}),
    "urgent": (Text("Urgent", "紧急"), {"urgent": "true"}),
    "open": (Text("Open", "未结"), {"status": "open"}),
    "closed": (Text("Closed", "已结"), {"status": "closed"}),
    "merged": (Text("Merged", "已合并"), {"status": "merged"}),
    "reopened": (Text("Reopened", "重新打开"), {"reopened": "true"}),
    "overdue": (Text("With something overdue", "有逾期事项"), {"overdue": "true"}),
}
SHARES = (
    Column("resolved_share", Text("Resolved", "解决率"), "share", "resolved", "received"),
    Column("hours", Text("Mean hours to resolve", "平均解决小时数"), "number"),
    Column("satisfied_share", Text("Satisfied answers", "满意率"), "share", "satisfied", "rated"),
)


def section(asked: Asked) -> Section:
    sheets = [
        _overview(asked),
        *(_cut(asked, cut) for cut in BY),
        _duties(asked),
        _major(asked),
        _surveys(asked),
        _topics(asked),
    ]
    return Section("complaints", Text("Complaints and their handling", "投诉及处理情况"), SOURCE, sheets)


def _numbers(asked: Asked, *narrowed: str) -> list[Column]:
    links = asked.links.complaints
    return [
        Column(name, title, link=leads(links, *narrowed, **filters))
        for name, (title, filters) in NUMBERS.items()
    ]


def _overview(asked: Asked) -> Sheet:
    """This period beside the one before; only this one's numbers lead to its lists."""
    spans = (asked.period.before, asked.span)
    rows = handling.counts(asked.connection, spans, "total", calendar=asked.calendar)
    numbers = [Column(column.name, column.title, link=_only(asked, column)) for column in _numbers(asked)]
    columns = [Column("window", Text("Period", "期间"), "text"), *numbers, *SHARES]
    title = Text("Overview", "总览")
    return Sheet("complaints-overview", title, columns, rows, COUNTED, _over_time(asked))


def _only(asked: Asked, column: Column) -> Made:
    def link(row: Row) -> str | None:
        return column.link(row) if column.link and row["window"] == asked.period.name else None

    return link


def _over_time(asked: Asked) -> Chart:
    spans = asked.parts()
    rows = handling.counts(asked.connection, spans, "total", calendar=asked.calendar)
    counted = {row["window"]: row["received"] for row in rows}
    values = [float(counted.get(span.name, 0)) for span in spans]
    received = Text("Complaints received", "受理投诉数")
    return Chart(received, labels=[span.name[5:] for span in spans], series=[Series(received, values)])


def _cut(asked: Asked, cut: Cut) -> Sheet:
    found = handling.counts(asked.connection, (asked.span,), cut, calendar=asked.calendar)
    rows = [{**row, "told": row["name"] or UNKNOWN} for row in found]
    columns = [Column("told", BY[cut], "text"), *_numbers(asked, f"{cut}=name"), *SHARES]
    title = Text(f"By {BY[cut].en.lower()}", f"按{BY[cut].zh}")
    chart = Chart(title, bars=[_bar(asked, cut, row) for row in found[:12]]) if len(found) > 1 else None
    return Sheet(f"complaints-by-{cut.replace('_', '-')}", title, columns, rows, COUNTED, chart)


def _bar(asked: Asked, cut: Cut, row: Row) -> Bar:
    link = asked.links.complaints(**{cut: row["name"]})
    return Bar(row["name"] or "?", row["received"], str(row["received"]), link)


def _duties(asked: Asked) -> Sheet:
    found = handling.duties(asked.connection, asked.span, calendar=asked.calendar)
    rows = [{**row, "title": asked.title(row["clause"])} for row in found]
    late = asked.links.due
    columns = [
        Column("clause", Text("Clause", "条款"), "text"),
        Column("title", Text("What is owed", "义务"), "text"),
        Column("due", Text("Due", "到期")),
        Column("met", Text("In time", "按期履行")),
        Column("late", Text("Late", "逾期后履行"), link=leads(late, "clause", outstanding="false")),
        Column("breached", Text("Not done", "逾期未履行"), link=leads(late, "clause", outstanding="true")),
        Column("open", Text("Still running", "未到期")),
        Column("in_time", Text("Share in time", "按期率"), "share", "met", "over"),
    ]
    note = Text(
        "Obligations due in the period, withdrawn ones aside; the share is of those that are over.",
        "本期到期的义务，不含已撤销的；按期率以已了结和已逾期者为基数。",
    )
    return Sheet(
        "deadlines", Text("What was owed, and when it was done", "期限履行情况"), columns, rows, note
    )


def _major(asked: Asked) -> Sheet:
    found = handling.major(asked.connection, asked.span, calendar=asked.calendar)
    rows = [{**row, "status": STATUS[row["status"]]} for row in found]
    history = leads(asked.links.history, "subject")
    columns = [
        Column("subject", Text("Complaint", "投诉"), "text", link=history),
        Column("received_at", Text("Received", "受理时间"), "instant"),
        Column("category", BY["category"], "text"),
        Column("branch", BY["branch"], "text"),
        Column("handler", BY["handler"], "text"),
        Column("status", Text("Status", "状态"), "text"),
        Column("resolved_at", Text("Resolved", "解决时间"), "instant"),
        Column("overdue", Text("Overdue", "逾期事项"), link=history),
    ]
    return Sheet("major-complaints", Text("Major complaints", "重大投诉"), columns, rows, COUNTED)


def _surveys(asked: Asked) -> Sheet:
    """Each stage of the surveys that the rules name, answered or not (SSI and CSI, 002)."""
    days = asked.period.first_day, asked.period.last_day
    told = rollups(asked.connection, "stage", asked.period.kind, *days, calendar=asked.calendar)
    by_stage = {one.value: one for one in told}
    named = [(survey, stage) for survey, stages in _surveyed(asked).items() for stage in stages]
    others = [("", stage) for stage in by_stage if stage not in {stage for _, stage in named}]
    rows = [
        {
            "survey": survey or None,
            "stage": stage,
            "answered": one.answered if one else 0,
            "mean": one.mean if one else None,
            "satisfied": one.satisfied if one else 0,
            "rated": one.rated if one else 0,
            "satisfied_share": one.satisfied_share if one else None,
            "trend": one.trend if one else None,
        }
        for survey, stage in (*named, *others)
        for one in [by_stage.get(stage)]
    ]
    answered = [row for row in rows if row["answered"]]
    columns = [
        Column("survey", Text("Survey", "调查"), "text"),
        Column("stage", Text("Stage", "环节"), "text"),
        Column("answered", Text("Answers", "答复数"), link=lambda _row: _satisfaction(asked)),
        Column("mean", Text("Mean score", "平均分"), "number"),
        Column("satisfied_share", Text("Satisfied", "满意率"), "share", "satisfied", "rated"),
        Column("trend", Text("Change, points", "变化（百分点）"), "change"),
    ]
    return Sheet("surveys", Text("Satisfaction by stage", "各环节满意度"), columns, rows if answered else ())


def _satisfaction(asked: Asked) -> str:
    return asked.links.figures("/satisfaction", per="stage")


def _surveyed(asked: Asked) -> dict[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = asked.policy.words("surveys") or {}
    return found


def _topics(asked: Asked) -> Sheet:
    """What customers speak of, and what causes complaints: both beside the period before (002)."""
    kind, spans = asked.period.kind, (asked.span,)
    spoken = contacts.topics(asked.connection, kind, spans, asked.calendar)
    causes = contacts.root_causes(asked.connection, kind, spans, asked.calendar)
    rows = [
        *({**row, "of_what": Text("contact topic", "联系主题")} for row in spoken),
        *({**row, "of_what": Text("root cause", "根本原因")} for row in causes),
    ]
    columns = [
        Column("of_what", Text("Kind", "种类"), "text"),
        Column("topic", Text("Name", "名称"), "text"),
        Column("contacts", Text("Count", "次数")),
        Column("customers", Text("Customers", "客户数")),
        Column("share", Text("Share", "占比"), "share", "contacts", "of"),
        Column("before", Text("Before", "上期次数")),
        Column("trend", Text("Change, points", "变化（百分点）"), "change"),
    ]
    note = Text(
        "A falling share shows that a fix worked. Causes are of the complaints whose cause is known.",
        "占比下降说明改进有效。根本原因以已知原因的投诉为基数。",
    )
    return Sheet("topics", Text("Topics and causes", "主题与原因"), columns, rows, note)
