"""The application: its routes, its outermost layer, and what it opens and closes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

from api.http import (
    alerts,
    behind,
    contract,
    facts,
    figures,
    health,
    lists,
    owners,
    problems,
    proofs,
    standing,
    story,
    streams,
    work,
)
from api.http.access import session
from api.http.access.gate import Gate, admitted
from api.http.guard import Guard
from api.http.heads import Heads
from api.http.intake import Clock
from api.http.pages import routes as pages
from api.http.params import once
from api.http.revalidation import Revalidation
from api.http.services import Services, utc_now
from api.http.stopping import heard
from streams.config import Settings

ROUTERS = (
    facts.router,
    story.router,
    streams.router,
    lists.router,
    alerts.router,
    figures.router,
    work.router,
    behind.router,
    standing.router,
    owners.router,
    proofs.router,
    health.router,
    contract.router,
    session.router,
    pages.router,
)


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    await services.start()
    try:
        with heard(services.feed.end):
            yield
    finally:
        await services.stop()


def create_app(settings: Settings, now: Clock = utc_now) -> FastAPI:
    """The application of one installation; making it connects to nothing."""
    app = FastAPI(
        title="Huiyin 回音",
        version="1.0.0",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_running,
        middleware=[Middleware(Heads), Middleware(Guard), Middleware(Gate), Middleware(Revalidation)],
        dependencies=[Depends(admitted), Depends(once)],
    )
    app.state.services = Services(settings, now)
    for router in ROUTERS:
        app.include_router(router)
    for error in problems.READERS:
        app.add_exception_handler(error, problems.answer)
    app.openapi = partial(contract.openapi, app)  # type: ignore[method-assign]
    return app
