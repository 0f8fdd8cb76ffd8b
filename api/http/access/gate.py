"""The gate before all routes: who asks, and whether the route is open to them.

It stands before the router, so that nothing of a request is read or checked for somebody who may not ask.
Behind it `admitted`, a dependency of every route, holds that the gate has seen the very route that answers.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import psycopg
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.access.places import Map, Place, places_of
from api.http.access.principal import KEPT, Principal
from api.http.access.rate import check
from api.http.access.reading import permitted
from api.http.access.table import CONFINED, PUBLIC, TABLE, Roles
from api.http.problems import Problem, answer
from api.http.services import Services, services_of

COOKIE = "huiyin_session"
PASSED = "huiyin.passed"
SAFE = ("GET", "HEAD", "OPTIONS")
BEARER = 'Bearer realm="huiyin"'


class Gate:
    """Lets those pass to whom the table opens the route; others get a problem, or are shown the login."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._map: Map | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        place = self._place(request)
        refused = await _refused(request, place) if place is not None else None
        if refused is not None:
            await refused(scope, receive, send)
            return
        scope[PASSED] = place
        await self.app(scope, receive, send)

    def _place(self, request: Request) -> Place | None:
        """The route asked for; None where there is none, which the router says itself."""
        if self._map is None:
            self._map = Map(list(places_of(request.app)))
        return self._map.find(request.method, request.url.path)


async def admitted(request: Request) -> None:
    """A route that the gate took for another, or did not see, answers nobody; one about a single stream only
    those who may read that."""
    place: Place | None = request.scope.get(PASSED)
    if place is None or place.path != request.scope["route"].path:
        raise _closed()
    if TABLE.get(place) is not PUBLIC:
        await permitted(request)


async def _refused(request: Request, place: Place) -> Response | None:
    try:
        roles = TABLE.get(place)
        if roles is None:
            raise _closed()
        if roles is not PUBLIC:
            principal = await _known(request)
            check(services_of(request).rates.take(principal.id))
            _check_role(principal, roles)
            _check_branches(principal, place)
        return None
    except (Problem, psycopg.OperationalError) as error:
        return await answer(request, error)


def _closed() -> Problem:
    return Problem("forbidden", "This route is open to no role.", "该接口未对任何角色开放。")


# ---- who asks


class Unknown(Problem):
    """Nobody is known to ask."""

    def __init__(self, en: str, zh: str, field: str, error: str = "") -> None:
        challenge = f'{BEARER}, error="{error}"' if error else BEARER
        super().__init__("unauthenticated", en, zh, field, {"WWW-Authenticate": challenge})


NOBODY = Unknown(
    "Send an API key or a token as `Authorization: Bearer …`, or log in at /login; `huiyin keys api new` "
    "makes a key.",
    "请以 `Authorization: Bearer …` 提交密钥或令牌，或在 /login 登录；`huiyin keys api new` 可生成密钥。",
    "Authorization",
)


def invalid() -> Unknown:
    """A key that is none, or none any more; which of the two is nobody's business."""
    return Unknown(
        "The key or token is not valid, or not any more; `huiyin keys api new` makes a key.",
        "密钥或令牌无效或已失效；`huiyin keys api new` 可生成密钥。",
        "Authorization",
        "invalid_token",
    )


async def _known(request: Request) -> Principal:
    """The principal of a request, left in its state too.

    Raises:
        Unknown: nobody, or with something that proves nothing.
        Problem: a browser was sent here by another site.
    """
    services = services_of(request)
    principal = await _by_header(request, services) or await _by_cookie(request, services)
    if principal is None:
        raise NOBODY
    setattr(request.state, KEPT, principal)
    return principal


async def _by_header(request: Request, services: Services) -> Principal | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise invalid()
    return await tried(request, services, token.strip())


async def tried(request: Request, services: Services, token: str) -> Principal:
    """Whom a key or a token stands for.

    Raises:
        Unknown: nobody.
        Problem: too many that stood for nobody came from that address.
    """
    if known := services.known.at_once(token):
        return known
    address = request.client.host if request.client else ""
    if not services.known.seen(token):  # those who were let in before do not wait for others' mistakes
        check(services.failures.wait(address))
    found = await run_in_threadpool(services.known.by_key, token)
    if found is None:
        services.failures.take(address)
        raise invalid()
    return found


async def _by_cookie(request: Request, services: Services) -> Principal | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    if request.method not in SAFE and not same_site(request):
        en = "A page of another site may not do this with your session; use the pages here."
        raise Problem("forbidden", en, "其他网站的页面不得使用您的会话执行此操作；请使用本站页面。", "Origin")
    return services.known.at_once(token) or await run_in_threadpool(services.known.by_session, token)


def same_site(request: Request) -> bool:
    """Whether a change was asked for by a page of ours, as far as the browser says: the cookie is not sent
    along from other sites (SameSite), and this holds where a browser does not keep to that."""
    said = request.headers.get("sec-fetch-site")
    if said is not None:
        return said in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


# ---- whether they may


def _check_branches(principal: Principal, place: Place) -> None:
    """Those confined to branches use what can leave out the others."""
    if principal.branches and not CONFINED.get(place.path, False):
        en = "This is about all branches, and your key is confined to some; ask an admin for one that is not."
        zh = "此接口涉及全部分支，而您的密钥仅限于部分分支；请向管理员申请不限分支的密钥。"
        raise Problem("forbidden", en, zh, "Authorization")


def _check_role(principal: Principal, roles: Roles) -> None:
    if principal.role not in roles:
        may = ", ".join(sorted(roles))
        en = f"The role {principal.role} may not do this; {may} may. Ask an admin for a key with such a role."
        zh = f"角色 {principal.role} 无权执行此操作，可执行的角色：{may}；请向管理员申请相应角色的密钥。"
        raise Problem("forbidden", en, zh, "Authorization")
