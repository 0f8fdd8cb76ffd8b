"""Satisfaction per window, cut by staff, branch, category, channel, survey or stage."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi import Query as InQuery
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.params import Name
from api.http.problems import documented
from api.http.reading import Table
from api.http.services import Services, services_of
from api.http.windows import WindowsQuery, days_of
from projections.satisfaction import rollups

router = APIRouter(tags=["figures"])


class RollupRow(BaseModel):
    """Satisfaction in one window, each share beside its denominator. | 一个时间窗内的满意度。"""

    per: str
    value: str = Field(
        description="The staff member, branch, …; empty for the total | 员工、分支等；合计为空"
    )
    window: str = Field(examples=["2026-03"])
    start: datetime
    end: datetime
    asked: int | None = Field(description="Null per survey and stage | 询问数；按问卷和阶段时为 null")
    answered: int
    scored: int = Field(description="Answers with a score, of which `mean` is | 有评分的答复，mean 的分母")
    mean: float | None
    rated: int = Field(description="Answers with a score or a verdict | 有评分或结论的答复，各占比的分母")
    satisfied: int
    dissatisfied: int
    satisfied_share: float | None
    dissatisfied_share: float | None
    trend: float | None = Field(
        description="Share satisfied minus that of the window before | 满意率较上一时间窗的变化"
    )
    rated_before: int


class RollupQuery(WindowsQuery):
    """What is cut by what."""

    per: Literal["total", "staff", "branch", "category", "channel", "survey", "stage"] = "total"
    value: Name | None = Field(
        default=None, description="Only this staff member, branch, … | 只看该员工、分支等"
    )


@router.get(
    "/satisfaction",
    operation_id="satisfaction",
    summary="Satisfaction rollups | 满意度汇总",
    description="Windows that hold any of the days from `from` to `to`, in the order of time. "
    "| 含 from 至 to 任一日的时间窗，按时间顺序。",
    response_model=Table[RollupRow],
    responses=documented("bad-parameter"),
)
def satisfaction(request: Request, asked: Annotated[RollupQuery, InQuery()]) -> Response:
    services = services_of(request)
    return json_answer({"items": [asdict(rollup) for rollup in figures(services, asked)]})


def figures(services: Services, asked: RollupQuery) -> list[Any]:
    """The rollups asked for."""
    calendar, days = services.parts.policy.calendar, days_of(services, asked)

    def query(connection: Any) -> list[Any]:
        return rollups(connection, asked.per, asked.window, *days, calendar=calendar, value=asked.value)

    return services.read(query)
