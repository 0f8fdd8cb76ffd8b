"""For upstream systems in Python: facts out, receipts back. One file, standard library only: copy it at will.

    client = Client("http://127.0.0.1:8080", key=os.environ["HUIYIN_API_KEY"])
    fact = Fact("complaint.received", "complaint/C-1", {"customer": "K-1", …}, source="/hotline")
    for receipt in client.send([fact]):
        print(receipt.status, receipt.reason)

A fact keeps its `id` through every attempt, so that one sent twice is recorded once (CloudEvents 1.0: `id`
and `source` are the identity). Keep the id with your own record if a restart may come between two attempts.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from email.message import Message
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit
from uuid import uuid4

BATCH_FACTS, BATCH_BYTES = 500, 4_000_000
"""The most of one request; the API takes 5 MiB."""

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Between attempts, where the API does not say itself how long to wait."""

AGAIN = frozenset({429, 502, 503, 504})
"""Answers that say: later."""

AWAY = (OSError, http.client.HTTPException)
"""What is met where nobody answers, or breaks off; urllib's own errors among them."""

MEDIA = "application/cloudevents-batch+json"


def _now() -> datetime:
    return datetime.now(UTC).astimezone()


def _id() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened: `time` is when, and has an offset; `source` is the system that says so."""

    type: str
    subject: str
    data: Mapping[str, Any]
    source: str
    time: datetime = field(default_factory=_now)
    id: str = field(default_factory=_id)
    actor: str | None = None

    def message(self) -> dict[str, Any]:
        """The fact as a CloudEvent in structured mode."""
        if self.time.tzinfo is None:
            raise ValueError(f"{self.type}: time needs an offset, such as {_now().isoformat('T', 'seconds')}")
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        said |= {"specversion": "1.0", "time": self.time.isoformat(), "data": dict(self.data)}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Receipt:
    """The ledger's answer to one fact; where it is rejected, `code`, `reason` and `field` say why."""

    status: Literal["recorded", "duplicate", "parked", "rejected"]
    id: str | None = None
    source: str | None = None
    subject: str | None = None
    sequence: int | None = None
    code: str | None = None
    reason: str | None = None
    reason_zh: str | None = None
    field: str | None = None

    @property
    def taken(self) -> bool:
        """Whether the ledger has the fact; a parked one waits there for its stream to begin."""
        return self.status != "rejected"

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Later versions of the API may say more: that is passed over."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in said.items() if name in known})


class ClientError(Exception):
    """The API did not take a request: it cannot be reached, or refuses the key. No fact was judged."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Answer(NamedTuple):
    """What came back for one request."""

    status: int
    headers: Message
    body: bytes


class _Heard(http.client.HTTPConnection):
    """Who refuses may close before all was sent; what they said is there to be read."""

    def request(self, *said: Any, **more: Any) -> None:
        try:
            super().request(*said, **more)
        except (BrokenPipeError, ConnectionResetError):
            if self.sock is None:
                raise


class _HeardSafely(_Heard, http.client.HTTPSConnection):
    pass


class _Plain(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Heard, request)


class _Safe(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HeardSafely, request)


class _Straight(urllib.request.HTTPRedirectHandler):
    """The key goes where it was meant to go, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """`POST /events` in batches, again where the API is away for a moment."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        timeout_s: float = 30.0,
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = f"{url.rstrip('/')}/events"
        self.timeout_s, self.pauses_s, self.sleep = timeout_s, tuple(pauses_s), sleep
        self._headers = {"Accept": "application/json"}
        self._headers |= {"Authorization": f"Bearer {key}"} if key else {}
        # A proxy, which the environment may name, knows nothing of this machine.
        here = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
        direct = [urllib.request.ProxyHandler({})] if here else []
        self._opener = urllib.request.build_opener(_Straight, _Plain, _Safe, *direct)

    def send(self, facts: Iterable[Fact | Mapping[str, Any]]) -> Iterator[Receipt]:
        """One receipt for each fact, in their order. Batches go out as receipts are read: read them all."""
        for batch in batches(map(_raw, facts)):
            answer = self.post(b"[" + b",".join(batch) + b"]")
            if answer.status != 200:
                raise _refused(self.url, answer)
            yield from map(Receipt.read, json.loads(answer.body))

    def post(self, body: bytes, media: str = MEDIA) -> Answer:
        """The last word to one request, which is made again while nobody answers, or the answer is: later.

        Raises:
            ClientError: nobody answered.
        """
        for pause in self.pauses_s:
            try:
                answer = self._asked(body, media)
            except AWAY:
                self.sleep(pause)
                continue
            if answer.status not in AGAIN:
                return answer
            self.sleep(_seconds(answer.headers.get("Retry-After")) or pause)
        try:
            return self._asked(body, media)
        except AWAY as problem:
            why: Any = getattr(problem, "reason", problem)
            raise ClientError(f"{self.url} cannot be reached: {why}") from problem

    def _asked(self, body: bytes, media: str) -> Answer:
        headers = {**self._headers, "Content-Type": media}
        request = urllib.request.Request(self.url, body, headers, method="POST")
        try:
            with self._opener.open(request, timeout=self.timeout_s) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as answer:
            with answer:
                return Answer(answer.code, answer.headers, answer.read())


def batches(facts: Iterable[bytes]) -> Iterator[list[bytes]]:
    """As many written facts to a request as are sure to be taken together."""
    batch: list[bytes] = []
    size = 0
    for fact in facts:
        if batch and (len(batch) == BATCH_FACTS or size + len(fact) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(fact)
        size += len(fact) + 1
    if batch:
        yield batch


def _raw(fact: Fact | Mapping[str, Any]) -> bytes:
    message = fact.message() if isinstance(fact, Fact) else fact
    return json.dumps(message, ensure_ascii=False, default=_written).encode()


def _written(value: Any) -> str:
    """Dates and instants in data, as RFC 3339 has them."""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _refused(url: str, answer: Answer) -> ClientError:
    """A problem (RFC 9457) in one line."""
    try:
        said = json.loads(answer.body)
        why = f"{said['title']}: {said['detail']}"
    except (ValueError, KeyError, TypeError):
        why = answer.body.decode("utf-8", "replace")[:300]
    return ClientError(f"{url} answered {answer.status}: {why}", answer.status)


def _seconds(retry_after: str | None) -> float:
    """Retry-After in seconds; a date, which our API does not send, counts as nothing said."""
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else 0.0
