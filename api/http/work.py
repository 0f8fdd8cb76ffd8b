"""What field work and the sales office come to in each window: visits, calls, contacts by topic."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi import Query as InQuery
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.http.params import Name
from api.http.problems import documented
from api.http.reading import Table, table_of
from api.http.services import services_of
from api.http.windows import MOST, OF_EVERYBODY, WindowsQuery, spans_of
from projections import contacts, office, visits

router = APIRouter(tags=["figures"])
PROBLEMS = documented("bad-parameter")


class ComplianceRow(BaseModel):
    """One manager's visits in one window, shares beside what they are of. | 客户经理走访情况。"""

    window: str = Field(examples=["2026-03"])
    manager: str
    branch: str | None
    held: int = Field(description="Customers held at any time in the window | 区间内任一时刻持有的客户数")
    planned: int = Field(description="Visits whose planned day lies in the window | 计划日在区间内的走访数")
    made: int = Field(
        description="Planned visits that started by 24:00 of their day | 计划走访中当日 24:00 前开始的"
    )
    excepted: int
    without_photo: int = Field(description="Excepted without a photo | 无照片的例外")
    running: int = Field(description="Planned visits whose day is not over | 计划日尚未结束的走访")
    moved: int
    missed: int
    completion: float | None = Field(
        description="made ÷ (planned - running) | made ÷（planned - running）的占比"
    )
    visits: int = Field(description="Visits started in the window | 区间内开始的走访数")
    on_site: int
    phone: int
    network: int
    summarised: int
    customers: int = Field(description="Distinct customers visited | 走访的不同客户数")
    unplanned_customers: int
    unplanned_share: float | None = Field(
        description="unplanned_customers ÷ customers | 计划外客户占走访客户之比"
    )
    on_site_customers: int
    on_site_share: float | None = Field(description="on_site_customers ÷ held | 现场走访客户占持有客户之比")
    market_days: int = Field(description="Days with an on-site visit | 有现场走访的天数")
    market_hours: float = Field(
        description="First on-site start to last on-site end, summed over the days "
        "| 每日首次现场开始至末次现场结束，逐日合计"
    )
    hours_per_day: float | None = Field(description="market_hours ÷ market_days | 日均市场工作小时数")
    checks: int = Field(description="Spot checks made in the window | 区间内抽查次数")
    checks_failed: int
    check_share: float | None = Field(description="checks ÷ visits | 抽查占走访之比")
    violations: int
    breaches: int


class ComplianceQuery(WindowsQuery):
    """Whose visits are wanted."""

    manager: Name | None = None
    branch: Name | None = Field(default=None, description="Where the manager joined | 客户经理入职的分支")


@router.get(
    "/visits/compliance",
    operation_id="visitCompliance",
    summary="Visits planned, made and checked | 走访合规",
    description="A row for each window and manager who holds a customer or has a visit in it. "
    "| 每个区间内持有客户或有走访的客户经理各一行。",
    response_model=Table[ComplianceRow],
    responses=PROBLEMS,
)
def visit_compliance(request: Request, asked: Annotated[ComplianceQuery, InQuery()]) -> Response:
    services = services_of(request)
    most = OF_EVERYBODY if asked.manager is None else MOST
    whose = {"manager": asked.manager, "branch": asked.branch}
    return table_of(request, visits.compliance, spans_of(services, asked, most), now=services.now(), **whose)


class OfficeRow(BaseModel):
    """The sales office's table of one window. | 售楼处一个区间的统计表。"""

    window: str
    staff: str | None = Field(description="Null for the office in all | 合计时为 null")
    contacts: int
    visitors: int
    callers: int
    others: int = Field(description="Contacts through other channels | 其他渠道的联系")
    customers: int = Field(description="Distinct customers in contact | 有联系的不同客户数")
    new: int = Field(
        description="Customers whose first contact with anybody lies in the window | 首次联系在区间内的客户数"
    )
    returning: int
    deals: int = Field(description="Deals received | 经手成交数")
    amount: float
    performance: float = Field(
        description="Shares of deals by their adjudications, summed | 按划分所得业绩份额之和"
    )
    converted: int = Field(
        description="Customers in contact who also closed a deal in the window | 有联系且区间内成交的客户数"
    )
    conversion: float | None = Field(description="converted ÷ customers | 成交客户占联系客户之比")


class OfficeQuery(WindowsQuery):
    """How the table is cut."""

    per: Literal["total", "staff"] = "total"


@router.get(
    "/office",
    operation_id="office",
    summary="Calls, visits and deals of the sales office | 售楼处来访来电统计",
    description="Windows in which nothing happened have no row. | 无发生的区间不列出。",
    response_model=Table[OfficeRow],
    responses=PROBLEMS,
)
def sales_office(request: Request, asked: Annotated[OfficeQuery, InQuery()]) -> Response:
    return table_of(request, office.office, spans_of(services_of(request), asked), per=asked.per)


class TopicRow(BaseModel):
    """How often something was spoken of in one window. | 一个区间内某主题的联系情况。"""

    window: str
    topic: str
    contacts: int = Field(
        description="Contacts about it; for root causes, complaints with it "
        "| 该主题联系数；根本原因则为投诉数"
    )
    customers: int
    of: int = Field(
        description="All contacts, or all complaints with a known cause, of the window "
        "| 区间内全部联系数，或已知原因的投诉数"
    )
    share: float | None = Field(description="contacts ÷ of | 占全部之比")
    before: int = Field(description="Contacts in the window before | 上一区间的联系数")
    of_before: int
    trend: float | None = Field(description="Share minus that of the window before | 占比较上一区间的变化")


class ContactsQuery(WindowsQuery):
    """What is counted."""

    of: Literal["topics", "root-causes"] = "topics"


@router.get(
    "/contacts",
    operation_id="contacts",
    summary="What customers speak of, over time | 联系主题变化",
    description="A topic whose share falls shows that a fix worked; gone ones are shown once with 0. "
    "| 主题占比下降说明改进有效；消失的主题以 0 列出一次。",
    response_model=Table[TopicRow],
    responses=PROBLEMS,
)
def contact_topics(request: Request, asked: Annotated[ContactsQuery, InQuery()]) -> Response:
    read = contacts.topics if asked.of == "topics" else contacts.root_causes
    return table_of(request, read, asked.window, spans_of(services_of(request), asked))
