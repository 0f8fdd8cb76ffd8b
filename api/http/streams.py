"""One stream: what it is now, and everything that made it so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO, StringIO
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.cli.edge import Edge
from api.cli.history import FORMATS
from api.http import params
from api.http.access.personal import opened
from api.http.answers import json_answer, negotiated
from api.http.pages.history import history_page
from api.http.params import Instant
from api.http.problems import documented
from api.http.services import Services, services_of
from api.http.told import told_of
from domain.envelope import Event
from domain.events import KINDS
from domain.history import history, shown
from domain.messages import CloudEvent
from domain.story import Broken, broken
from domain.stream import Alarm, Duty, Stream

router = APIRouter(prefix="/streams", tags=["streams"])


# ---- what is answered


class Owed(BaseModel):
    """An obligation that is open, or breached and not done since. | 未结或已逾期未履行的义务。"""

    obligation: str
    clause: str
    status: Literal["open", "breached"]
    opened_at: datetime
    due_at: datetime
    warn_at: datetime | None = None
    provisional: bool = Field(description="The calendar is not published yet | 日历尚未公布")
    paused: bool = Field(description="Time stands still meanwhile | 等待他方，暂停计时")


class Firing(BaseModel):
    """An escalation on its way up the ladder. | 正在逐级升级的事项。"""

    escalation: str
    clause: str
    level: int
    severity: str
    status: Literal["firing", "acknowledged"]
    next_at: datetime | None = Field(
        default=None, description="When it climbs to the next level | 下次升级时间"
    )


class StreamState(BaseModel):
    """What a stream is now. | 事件流的当前状态。"""

    subject: str
    kind: str
    version: int = Field(description="How many events it has | 事件数")
    state: dict[str, Any] = Field(description="What decisions know of it | 判定所用状态，不含个人信息")
    obligations: list[Owed]
    escalations: list[Firing]
    violations: list[Broken]


class HistoryQuery(params.Query):
    """Which part of a history is wanted."""

    as_of: Instant | None = Field(default=None, description="Things as they were then | 截至该时已发生的")
    known_at: Instant | None = Field(default=None, description="What was known then | 截至该时已获知的")
    personal: bool = Field(
        default=False,
        description="Personal fields in clear, for auditors and admins who say what for "
        "| 显示个人信息，限审计与管理员并须说明用途",
    )
    purpose: params.Name | None = Field(
        default=None, description="What it is read for; recorded where that is needed | 查阅用途，必要时记录"
    )
    lang: Literal["en", "zh"] | None = Field(default=None, description="The language of the page | 页面语言")
    format: Literal["json", "html", "csv", "xes"] | None = Field(
        default=None, description="Instead of the Accept header | 代替 Accept 头"
    )


class ReadingQuery(params.Query):
    """What a reading is for."""

    purpose: params.Name | None = Field(
        default=None, description="What it is read for; recorded where that is needed | 查阅用途，必要时记录"
    )


PROTECTED = ("personal-fields", "purpose-needed", "access-denied")
"""How reading what is protected may be refused."""


# ---- reading


def stream_of(services: Services, events: Sequence[Event]) -> Stream:
    """What the events made of the stream."""
    return Stream.told(events[0].subject, services.parts.policy, events)


def _owed(stream: Stream, duty: Duty) -> Owed:
    return Owed(
        obligation=duty.key,
        clause=duty.clause,
        status="open" if duty.status == "open" else "breached",
        opened_at=duty.opened_at,
        due_at=duty.due_at,
        warn_at=duty.warn_at,
        provisional=duty.provisional,
        paused=stream.is_paused(duty),
    )


def _firing(alarm: Alarm) -> Firing:
    return Firing(
        escalation=alarm.key,
        clause=alarm.clause,
        level=alarm.level,
        severity=alarm.severity,
        status="firing" if alarm.status == "firing" else "acknowledged",
        next_at=alarm.next_at if alarm.status == "firing" else None,
    )


def _due(owed: Owed) -> datetime:
    return owed.due_at


def _described(stream: Stream) -> dict[str, Any]:
    owed = [_owed(stream, duty) for duty in (*stream.running(), *stream.overdue())]
    return {
        "subject": stream.subject,
        "kind": stream.kind,
        "version": stream.version,
        "state": stream.state,
        "obligations": [each.model_dump(exclude_none=True) for each in sorted(owed, key=_due)],
        "escalations": [_firing(alarm).model_dump(exclude_none=True) for alarm in stream.firing()],
        "violations": [broken(finding).model_dump() for finding in stream.findings.values() if finding.live],
    }


# ---- formats of a history

Messages = Sequence[Mapping[str, Any]]


def _json(_request: Request, _subject: str, messages: Messages) -> bytes:
    return orjson.dumps(messages)


def _by_command(name: str) -> Callable[[Request, str, Messages], bytes]:
    """As `huiyin history --format` writes it."""

    def write(_request: Request, subject: str, messages: Messages) -> bytes:
        edge = Edge(BytesIO(), BytesIO(), StringIO())
        FORMATS[name](edge, subject, messages)
        edge.stdout.seek(0)
        return edge.stdout.read()

    return write


WRITERS: Mapping[str, Callable[[Request, str, Messages], bytes]] = {
    "application/json": _json,
    "text/html": history_page,
    "text/csv": _by_command("csv"),
    "application/xml": _by_command("xes"),
}
FORMAT_MEDIA = {"json": "application/json", "html": "text/html", "csv": "text/csv", "xes": "application/xml"}


def _documented(media: Iterable[str]) -> dict[str, Any]:
    events = {"type": "array", "items": {"$ref": f"#/components/schemas/{CloudEvent.__name__}"}}
    text = {"type": "string"}
    return {name: {"schema": events if name == "application/json" else text} for name in media}


# ---- routes

Kind = Annotated[
    str, Path(description=f"{', '.join(KINDS)} | 类别：{'、'.join(KINDS)}", examples=["complaint"])
]
Name = Annotated[str, Path(description="The id within its kind | 类别内的编号", examples=["C-1"])]


@router.get(
    "/{kind}/{name:path}/history",
    operation_id="history",
    summary="The history of a stream | 事件流的历史",
    description="Every fact and what followed from it, with rule, source and reason, as JSON (CloudEvents), "
    "CSV, XES (application/xml) or a page, by the Accept header. Personal fields are hidden, unless an "
    "auditor asks for them. Reading what is protected is recorded. "
    "| 各事实及其后果，附规则、出处和理由；按 Accept 头返回 JSON、CSV、XES 或页面；"
    "除审计另行要求外隐去个人信息。查阅受保护的记录会被记录。",
    response_class=Response,
    responses={
        200: {
            "description": "The events in the order recorded | 按记录顺序的事件",
            "content": _documented(WRITERS),
        },
        **documented("bad-parameter", *PROTECTED, "unknown-stream", "not-acceptable"),
    },
)
def stream_history(
    request: Request, kind: Kind, name: Name, asked: Annotated[HistoryQuery, Query()]
) -> Response:
    media = FORMAT_MEDIA[asked.format] if asked.format else negotiated(request, list(WRITERS))
    services = services_of(request)
    events = history(told_of(request, kind, name).events, asked.as_of, asked.known_at)
    told = opened(services, events) if asked.personal else events
    messages = [shown(event, asked.personal) for event in told]
    content = WRITERS[media](request, f"{kind}/{name}", messages)
    return Response(content, media_type=media, headers={"Vary": "Accept, Accept-Language, Cookie"})


@router.get(
    "/{kind}/{name:path}",
    operation_id="stream",
    summary="The state of a stream | 事件流的状态",
    description="What is so now, what is owed, what is firing and which rules were broken. "
    "| 当前状态、未结义务、升级与违规。",
    response_model=StreamState,
    responses=documented("bad-parameter", *PROTECTED, "unknown-stream"),
)
def stream_state(
    request: Request, kind: Kind, name: Name, _asked: Annotated[ReadingQuery, Query()]
) -> Response:
    services = services_of(request)
    stream = stream_of(services, told_of(request, kind, name).events)
    return json_answer(_described(stream))
