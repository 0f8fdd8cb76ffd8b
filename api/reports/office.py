"""The sales office's tables of calls and visits: daily, weekly, monthly (001-3 (三)6-8)."""

from __future__ import annotations

from collections.abc import Sequence

from api.i18n import Text
from api.reports.asked import Asked
from api.reports.model import Chart, Column, Row, Section, Series, Sheet
from domain.working_time.windows import WindowKind
from projections.office import Per, office

SOURCE = Text(
    "Customer management standard 3, the sales office and whose customer it is (三)6-8",
    "客户管理规范3 销售现场与客户归属管理 (三)6-8",
)
NOTE = Text(
    "Contacts of customers with staff. New: the first contact with anybody lies in the row's period. "
    "Conversion: of the customers in contact, those who also closed a deal in it.",
    "员工与客户的联系。新客户：首次联系在该行期间内。转化率：有联系的客户中同期成交者的占比。",
)

SHOWN: dict[WindowKind, tuple[tuple[WindowKind, Text], ...]] = {
    "week": (("day", Text("By day", "按日")), ("week", Text("The week", "全周"))),
    "month": (
        ("day", Text("By day", "按日")),
        ("week", Text("By week", "按周")),
        ("month", Text("The month", "全月")),
    ),
    "quarter": (("week", Text("By week", "按周")), ("month", Text("By month", "按月"))),
}
"""The windows of the tables in each kind of report. Weeks are whole, also where the period cuts them."""

NUMBERS = (
    Column("visitors", Text("Visitors", "来访")),
    Column("callers", Text("Callers", "来电")),
    Column("others", Text("Other channels", "其他渠道")),
    Column("customers", Text("Customers", "客户数")),
    Column("new", Text("New", "新客户")),
    Column("returning", Text("Returning", "回访客户")),
    Column("deals", Text("Deals", "成交")),
    Column("amount", Text("Amount", "成交额"), "amount"),
    Column("performance", Text("Performance", "业绩份额"), "number"),
    Column("conversion", Text("Conversion", "转化率"), "share", "converted", "customers"),
)


def section(asked: Asked) -> Section:
    sheets = [_table(asked, kind, title) for kind, title in SHOWN[asked.period.kind]]
    title = Text("Calls and visits of the sales office", "售楼处来访来电统计")
    return Section("office", title, SOURCE, [*sheets, _by_staff(asked)])


def _rows(asked: Asked, kind: WindowKind, per: Per) -> list[Row]:
    return [*office(asked.connection, asked.within(kind), calendar=asked.calendar, per=per)]


def _columns(asked: Asked, first: Sequence[Column], kind: WindowKind, per: Per) -> list[Column]:
    """The numbers lead to the figures they stand in."""
    there = asked.links.figures("/office", window=kind, per=per)
    linked = [Column(one.name, one.title, one.show, one.part, one.of, lambda _row: there) for one in NUMBERS]
    return [*first, *linked]


def _table(asked: Asked, kind: WindowKind, title: Text) -> Sheet:
    rows = _rows(asked, kind, "total")
    columns = _columns(asked, [Column("window", Text("Period", "期间"), "text")], kind, "total")
    chart = _chart(title, rows) if len(rows) > 1 else None
    return Sheet(f"office-by-{kind}", title, columns, rows, NOTE, chart)


def _chart(title: Text, rows: Sequence[Row]) -> Chart:
    series = [
        Series(column.title, [float(row[column.name]) for row in rows])
        for column in NUMBERS
        if column.name in ("visitors", "callers", "deals")
    ]
    return Chart(title, labels=[row["window"][5:] for row in rows], series=series)


def _by_staff(asked: Asked) -> Sheet:
    kind = asked.period.kind
    columns = _columns(asked, [Column("staff", Text("Salesperson", "销售人员"), "text")], kind, "staff")
    title = Text("By salesperson", "按销售人员")
    return Sheet("office-by-staff", title, columns, _rows(asked, kind, "staff"), NOTE)
