"""What if other rules had been in force: the recorded facts of a period under two policies, side by side.

Run as a process of its own (`python -m api.what_if`): a question as JSON on standard input, the answer as
JSON on standard output. Nothing is recorded; the ledger is only read. Personal texts stay sealed, as no rule
needs them.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from eventsourcing.persistence import StoredEvent
from pydantic import BaseModel, ConfigDict

from api.cli.report import COLUMNS, difference, summary
from domain.envelope import Event, write
from domain.events import FACTS
from domain.mapper import EventMapper
from domain.pack import Clause, Pack, PackError, Term
from domain.policy import Policy, load_policy
from domain.simulation import simulate
from domain.working_time import PeriodError, parse_period
from projections.period import active
from storage.connections import Connections
from streams.config import Settings
from streams.parts import SCHEMA, policy_of

MOST = 20_000
"""Facts that are replayed, at most: two policies take about half a minute for them."""

SHOWN = 500
"""Differing events that are listed of each policy; all of them are counted."""

FIRST = ("obligation.breached", "violation.found", "escalation.raised", "kpi.missed", "intake.rejected")
"""Which differing events are listed before the rest: those that somebody would have had to answer for."""

KEPT = ("specversion", "id", "source", "type", "subject", "time", "actor", "data")


class Question(BaseModel):
    """`first` and `last` are local days, both included; time ends `now`. Against other packs, or with one
    figure changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: date
    last: date
    now: datetime
    packs: tuple[str, ...] = ()
    clause: str = ""
    figure: str = ""


