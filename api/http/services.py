"""What the routes work with, made once for each application and handed to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from time import monotonic
from typing import Any, TypeVar, cast

import psycopg
from psycopg import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.http.access.branches import SCHEMA, confined
from api.http.access.known import Known
from api.http.access.oidc import provider_of
from api.http.access.principal import principal_or_none
from api.http.access.rate import FAILURES_AT_ONCE, FAILURES_PER_S, Buckets
from api.http.feed import Feed
from api.http.intake import Clock, Intake
from api.http.metrics import Metrics
from storage.connections import Connections
from streams.config import Settings
from streams.parts import Parts
from streams.webhooks.receivers import receivers
from streams.webhooks.sender import Sender

T = TypeVar("T")
AGAIN_S = 0.5
"""How soon a database that was out of reach is tried again."""

LOG = logging.getLogger("huiyin.http")


def utc_now() -> datetime:
    return datetime.now(UTC)


def _attempt(query: Callable[[Connection[Any]], T], connection: Connection[Any]) -> tuple[list[T], Any]:
    """What was found, or what was refused before the database was asked: that is no fault of a connection."""
    try:
        return [query(connection)], None
    except psycopg.Error:
        raise
    except Exception as refusal:
        return [], refusal


@dataclass
class Services:
    """The parts of the installation, opened when the database is there; the way in; the alerts' feed."""

    settings: Settings
    now: Clock = utc_now
    _parts: Parts | None = None
    _opening: Lock = field(default_factory=Lock)
    _failure: psycopg.OperationalError | None = None
    _failed_at: float = 0.0
    _confined: Connections | None = None

    def __post_init__(self) -> None:
        self.intake = Intake(lambda: self.parts.ledger, self.now)
        self.feed = Feed(self.read)
        self.webhooks = Sender(self.settings, lambda: self.parts.connections)
        self.receivers = receivers(self.settings)
        self.acknowledging = asyncio.Lock()
        self.metrics = Metrics(self._read_or_none)
        self.known = Known(lambda: self.parts.connections, provider_of(self.settings))
        self.rates = Buckets(self.settings.http_rate, 2 * self.settings.http_rate)
        self.failures = Buckets(FAILURES_PER_S, FAILURES_AT_ONCE)

    @property
    def parts(self) -> Parts:
        """Opened at the first need that finds the database up.

        Raises:
            OperationalError: the database cannot be reached.
        """
        if self._parts is None:
            with self._opening:
                self._open()
        assert self._parts is not None
        return self._parts

    def _open(self) -> None:
        """A failure counts for all who waited meanwhile: a database out of reach must not cost each of them
        the patience of one connection."""
        if self._parts is not None:
            return
        if self._failure is not None and monotonic() - self._failed_at < AGAIN_S:
            raise psycopg.OperationalError("the database was out of reach a moment ago") from self._failure
        try:
            self._parts = Parts.open(self.settings)
        except psycopg.OperationalError as error:
            self._failure, self._failed_at = error, monotonic()
            raise

    def read(self, query: Callable[[Connection[Any]], T]) -> T:
        """The answer of a reading function of the projections; asked again if a connection was lost."""
        with self.parts.connections.take(partial(_attempt, query)) as (_, (found, refused)):
            if refused is not None:
                raise refused
            return found[0]

    def read_confined(self, query: Callable[[Connection[Any]], T], branches: Collection[str]) -> T:
        """The same without what belongs to other branches; on connections that are for this alone."""
        self._confined = self._confined or Connections(self.settings.database_url, SCHEMA)
        with self._confined.take(partial(_attempt, confined(query, branches))) as (_, (found, refused)):
            if refused is not None:
                raise refused
            return found[0]

    def _read_or_none(self, query: Callable[[Connection[Any]], T]) -> T | None:
        """For those who can say something without the database."""
        try:
            return self.read(query)
        except psycopg.OperationalError:
            return None

    async def start(self) -> None:
        """Opens what there is; where the database comes up later, the first request that needs it does."""
        self.intake.start()
        self.feed.start()
        self.webhooks.start(self.receivers)
        try:
            await run_in_threadpool(lambda: self.parts)
        except psycopg.OperationalError as error:
            LOG.warning("the database cannot be reached yet (%s)", type(error).__name__)

    async def stop(self) -> None:
        await self.webhooks.stop()
        await self.feed.stop()
        await self.intake.stop()
        for opened in (self._confined, self._parts):
            if opened is not None:
                opened.close()


class Confined:
    """The services as somebody sees them who is confined to branches."""

    def __init__(self, services: Services, branches: Collection[str]) -> None:
        self._services, self._branches = services, branches

    def read(self, query: Callable[[Connection[Any]], T]) -> T:
        return self._services.read_confined(query, self._branches)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._services, name)


def services_of(request: Request) -> Services:
    """The services of the application, as far as whoever asks may see them."""
    services: Services = request.app.state.services
    principal = principal_or_none(request)
    if principal is None or not principal.branches:
        return services
    return cast(Services, Confined(services, principal.branches))
