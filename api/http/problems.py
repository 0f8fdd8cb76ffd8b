"""What goes wrong, as RFC 9457 problem details: what, where, and what would be right, in either language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import psycopg
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from api.http.access.purpose import asking
from api.http.language import language_of
from api.http.pages.refusal import refused, wants_page
from api.i18n import Language, Text
from domain.rejected import hint
from projections.paging import BadQuery

MEDIA = "application/problem+json"


class Kind(NamedTuple):
    """A kind of problem: its status and its title. Its type is its anchor in the documentation."""

    status: int
    title: Text


def _kind(status: int, en: str, zh: str) -> Kind:
    return Kind(status, Text(en, zh))


KINDS: Mapping[str, Kind] = {
    "not-json": _kind(400, "The body is not valid JSON", "请求体不是有效的 JSON"),
    "bad-parameter": _kind(400, "A parameter cannot be used", "参数无法使用"),
    "bad-body": _kind(400, "The body cannot be used", "请求体无法使用"),
    "unauthenticated": _kind(401, "It is not known who asks", "未表明身份"),
    "forbidden": _kind(403, "This is not open to whoever asks", "无权访问"),
    "personal-fields": _kind(403, "Personal fields are not shown here", "此处不显示个人信息字段"),
    "purpose-needed": _kind(403, "Say what you read this for", "请说明查阅用途"),
    "access-denied": _kind(403, "This may not be read", "不得查阅"),
    "not-found": _kind(404, "There is no such page", "没有此页面"),
    "unknown-stream": _kind(404, "The stream is not known", "没有此事件流"),
    "unknown-event": _kind(404, "The event is not known", "没有此事件"),
    "no-checkpoint": _kind(404, "No checkpoint was signed", "尚无签名的检查点"),
    "unknown-alert": _kind(404, "The alert is not known", "没有此告警"),
    "method-not-allowed": _kind(405, "The method does not apply here", "此处不支持该方法"),
    "not-acceptable": _kind(406, "None of the accepted formats is offered", "无法提供所要求的格式"),
    "cannot-acknowledge": _kind(409, "The alert cannot be acknowledged", "该告警无法确认"),
    "too-large": _kind(413, "The body is too large", "请求体过大"),
    "media-type": _kind(415, "The media type is not supported", "不支持的媒体类型"),
    "too-often": _kind(429, "That was asked too often", "请求过于频繁"),
    "internal": _kind(500, "The server made a mistake", "服务器内部错误"),
    "unavailable": _kind(503, "The database cannot be reached", "无法连接数据库"),
    "provider-away": _kind(503, "The identity provider cannot be reached", "无法连接身份提供方"),
}


class ProblemDetails(BaseModel):
    """A problem (RFC 9457). | 问题详情（RFC 9457）。"""

    type: str = Field(
        description="The kind of problem, as its place in the documentation | 问题类型，即其文档位置",
        examples=["/docs#x"],
    )
    title: str = Field(description="The kind of problem in words | 问题类型的文字说明")
    status: int = Field(description="The HTTP status | HTTP 状态码", ge=400, le=599)
    detail: str = Field(description="What is wrong this time, and what would be right | 具体问题及正确做法")
    field: str | None = Field(
        default=None, description="The parameter, header or field that it is about | 所涉参数、头或字段"
    )


class Problem(Exception):
    """A request that cannot be answered as it stands."""

    def __init__(
        self, kind: str, en: str, zh: str, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(kind)
        self.kind, self.detail, self.field, self.headers = kind, Text(en, zh), field, headers or {}

    @property
    def status(self) -> int:
        return KINDS[self.kind].status

    def body(self, language: Language) -> dict[str, Any]:
        kind = KINDS[self.kind]
        said = {
            "type": f"/docs#{self.kind}",
            "title": kind.title.within(language),
            "status": kind.status,
            "detail": self.detail.within(language),
            "field": self.field,
        }
        return {name: value for name, value in said.items() if value is not None}

    def response(self, language: Language) -> Response:
        headers = {"Content-Language": language, "Vary": "Accept-Language", **self.headers}
        return Response(orjson.dumps(self.body(language)), self.status, headers, MEDIA)


# ---- what others raise

# pydantic's error types for what stands in an address -> what would be right
_RIGHT: Mapping[str, Text] = {
    "missing": Text("is required", "必填"),
    "int_parsing": Text("must be a whole number", "须为整数"),
    "bool_parsing": Text("must be true or false", "须为 true 或 false"),
    "literal_error": Text("must be one of {expected}", "须为 {expected} 之一"),
    "greater_than_equal": Text("must be at least {ge}", "不得小于 {ge}"),
    "less_than_equal": Text("must be at most {le}", "不得大于 {le}"),
    "string_type": Text("must be text", "须为文本"),
    "string_too_long": Text("must have {max_length} characters at most", "不得超过 {max_length} 个字符"),
    "string_pattern_mismatch": Text("must not be empty or hold control characters", "不得为空或含控制字符"),
    "date_from_datetime_parsing": Text("must be a date such as 2026-03-04", "须为日期，如 2026-03-04"),
    "json_invalid": Text("must be JSON", "须为 JSON"),
    "model_attributes_type": Text("must be a JSON object", "须为 JSON 对象"),
}
_OTHERWISE = Text("is not valid", "无效")


def _wording(error: Mapping[str, Any]) -> Text:
    context = error.get("ctx") or {}
    if "zh" in context:
        return Text(context["en"], context["zh"])
    expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
    words = _RIGHT.get(error["type"], _OTHERWISE)
    return Text(*(text.format(**{**context, "expected": expected}) for text in words))


def from_errors(errors: Sequence[Any], known: Sequence[str] = (), kind: str = "bad-parameter") -> Problem:
    """The most telling of pydantic's errors: a misspelt name before what is missing because of it."""
    error = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    path = [str(step)[:60] for step in error["loc"] if step not in ("query", "path", "body", "header")]
    field = ".".join(path) or None
    if error["type"] == "extra_forbidden":
        en, zh = hint(path[-1], known)
        return Problem(kind, f"{field} is not known here{en}.", f"没有参数 {field}{zh}。", field)
    words = _wording(error)
    return Problem(kind, f"{field or 'The body'} {words.en}.", f"{field or '请求体'} {words.zh}。", field)