class NoAnswer(Exception):
    """Why there is none, in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


# ---- the other policy


def other_policy(question: Question, settings: Settings) -> Policy:
    """The policy that is asked about.

    Raises:
        NoAnswer: there is no such pack, clause or figure.
    """
    places = [settings.policy_dir] if settings.policy_dir else []
    try:
        policy = load_policy(question.packs or settings.policy, places)
        return _changed(policy, question) if question.clause else policy
    except PackError as wrong:
        raise NoAnswer(str(wrong), str(wrong)) from wrong


def _changed(policy: Policy, question: Question) -> Policy:
    if question.clause not in policy.clauses and question.clause not in policy.kpis:
        name = question.clause
        raise NoAnswer(f"no clause or figure is called {name}.", f"没有名为 {name} 的条款或指标。")
    return Policy([_with_figure(pack, question) for pack in policy.packs])


def _with_figure(pack: Pack, question: Question) -> Pack:
    clauses = [_with_period(row, question) if row.id == question.clause else row for row in pack.clause]
    kpis = [
        row.model_copy(update=_limit(row, question.figure)) if row.id == question.clause else row
        for row in pack.kpi
    ]
    return pack.model_copy(update={"clause": tuple(clauses), "kpi": tuple(kpis)})


def _with_period(row: Clause, question: Question) -> Clause:
    """The clause with another period; where it has several, the one that holds otherwise."""
    if not row.within:
        raise NoAnswer(f"{row.id} has no period to change.", f"{row.id} 没有可更改的期限。")
    try:
        parse_period(question.figure)
    except PeriodError as wrong:
        raise NoAnswer(f"{wrong}.", f"{wrong.reason_zh}。") from wrong
    return row.model_copy(update={"within": (*row.within[:-1], Term(within=question.figure))})


def _limit(row: Any, figure: str) -> dict[str, float]:
    try:
        limit = float(figure)
    except ValueError as wrong:
        raise NoAnswer(f"{figure!r} is no number.", f"{figure!r} 不是数字。") from wrong
    return {"at_least" if row.at_least is not None else "at_most": limit}


# ---- the facts


def facts_of(connections: Connections, question: Question, policy: Policy) -> tuple[list[bytes], bool]:
    """The facts up to the end of the period, in the order learned, and whether they are all there are.

    Of a larger ledger, those of the streams on which something happened in the period.

    Raises:
        NoAnswer: they are too many.
    """
    until = end_of(question, policy)
    known = connections.read("SELECT count(*) FROM (SELECT 1 FROM fact LIMIT %s) AS found", [MOST + 1])[0][0]
    whole = known <= MOST
    rows = _stored(connections, None if whole else _active(connections, question, policy))
    facts = [write_fact(event) for event in rows if event.time <= until]
    if len(facts) > MOST:
        raise NoAnswer(
            f"the period has more than {MOST:,} facts; choose a shorter one.",
            f"该期间的事实超过 {MOST:,} 条；请缩短期间。",
        )
    return facts, whole


def start_of(question: Question, policy: Policy) -> datetime:
    return policy.calendar.start_of(question.first.toordinal())


def end_of(question: Question, policy: Policy) -> datetime:
    """The end of the period; what is due later may still be done in time."""
    return min(policy.calendar.end_of(question.last.toordinal()), question.now)


def _active(connections: Connections, question: Question, policy: Policy) -> list[str]:
    since, until = start_of(question, policy), end_of(question, policy)
    with connections.take(lambda one: active(one, since, until, question.first, question.last)) as (_, found):
        return found


EVENTS = """SELECT originator_id, originator_version, topic, state FROM stored_events
    WHERE topic = ANY(%s) {} ORDER BY notification_id LIMIT %s"""


def _stored(connections: Connections, subjects: Sequence[str] | None) -> Iterator[Event]:
    """Recorded facts; what the system derived is derived again."""
    which, given = ("", []) if subjects is None else ("AND originator_id = ANY(%s)", [list(subjects)])
    rows = connections.read(EVENTS.format(which), [list(FACTS), *given, 2 * MOST])
    mapper = EventMapper()
    for row in rows:
        event = mapper.load(StoredEvent(*row))
        if event.causationid is None:
            yield event


def write_fact(event: Event) -> bytes:
    """A recorded fact as it was sent."""
    message = orjson.loads(write(event))
    return orjson.dumps({name: message[name] for name in KEPT if name in message})


# ---- the comparison


def answer(question: Question, settings: Settings) -> dict[str, Any]:
    """What both policies make of the facts, as far as it lies in the period."""
    ours, theirs = policy_of(settings), other_policy(question, settings)
    connections = Connections(settings.database_url, SCHEMA)
    try:
        facts, whole = facts_of(connections, question, ours)
    finally:
        connections.close()
    since, until = start_of(question, ours), end_of(question, ours)
    told = [_lines(facts, policy, since, until) for policy in (ours, theirs)]
    return {
        "facts": len(facts),
        "whole": whole,
        "policies": [[pack.name for pack in policy.packs] for policy in (ours, theirs)],
        "clauses": _clauses(told),
        "differing": [_differing(events) for events in difference(*told)],
    }


def _lines(facts: Sequence[bytes], policy: Policy, since: datetime, until: datetime) -> list[bytes]:
    """What is recorded in the period; before it, time only brings things to where they stood."""
    return [
        line for line in simulate(facts, policy, until) if _time_of(line) > since - timedelta(microseconds=1)
    ]


def _time_of(line: bytes) -> datetime:
    return datetime.fromisoformat(orjson.loads(line)["time"])


def _clauses(told: Sequence[Sequence[bytes]]) -> list[dict[str, Any]]:
    """By clause what it came to under each policy; those that differ first."""
    first, second = (summary(lines).clauses for lines in told)
    rows = [_clause(name, first[name], second[name]) for name in sorted({*first, *second})]
    return sorted(rows, key=lambda row: not row["differs"])


def _clause(name: str, ours: Counter[str], theirs: Counter[str]) -> dict[str, Any]:
    counts = {kind: [ours[kind], theirs[kind]] for kind in COLUMNS}
    return {"clause": name, "counts": counts, "differs": ours != theirs}


def _differing(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The events that only one policy has, what matters most first; facts that only one refuses are among
    them."""
    listed = sorted(events, key=_weight)[:SHOWN]
    return {"count": len(events), "events": [_told(event) for event in listed]}


def _weight(event: Mapping[str, Any]) -> int:
    return FIRST.index(event["type"]) if event["type"] in FIRST else len(FIRST)


def _told(event: Mapping[str, Any]) -> dict[str, Any]:
    data = event["data"]
    clause = data.get("clause") or data.get("kpi")
    said = {
        "type": event["type"],
        "subject": event.get("subject"),
        "time": event.get("time"),
        "clause": clause,
    }
    more = {
        name: data[name]
        for name in ("due_at", "level", "detail", "code", "value", "threshold")
        if name in data
    }
    return {**said, **more}


def main() -> int:
    """Answers one question."""
    question = Question.model_validate_json(sys.stdin.buffer.read())
    try:
        found = answer(question, Settings.from_env(os.environ))
    except NoAnswer as reason:
        found = {"refused": {"en": reason.en, "zh": reason.zh}}
    sys.stdout.buffer.write(orjson.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
