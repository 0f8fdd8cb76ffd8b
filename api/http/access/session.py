"""Sessions of browsers: a key is exchanged for a cookie that no script can read; and who somebody is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.access.gate import COOKIE, same_site, tried
from api.http.access.known import lasts_of
from api.http.access.principal import Principal, principal_of
from api.http.answers import json_answer
from api.http.bodies import loads, media_type, read_body
from api.http.problems import Problem, documented, from_errors
from api.http.services import services_of
from storage.api_keys import Role

router = APIRouter(tags=["access"])
BODY_LIMIT = 16 * 1024
"""Bytes: room for a token of an identity provider."""


class Me(BaseModel):
    """Who asks. | 当前身份。"""

    name: str = Field(description="Staff id or system | 员工编号或系统名")
    role: Role = Field(description="What they may do | 角色")
    branches: list[str] = Field(description="What they are confined to; none: nothing | 限定的分支；空为不限")


class Opening(BaseModel):
    """What a session is opened with. | 用于登录的密钥。"""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, StringConstraints(min_length=1, max_length=8192)] = Field(
        description="An API key, or a token of the identity provider | API 密钥或身份提供方的令牌",
        examples=["hy_…"],
    )


def _me(principal: Principal) -> dict[str, object]:
    said = principal.described()
    return {name: said[name] for name in Me.model_fields}


@router.get(
    "/me",
    operation_id="me",
    summary="Who asks | 当前身份",
    description="Name, role and branches of a key, token or session. | 密钥、令牌或会话的名称、角色、分支。",
    response_model=Me,
)
async def me(request: Request) -> Response:
    return json_answer(_me(principal_of(request)))


@router.post(
    "/session",
    operation_id="openSession",
    summary="Log a browser in | 浏览器登录",
    description="Exchanges a key for a session cookie (HttpOnly, SameSite=Strict) that lasts 12 hours. "
    "| 以密钥换取会话 Cookie（HttpOnly、SameSite=Strict），有效 12 小时。",
    response_model=Me,
    responses=documented(
        "not-json", "bad-body", "unauthenticated", "forbidden", "too-large", "media-type", "too-often"
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": Opening.model_json_schema()}},
        }
    },
)
async def open_session(request: Request) -> Response:
    _check_own_page(request)
    services = services_of(request)
    principal = await tried(request, services, await _key(request))
    token = await run_in_threadpool(services.known.open_session, principal)
    answer = json_answer(_me(principal))
    lasts_s = int(lasts_of(principal).total_seconds())
    answer.set_cookie(
        COOKIE, token, max_age=lasts_s, httponly=True, samesite="strict", secure=_encrypted(request)
    )
    return answer


@router.delete(
    "/session",
    operation_id="closeSession",
    summary="Log a browser out | 浏览器退出",
    description="Ends the session of the cookie, if there is one. | 结束 Cookie 对应的会话（如有）。",
    status_code=204,
    response_class=Response,
    responses=documented("forbidden"),
)
async def close_session(request: Request) -> Response:
    _check_own_page(request)
    token = request.cookies.get(COOKIE)
    if token:
        await run_in_threadpool(services_of(request).known.close_session, token)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=_encrypted(request))
    return answer


def _check_own_page(request: Request) -> None:
    """Nobody is logged in or out by a page of another site."""
    if not same_site(request):
        en, zh = "Use the login page here.", "请使用本站的登录页。"
        raise Problem("forbidden", en, zh, "Origin")


def _encrypted(request: Request) -> bool:
    """Whether the cookie may be kept to encrypted connections."""
    return request.url.scheme == "https"


async def _key(request: Request) -> str:
    if media_type(request) != "application/json":
        raise Problem("media-type", "Send application/json.", "请使用 application/json。", "Content-Type")
    found = loads(await read_body(request, BODY_LIMIT))
    try:
        return Opening.model_validate(found).key.strip()
    except ValidationError as errors:
        raise from_errors(errors.errors(), ["key"], "bad-body") from None
