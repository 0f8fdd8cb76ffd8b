"""Whether the process lives, whether it can serve, and how far the parts behind it are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import orjson
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from psycopg import Connection
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.problems import documented
from api.http.reading import shown
from api.http.services import Services, services_of
from projections import webhooks
from projections.projection import through

router = APIRouter(tags=["operations"])

LATE_S = 60.0
"""An event that the read models have not seen for so long means that no worker runs, or not fast enough."""


class Live(BaseModel):
    """The process answers. | 进程存活。"""

    status: Literal["live"]


class Webhook(BaseModel):
    """A receiver of alerts, and whether it takes them. | 告警接收方及其状态。"""

    name: str
    behind: int = Field(description="Changes of alerts that it has not been told of | 尚未送达的变更数")
    delivered_at: datetime | None = Field(description="When it last took something | 最近送达时间")
    refused: int = Field(description="Requests that it said it would never take | 被永久拒绝的请求数")
    failing_since: datetime | None = Field(description="Null while it takes what it is sent | 正常时为 null")
    problem: str | None = Field(description="Why it does not | 故障原因", examples=["HTTP 502"])


class Ready(BaseModel):
    """The database answers; what follows the ledger may be behind. | 可提供服务及滞后情况。"""

    status: Literal["ready", "lagging"] = Field(
        description="lagging: the read models are late | lagging：读模型滞后"
    )
    events: int = Field(description="Sequence of the last recorded event | 最后记录事件的序号")
    projected: int = Field(description="Sequence up to which the read models are | 读模型所到序号")
    behind: int = Field(description="Events not seen yet | 尚未处理的事件数")
    behind_s: float = Field(
        description="Seconds since the first of them was recorded | 其中最早者已等待的秒数"
    )
    parked: int = Field(description="Facts that wait for their stream to begin | 等待起始的事实数")
    webhooks: list[Webhook] = Field(description="The receivers of alerts | 告警接收方")


@router.get(
    "/health/live",
    operation_id="live",
    summary="Liveness | 存活检查",
    description="The process answers, whatever else does. | 进程有响应即为存活。",
    response_model=Live,
)
async def live() -> Response:
    """Answered in the loop itself: threads that wait for a database say nothing about the process."""
    return json_answer({"status": "live"})


@router.get(
    "/health/ready",
    operation_id="ready",
    summary="Readiness | 就绪检查",
    description="200 as long as the database answers; says how far the workers are behind. "
    "| 数据库可用即返回 200，并说明滞后情况。",
    response_model=Ready,
    responses=documented(),
)
def ready(request: Request) -> Response:
    services = services_of(request)
    events = services.parts.storage.last_sequence()
    projected, parked = services.read(_projected)
    behind_s = _age_s(services, projected) if events > projected else 0.0
    said = {
        "status": "lagging" if behind_s > LATE_S else "ready",
        "events": events,
        "projected": projected,
        "behind": max(events - projected, 0),
        "behind_s": round(behind_s, 1),
        "parked": parked,
        "webhooks": shown(Webhook, services.read(webhooks.states)),
    }
    return json_answer(said)


def _projected(connection: Connection[Any]) -> tuple[int, int]:
    row = connection.execute("SELECT count(*) FROM parked").fetchone()
    return through(connection), int(row[0]) if row else 0


def _age_s(services: Services, projected: int) -> float:
    """How long the first event after a sequence has been in the ledger."""
    found = services.parts.storage.events_after(projected, 1)
    if not found:
        return 0.0
    recorded = orjson.loads(found[0][3]).get("recordedtime")
    return (services.now() - datetime.fromisoformat(recorded)).total_seconds() if recorded else 0.0


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Figures for Prometheus | 监控指标",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    return Response(services_of(request).metrics.text(), media_type=CONTENT_TYPE_LATEST)
