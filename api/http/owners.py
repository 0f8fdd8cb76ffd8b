"""Whose customer somebody is, how loyal customers are, and how many stay."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from fastapi import Query as InQuery
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.params import Name
from api.http.problems import Problem, documented
from api.http.reading import Table, table_of
from api.http.services import Services, services_of
from api.http.windows import QuarterQuery, quarter_of
from domain.registration import Claim, Until, owner, validity
from projections.loyalty import loyalty, retention
from projections.ownership import ownership
from projections.table import Row

router = APIRouter(tags=["figures"])

Shares = dict[str, float]


class RegistrationRow(BaseModel):
    """A registration as it was made. | 一次登记。"""

    at: datetime
    staff: str
    basis: str
    referred_by: str | None
    family_of: str | None
    valid_until: datetime | None = Field(description="Null: for ever | null 表示一直有效")


class HolderRow(BaseModel):
    """How the customer came to somebody. | 客户归属变动。"""

    at: datetime
    staff: str
    by: str | None = Field(description="Who filed it, or had the customer before | 建档人，或原持有人")
    basis: Literal["filed", "reassigned"]


class DisputeRow(BaseModel):
    """What was said of a dispute. | 争议经过。"""

    at: datetime
    type: str
    staff: list[str]
    by: str | None
    shares: Shares | None


class DealRow(BaseModel):
    """A deal and the last word on it. | 成交及最新划分。"""

    deal: str
    at: datetime
    amount: float
    received_by: str
    state: Literal["open", "adjudicated", "ruling-needed"]
    rule: str | None
    performance: Shares | None
    commission: Shares | None
    judged_at: datetime | None
    source: str | None
    because: str | None
    reversals: int = Field(description="How often an adjudication was undone | 划分被撤销的次数")


class VerdictRow(BaseModel):
    """One adjudication, undone since or not. | 一次划分。"""

    deal: str | None
    at: datetime
    rule: str
    performance: Shares
    commission: Shares
    source: str
    because: str
    reversed_at: datetime | None
    reversed_because: str | None


class Ownership(BaseModel):
    """All that is known of whose customer this is. | 客户归属全貌。"""

    customer: str
    owner: str | None = Field(
        description="Holder of the earliest valid registration, else expired one "
        "| 最早有效登记的持有人，否则最早过期登记的"
    )
    held_by: str | None = Field(
        description="Whom the customer was filed for or passed to last | 最近建档或转交的对象"
    )
    registrations: list[RegistrationRow]
    holders: list[HolderRow]
    deals: list[DealRow]
    disputes: list[DisputeRow]
    verdicts: list[VerdictRow]


@router.get(
    "/ownership/{customer:path}",
    operation_id="ownership",
    summary="Whose customer, and how deals were divided | 客户归属与成交划分",
    description="Registrations, holders, deals with the rule that divided them, disputes, every verdict. "
    "| 登记、持有、成交及划分依据、争议、历次划分。",
    response_model=Ownership,
    responses=documented("bad-parameter", "unknown-stream"),
)
def customer_ownership(
    request: Request, customer: Annotated[Name, Path(description="The bare id | 客户编号")]
) -> Response:
    found = ownership_of(services_of(request), customer)
    if found is None:
        en = f"Nothing is known of the ownership of customer {customer}."
        raise Problem("unknown-stream", en, f"没有客户 {customer} 的归属记录。", "customer")
    return json_answer(found)


def ownership_of(services: Services, customer: str) -> Row | None:
    """All that is known of whose customer this is; None where nothing is."""
    found = services.read(lambda connection: ownership(connection, customer))
    if found is None:
        return None
    until = validity(services.parts.policy)
    registered = [{**row, "valid_until": _utc(until(row["at"]))} for row in found["registrations"]]
    shown = {**found, "registrations": registered}
    held = found["holders"][-1]["staff"] if found["holders"] else None
    whose = {"customer": customer, "owner": _owner(found, services.now(), until), "held_by": held}
    return whose | {part: [_without_place(row) for row in rows] for part, rows in shown.items()}


def _utc(at: datetime | None) -> datetime | None:
    return at and at.astimezone(UTC)


def _without_place(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "sequence"}


def _owner(found: dict[str, list[Row]], now: datetime, until: Until) -> str | None:
    """Whose customer it is now: registrations pass with their dates to whom the customer is reassigned."""
    passed = (row for row in found["holders"] if row["basis"] == "reassigned")
    claims: list[Claim] = []
    for row in sorted((*found["registrations"], *passed), key=lambda row: (row["at"], row["sequence"])):
        if row["basis"] == "reassigned":
            claims = [_passed(claim, row) for claim in claims]
        else:
            claims.append(Claim(row["staff"], row["at"], row["basis"]))
    return owner(claims, now, until)


def _passed(claim: Claim, row: Row) -> Claim:
    mine = claim.holder(row["at"]) == row["by"]
    return claim.pass_on(row["staff"], row["at"]) if mine else claim


class LoyaltyRow(BaseModel):
    """One customer's grade in a quarter, with its parts. | 一名客户的季度忠诚度等级。"""

    customer: str
    grade: Literal["A", "B", "C", "D"]
    scored: int = Field(
        description="Answers with a score in the 12 months, of which `mean` is "
        "| 12 个月内有评分的答复数，mean 的分母"
    )
    mean: float | None
    deals: int = Field(description="Deals in the 12 months | 12 个月内成交数")
    referrals: int = Field(description="Customers referred in the 12 months | 12 个月内推荐的客户数")
    latest_at: datetime | None = Field(description="When the latest feedback was given | 最近反馈时间")
    latest_on: str | None = Field(description="The stream it was given on | 最近反馈所在的流")
    dissatisfied: bool = Field(description="Whether that feedback is dissatisfied | 最近反馈是否不满意")


class LoyaltyQuery(QuarterQuery):
    """Whose grades are wanted."""

    customer: Name | None = None


@router.get(
    "/loyalty",
    operation_id="loyalty",
    summary="Loyalty grades of a quarter | 客户忠诚度等级",
    description="Of customers active or heard in the 12 months that end with the quarter. Assumed figures. "
    "| 截至季末 12 个月内活跃或有反馈的客户；数值为假定。",
    response_model=Table[LoyaltyRow],
    responses=documented("bad-parameter"),
)
def loyalty_grades(request: Request, asked: Annotated[LoyaltyQuery, InQuery()]) -> Response:
    quarter = quarter_of(services_of(request), asked.quarter)
    return table_of(request, loyalty, quarter, customer=asked.customer)


class Retention(BaseModel):
    """Who stayed from one quarter to the next. | 客户保持率。"""

    window: str
    before: str
    active_before: int = Field(
        description="Customers with a deal, visit or contact in the quarter before "
        "| 上季度有成交、走访或联系的客户数"
    )
    kept: int
    retention: float | None = Field(description="kept ÷ active_before | 保持客户占上季度活跃客户之比")
    active: int
    new: int = Field(description="Active now and not in the quarter before | 本季度活跃而上季度不活跃")
    lost: list[str]


@router.get(
    "/retention",
    operation_id="retention",
    summary="How many customers stay | 客户保持率",
    description="The share of the customers active in the quarter before who are active in this one. "
    "| 上季度活跃客户中本季度仍活跃者的占比。",
    response_model=Retention,
    responses=documented("bad-parameter"),
)
def retained(request: Request, asked: Annotated[QuarterQuery, InQuery()]) -> Response:
    services = services_of(request)
    quarter, calendar = quarter_of(services, asked.quarter), services.parts.policy.calendar
    return json_answer(services.read(lambda connection: retention(connection, quarter, calendar=calendar)))
