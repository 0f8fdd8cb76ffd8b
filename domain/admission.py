"""What may come in: the refusals that every ledger knows, and those that a policy's rows ask for.

Judged by when a fact happened: a late fact is refused by what was so then, not by what is so now.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from domain.conditions import Situation
from domain.engine import World
from domain.envelope import Event, Rejected
from domain.policy import Step
from domain.rejected import malformed
from domain.rules import REFUSALS
from domain.stream import Stream

AHEAD = timedelta(minutes=5)
"""How far in the future a fact may be dated: clocks are never quite the same."""


def check_not_ahead(event: Event, now: datetime) -> None:
    if event.time > now + AHEAD:
        raise Rejected(
            "future",
            f"time is more than 5 minutes after {now.isoformat()}; check the sender's clock.",
            "time",
            f"time 比 {now.isoformat()} 晚 5 分钟以上，请检查发送方时钟。",
        )


def check_same(is_same: bool) -> None:
    """The same identity again is a duplicate with the same content, and a conflict with other."""
    if not is_same:
        raise Rejected(
            "conflict",
            "The same source and id came before with other content; send a new id for a new fact.",
            "id",
            "相同的 source 和 id 曾以不同内容提交；新事实请使用新的 id。",
        )


def must_wait(stream: Stream, event: Event) -> bool:
    """Whether the fact is of a stream that has not begun."""
    begins_with = stream.nature.begins_with
    return bool(begins_with) and not stream.began and event.type not in begins_with


def check(world: World, stream: Stream, event: Event) -> None:
    """Refuses what cannot be a fact here, judged by when it happened."""
    kind = stream.nature
    if stream.began and event.type in kind.begins_with and not kind.may_begin_again(stream.state, event):
        raise Rejected(
            "already-exists",
            f"{event.subject} began before; a stream begins once.",
            "subject",
            f"{event.subject} 已存在，不能再次开始。",
        )
    if (absent := kind.incomplete(stream.state, event)) is not None:
        raise malformed(f"data.{absent}", f"of {event.type} is required here", "在此处必填")
    state = stream.state_at(event.time)
    if event.type in kind.refused_after_close and state.closed:
        raise Rejected(
            "closed",
            f"{event.subject} was closed; reopen it first.",
            "type",
            f"{event.subject} 已结案，请先重新打开。",
        )
    if steps := stream.policy.handlers(event.type).refuses:
        _ask_rows(world, stream, event, state, steps)


def _ask_rows(world: World, stream: Stream, event: Event, state: Any, steps: Iterable[Step]) -> None:
    situation = Situation(event, state)
    for step in steps:
        row, check = step.says, REFUSALS.get(step.says.check or "")
        applies = step.condition is None or step.condition(situation)
        if applies and (check is None or check(world, stream, event, step.clause, state)):
            field_name = f"data.{row.field}" if row.field else "type"
            text = step.clause.row.text
            raise Rejected(
                row.code,
                f"{row.code}: {text.en} ({step.clause.id}).",
                field_name,
                f"{row.code}：{text.zh}（{step.clause.id}）。",
            )
