"""Reading one stream: whether it is theirs to see, by branch, level and need to know; and that it was read.

Three things are protected: customers' files, documents that are not public, and what is left of a customer
who was erased; and in any stream the personal fields. An auditor, or an admin, reads up to the level of the
role and says what for, which is recorded (`history.read`). Everybody else asks the rule that the packs have
for it, by the fact `access.requested`: an approval covers the reading, or the level allows it, and its
answer is recorded (001-5 15, 001-6 三, 四). Source of the levels: 001-6 三.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import orjson
from fastapi.dependencies.utils import request_params_to_args
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.http.access.branches import belongs_to
from api.http.access.principal import Principal, Role, principal_of
from api.http.problems import Problem
from api.http.services import Services, services_of
from api.http.told import Told
from domain import reading
from domain.document import Document
from domain.envelope import Event
from domain.events import AccessDenied, AccessGranted, AccessRequested
from domain.incoming import Incoming
from domain.privacy import key_ids
from domain.stream import Stream
from storage import keys

LEVELS = ("public", "secret", "confidential", "top-secret")
CLEARED: Mapping[Role, str] = {"auditor": "confidential", "admin": "confidential"}
"""Up to which level a role reads by its office; all others by the rule alone, and top-secret everybody."""

UNPROTECTED = frozenset({"/view/proof/{kind}/{name:path}", "/ownership/{customer:path}"})
"""Routes about one stream that show nothing of what was said in it."""

SUBJECTS: Mapping[str, str] = {
    "/complaints/{name:path}": "complaint",
    "/ownership/{customer:path}": "customer",
}
"""Routes about one stream whose kind is not in their address."""

SOURCE = "/huiyin/http"
NO_DEPARTMENT = "unknown"


@dataclass(frozen=True)
class Asked:
    """A reading that is asked for."""

    principal: Principal
    subject: str
    purpose: str | None
    personal: bool


# ---- which reading it is


async def permitted(request: Request) -> None:
    """Lets a reading of one stream pass, and records it where it must be.

    Raises:
        Problem: it is not theirs to read, or they must say what for.
    """
    subject = subject_of(request)
    if subject is None or not _sound(request):
        return
    principal, services = principal_of(request), services_of(request)
    told = await run_in_threadpool(Told.read, services.parts.storage, subject)
    if not told.stored:
        return  # the route says so itself
    if not await run_in_threadpool(belongs_to, services, subject, principal):
        raise _unknown(subject)
    if request.scope["route"].path not in UNPROTECTED:
        await _check(services, _asked(request, principal, subject), told)
    told.hand_on(request)


def subject_of(request: Request) -> str | None:
    """The stream that a request is about, if it is about one."""
    given, path = request.path_params, request.scope["route"].path
    if "kind" in given and "name" in given:
        return f"{given['kind']}/{given['name']}"
    kind = SUBJECTS.get(path)
    return kind and f"{kind}/{next(iter(given.values()))}"


def _sound(request: Request) -> bool:
    """Whether the route will answer at all: nobody has read what was asked for in a wrong way."""
    fields = request.scope["route"].dependant.query_params
    _, errors = request_params_to_args(fields, request.query_params)
    return not errors


def _asked(request: Request, principal: Principal, subject: str) -> Asked:
    purpose = request.query_params.get("purpose", "").strip() or None
    personal = request.query_params.get("personal", "").lower() in ("1", "true", "on", "yes", "t", "y")
    return Asked(principal, subject, purpose, personal)


def _unknown(subject: str) -> Problem:
    """What is another branch's does not exist, for them."""
    shown = subject[:120].encode("ascii", "backslashreplace").decode()
    en = f"Nothing is recorded of {shown} that is yours to see."
    return Problem("unknown-stream", en, f"没有您可查看的 {shown} 的记录。")


# ---- whether they may


