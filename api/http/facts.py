"""POST /events: facts in, receipts out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import MODES, mode_of, read_body
from api.http.problems import documented
from api.http.services import services_of

router = APIRouter(tags=["facts"])

EXAMPLE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "8f14e45f",
    "source": "/crm",
    "type": "complaint.received",
    "subject": "complaint/C-1",
    "time": "2026-03-04T09:30:00+08:00",
    "data": {
        "customer": "K-1",
        "category": "delivery",
        "channel": "phone",
        "summary": "三天未送货",
    },
}
BINARY = {f"ce-{name}": value for name, value in EXAMPLE.items() if name != "data"}
RECEIPT = {"$ref": "#/components/schemas/Receipt"}
RECORDED = {
    "id": "8f14e45f",
    "source": "/crm",
    "status": "recorded",
    "sequence": 17,
    "subject": "complaint/C-1",
}


def _content(media: str, many: bool, binary: bool) -> dict[str, Any]:
    told = "See /asyncapi.json for every type of fact. | 各类事实见 /asyncapi.json。"
    one = {"description": told} | ({} if binary else {"type": "object"})
    value = EXAMPLE["data"] if binary else [EXAMPLE] if many else EXAMPLE
    return {media: {"schema": {"type": "array", "items": {}} if many else one, "example": value}}


BODY = {
    "required": False,
    "description": "One event (structured or binary mode) or a JSON list of events, judged one by one. In "
    "binary mode the body is the data, and empty where a type has none. | 单个事件（结构化或二进制模式），"
    "或事件的 JSON 列表，逐条判定；二进制模式的请求体即 data，无数据时可为空。",
    "content": {
        media: content
        for media, mode in MODES.items()
        for content in _content(media, mode.many, media == "application/json").values()
    },
}
HEADERS = [
    {
        "name": name,
        "in": "header",
        "required": False,
        "description": f"Binary mode: the attribute {name[3:]}. | 二进制模式：属性 {name[3:]}。",
        "schema": {"type": "string"},
        "example": value,
    }
    for name, value in BINARY.items()
]


@router.post(
    "/events",
    operation_id="record",
    summary="Report facts | 提交事实",
    description="Answers one receipt for each fact: recorded, duplicate, parked or rejected with code, "
    "reason and field. A rejected fact in a valid request is a receipt, no error. Sending again is safe. "
    "| 每条事实一张回执：recorded、duplicate、parked，或带代码、原因和字段的 rejected。"
    "有效请求中的被拒事实是回执而非错误；重复提交是安全的。",
    response_class=Response,
    responses={
        200: {
            "description": "The receipt; for a batch, one for each event | 回执；批量时逐条对应",
            "content": {
                "application/json": {
                    "schema": {"oneOf": [RECEIPT, {"type": "array", "items": RECEIPT}]},
                    "example": RECORDED,
                }
            },
        },
        **documented("not-json", "bad-body", "too-large", "media-type"),
    },
    openapi_extra={"requestBody": BODY, "parameters": HEADERS},
)
async def record(request: Request) -> Response:
    mode = mode_of(request)
    body = await read_body(request, mode.limit)
    facts = await run_in_threadpool(mode.read, request, body)
    services = services_of(request)
    receipts = await services.intake.record(facts) if facts else []
    for receipt in receipts:
        services.metrics.count(receipt.status)
    said = [receipt.model_dump(exclude_none=True) for receipt in receipts]
    return json_answer(said if mode.many else said[0])
