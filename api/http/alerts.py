"""Alerts: a list, a stream of changes as they happen, and the acknowledgement of an escalation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal
from uuid import NAMESPACE_URL, uuid5

import orjson
from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from api.http.access.branches import visible
from api.http.access.principal import principal_of
from api.http.answers import json_answer, page_answer
from api.http.bodies import loads, media_type, read_body
from api.http.feed import RELOAD, Change
from api.http.params import Name, Period
from api.http.params import Query as Parameters
from api.http.problems import Problem, documented, from_errors
from api.http.reading import PageOf
from api.http.services import Services, services_of
from api.http.streams import stream_of
from api.http.told import read_of
from domain.events import EscalationAcknowledged
from domain.events.base import Id
from domain.ledger import Incoming
from domain.messages import Alert, Receipt
from domain.stream import Stream
from domain.working_time import Calendar
from projections import alerts as read_model

router = APIRouter(prefix="/alerts", tags=["alerts"])

Topic = Literal["escalations", "sla", "satisfaction"]
TOPICS = {name: f"alerts.{name}" for name in ("escalations", "sla", "satisfaction")}

BEAT_S = 10.0
"""How often a quiet stream says that it is alive; also how soon it sees that its reader has gone."""

SOURCE = "/huiyin/http"
BODY_LIMIT = 16 * 1024


class AlertRow(Alert):
    """An alert, and the topic that it is published on. | 告警及其发布主题。"""

    channel: Literal["alerts.escalations", "alerts.sla", "alerts.satisfaction"]


class AlertQuery(Period):
    """Filters of alerts; `from` and `to` are of when they were raised."""

    status: Literal["firing", "acknowledged", "resolved"] | None = None
    current: bool | None = Field(default=None, description="true: not resolved | true 为未解除")
    severity: Literal["info", "warning", "high", "critical"] | None = None
    topic: Topic | None = None
    clause: Name | None = None
    subject: Name | None = None

    def filters(self, calendar: Calendar) -> dict[str, Any]:
        given = super().filters(calendar)
        topic = given.pop("topic", None)
        return given | ({"channel": TOPICS[topic]} if topic else {})


class StreamQuery(Parameters):
    """Where a stream of changes begins."""

    after: int | None = Field(default=None, ge=0, le=2**62, description="As Last-Event-ID | 同 Last-Event-ID")


class Acknowledging(BaseModel):
    """Who takes care. | 由谁处理。"""

    model_config = ConfigDict(extra="forbid")

    by: Id = Field(description="Staff id of who acknowledges | 确认人员工编号", examples=["S-1"])


class Acknowledgement(BaseModel):
    """What came of an acknowledgement. | 确认结果。"""

    key: str
    status: Literal["acknowledged"]
    acknowledged_by: str | None
    receipt: Receipt | None = Field(
        default=None, description="None where it was acknowledged before | 此前已确认时无"
    )


@router.get(
    "",
    operation_id="alerts",
    summary="Alerts | 告警",
    description="One row a situation, the latest raised first. | 每个情形一行，最近触发者在前。",
    response_model=PageOf[AlertRow],
    responses=documented("bad-parameter"),
)
def list_alerts(request: Request, asked: Annotated[AlertQuery, Query()]) -> Response:
    services = services_of(request)
    filters = asked.filters(services.parts.policy.calendar)

    def query(connection: Any) -> Any:
        return read_model.alerts(connection, limit=asked.limit, cursor=asked.cursor, **filters)

    return page_answer(request, services.read(query))


# ---- changes as they happen


@router.get(
    "/stream",
    operation_id="alertStream",
    summary="Changes of alerts as they happen | 告警实时变更",
    description="Server-sent events: `alert` with an alert as JSON and its position as id; `reload` when "
    "what was missed is not kept any more, so that the list must be read anew. Resumes after Last-Event-ID; "
    "without it, begins with what happens next. | 服务器推送事件：alert 为告警 JSON，编号为其位置；"
    "reload 表示错过的变更已不保留，须重读列表。按 Last-Event-ID 续传。",
    response_class=Response,
    responses={
        200: {
            "description": "The changes | 变更",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **documented("bad-parameter"),
    },
)
async def stream_alerts(
    request: Request,
    asked: Annotated[StreamQuery, Query()],
    last_event_id: Annotated[
        str | None, Header(description="The id of the last change received | 最后收到的变更编号")
    ] = None,
) -> Response:
    position = _position(last_event_id, asked.after)
    changes = _changes(request, services_of(request), position)
    return StreamingResponse(changes, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _position(header: str | None, after: int | None) -> int | None:
    if not header:
        return after
    if not header.isascii() or not header.isdigit() or len(header) > 18:
        en = "Last-Event-ID must be the id of a change, a whole number; leave it out to begin now."
        zh = "Last-Event-ID 须为变更编号（整数）；去掉它即从现在开始。"
        raise Problem("bad-parameter", en, zh, "Last-Event-ID")
    return int(header)


async def _changes(request: Request, services: Services, position: int | None) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    async for watched in services.feed.watch(position, BEAT_S):
        changes = await run_in_threadpool(_theirs, request, services, watched)
        yield b"".join(map(_told, changes)) or b": alive\n\n"
        if await request.is_disconnected():
            return


def _theirs(request: Request, services: Services, changes: Sequence[Change]) -> list[Change]:
    """Without what is about other branches than those that the watcher is confined to."""
    principal = principal_of(request)
    if not principal.branches:
        return list(changes)
    about = {change: str(orjson.loads(change.value)["subject"]) for change in changes if change.value}
    seen = visible(services, principal, set(about.values()))
    return [change for change in changes if change.channel == RELOAD or about[change] in seen]


def _told(change: Change) -> bytes:
    if change.channel == RELOAD:
        return b"id: %d\nevent: reload\ndata: {}\n\n" % change.position
    data = orjson.dumps({**orjson.loads(change.value), "channel": change.channel})
    return b"id: %d\nevent: alert\ndata: %s\n\n" % (change.position, data)


# ---- acknowledging


@router.post(
    "/{key:path}/acknowledge",
    operation_id="acknowledge",
    summary="Acknowledge an escalation | 确认升级",
    description="Records `escalation.acknowledged` for the alert's clause, which stops the climb. Doing so "
    "again changes nothing. SLA and satisfaction alerts end by what is done, not by an acknowledgement. "
    "| 记录 escalation.acknowledged，停止逐级升级；重复确认不产生变化。"
    "期限与满意度告警随履行或恢复自行解除。",
    response_model=Acknowledgement,
    responses=documented(
        "not-json", "bad-body", "unknown-alert", "cannot-acknowledge", "too-large", "media-type"
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": Acknowledging.model_json_schema()}},
        }
    },
)
async def acknowledge(
    request: Request,
    key: Annotated[str, Path(description="The alert's key, percent-encoded | 告警的键（百分号编码）")],
) -> Response:
    services = services_of(request)
    by = await _by(request)
    row = _acknowledgeable(await run_in_threadpool(_alert, services, key))
    async with services.acknowledging:
        stream = await run_in_threadpool(_firing, services, row)
        if stream is None:
            return _answer(key, row.get("acknowledged_by"), None)
        fact = _fact(row, stream, by, principal_of(request).name, services)
        [receipt] = await services.intake.record([fact])
    if receipt.status == "rejected":
        raise Problem("cannot-acknowledge", receipt.reason or "", receipt.reason_zh or "", receipt.field)
    return _answer(key, by, receipt)


async def _by(request: Request) -> str:
    if media_type(request) != "application/json":
        raise Problem("media-type", "Send application/json.", "请使用 application/json。", "Content-Type")
    found = loads(await read_body(request, BODY_LIMIT))
    try:
        return Acknowledging.model_validate(found).by
    except ValidationError as errors:
        raise from_errors(errors.errors(), ["by"], "bad-body") from None


def _alert(services: Services, key: str) -> dict[str, Any] | None:
    if "\0" in key:
        return None
    found: dict[str, Any] | None = services.read(lambda connection: read_model.alert(connection, key))
    return found


def _firing(services: Services, row: dict[str, Any]) -> Stream | None:
    """The alert's stream, if the ledger has the escalation firing still: the read model may lag behind it."""
    kind, _, name = row["subject"].partition("/")
    stream = stream_of(services, read_of(services, kind, name).events)
    alarm = stream.alarms.get(row["key"].removeprefix(f"escalation:{row['subject']}:"))
    return stream if alarm is not None and alarm.status == "firing" else None