def _invalid(request: Request, error: RequestValidationError) -> Problem:
    """FastAPI's refusal of parameters; the names that the route knows help who misspelt one."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    models = [field.field_info.annotation for field in getattr(dependant, "query_params", ())]
    fields = (model.model_fields for model in models if hasattr(model, "model_fields"))
    known = [entry.alias or name for found in fields for name, entry in found.items()]
    return from_errors(error.errors(), known)


def _http(request: Request, error: HTTPException) -> Problem:
    """What the router itself refuses."""
    kind = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "bad-body")
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    return Problem(kind, "See /docs for what there is.", "可用接口见 /docs。", headers=headers)


def _allowed(request: Request) -> str:
    """The methods of all routes to this path: the router names those of the first only."""
    routes = iter_route_contexts(request.app.routes)
    here = (route for route in routes if compile_path(str(route.path))[0].match(request.url.path))
    return ", ".join(sorted({method for route in here for method in route.methods or ()}))


def _bad_query(_request: Request, error: BadQuery) -> Problem:
    return Problem("bad-parameter", f"{error}.", "cursor 不属于此列表；去掉它即从头开始。", "cursor")


def _bad_value(_request: Request, _error: psycopg.DataError) -> Problem:
    """A value that PostgreSQL cannot take: all others are checked before, so it came in a cursor."""
    en = "the cursor is none of this list; leave it out to start anew."
    return Problem("bad-parameter", en, "cursor 不属于此列表；去掉它即从头开始。", "cursor")


def _unavailable(_request: Request, _error: psycopg.OperationalError) -> Problem:
    en = "Nothing was recorded or changed; try again in a few seconds."
    return Problem("unavailable", en, "未记录或更改任何内容；请数秒后重试。", headers={"Retry-After": "5"})


READERS: Mapping[type[Exception], Any] = {
    Problem: lambda _request, error: error,
    RequestValidationError: _invalid,
    HTTPException: _http,
    BadQuery: _bad_query,
    psycopg.DataError: _bad_value,
    psycopg.OperationalError: _unavailable,
}
"""By exception, how it is told as a problem."""


async def answer(request: Request, error: Exception) -> Response:
    """The exception handler of all of them."""
    reader = next(READERS[cls] for cls in type(error).__mro__ if cls in READERS)
    problem: Problem = reader(request, error)
    if wants_page(request):
        if problem.kind == "purpose-needed":
            return asking(request)
        language = language_of(request)
        return refused(request, problem.status, problem.detail.within(language), problem.headers)
    return problem.response(language_of(request))


def documented(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses of these kinds of problems."""
    by_status: dict[int | str, Any] = {}
    for name in (*kinds, "unavailable"):
        kind = KINDS[name]
        example = Problem(name, "What is wrong, and what would be right.", "").body("en")
        row = by_status.setdefault(kind.status, {"description": [], "content": {MEDIA: _shape()}})
        row["description"].append((name, kind.title))
        row["content"][MEDIA]["examples"][name] = {"value": example}
    for row in by_status.values():
        row["description"] = _titles(row["description"])
    return by_status


def _titles(kinds: Sequence[tuple[str, Text]]) -> str:
    """The titles of some kinds in both languages, as descriptions have them."""
    en = "; ".join(f"{title.en} ({name})" for name, title in kinds)
    return f"{en} | {'；'.join(f'{title.zh}（{name}）' for name, title in kinds)}"


def _shape() -> dict[str, Any]:
    return {"schema": {"$ref": "#/components/schemas/ProblemDetails"}, "examples": {}}
