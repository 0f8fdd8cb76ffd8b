"""What figures were counted from: the answers and the visits themselves, in pages."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi import Query as InQuery
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.http.params import Day, Name, Period
from api.http.problems import documented
from api.http.reading import PageOf, page_of
from api.http.services import Services, services_of
from projections.responses import responses
from projections.visit_list import listed

router = APIRouter(tags=["figures"])
PROBLEMS = documented("bad-parameter")
Counter = Literal["asked", "answered", "scored", "rated", "satisfied", "dissatisfied"]


class AnswerRow(BaseModel):
    """One time that customers were asked, or one answer. | 一次询问或一份答复。"""

    subject: str
    at: datetime
    asked: int = Field(description="Customers asked; 0 for an answer | 被询问的客户数；答复为 0")
    answered: bool
    score: int | None
    satisfied: bool
    dissatisfied: bool
    customer: str | None
    staff: str | None
    branch: str | None
    category: str | None
    channel: str | None
    survey: str | None
    stage: str | None


class AnswerQuery(Period):
    """Which answers; `from` and `to` are of when they were given, the rest as known when they were."""

    counted: Counter = Field(
        default="answered", description="The counter of /satisfaction that counted them | 计入的满意度计数"
    )
    subject: Name | None = None
    staff: Name | None = None
    branch: Name | None = None
    category: Name | None = None
    channel: Name | None = None
    survey: Name | None = None
    stage: Name | None = None


@router.get(
    "/satisfaction/answers",
    operation_id="answers",
    summary="The answers behind the figures | 满意度所依据的答复",
    description="The latest first; without what customers wrote. | 最近者在前，不含客户留言。",
    response_model=PageOf[AnswerRow],
    responses=PROBLEMS,
)
def list_answers(request: Request, asked: Annotated[AnswerQuery, InQuery()]) -> Response:
    return page_of(request, responses, asked, AnswerRow)


class VisitRow(BaseModel):
    """One visit, planned or not. | 一次走访。"""

    subject: str
    customer: str | None
    manager: str | None
    branch: str | None = Field(description="Where the manager joined | 客户经理入职的分支")
    mode: str | None
    purpose: str | None
    planned: bool
    planned_for: date | None
    moves: int
    started_at: datetime | None
    ended_at: datetime | None
    excepted_at: datetime | None
    photo: bool | None
    summarised_at: datetime | None
    became: Literal["made", "excepted", "running", "missed", "unplanned"] = Field(
        description="What became of the plan by 24:00 of its day | 计划日 24:00 前的结果"
    )


class VisitQuery(Period):
    """Which visits; `from` and `to` are of when they started."""

    manager: Name | None = None
    branch: Name | None = Field(default=None, description="Where the manager joined | 客户经理入职的分支")
    customer: Name | None = None
    mode: Literal["on-site", "phone", "network"] | None = None
    became: Literal["made", "excepted", "running", "missed", "unplanned"] | None = None
    over: bool | None = Field(default=None, description="The planned day is over | 计划日已过")
    planned: bool | None = None
    moved: bool | None = None
    photo: bool | None = None
    summarised: bool | None = None
    planned_from: Day | None = Field(default=None, description="First planned day | 计划日起")
    planned_to: Day | None = Field(default=None, description="Last planned day, included | 计划日止（含）")


def visit_reader(services: Services) -> Any:
    """The list of visits as things stand now."""
    return partial(listed, calendar=services.parts.policy.calendar, now=services.now())


@router.get(
    "/visits",
    operation_id="visits",
    summary="Visits one by one | 走访明细",
    description="The latest first, with what became of each plan. | 最近者在前，附各计划的结果。",
    response_model=PageOf[VisitRow],
    responses=PROBLEMS,
)
def list_visits(request: Request, asked: Annotated[VisitQuery, InQuery()]) -> Response:
    return page_of(request, visit_reader(services_of(request)), asked, VisitRow)
