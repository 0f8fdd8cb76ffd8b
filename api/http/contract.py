"""The machine-readable contracts, generated from the models, and the page that shows them to people."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import HTMLResponse, Response

from api.http.access import documented as access
from api.http.answers import json_answer
from api.http.language import language_of
from api.http.pages.templates import render
from api.http.problems import KINDS, ProblemDetails
from api.http.revalidation import ALWAYS_ANEW
from api.http.services import services_of
from api.i18n import Language
from domain.messages import CloudEvent, Receipt
from domain.schemas import asyncapi

router = APIRouter(include_in_schema=False)

DESCRIPTION = (
    "Facts in, receipts out; and everything that is known of them. Facts are CloudEvents 1.0; /asyncapi.json "
    "has every type with its fields. Errors are RFC 9457 problem details, in English or Chinese by "
    "Accept-Language. Instants carry an offset; lists come in pages. "
    "| 提交事实，取回回执，查询一切已知情况。事实采用 CloudEvents 1.0，各类型及字段见 /asyncapi.json；"
    "错误为 RFC 9457 问题详情，按 Accept-Language 以中文或英文返回；时刻须带时区偏移；列表分页返回。"
)
TAGS = {
    "facts": "Reporting what happened | 提交事实",
    "streams": "What is known of one subject | 单个事件流",
    "complaints": "Searching complaints | 检索投诉",
    "alerts": "What needs somebody now | 告警",
    "deadlines": "What is owed and what was missed | 期限",
    "rules": "Which rules were broken | 规则",
    "figures": "Satisfaction and missed figures | 指标",
    "proofs": "Proof that nothing was altered | 防篡改证明",
    "access": "Who asks | 身份",
    "operations": "Health and metrics | 运维",
}
BOTH = " | "
"""Between the English and the Chinese of a text, in models, parameters and routes alike."""

ALSO = (Receipt, CloudEvent, ProblemDetails)
"""Models that answers refer to by name without FastAPI knowing."""


def openapi(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1 of the routes; FastAPI's own description of refusals is replaced by ours."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, tags=_tags()
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for model in ALSO:
            schemas[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for operation in _operations(document):
            operation["responses"].pop("422", None)
        _revalidated(document)
        access.describe(document)
        app.openapi_schema = document
    return app.openapi_schema


NOT_MODIFIED = {"description": "The caller has it still: If-None-Match names its ETag | 内容未变"}
ETAG = {
    "description": "Strong, for If-None-Match | 强校验标签，用于 If-None-Match",
    "schema": {"type": "string"},
}


def _revalidated(document: dict[str, Any]) -> None:
    """What `Revalidation` adds to every answer in JSON."""
    for path, operations in document["paths"].items():
        responses = operations.get("get", {}).get("responses", {})
        answer = responses.get("200", {})
        if "application/json" in answer.get("content", {}) and not path.startswith(ALWAYS_ANEW):
            answer.setdefault("headers", {})["ETag"] = ETAG
            responses["304"] = NOT_MODIFIED


def _tags() -> list[dict[str, str]]:
    return [{"name": name, "description": text} for name, text in TAGS.items()]


def within(value: Any, language: Language) -> Any:
    """A document with its texts in one language."""
    if isinstance(value, dict):
        return {name: within(part, language) for name, part in value.items()}
    if isinstance(value, list):
        return [within(part, language) for part in value]
    if isinstance(value, str) and BOTH in value:
        en, _, zh = value.partition(BOTH)
        return (zh if language == "zh" else en).strip()
    return value


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


@cache
def _asyncapi(prefix: str) -> bytes:
    return orjson.dumps(asyncapi(prefix))


@router.get("/openapi.json")
def openapi_json(request: Request) -> Response:
    language = language_of(request)
    headers = {"Content-Language": language, "Vary": "Accept-Language, Cookie"}
    return json_answer(within(openapi(request.app), language), headers=headers)


@router.get("/asyncapi.json")
def asyncapi_json(request: Request) -> Response:
    prefix = services_of(request).settings.topic_prefix
    return Response(_asyncapi(prefix), media_type="application/json")


@router.get("/docs", response_class=HTMLResponse)
def docs(request: Request) -> Response:
    """Every operation, parameter and kind of problem on one page."""
    language = language_of(request)
    document = within(openapi(request.app), language)
    operations = [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    titles = {name: (kind.status, kind.title.within(language)) for name, kind in KINDS.items()}
    return render(request, "docs.html", document=document, operations=operations, problems=titles)
