"""Where managers stand in a quarter, and where problems concentrate."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Query as InQuery
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.params import Name
from api.http.problems import documented
from api.http.reading import Table, table_of
from api.http.services import services_of
from api.http.windows import QuarterQuery, WindowsQuery, quarter_of, spans_of
from projections.concentration import Of, Per, concentrated
from projections.ranking import ranking, weights_of

router = APIRouter(tags=["figures"])
PROBLEMS = documented("bad-parameter")


class RankingRow(BaseModel):
    """One manager in the ranking of a quarter, with its parts. | 季度排名中的一名客户经理。"""

    window: str = Field(examples=["2026-Q1"])
    rank: int = Field(description="From 1; equal scores share a rank | 从 1 起，同分同名次")
    staff: str
    branch: str | None
    score: float | None = Field(
        description="Weighted mean of the parts; null without any weight | 各分项加权平均；无权重时为 null"
    )
    parts: dict[str, float] = Field(description="Each part scaled so that 1 is best | 各分项，1 为最佳")
    satisfied: int
    rated: int = Field(description="Answers that the part satisfaction is of | 满意度分项所依据的答复数")
    made: int
    planned: int = Field(
        description="Planned visits that the part completion is of | 完成率分项所依据的计划走访数"
    )
    breaches: int
    violations: int


class Rankings(BaseModel):
    """A quarter's ranking, and the weights it was made with. | 季度排名及权重。"""

    weights: dict[str, float]
    items: list[RankingRow]


class RankingQuery(QuarterQuery):
    """Whose ranking is wanted."""

    branch: Name | None = Field(default=None, description="Where the manager joined | 客户经理入职的分支")


@router.get(
    "/rankings",
    operation_id="rankings",
    summary="Quarterly ranking of managers | 客户经理季度排名",
    description="The best first, with the parts of the score; the weights are the pack's. "
    "| 最佳者在前，附各分项；权重由规则包规定。",
    response_model=Rankings,
    responses=PROBLEMS,
)
def rankings(request: Request, asked: Annotated[RankingQuery, InQuery()]) -> Response:
    services = services_of(request)
    policy, quarter = services.parts.policy, quarter_of(services, asked.quarter)
    weights = weights_of(policy)

    def query(connection: Any) -> list[Any]:
        now = services.now()
        return ranking(connection, quarter, weights, calendar=policy.calendar, now=now, branch=asked.branch)

    return json_answer({"weights": weights, "items": services.read(query)})


class ConcentrationRow(BaseModel):
    """How much of all problems one manager or cause has. | 问题集中度的一行。"""

    name: str = Field(
        description="The manager or root cause; unknown where nobody said "
        "| 客户经理或根本原因；未说明时为 unknown"
    )
    count: int
    share: float = Field(description="count ÷ of | 占全部之比")
    cumulative: float = Field(description="Shares down to this row | 累计占比")
    vital: bool = Field(description="One of the few that make 80 % of all | 是否属于合占八成的少数")
    of: int = Field(description="All problems counted | 计入的问题总数")


class ConcentrationQuery(WindowsQuery):
    """What is shared out, and by what."""

    of: Of = "complaints"
    per: Per = Field(default="manager", description="Only complaints have a root cause | 仅投诉有根本原因")
    branch: Name | None = None


@router.get(
    "/concentration",
    operation_id="concentration",
    summary="Where problems concentrate | 问题集中度",
    description="Pareto over all the windows asked for: the largest first. "
    "| 对所求全部区间作帕累托分析，最多者在前。",
    response_model=Table[ConcentrationRow],
    responses=PROBLEMS,
)
def concentration(request: Request, asked: Annotated[ConcentrationQuery, InQuery()]) -> Response:
    spans = spans_of(services_of(request), asked)
    return table_of(request, concentrated, spans, of=asked.of, per=asked.per, branch=asked.branch)
