"""Read models on a real PostgreSQL: given what was recorded, what is on show, and what goes out."""

import itertools
import json
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from threading import Thread
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from domain.envelope import Event, write
from domain.mapper import EventMapper
from domain.policy import Policy, load_policy
from domain.simulation import Simulation
from domain.stream import Duty
from projections.alerts import alert, alerts, forget_outbox, outbox_after
from projections.complaints import search
from projections.kpis import kpis
from projections.paging import BadQuery
from projections.projection import REGISTRY, Projector, RebuildNeeded, create, next_offsets
from projections.rebuild import RebuildRuns, check, rebuild
from projections.satisfaction import rollups
from projections.sla import breaches, counts, upcoming
from projections.violations import violations
from streams.local import Database
from tests.helpers.scenario import at, fact, received
from tests.helpers.scenarios import names, scenario

Db = Connection[Any]
PACKS = ("auto-4s", "tobacco-xuzhou")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(PACKS)


@pytest.fixture
def projector(policy: Policy) -> Projector:
    return Projector.of(policy)


@pytest.fixture
def db(database: str) -> Iterator[Db]:
    with psycopg.connect(database, autocommit=True) as connection:
        create(connection)
        yield connection


def recorded(policy: Policy, facts: Sequence[dict[str, Any]], until: str) -> list[Event]:
    """What a ledger records for these facts, with its sequences."""
    simulation = Simulation(policy)
    simulation.tell([json.dumps(one).encode() for one in facts])
    simulation.wait(at(until))
    return recorded_in(simulation)


def recorded_in(simulation: Simulation) -> list[Event]:
    stored = simulation.storage.recorder.select_notifications(1, 1_000_000)
    return [EventMapper().load(one, one.id) for one in stored]


def messages(events: Sequence[Event], first: int = 0) -> list[tuple[int, bytes]]:
    return [(offset, write(event)) for offset, event in enumerate(events, first)]


def statuses(db: Db, key: str) -> list[str]:
    """What was published about a situation, in order."""
    return [json.loads(value)["status"] for _, _, its, value in outbox_after(db, 0, 100_000) if its == key]


def the_tables(db: Db) -> dict[str, list[Any]]:
    """Everything that projecting has left behind, but for offsets."""
    names = [table.name for model in REGISTRY for table in model.tables]
    found = {name: db.execute(f"SELECT * FROM {name} t ORDER BY t::text").fetchall() for name in names}
    return found | {"outbox": [row[1:] for row in outbox_after(db, 0, 100_000)]}


def emptied(db: Db) -> None:
    names = [table.name for model in REGISTRY for table in model.tables]
    db.execute(f"TRUNCATE {', '.join(names)}, alert_outbox, projection_partition RESTART IDENTITY")
    db.execute("UPDATE projection_through SET sequence = 0")


def answered(number: int, time: str, **data: Any) -> list[dict[str, Any]]:
    """A complaint, resolved, and what its customer said of it."""
    name = f"A-{number}"
    done = {"handler": "S-1", "branch": "B-EAST", "category": "fees"}
    return [
        received(name, "2026-03-01 08:00", **done),
        fact("complaint.resolved", f"complaint/{name}", "2026-03-01 08:30", resolution="……"),
        fact("complaint.feedback_solicited", f"complaint/{name}", "2026-03-01 08:40"),
        fact("feedback.given", f"complaint/{name}", time, **data),
    ]


def answers(first: int, day: str, good: int, bad: int) -> list[dict[str, Any]]:
    scores = [5] * good + [3] * bad
    return [one for n, score in enumerate(scores, first) for one in answered(n, f"{day} 12:00", score=score)]