def _acknowledgeable(row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        raise Problem("unknown-alert", "GET /alerts lists those that there are.", "现有告警见 GET /alerts。")
    if row["channel"] != TOPICS["escalations"]:
        en = "Only escalations can be acknowledged; this ends when the duty is done or the figure recovers."
        raise Problem("cannot-acknowledge", en, "只有升级可以确认；此告警在义务履行或指标恢复后自行解除。")
    if row["status"] == "resolved":
        raise Problem("cannot-acknowledge", "It is resolved already.", "该告警已解除，无需处理。")
    return row


def _fact(row: dict[str, Any], stream: Stream, by: str, actor: str, services: Services) -> Incoming:
    """One fact for one state of a stream and one person: sent twice at once, it is recorded once. `by` is who
    takes care, `actor` whose key said so."""
    name = f"{row['key']} {stream.version} {by}"
    message = {
        "specversion": "1.0",
        "id": str(uuid5(NAMESPACE_URL, name)),
        "source": SOURCE,
        "type": EscalationAcknowledged.type,
        "subject": row["subject"],
        "time": services.now(),
        "actor": actor,
        "data": {"by": by, "clause": row["clause"]},
    }
    return Incoming.read(orjson.dumps(message), {}, "http")


def _answer(key: str, by: str | None, receipt: Receipt | None) -> Response:
    said = {"key": key, "status": "acknowledged", "acknowledged_by": by}
    return json_answer(said | ({"receipt": receipt.model_dump(exclude_none=True)} if receipt else {}))
