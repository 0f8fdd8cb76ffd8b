"""What openapi.json says of access: how to prove who asks, which roles may, and how others are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from api.http.access.table import PUBLIC, TABLE
from api.http.problems import documented

SCHEMES: Mapping[str, Any] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (`huiyin keys api new`), or a token of the identity provider (OIDC). "
        "| API 密钥（`huiyin keys api new`），或身份提供方的令牌（OIDC）。",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "huiyin_session",
        "description": "The session of a browser, from POST /session. | 浏览器会话，来自 POST /session。",
    },
}
REFUSALS = ("unauthenticated", "forbidden", "too-often")


def describe(document: dict[str, Any]) -> None:
    """Completes an OpenAPI document: each operation with its roles, as the table has them."""
    document["components"]["securitySchemes"] = dict(SCHEMES)
    rows = {(method, path.replace(":path", "")): roles for (method, path), roles in TABLE.items()}
    for path, method, operation in _operations(document):
        roles = rows.get((method, path), frozenset())
        if roles is PUBLIC:
            operation["security"] = []
            continue
        operation["security"] = [{name: []} for name in SCHEMES]
        operation["x-roles"] = sorted(roles)
        operation["responses"] = _with_refusals(operation["responses"])


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def _with_refusals(responses: Mapping[str, Any]) -> dict[str, Any]:
    """The refusals that any guarded operation may answer with; what is documented already stays."""
    ours = {str(status): answer for status, answer in documented(*REFUSALS).items()}
    return dict(sorted({**ours, **responses}.items()))
