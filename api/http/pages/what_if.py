"""The page that asks what if: a period's recorded facts under other packs, or with one figure changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, FastAPI, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.cli.report import COLUMNS
from api.http.background import Background, Busy, Run
from api.http.language import language_of
from api.http.pages.registry import address as stream_address
from api.http.pages.rules import shipped
from api.http.pages.templates import local, render, told
from api.http.pages.viewer import me_of
from api.http.pages.words import title
from api.http.problems import Problem
from api.http.services import Services, services_of
from api.i18n import Language
from api.what_if import MOST, Question
from domain.working_time.windows import local_day

PATH = "/view/what-if"
KIND = "api.what_if"
LIMIT_S = 120.0
LARGEST = 20_000
"""Bytes of a form, at most."""

Row = dict[str, Any]


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    """What runs when the application ends is ended with it."""
    try:
        yield
    finally:
        background_of(app).stop()


router = APIRouter(include_in_schema=False, lifespan=_running)


def background_of(app: FastAPI) -> Background:
    """The application's long work, made when it is first asked for."""
    if not hasattr(app.state, "background"):
        services: Services = app.state.services
        app.state.background = Background(services.settings.to_env())
    background: Background = app.state.background
    return background


# ---- the form


@router.get(PATH)
def form_page(request: Request) -> Response:
    return _form(request)


def _form(request: Request, asked: Mapping[str, Sequence[str]] | None = None, wrong: str = "") -> Response:
    """The form, as it was filled in where that cannot be used."""
    services, language = services_of(request), language_of(request)
    today = local_day(services.now(), services.parts.policy.calendar)
    given = asked or {}
    runs = [run for run in reversed(background_of(request.app).runs.values()) if run.kind == KIND]
    return render(
        request,
        "what_if.html",
        200 if not wrong else 400,
        here="rules",
        wrong=wrong,
        first=_one(given, "first") or today.replace(day=1).isoformat(),
        last=_one(given, "last") or today.isoformat(),
        today=today.isoformat(),
        packs=_packs(services, language, given.get("packs")),
        clause=_one(given, "clause"),
        figure=_one(given, "figure"),
        figures=list(_figures(services, language)),
        most=MOST,
        runs=[_listed(services, run) for run in runs[:8]],
    )


def _one(given: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(given.get(name, ())), "")


def _packs(services: Services, language: Language, chosen: Sequence[str] | None) -> list[Row]:
    """All packs, those in force being chosen unless somebody chose others."""
    ours = services.settings.policy
    wanted = ours if chosen is None else chosen
    return [
        {
            "id": pack.id,
            "title": getattr(pack.title, language),
            "chosen": pack.id in wanted,
            "ours": pack.id in ours,
        }
        for pack in shipped(services)
    ]


def _figures(services: Services, language: Language) -> Iterator[Row]:
    """The figures that can be changed: periods of clauses, limits of KPIs."""
    policy = services.parts.policy
    for name, bound in policy.clauses.items():
        if bound.row.within:
            now = bound.row.within[-1].within
            yield {"id": name, "title": getattr(bound.row.title, language), "now": now}
    for name, kpi in policy.kpis.items():
        sign = "≥" if kpi.row.at_least is not None else "≤"
        limit = f"{sign} {kpi.row.threshold:g}"
        yield {"id": name, "title": getattr(kpi.row.title, language), "now": limit}


def _listed(services: Services, run: Run) -> Row:
    at = local(run.started_at, services.parts.policy.calendar.tz)
    return {"link": f"{PATH}/{run.id}", "at": at, "by": run.by, "running": run.running, **run.asked}


@router.post(PATH)
async def ask(request: Request) -> Response:
    body = await request.body()
    if len(body) > LARGEST:
        raise Problem("too-large", "The form is too long.", "表单过长。")
    given = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=False)
    return await run_in_threadpool(_begun, request, given)


