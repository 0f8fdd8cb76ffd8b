"""The page for auditors: what was signed, what verifying found, who read what, what was erased,
and what passed to other rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.http.background import Busy, Run
from api.http.language import language_of
from api.http.pages.asked import PageQuery, address, choices
from api.http.pages.registry import address as stream_address
from api.http.pages.templates import local, render, told
from api.http.pages.viewer import me_of
from api.http.pages.what_if import background_of
from api.http.params import Name
from api.http.services import Services, services_of
from api.i18n import Language
from domain.checkpoint import base64
from projections.audits import GROUPS, audits
from storage.audits import VerificationRun, add_run, checkpoint_count, checkpoints, runs

router = APIRouter(include_in_schema=False)

PATH = "/view/audit"
KIND = "api.verification"
LIMIT_S = 3600.0
AT_ONCE = 25

Row = dict[str, Any]


class AuditPage(PageQuery):
    """Which of what was read, granted, denied, erased and re-based."""

    group: Literal["read", "access", "erased", "leaked", "rebased"] | None = None
    by: Name | None = None
    subject: Name | None = None
    cursor: Name | None = None


@router.get(PATH)
def page(request: Request, asked: Annotated[AuditPage, Query()]) -> Response:
    services, language = services_of(request), language_of(request)
    t = told(language)
    filters = asked.model_dump(include={"group", "by", "subject"}, exclude_none=True)
    found = services.read(lambda one: audits(one, limit=AT_ONCE, cursor=asked.cursor, **filters))
    connections, running = services.parts.storage.proofs.connections, _running(request)
    done = runs(connections)
    signed = checkpoints(connections)
    return render(
        request,
        "audit.html",
        here="audit",
        asked=asked,
        events=services.parts.storage.last_sequence(),
        last=_signed(services, signed[0]) if signed else None,
        signed=[_signed(services, one) for one in signed],
        checkpoints=checkpoint_count(connections),
        running=running and {"by": running.by, "at": _local(services, running.started_at)},
        runs=[_run(services, run, language) for run in done],
        latest=_run(services, done[0], language) if done else None,
        groups=choices(
            PATH,
            "group",
            [("", t("all")), *((name, t(f"aud_{name}")) for name in GROUPS)],
            asked.group or "",
            {"by": asked.by, "subject": asked.subject},
        ),
        entries=[_entry(services, row, t) for row in found.items],
        next=found.next and address(PATH, **filters, cursor=found.next),
        everything=PATH,
    )


def _local(services: Services, at: datetime) -> str:
    return local(at, services.parts.policy.calendar.tz)


def _signed(services: Services, one: Any) -> Row:
    return {
        "size": one.size,
        "root": base64(one.root),
        "key": one.key,
        "at": _local(services, one.made_at),
    }


def _run(services: Services, run: VerificationRun, language: Language) -> Row:
    return {
        "at": _local(services, run.started_at),
        "seconds": round((run.ended_at - run.started_at).total_seconds(), 1),
        "by": run.by,
        "outcome": run.outcome,
        "events": run.events,
        "checkpoints": run.checkpoints,
        "findings": [line[language] for line in run.findings],
    }


def _entry(services: Services, row: Row, t: Any) -> Row:
    return {
        **row,
        "shown": _local(services, row["at"]),
        "what": t(f"aud_type_{row['type']}".replace(".", "_")),
        "link": stream_address(row["subject"]),
        "only_by": address(PATH, by=row["by"]) if row["by"] else None,
    }


# ---- verifying


def _running(request: Request) -> Run | None:
    found: Iterator[Run] = (
        run for run in background_of(request.app).runs.values() if run.kind == KIND and run.running
    )
    return next(found, None)


@router.post(PATH + "/verifications")
def verify(request: Request) -> Response:
    """Begins a verification, unless one runs already; its outcome is recorded when it ends."""
    services = services_of(request)
    connections = services.parts.storage.proofs.connections
    with suppress(Busy):
        background_of(request.app).start(
            KIND, {}, me_of(request).name, LIMIT_S, lambda run: add_run(connections, _outcome(run))
        )
    return RedirectResponse(f"{PATH}#h-runs", 303)


def _outcome(run: Run) -> VerificationRun:
    assert run.ended_at is not None
    answer = run.answer
    if answer is None:
        return VerificationRun(run.started_at, run.ended_at, run.by, "failed")
    return VerificationRun(
        run.started_at,
        run.ended_at,
        run.by,
        "findings" if answer["wrong"] else "sound",
        answer["events"],
        answer["size"],
        answer["checkpoints"],
        answer["findings"],
    )