def by_time(facts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(facts, key=lambda one: datetime.fromisoformat(one["time"]))


def tell(db: Db, projector: Projector, events: Sequence[Event]) -> None:
    projector.project(db, "events", 0, messages(events))


# ---- obligations


def test_a_warning_fires_its_breach_is_the_same_alert_and_what_is_done_late_resolves_it(
    db: Db, projector: Projector, policy: Policy
) -> None:
    facts = [
        received("C-1", "2026-03-02 09:00", handler="S-1"),
        fact(
            "complaint.promised", "complaint/C-1", "2026-03-02 09:00", answer_by="2026-03-02T19:00:00+08:00"
        ),
    ]
    late = fact("complaint.replied", "complaint/C-1", "2026-03-02 20:00", text="……")
    tell(db, projector, recorded(policy, facts, "2026-03-02 18:00"))
    (key,) = (one["key"] for one in alerts(db, clause="general.promise").items)
    warned = alert(db, key)
    assert warned and (warned["status"], warned["severity"]) == ("firing", "warning")
    assert warned["title"].endswith(": due soon") and warned["title_zh"].endswith("：即将到期")

    tell(db, projector, recorded(policy, facts, "2026-03-02 19:00"))
    breached = alert(db, key)
    assert breached and (breached["status"], breached["severity"]) == ("firing", "high")
    assert breached["due_at"] == at("2026-03-02 19:00")
    assert counts(db, at("2026-03-02 19:00"))["breached"] >= 1

    tell(db, projector, recorded(policy, [*facts, late], "2026-03-02 20:00"))
    assert statuses(db, key) == ["firing", "firing", "resolved"]
    (row,) = breaches(db, clause="general.promise").items
    assert (row["state"], row["handler"], row["done_at"]) == ("done-late", "S-1", at("2026-03-02 20:00"))


def test_a_late_fact_that_disproves_a_breach_resolves_its_alert_and_marks_the_row(
    db: Db, projector: Projector, policy: Policy
) -> None:
    facts = [
        received("C-1", "2026-03-02 09:00"),
        received("C-2", "2026-03-02 12:00"),
        fact("complaint.verified", "complaint/C-1", "2026-03-02 09:30", by="S-2", matches=True),
    ]
    tell(db, projector, recorded(policy, facts, "2026-03-02 12:00"))
    (row,) = breaches(db, clause="auto.verify", subject="complaint/C-1").items
    assert row["state"] == "withdrawn"
    assert statuses(db, f"sla:complaint/C-1:{row['obligation']}")[-1] == "resolved"
    assert breaches(db, clause="auto.verify", withdrawn=False).items == []


def test_what_is_due_next_comes_first_and_can_be_narrowed(
    db: Db, projector: Projector, policy: Policy
) -> None:
    facts = [
        received("C-1", "2026-03-02 09:00", handler="S-1", branch="B-1"),
        received("C-2", "2026-03-02 09:10", handler="S-2", branch="B-2"),
        fact("complaint.assigned", "complaint/C-2", "2026-03-02 09:15", handler="S-3"),
    ]
    tell(db, projector, recorded(policy, facts, "2026-03-02 09:15"))
    due = [row["due_at"] for row in upcoming(db).items]
    assert due == sorted(due) and len(due) >= 4
    assert {row["subject"] for row in upcoming(db, handler="S-3").items} == {"complaint/C-2"}
    assert {row["subject"] for row in upcoming(db, branch="B-1").items} == {"complaint/C-1"}
    assert upcoming(db, until=at("2026-03-02 10:05")).items[0]["clause"] == "auto.verify"


# ---- escalations


def test_an_escalation_climbs_is_acknowledged_and_stands_down_under_one_key(
    db: Db, projector: Projector, policy: Policy
) -> None:
    subject = "complaint/C-1"
    facts = [
        received("C-1", "2026-03-02 09:00", signals=["door-blocking"]),
        fact("escalation.acknowledged", subject, "2026-03-02 09:45", by="S-9", clause="auto.major"),
        fact("complaint.withdrawn", subject, "2026-03-02 11:00", reason="……"),
    ]
    tell(db, projector, recorded(policy, facts, "2026-03-02 11:00"))
    found = list(alerts(db, channel="alerts.escalations", clause="auto.major").items)
    (one,) = found
    sent = [json.loads(value) for _, _, key, value in outbox_after(db, 0, 100_000) if key == one["key"]]
    assert [(each["status"], each["level"]) for each in sent] == [
        ("firing", 1),
        ("firing", 2),
        ("acknowledged", 2),
        ("resolved", 2),
    ]
    assert sent[0]["severity"] == "critical" and sent[1]["to"] == ["brand_division", "legal"]
    assert sent[2]["acknowledged_by"] == "S-9" and sent[3]["raised_at"] == sent[0]["raised_at"]
    assert one["history_url"] == f"/streams/{subject}/history"
    assert alerts(db, channel="alerts.escalations", current=True).items == []


def test_an_acknowledgement_of_one_clause_leaves_the_others_firing(
    db: Db, projector: Projector, policy: Policy
) -> None:
    facts = [
        received("C-1", "2026-03-02 09:00", signals=["door-blocking"]),
        fact("escalation.acknowledged", "complaint/C-1", "2026-03-02 10:30", by="S-9", clause="auto.major"),
    ]
    tell(db, projector, recorded(policy, facts, "2026-03-02 10:30"))
    by_clause = {one["clause"]: one["status"] for one in alerts(db, channel="alerts.escalations").items}
    assert (by_clause["auto.major"], by_clause["auto.verify"]) == ("acknowledged", "firing")


# ---- figures


def test_a_missed_figure_fires_and_resolves_when_a_late_fact_makes_it_good(
    db: Db, projector: Projector, policy: Policy
) -> None:
    facts = [
        received("C-1", "2026-03-02 09:00", handler="S-1"),
        received("C-2", "2026-03-10 09:00", handler="S-2"),
        fact("complaint.replied", "complaint/C-1", "2026-03-03 09:00", text="……"),
    ]
    events = recorded(policy, facts[:2], "2026-03-10 09:00")
    tell(db, projector, events)
    key = "kpi:xuzhou.first-responder-breaches:staff/S-1:2026-03"
    missed = alert(db, key)
    assert missed and (missed["status"], missed["value"], missed["window"]) == ("firing", 1, "2026-03")
    assert kpis(db, subject="staff/S-1", missed=True).items[0]["threshold"] == 0

    tell(db, projector, recorded(policy, facts, "2026-03-10 09:00"))
    assert statuses(db, key) == ["firing", "resolved"]
    (row,) = kpis(db, subject="staff/S-1", kpi="xuzhou.first-responder-breaches").items
    assert (row["missed"], row["value"]) == (False, 0)


def test_violations_can_be_narrowed(db: Db, projector: Projector, policy: Policy) -> None:
    facts = [
        received("C-1", "2026-03-02 09:00", handler="S-1", accused="S-1"),
        received("C-2", "2026-03-02 09:10"),
    ]
    tell(db, projector, recorded(policy, facts, "2026-03-02 09:10"))
    (row,) = violations(db, detail="accused-handles").items
    assert (row["subject"], row["clause"], row["handler"]) == ("complaint/C-1", "general.accused", "S-1")
    incomplete = violations(db, clause="auto.intake-complete").items
    assert [row["subject"] for row in incomplete] == ["complaint/C-2", "complaint/C-1"]
    assert incomplete[0]["missing"] == ["name", "phone", "model", "plate"]


# ---- satisfaction


def test_answers_count_for_handler_branch_category_channel_survey_and_in_the_window_of_their_time(
    db: Db, projector: Projector, policy: Policy
) -> None:
    facts = by_time(
        [
            *answered(1, "2026-03-03 10:00", score=5, survey="CSI", stage="waiting"),
            *answered(2, "2026-03-03 11:00", score=2),
            *answered(3, "2026-03-03 12:00", satisfied=True),
            fact("complaint.assigned", "complaint/A-3", "2026-03-02 09:00", handler="S-2"),
        ]
    )
    late = answered(4, "2026-03-03 13:00", dimensions={"politeness": 4})
    tell(
        db,
        projector,
        recorded(policy, [*facts, received("C-9", "2026-03-20 09:00"), *late], "2026-03-20 09:00"),
    )

    def on(per: str, kind: str = "day") -> dict[str, Any]:
        day = date(2026, 3, 3)
        return {one.value: one for one in rollups(db, per, kind, day, day, calendar=policy.calendar)}

    total = on("total")[""]
    assert (total.answered, total.scored, total.rated, total.satisfied, total.dissatisfied) == (4, 2, 3, 2, 1)
    assert (total.mean, total.window, total.trend) == (3.5, "2026-03-03", None)
    assert {value: one.answered for value, one in on("staff").items()} == {"S-1": 3, "S-2": 1}
    assert on("branch")["B-EAST"].satisfied_share == 2 / 3
    assert on("category")["fees"].answered == on("channel")["phone"].answered == 4
    assert (on("survey")["CSI"].answered, on("stage")["waiting"].asked) == (1, None)
    assert on("total", "month")[""].asked == 4
    assert on("total", "quarter")[""].window == "2026-Q1"


def test_an_answer_at_midnight_belongs_to_the_day_that_ends(
    db: Db, projector: Projector, policy: Policy
) -> None:
    tell(db, projector, recorded(policy, answered(1, "2026-03-04 00:00", score=4), "2026-03-05 00:00"))
    days = rollups(db, "total", "day", date(2026, 3, 1), date(2026, 3, 9), calendar=policy.calendar)
    assert [(one.window, one.answered) for one in days] == [("2026-03-01", 0), ("2026-03-03", 1)]


@pytest.mark.parametrize(
    ("before", "after", "fires"),
    [
        ((20, 0), (18, 2), True),
        ((20, 0), (19, 2), False),
        ((20, 0), (17, 2), False),
        ((19, 0), (10, 10), False),
        ((10, 10), (20, 0), False),
    ],
    ids=["10 points of 20", "less than 10 points", "19 answers", "19 answers before", "a rise"],
)
def test_a_rollup_of_20_answers_that_falls_10_points_fires(
    db: Db,
    projector: Projector,
    policy: Policy,
    before: tuple[int, int],
    after: tuple[int, int],
    fires: bool,
) -> None:
    facts = [*answers(0, "2026-03-03", *before), *answers(100, "2026-03-04", *after)]
    tell(db, projector, recorded(policy, by_time(facts), "2026-03-04 20:00"))
    found = alert(db, "rollup:staff:S-1:day")
    assert (found is not None and found["status"] == "firing") == fires
    if found is not None:
        assert (found["subject"], found["window"], found["value"]) == ("staff/S-1", "2026-03-04", 0.9)


def test_a_fallen_rollup_resolves_when_it_recovers_and_fires_again_when_it_falls_again(
    db: Db, projector: Projector, policy: Policy
) -> None:
    days = [("2026-03-03", 20, 0), ("2026-03-04", 10, 10), ("2026-03-05", 20, 0), ("2026-03-06", 0, 20)]
    facts = [one for n, (day, *some) in enumerate(days) for one in answers(n * 100, day, *some)]
    tell(db, projector, recorded(policy, by_time(facts), "2026-03-07 00:00"))
    assert statuses(db, "rollup:total::day") == ["firing", "resolved", "firing"]


# ---- search


def test_complaints_are_found_by_what_is_known_of_them(db: Db, projector: Projector, policy: Policy) -> None:
    facts = [
        received("C-1", "2026-03-02 09:00", handler="S-1", branch="B-1", signals=["door-blocking"]),
        received("C-2", "2026-03-02 09:10", handler="S-1", branch="B-2", category="fees", kind="inquiry"),
        fact(
            "complaint.resolved", "complaint/C-2", "2026-03-02 09:20", resolution="……", root_cause="staffing"
        ),
        fact("complaint.replied", "complaint/C-2", "2026-03-02 09:20", text="……", final=True),
        fact("complaint.closed", "complaint/C-2", "2026-03-02 09:30", by="S-1"),
        fact("complaint.reopened", "complaint/C-2", "2026-03-02 09:40", reason="……"),
        received("C-3", "2026-03-02 09:50"),
        fact("complaint.merged", "complaint/C-3", "2026-03-02 09:55", into="C-1"),
    ]
    tell(db, projector, recorded(policy, facts, "2026-03-02 09:59"))

    def found(**filters: Any) -> list[str]:
        return [row["subject"].removeprefix("complaint/") for row in search(db, **filters).items]

    assert found() == ["C-3", "C-2", "C-1"]
    assert found(status="merged") == ["C-3"] and found(status="open") == ["C-2", "C-1"]
    assert found(major=True) == ["C-1"] and found(handler="S-1", branch="B-2") == ["C-2"]
    assert found(category="fees", root_cause="staffing", kind="inquiry") == ["C-2"]
    assert found(since=at("2026-03-02 09:10"), until=at("2026-03-02 09:50")) == ["C-2"]
    assert found(overdue=True) == [] and search(db, customer="K-C-2").items[0]["cycle"] == 2
    tell(db, projector, recorded(policy, facts, "2026-03-02 10:00"))
    assert search(db, overdue=True).items[0]["overdue"] >= 1


def test_a_closing_that_is_learned_after_the_reopening_does_not_close(
    db: Db, projector: Projector, policy: Policy
) -> None:
    subject = "complaint/C-1"
    facts = [
        received("C-1", "2026-03-02 09:00"),
        fact("complaint.resolved", subject, "2026-03-02 09:20", resolution="……"),
        fact("complaint.replied", subject, "2026-03-02 09:20", text="……", final=True),
        fact("complaint.reopened", subject, "2026-03-02 09:40", reason="……"),
        fact("complaint.closed", subject, "2026-03-02 09:30", by="S-1"),
    ]
    tell(db, projector, recorded(policy, facts, "2026-03-02 10:00"))
    assert [row["status"] for row in search(db).items] == ["open"]


def test_pages_follow_each_other_without_gap_or_repeat_while_rows_come_in(
    db: Db, projector: Projector, policy: Policy
) -> None:
    facts = [received(f"C-{n}", f"2026-03-02 09:{n // 3:02}") for n in range(20)]
    events = recorded(policy, facts, "2026-03-02 09:30")
    tell(db, projector, events)
    seen: list[str] = []
    page = search(db, limit=7)
    newer = [event._replace(sequence=(event.sequence or 0) + 10_000) for event in events[:1]]
    projector.project(db, "events", 1, messages([e._replace(subject="complaint/NEW") for e in newer]))
    while True:
        seen += [row["subject"] for row in page.items]
        if page.next is None:
            break
        page = search(db, limit=7, cursor=page.next)
    assert seen == sorted(set(seen), key=seen.index) and set(seen) >= {f"complaint/C-{n}" for n in range(20)}


@pytest.mark.parametrize(
    "asked",
    [{"cursor": "nonsense"}, {"cursor": "WzFd"}, {"cursor": "WyJ4IiwieSJd"}, {"colour": "red"}],
    ids=["no cursor", "another list's", "other values", "no such filter"],
)
def test_a_cursor_or_filter_that_cannot_be_used_is_refused(db: Db, asked: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        search(db, **asked)  # type: ignore[arg-type]


def test_a_page_holds_500_rows_at_most(db: Db, projector: Projector, policy: Policy) -> None:
    (one,) = list(recorded(policy, [received("C-1", "2026-03-02 09:00")], "2026-03-02 09:00"))[:1]
    many = [one._replace(subject=f"complaint/M-{n}", sequence=n + 1) for n in range(501)]
    tell(db, projector, many)
    page = search(db, limit=10_000)
    assert len(page.items) == 500 and page.next is not None


# ---- once, whatever happens


MIXED = [
    received("C-1", "2026-03-02 09:00", handler="S-1", signals=["door-blocking"]),
    received("C-2", "2026-03-02 09:10", handler="S-2", branch="B-1"),
    fact("complaint.promised", "complaint/C-2", "2026-03-02 09:11", answer_by="2026-03-02T12:00:00+08:00"),
    fact("escalation.acknowledged", "complaint/C-1", "2026-03-02 10:30", by="S-9"),
    fact("complaint.replied", "complaint/C-2", "2026-03-02 14:00", text="……", final=True),
    fact("complaint.replied", "complaint/C-1", "2026-03-02 09:30", text="……", final=True),
    *by_time([*answers(0, "2026-03-03", 20, 0), *answers(100, "2026-03-04", 10, 12)]),
    received("C-3", "2026-03-12 09:10", handler="S-2", branch="B-1"),
]


@pytest.fixture(scope="module")
def mixed(policy: Policy) -> list[Event]:
    return recorded(policy, MIXED, "2026-03-20 00:00")


def test_messages_that_come_again_change_nothing(db: Db, projector: Projector, mixed: list[Event]) -> None:
    told = messages(mixed)
    assert projector.project(db, "events", 0, told) == len(mixed)
    before = the_tables(db)
    assert projector.project(db, "events", 0, told) == 0
    assert projector.project(db, "events", 0, told[40:90]) == 0
    assert the_tables(db) == before


def test_a_topic_made_anew_repeats_everything_and_changes_nothing(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    projector.project(db, "events", 0, messages(mixed[:-5], first=70_000))
    assert projector.project(db, "events", 0, messages(mixed)) == 5
    assert check(db, projector, lambda after: (e for e in mixed if (e.sequence or 0) > after)) == []


def test_a_batch_that_fails_midway_leaves_no_trace(db: Db, projector: Projector, mixed: list[Event]) -> None:
    projector.project(db, "events", 0, messages(mixed[:50]))
    before = the_tables(db), next_offsets(db, "events")
    db.execute("ALTER TABLE alert_outbox ADD CONSTRAINT full_up CHECK (position < 0) NOT VALID")
    with pytest.raises(psycopg.errors.CheckViolation):
        projector.project(db, "events", 0, messages(mixed[50:], first=50))
    assert (the_tables(db), next_offsets(db, "events")) == before
    db.execute("ALTER TABLE alert_outbox DROP CONSTRAINT full_up")
    assert projector.project(db, "events", 0, messages(mixed[50:], first=50)) == len(mixed) - 50


def test_any_split_into_batches_gives_the_same_rows_and_the_same_outbox(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    told = messages(mixed)
    projector.project(db, "events", 0, told)
    whole = the_tables(db)

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(st.sets(st.integers(1, len(told) - 1), max_size=25))
    def same(cuts: set[int]) -> None:
        emptied(db)
        edges = [0, *sorted(cuts), len(told)]
        for start, end in itertools.pairwise(edges):
            projector.project(db, "events", 0, told[start:end])
        assert the_tables(db) == whole

    same()


def test_partitions_in_any_order_agree_with_the_ledger(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    parts = [[e for e in mixed if zlib.crc32(e.subject.encode()) % 3 == part] for part in range(3)]
    for part in (2, 0, 1):
        projector.project(db, "events", part, messages(parts[part]))
    assert check(db, projector, lambda after: (e for e in mixed if (e.sequence or 0) > after)) == []
    assert alert(db, "rollup:total::day") is not None
    assert statuses(db, "rollup:total::day")[-1] == "firing"


def test_what_holds_no_event_of_ours_is_skipped(db: Db, projector: Projector, mixed: list[Event]) -> None:
    poison = [(0, b""), (1, b"\xff\xfe"), (2, b"[]"), (3, b"{}"), (4, b'{"sequence": "x"}'), (5, b"null")]
    assert projector.project(db, "events", 0, [*poison, *messages(mixed[:3], first=6)]) == 3
    assert next_offsets(db, "events") == {0: 9}


def test_positions_of_the_outbox_follow_the_commits_of_partitions_at_once(
    db: Db, database: str, projector: Projector, policy: Policy, mixed: list[Event]
) -> None:
    parts = [[e for e in mixed if zlib.crc32(e.subject.encode()) % 4 == part] for part in range(4)]
    running = True
    seen: list[int] = []

    def work(part: int) -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            for start in range(0, len(parts[part]), 3):
                projector.project(connection, "events", part, messages(parts[part][start : start + 3], start))

    def follow() -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            last = 0
            while running or outbox_after(connection, last):
                for position, *_ in outbox_after(connection, last):
                    seen.append(position)
                    last = position

    workers = [Thread(target=work, args=(part,)) for part in range(4)]
    follower = Thread(target=follow)
    for thread in (*workers, follower):
        thread.start()
    for thread in workers:
        thread.join()
    running = False
    follower.join()
    assert seen == [position for position, *_ in outbox_after(db, 0, 100_000)]
    assert check(db, projector, lambda after: (e for e in mixed if (e.sequence or 0) > after)) == []


# ---- without Kafka, and rebuilt


def ledger_of(events: Sequence[Event]) -> Any:
    return lambda after: (event for event in events if (event.sequence or 0) > after)


def test_events_of_the_ledger_itself_give_what_partitions_give(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    for start in range(0, len(mixed), 17):
        projector.project_events(db, mixed[start : start + 17])
    assert projector.project_events(db, mixed) == 0
    assert check(db, projector, ledger_of(mixed)) == []


def test_from_the_ledger_to_kafka_nothing_is_told_twice_and_back_only_after_a_rebuild(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    projector.project_events(db, mixed[:40])
    assert projector.project(db, "events", 0, messages(mixed[:60])) == 20
    with pytest.raises(RebuildNeeded):
        projector.project_events(db, mixed)
    rebuild(db, projector, ledger_of(mixed[:60]))
    assert projector.project_events(db, mixed) == len(mixed) - 60
    assert check(db, projector, ledger_of(mixed)) == []


def test_a_rebuild_publishes_nothing_and_projecting_goes_on_after_it(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    told = messages(mixed)
    projector.project(db, "events", 0, told[:60])
    sent = outbox_after(db, 0)
    db.execute("DELETE FROM alert; DELETE FROM satisfaction; UPDATE complaint SET status = 'lost'")
    assert rebuild(db, projector, ledger_of(mixed[:80])) == mixed[79].sequence
    assert outbox_after(db, 0) == sent
    assert projector.project(db, "events", 0, told[60:]) == len(told) - 80
    assert check(db, projector, ledger_of(mixed)) == []


def test_one_read_model_is_rebuilt_while_the_others_stay(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    tell(db, projector, mixed)
    db.execute("UPDATE violation SET clause = 'lost'; UPDATE kpi SET value = -1")
    rebuild(db, projector, ledger_of(mixed), ["violations"])
    assert check(db, projector, ledger_of(mixed), ["violations"]) == []
    assert len(check(db, projector, ledger_of(mixed), ["kpis"])) > 0


def test_a_check_names_the_row_that_differs_and_changes_nothing(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    tell(db, projector, mixed)
    db.execute("UPDATE complaint SET status = 'lost' WHERE subject = 'complaint/C-2'")
    db.execute("DELETE FROM obligation WHERE subject = 'complaint/C-3'")
    before = the_tables(db)
    found = check(db, projector, ledger_of(mixed))
    assert found[-1].table == "complaint" and found[-1].key == {"subject": "complaint/C-2"}
    assert found[-1].live and found[-1].rebuilt
    assert (found[-1].live["status"], found[-1].rebuilt["status"]) == ("lost", "open")
    assert {each.table for each in found[:-1]} == {"obligation"} and found[0].live is None
    assert the_tables(db) == before


def test_only_one_rebuild_runs_at_a_time(db: Db, database: str, projector: Projector) -> None:
    def ledger(_after: int) -> list[Event]:
        with psycopg.connect(database, autocommit=True) as other:
            with pytest.raises(RebuildRuns):
                rebuild(other, projector, lambda _: [])
            return []

    rebuild(db, projector, ledger)


def test_a_rebuild_that_breaks_off_leaves_the_live_models_as_they_were(
    db: Db, projector: Projector, mixed: list[Event]
) -> None:
    def broken(_after: int) -> Iterator[Event]:
        yield from mixed[:30]
        raise OSError("the ledger went away")

    tell(db, projector, mixed)
    before = the_tables(db)
    with pytest.raises(OSError, match="went away"):
        rebuild(db, projector, broken)
    assert the_tables(db) == before
    assert db.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'rebuilding'").fetchone() is None


# ---- the ledger's own view

ALARM = {"firing": "firing", "acknowledged": "acknowledged", "stood-down": "resolved"}


def _shown_as(duty: Duty) -> str:
    return "done-late" if duty.status == "breached" and duty.done_late else duty.status


@pytest.fixture(scope="module")
def show(server: Database) -> Iterator[Db]:
    """Tables that the scenarios share, each in its turn."""
    with psycopg.connect(server.create("on_show"), autocommit=True) as connection:
        create(connection)
        yield connection
    server.drop("on_show")


@pytest.mark.parametrize("name", names())
def test_what_is_on_show_is_what_the_ledger_knows(show: Db, name: str) -> None:
    story, db = scenario(name), show
    emptied(db)
    simulation = Simulation(story.policy())
    simulation.tell(story.facts)
    simulation.wait(story.until)
    events = recorded_in(simulation)
    tell(db, Projector.of(story.policy()), events)
    subjects = sorted({event.subject for event in events})
    with simulation.storage.unit() as unit:
        simulation.ledger.load(unit, subjects)
    streams = [simulation.ledger.streams[subject] for subject in subjects]

    assert {
        row["subject"]: (row["status"], row["cycle"], row["major"], row["handler"])
        for row in search(db, limit=500).items
    } == {
        stream.subject: (stream.state.status, stream.state.cycle, stream.state.major, stream.state.handler)
        for stream in streams
        if stream.kind == "complaint"
    }
    shown = {
        (row["subject"], row["obligation"]): (row["state"], row["due_at"])
        for row in upcoming(db, limit=500).items + breaches(db, limit=500).items
    }
    duties = {(stream.subject, duty.key): duty for stream in streams for duty in stream.duties.values()}
    owed = {key for key, duty in duties.items() if duty.status in ("open", "breached")}
    assert shown == {key: (_shown_as(duties[key]), duties[key].due_at) for key in owed | shown.keys()}
    assert {
        one["key"]: one["status"] for one in alerts(db, limit=500, channel="alerts.escalations").items
    } == {
        f"escalation:{stream.subject}:{alarm.key}": ALARM[alarm.status]
        for stream in streams
        for alarm in stream.alarms.values()
    }
    found = {row["violation"]: row["withdrawn_at"] is None for row in violations(db, limit=500).items}
    assert found == {key: one.live for stream in streams for key, one in stream.findings.items()}


# ---- the rest


def test_no_read_model_and_no_alert_holds_anything_personal(
    db: Db, projector: Projector, policy: Policy
) -> None:
    secrets = {"name": "张敏", "phone": "13900000001", "address": "解放路9号", "plate": "苏C12345"}
    facts = [
        received("C-1", "2026-03-02 09:00", summary="秘密摘要", contact=secrets, signals=["door-blocking"]),
        fact("complaint.replied", "complaint/C-1", "2026-03-02 10:00", text="秘密答复"),
        fact("feedback.given", "complaint/C-1", "2026-03-02 11:00", score=1, comment="秘密意见"),
        fact("customer.filed", "customer/K-1", "2026-03-02 11:00", by="S-1", name="秘密姓名"),
    ]
    tell(db, projector, recorded(policy, facts, "2026-03-20 00:00"))
    everything = str(the_tables(db))
    assert "complaint/C-1" in everything
    assert not [said for said in (*secrets.values(), "秘密") if said in everything]


def test_the_tables_can_be_made_by_two_processes_at_once(database: str) -> None:
    failed: list[Exception] = []

    def make() -> None:
        try:
            with psycopg.connect(database) as connection:
                create(connection)
        except psycopg.Error as error:
            failed.append(error)

    threads = [Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_what_was_published_can_be_forgotten(db: Db, projector: Projector, mixed: list[Event]) -> None:
    tell(db, projector, mixed)
    positions = [position for position, *_ in outbox_after(db, 0, 10_000)]
    assert forget_outbox(db, positions[4]) == 5
    assert outbox_after(db, 0)[0][0] == positions[5]
