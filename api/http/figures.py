"""Satisfaction per window, cut by staff, branch, category, channel, survey or stage."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi import Query as InQuery
from pydantic import BaseModel, Field, PlainValidator, WithJsonSchema
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.params import Name, Query
from api.http.problems import Problem, documented
from api.http.services import Services, services_of
from domain.events.base import day
from domain.working_time.windows import WindowKind, local_day
from projections.satisfaction import rollups

router = APIRouter(tags=["figures"])

Day = Annotated[date, PlainValidator(day), WithJsonSchema({"type": "string", "format": "date"})]
BACK: dict[str, int] = {"day": 30, "week": 7 * 12, "month": 365, "quarter": 730}
"""How many days are shown when no `from` is given, by kind of window."""

LONGEST = timedelta(days=3660)


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


class Rollups(BaseModel):
    """Rollups, in the order of time. | 满意度汇总。"""

    items: list[RollupRow]


class RollupQuery(Query):
    """What is cut by what."""

    per: Literal["total", "staff", "branch", "category", "channel", "survey", "stage"] = "total"
    window: WindowKind = "month"
    value: Name | None = Field(
        default=None, description="Only this staff member, branch, … | 只看该员工、分支等"
    )
    since: Day | None = Field(
        default=None,
        alias="from",
        description="Local day; default: some windows back | 当地日期；默认回溯若干时间窗",
    )
    until: Day | None = Field(
        default=None, alias="to", description="Local day, included; default: today | 当地日期（含）；默认今天"
    )


@router.get(
    "/satisfaction",
    operation_id="satisfaction",
    summary="Satisfaction rollups | 满意度汇总",
    description="Windows that hold any of the days from `from` to `to`, in the order of time. "
    "| 含 from 至 to 任一日的时间窗，按时间顺序。",
    response_model=Rollups,
    responses=documented("bad-parameter"),
)
def satisfaction(request: Request, asked: Annotated[RollupQuery, InQuery()]) -> Response:
    services = services_of(request)
    return json_answer({"items": [asdict(rollup) for rollup in figures(services, asked)]})


def figures(services: Services, asked: RollupQuery) -> list[Any]:
    """The rollups asked for."""
    calendar = services.parts.policy.calendar
    until = asked.until or local_day(services.now(), calendar)
    since = asked.since or until - timedelta(days=BACK[asked.window])
    if not timedelta() <= until - since <= LONGEST:
        en = f"from must not lie after to ({until}), nor more than ten years before it."
        raise Problem("bad-parameter", en, f"from 不得晚于 to（{until}），也不得早于其十年以上。", "from")

    def query(connection: Any) -> list[Any]:
        return rollups(
            connection, asked.per, asked.window, since, until, calendar=calendar, value=asked.value
        )

    return services.read(query)
