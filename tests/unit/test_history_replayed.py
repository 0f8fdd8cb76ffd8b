"""For random stories: a history known at T about V is what a replay of all that had been learned by T says
of what had happened by V: with late facts, withdrawals, merges, pauses, and facts that wait for their stream.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.envelope import Event, read
from domain.history import history
from domain.policy import load_policy
from domain.simulation import simulate
from domain.story import standing, standing_at

POLICY = load_policy(["general", "auto-4s", "laboratory"])
BEGAN = datetime.fromisoformat("2026-03-02T09:00:00+08:00")

SAID: tuple[tuple[str, dict[str, Any]], ...] = (
    ("complaint.received", {"customer": "K-1", "category": "fees", "channel": "app", "summary": "x"}),
    (
        "complaint.received",
        {"customer": "K-1", "category": "x", "channel": "app", "summary": "x", "kind": "appeal"},
    ),
    ("complaint.promised", {}),
    ("complaint.replied", {"text": "x", "final": True, "written": True, "by": "S-1"}),
    ("complaint.replied", {"text": "x"}),
    ("complaint.resolved", {"resolution": "x", "by": "S-1"}),
    ("complaint.signalled", {"signal": "door-blocking"}),
    ("complaint.awaiting", {"whom": "supplier"}),
    ("complaint.resumed", {}),
    ("complaint.closed", {"by": "S-1"}),
    ("complaint.merged", {"into": "C-0"}),
    ("complaint.unmerged", {}),
    ("complaint.withdrawn", {"reason": "x"}),
    ("escalation.acknowledged", {"by": "S-2"}),
    ("feedback.given", {"satisfied": False}),
)
"""What may be told of a complaint; a promise is of an answer within six hours."""

Said = tuple[int, int, int]
"""Of which complaint, which of the facts above, and how many hours after the beginning it happened."""

HOURS = st.integers(0, 21 * 24)
FACTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, len(SAID) - 1), HOURS), min_size=1, max_size=14)


def at(hours: int) -> datetime:
    return BEGAN + timedelta(hours=hours)


def fact(number: int, told: Said) -> bytes:
    complaint, which, hours = told
    type_, data = SAID[which]
    due = {"answer_by": at(hours + 6).isoformat()} if type_ == "complaint.promised" else {}
    head = {"specversion": "1.0", "id": str(number), "source": "/test", "type": type_}
    where = {"subject": f"complaint/C-{complaint}", "time": at(hours).isoformat()}
    return json.dumps({**head, **where, "data": {**data, **due}}).encode()


def recorded(facts: list[bytes], until: datetime | None) -> list[Event]:
    """What is on record when these facts were learned in this order and time has come to `until`."""
    lines = [line for line in simulate(facts, POLICY, until) if b'"type":"intake.' not in line]
    return [read(line)._replace(sequence=number) for number, line in enumerate(lines, 1)]


LATE_REPLY = [(0, 0, 0), (0, 2, 1), (0, 6, 30), (0, 4, 3)]
UNDONE_MERGE = [(0, 0, 0), (1, 1, 5), (1, 10, 20), (1, 11, 40), (1, 3, 30)]
BEFORE_IT_CAME_IN = [(0, 0, 6), (0, 6, 0), (0, 2, 3)]
WAITED = [(0, 3, 12), (0, 0, 10), (0, 7, 11), (0, 8, 200)]


@given(FACTS, HOURS, HOURS)
@example(LATE_REPLY, 20, 400)
@example(LATE_REPLY, 35, 8)
@example(UNDONE_MERGE, 45, 500)
@example(WAITED, 150, 150)
@example(BEFORE_IT_CAME_IN, 150, 150)
@settings(max_examples=150, deadline=None)
def test_what_was_known_at_t_about_v_is_what_a_replay_up_to_t_says_of_v(
    told: list[Said], known: int, happened: int
) -> None:
    facts = [fact(number, each) for number, each in enumerate(told)]
    everything = recorded(facts, at(22 * 24))
    replayed = recorded(facts, at(known))
    expected = [event for event in replayed if event.time <= at(happened)]
    assert history(everything, as_of=at(happened), known_at=at(known)) == expected
    for subject in {event.subject for event in expected}:
        mine = [event for event in everything if event.subject == subject]
        then = [event for event in expected if event.subject == subject]
        assert standing_at(mine, POLICY, at(happened), at(known)) == standing(then, POLICY, at(happened))


def test_a_breach_is_on_record_until_the_late_reply_is_learned_and_withdrawn_then() -> None:
    facts = [fact(number, each) for number, each in enumerate(LATE_REPLY)]
    types = [
        {event.type for event in history(recorded(facts, at(500)), known_at=at(known))} for known in (29, 30)
    ]
    assert "obligation.breached" in types[0] and "obligation.withdrawn" not in types[0]
    assert {"obligation.breached", "obligation.withdrawn"} <= types[1]
