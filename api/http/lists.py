"""Lists and figures of the read models, in pages: complaints, deadlines, violations, figures."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from api.http.params import From, Name, Period, To
from api.http.problems import documented
from api.http.reading import PageOf, page_of
from api.http.services import services_of
from domain.events import KINDS
from domain.events.base import problem
from projections import complaints, kpis, sla, violations
from projections.words import TooShort, Wanted

router = APIRouter()


# ---- rows


class ComplaintRow(BaseModel):
    """A complaint as the search finds it. | 检索所得的投诉。"""

    subject: str
    kind: str | None
    status: Literal["open", "closed", "withdrawn", "merged"]
    customer: str | None
    handler: str | None
    branch: str | None
    category: str | None
    sub_category: str | None
    channel: str | None
    received_at: datetime | None
    major: bool
    urgent: bool
    cycle: int = Field(description="1, and one more with each reopening | 轮次，每次重新打开加一")
    root_cause: str | None
    resolved_at: datetime | None
    closed_at: datetime | None
    overdue: int = Field(description="Breached obligations not done yet | 逾期未履行的义务数")


class ObligationRow(BaseModel):
    """An obligation with what it is about. | 义务及其所属。"""

    subject: str
    obligation: str
    clause: str
    source: str | None
    state: Literal["open", "met", "breached", "done-late", "withdrawn"]
    opened_at: datetime | None
    due_at: datetime
    warn_at: datetime | None
    warned: bool
    provisional: bool
    duty_of: str | None
    breached_at: datetime | None
    done_at: datetime | None
    withdrawn_at: datetime | None
    because: str | None
    handler: str | None
    customer: str | None
    branch: str | None
    category: str | None
    channel: str | None


class ViolationRow(BaseModel):
    """A broken rule. | 违规。"""

    subject: str
    violation: str
    clause: str
    detail: str
    missing: list[str] | None
    source: str | None
    because: str | None
    found_at: datetime
    withdrawn_at: datetime | None
    handler: str | None
    customer: str | None
    branch: str | None
    category: str | None


class KpiRow(BaseModel):
    """A figure that was missed. | 未达标的指标。"""

    subject: str
    kpi: str
    window: str
    dimension: str | None
    value: float
    threshold: float | None
    missed: bool
    source: str | None
    because: str | None
    missed_at: datetime | None
    restated_at: datetime | None


# ---- filters


def _searchable(text: str) -> str:
    try:
        Wanted(text)
    except TooShort:
        en = "must hold a word, or two Chinese characters in sequence"
        raise problem("words", en, "须含一个词，或连续两个汉字") from None
    return text


Words = Annotated[Name, AfterValidator(_searchable)]


class ComplaintQuery(Period):
    """Filters of complaints; `from` and `to` are of when they were received."""

    status: Literal["open", "closed", "withdrawn", "merged"] | None = None
    kind: Literal["complaint", "appeal", "inquiry"] | None = None
    customer: Name | None = None
    handler: Name | None = None
    branch: Name | None = None
    category: Name | None = None
    channel: Name | None = None
    root_cause: Name | None = None
    major: bool | None = None
    urgent: bool | None = None
    resolved: bool | None = Field(default=None, description="Ever resolved | 曾经解决")
    reopened: bool | None = Field(default=None, description="Ever reopened | 曾经重新打开")
    counted: bool | None = Field(
        default=None, description="Neither an inquiry nor withdrawn | 非咨询且未撤回，即计入统计者"
    )
    overdue: bool | None = None
    words: Words | None = Field(
        default=None,
        description="All of these in the summary: words whole, Chinese as two characters or more in sequence "
        "| 概要须含全部词语：中文至少连续两字，其他文字按整词",
        examples=["多收 服务费"],
    )


class UpcomingQuery(Period):
    """Filters of obligations; `from` and `to` are of when they are due."""

    subject: Name | None = None
    clause: Name | None = None
    handler: Name | None = None
    branch: Name | None = None
    category: Name | None = None


class BreachQuery(UpcomingQuery):
    """Filters of breached obligations."""

    withdrawn: bool | None = Field(
        default=None, description="A late fact showed it had been met | 已因补录撤销"
    )
    outstanding: bool | None = Field(default=None, description="Still not done | 仍未履行")
    whose: Name | None = Field(
        default=None, description="Staff member it counts against | 逾期记在其名下的员工"
    )
    breached_since: From | None = Field(
        default=None,
        alias="breached_from",
        description="Breached from this instant or local day on | 自该时刻或当地日期起逾期",
    )
    breached_until: To | None = Field(
        default=None,
        alias="breached_to",
        description="Breached before this instant, or to the end of this local day "
        "| 早于该时刻逾期，或至该当地日期结束（含）",
    )


class ViolationQuery(Period):
    """Filters of violations; `from` and `to` are of when they were found."""

    subject: Name | None = None
    kind: Literal[KINDS] | None = Field(default=None, description="The kind of stream | 事件流类别")  # type: ignore[valid-type]
    clause: Name | None = None
    detail: Name | None = None
    handler: Name | None = None
    branch: Name | None = None
    category: Name | None = None
    withdrawn: bool | None = None


class KpiQuery(Period):
    """Filters of missed figures."""

    subject: Name | None = None
    kpi: Name | None = None
    window: Name | None = Field(default=None, examples=["2026-03"])
    missed: bool | None = Field(default=None, description="Whether it still is missed | 是否仍未达标")


# ---- routes

PROBLEMS = documented("bad-parameter")


@router.get(
    "/complaints",
    operation_id="complaints",
    tags=["complaints"],
    summary="Search complaints | 检索投诉",
    description="The latest received first. With `words`, a page may hold fewer rows than its limit and "
    "still have a next one. | 最近受理者在前；按词语检索时，一页可少于上限而仍有下一页。",
    response_model=PageOf[ComplaintRow],
    responses=PROBLEMS,
)
def list_complaints(request: Request, asked: Annotated[ComplaintQuery, Query()]) -> Response:
    reader = partial(complaints.search, texts=services_of(request).parts.projector.context.texts)
    return page_of(request, reader, asked, ComplaintRow)


@router.get(
    "/sla/breaches",
    operation_id="breaches",
    tags=["deadlines"],
    summary="Obligations not met in time | 逾期义务",
    description="The latest due first; those withdrawn since say so. | 最近到期者在前，已撤销者注明。",
    response_model=PageOf[ObligationRow],
    responses=PROBLEMS,
)
def list_breaches(request: Request, asked: Annotated[BreachQuery, Query()]) -> Response:
    return page_of(request, sla.breaches, asked, ObligationRow)


@router.get(
    "/sla/upcoming",
    operation_id="upcoming",
    tags=["deadlines"],
    summary="What is due next | 即将到期的义务",
    description="Open obligations, the first due first. | 未结义务，最早到期者在前。",
    response_model=PageOf[ObligationRow],
    responses=PROBLEMS,
)
def list_upcoming(request: Request, asked: Annotated[UpcomingQuery, Query()]) -> Response:
    return page_of(request, sla.upcoming, asked, ObligationRow)


@router.get(
    "/violations",
    operation_id="violations",
    tags=["rules"],
    summary="Broken rules | 违规",
    description="The latest first. | 最近者在前。",
    response_model=PageOf[ViolationRow],
    responses=PROBLEMS,
)
def list_violations(request: Request, asked: Annotated[ViolationQuery, Query()]) -> Response:
    return page_of(request, violations.violations, asked, ViolationRow)


@router.get(
    "/kpis",
    operation_id="kpis",
    tags=["figures"],
    summary="Missed figures | 未达标指标",
    description="The latest first; a late fact may have restated them. | 最近者在前，补录可改变其值。",
    response_model=PageOf[KpiRow],
    responses=PROBLEMS,
)
def list_kpis(request: Request, asked: Annotated[KpiQuery, Query()]) -> Response:
    return page_of(request, kpis.kpis, asked, KpiRow)
