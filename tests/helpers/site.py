"""The API on a database as its clients see it: served on a port, every JSON answer held to its schema."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx
import psycopg
import uvicorn
from jsonschema import Draft202012Validator

from api.http.app import create_app
from storage import api_keys
from storage.connections import Connections
from storage.postgres import PostgresStorage
from streams.config import Settings
from streams.inprocess import Loop
from streams.parts import Parts
from tests.helpers.scenario import fact

ONE, MANY = "application/cloudevents+json", "application/cloudevents-batch+json"
PROBLEM = "application/problem+json"

_numbers = iter(range(1, 10**9))


def ago(**length: float) -> str:
    """An instant before now."""
    return (datetime.now(UTC) - timedelta(**length)).isoformat()


def new(kind: str = "C") -> str:
    """A name that nothing else in the run has."""
    return f"{kind}-{next(_numbers):04}"


class Contract:
    """openapi.json as the measure of answers."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.paths = [
            (re.compile(re.sub(r"\{[^}]+\}", "(.+)", path)), operations)
            for path, operations in document["paths"].items()
        ]

    def check(self, answer: httpx.Response) -> None:
        """The status is documented, and so is what came with it."""
        operation = self._operation(answer.request.method, answer.request.url.path)
        if operation is None:
            return
        documented = operation["responses"].get(str(answer.status_code))
        assert documented is not None, f"{answer.status_code} is not documented: {answer.text}"
        media = answer.headers.get("content-type", "").partition(";")[0]
        content = documented.get("content", {})
        assert not media or media in content, f"{media} is not documented"
        if media.endswith("json"):
            schema = {**content[media]["schema"], "components": self.document["components"]}
            Draft202012Validator(schema).validate(json.loads(answer.content))

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        found = [operations for pattern, operations in self.paths if pattern.fullmatch(path)]
        return next((each[method.lower()] for each in found if method.lower() in each), None)


class Key(httpx.Auth):
    """A key, made in the database as soon as there is one; until then requests carry a key of nobody."""

    def __init__(self, site: Site, role: str, name: str, branches: Sequence[str]) -> None:
        self._make = lambda: new_key(site.settings.database_url, role, name, branches)
        self._token: str | None = None

    @property
    def token(self) -> str:
        if self._token is None:
            with suppress(psycopg.OperationalError):
                self._token = self._make()
        return self._token or "hy_nobody_x"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.setdefault("Authorization", f"Bearer {self.token}")
        yield request


def new_key(database: str, role: str, name: str = "test", branches: Sequence[str] = ()) -> str:
    """A new API key in a database, whose tables need not be there yet."""
    with closing(PostgresStorage(database)) as storage, closing(Connections(database, "public")) as keys:
        storage.create()
        return api_keys.create(keys, role, name, branches)


class Site:
    """A running API, and the worker's loop to be turned by hand."""

    def __init__(
        self,
        database: str,
        port: int,
        policy: tuple[str, ...] = ("general", "auto-4s"),
        signing_key: str | None = None,
        **more: Any,
    ) -> None:
        self.settings = Settings(database, policy=policy, http_port=port, signing_key=signing_key, **more)
        self.url = f"http://127.0.0.1:{port}"
        self._clients: dict[tuple[str, ...], httpx.Client] = {}
        self.client = self.as_role("admin")
        self._parts: Parts | None = None
        self._contract: Contract | None = None

    def as_role(self, role: str, *branches: str, name: str = "test") -> httpx.Client:
        """A client with a key of that role, made when it is first used; asked again, the same one."""
        return self._client(role, name, *branches, auth=Key(self, role, name, branches))

    def anonymous(self) -> httpx.Client:
        """A client that shows no key."""
        return self._client("anonymous")

    def _client(self, *whose: str, auth: Key | None = None) -> httpx.Client:
        if whose not in self._clients:
            self._clients[whose] = httpx.Client(base_url=self.url, timeout=20, auth=auth)
        return self._clients[whose]

    @property
    def parts(self) -> Parts:
        self._parts = self._parts or Parts.open(self.settings)
        return self._parts

    @property
    def contract(self) -> Contract:
        self._contract = self._contract or Contract(self.client.get("/openapi.json").json())
        return self._contract

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        answer = self.client.request(method, path, **given)
        self.contract.check(answer)
        return answer

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.ask("GET", path, params=params)

    def items(self, path: str, **params: Any) -> list[dict[str, Any]]:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def post(self, body: Any, media: str = ONE, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", "/events", content=content, headers={"Content-Type": media, **headers})

    def tell(self, *facts: dict[str, Any]) -> None:
        """Facts that are recorded, and all that follows from them, up to the read models."""
        receipts = self.post(list(facts), MANY).json()
        assert {receipt["status"] for receipt in receipts} <= {"recorded"}, receipts
        self.settle()

    def settle(self) -> None:
        loop = Loop(self.parts)
        while loop.round(datetime.now(UTC)):
            continue

    def complaint(self, name: str, when: str | None = None, /, **data: Any) -> dict[str, Any]:
        said = {"customer": "K-1", "category": "service", "channel": "phone", "summary": "吵闹", **data}
        return fact("complaint.received", f"complaint/{name}", when or ago(minutes=5), **said)

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        if self._parts is not None:
            self._parts.close()


class _Server(threading.Thread):
    """Uvicorn in a thread; signals stay with the test run."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        super().__init__(daemon=True)
        config = uvicorn.Config(
            create_app(settings, now),
            host="127.0.0.1",
            port=settings.http_port,
            log_level="warning",
            timeout_graceful_shutdown=1,
        )
        self.server = uvicorn.Server(config)

    def run(self) -> None:
        self.server.run()

    def __enter__(self) -> Self:
        self.start()
        while not self.server.started:
            assert self.is_alive(), "the API did not start"
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.join(20)


def utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def serving(
    database: str,
    port: int,
    now: Callable[[], datetime] = utc_now,
    policy: tuple[str, ...] = ("general", "auto-4s"),
    signing_key: str | None = None,
    **more: Any,
) -> Iterator[Site]:
    """The API while it is served; `more` are settings."""
    site = Site(database, port, policy, signing_key, **more)
    with _Server(site.settings, now):
        yield site
        site.close()