def _begun(request: Request, given: Mapping[str, Sequence[str]]) -> Response:
    services, language = services_of(request), language_of(request)
    try:
        question = _question(services, given)
    except _Wrong as wrong:
        return _form(request, given, told(language)(wrong.args[0]))
    try:
        run = background_of(request.app).start(
            KIND, question.model_dump(mode="json"), me_of(request).name, LIMIT_S
        )
    except Busy as busy:
        return RedirectResponse(f"{PATH}/{busy.args[0]}", 303)
    return RedirectResponse(f"{PATH}/{run.id}", 303)


class _Wrong(Exception):
    """What of the form cannot be used, as the name of a text."""


def _question(services: Services, given: Mapping[str, Sequence[str]]) -> Question:
    """What was asked; `packs` only where they are others than those in force."""
    try:
        first, last = (date.fromisoformat(_one(given, name)) for name in ("first", "last"))
    except ValueError:
        raise _Wrong("what_wrong_days") from None
    if last < first or (last - first).days > 400:
        raise _Wrong("what_wrong_period")
    packs = tuple(given.get("packs", ()))
    changed = set(packs) != set(services.settings.policy)
    clause, figure = _one(given, "clause"), _one(given, "figure").strip()
    if bool(clause) != bool(figure):
        raise _Wrong("what_wrong_figure")
    if not clause and (not packs or not changed):
        raise _Wrong("what_wrong_same")
    try:
        return Question(
            first=first,
            last=last,
            now=services.now(),
            packs=packs if packs and changed else (),
            clause=clause,
            figure=figure,
        )
    except ValidationError:
        raise _Wrong("what_wrong_days") from None


# ---- the answer


@router.get(PATH + "/{run}")
def answer_page(request: Request, run: str) -> Response:
    services, language = services_of(request), language_of(request)
    found = background_of(request.app).runs.get(run)
    if found is None or found.kind != KIND:
        en, zh = "It is no longer kept; ask again.", "结果已不再保留；请重新提交。"
        raise Problem("not-found", en, zh, "run")
    answer = found.answer if found.answer and "refused" not in found.answer else None
    refused = (found.answer or {}).get("refused")
    t = told(language)
    return render(
        request,
        "what_if_answer.html",
        here="rules",
        run=found,
        question=found.asked,
        seconds=round(((found.ended_at or services.now()) - found.started_at).total_seconds(), 1),
        failed=refused[language]
        if refused
        else found.failed and t(f"what_failed_{found.failed}".replace("-", "_")),
        answer=answer,
        columns=[words.within(language) for words in COLUMNS.values()],
        clauses=[_clause(services, row, language) for row in answer["clauses"]] if answer else [],
        differing=_differing(services, answer, language) if answer else [],
    )


def _clause(services: Services, row: Row, language: Language) -> Row:
    counts = [row["counts"][kind] for kind in COLUMNS]
    return {**row, "title": title(services, row["clause"], language), "cells": counts}


def _differing(services: Services, answer: Row, language: Language) -> list[Row]:
    """The events that only one of the two has, clause by clause."""
    zone = services.parts.policy.calendar.tz
    names = ("what_only_ours", "what_only_theirs")
    found = []
    for name, side in zip(names, answer["differing"], strict=True):
        events = [_event(services, event, zone, language) for event in side["events"]]
        groups: dict[tuple[str, str], list[Row]] = {}
        for event in events:
            groups.setdefault((event["clause"] or "", event["type"]), []).append(event)
        told = [
            (title(services, clause, language) if clause else "", clause, kind, rows)
            for (clause, kind), rows in groups.items()
        ]
        found.append({"name": name, "count": side["count"], "listed": len(events), "groups": told})
    return found


def _event(services: Services, event: Row, zone: Any, language: Language) -> Row:
    at, due = (
        event.get(name) and local(datetime.fromisoformat(event[name]), zone) for name in ("time", "due_at")
    )
    more = [str(event[name]) for name in ("detail", "code", "level", "value") if event.get(name) is not None]
    link = stream_address(event["subject"]) if event["subject"] else None
    return {**event, "at": at, "due": due, "more": ", ".join(more), "link": link}