async def _check(services: Services, asked: Asked, told: Told) -> None:
    level = level_of(services, told.events)
    if asked.personal:
        _check_personal(asked)
    elif level == "public":
        if await run_in_threadpool(_is_erased, services, told.events):
            await _note(services, asked, told)
        return
    if LEVELS.index(level) <= LEVELS.index(CLEARED.get(asked.principal.role, "public")):
        _insist_on_purpose(asked)
        await _note(services, asked, told)
    else:
        await _ask_the_rule(services, asked, told)


def level_of(services: Services, events: Sequence[Event]) -> str:
    """How secret a stream is: what is known of customers is secret (001-6 三), a document what it was
    classified as."""
    kind = events[0].kind
    if kind != "document":
        return "secret" if kind == "customer" else "public"
    stream = Stream.told(events[0].subject, services.parts.policy, events)
    state: Document = stream.state_at(services.now())
    return state.level


def _is_erased(services: Services, events: Sequence[Event]) -> bool:
    """Whether a text in it cannot be read any more, as its customer was erased."""
    ids = {key_id for event in events for key_id in key_ids(event)}
    return bool(ids) and keys.any_destroyed(services.parts.connections, ids)


def _check_personal(asked: Asked) -> None:
    if asked.principal.role not in CLEARED:
        en = f"Leave `personal` out; {', '.join(CLEARED)} may ask for personal fields."
        zh = f"请去掉 personal；只有 {'、'.join(CLEARED)} 可查看个人信息。"
        raise Problem("personal-fields", en, zh, "personal")
    _insist_on_purpose(asked)


def _insist_on_purpose(asked: Asked) -> None:
    if asked.purpose is None:
        en = "Say what for: add `purpose=…` to the address. Who reads this, and what for, is recorded."
        zh = "请说明用途：在地址中加上 `purpose=…`。何人为何查阅均会记录。"
        raise Problem("purpose-needed", en, zh, "purpose")


async def _note(services: Services, asked: Asked, told: Told) -> None:
    """That it was read is in the record before it is shown."""
    principal, now = asked.principal, services.now()
    said = (asked.subject, principal.name, principal.role, asked.purpose, asked.personal, now)
    await services.intake.work(lambda batch: reading.note(batch, *said))
    await run_in_threadpool(told.read_on)


async def _ask_the_rule(services: Services, asked: Asked, told: Told) -> None:
    fact = await run_in_threadpool(partial(_request, services, asked))
    [receipt] = await services.intake.record([Incoming.read(orjson.dumps(fact), {}, "http")])
    await run_in_threadpool(told.read_on)
    answer = _answer(told.events, f"{SOURCE}#{fact['id']}")
    if receipt.status != "recorded" or answer is AccessDenied:
        en = (
            f"{asked.principal.name} may not read {asked.subject}: no approval of kind file-access that is "
            "granted and not used covers it, or its level does not allow it. That it was asked is recorded."
        )
        zh = (
            f"{asked.principal.name} 不得查阅 {asked.subject}：没有已批准且未使用的 file-access 审批，"
            "或其密级不允许。本次申请已记录。"
        )
        raise Problem("access-denied", en, zh)


def _request(services: Services, asked: Asked) -> dict[str, Any]:
    """The fact that asks: by whom, of which department as far as that is known, and what for."""
    principal, state = asked.principal, _staff(services, asked.principal.name)
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": SOURCE,
        "type": AccessRequested.type,
        "subject": asked.subject,
        "time": services.now(),
        "actor": principal.name,
        "data": {
            "by": principal.name,
            "department": getattr(state, "department", None) or NO_DEPARTMENT,
            "purpose": asked.purpose or "read over HTTP",
        },
    }


def _staff(services: Services, name: str) -> Any:
    """What is known of a member of staff."""
    subject = f"staff/{name}"
    told = Told.read(services.parts.storage, subject)
    return Stream.told(subject, services.parts.policy, told.events).state


def _answer(events: Sequence[Event], cause: str) -> type | None:
    """What the rule answered to a request; None where no rule has a say."""
    answers = (event for event in events if event.causationid == cause)
    said = {type(event.data) for event in answers}
    return next((each for each in (AccessDenied, AccessGranted) if each in said), None)
