"""Every row of the tobacco packs, and of the general rows about visits and handover, does what it says:
its story has its consequence, and without the row it has not."""

from typing import Any, NamedTuple

import pytest

from domain.policy import check_examples, load_policy
from tests.helpers.scenario import fact, received, tell, without
from tests.helpers.visits import (
    Fact,
    dropped_in,
    ended,
    evaluated,
    feedback,
    filed,
    planned,
    reassigned,
    started,
    summarised,
)

XUZHOU, FIELD, GENERAL = "tobacco-xuzhou", "tobacco-field", "general"


class Story(NamedTuple):
    pack: str
    facts: list[Fact]
    until: str
    event: str
    expected: dict[str, Any]


def complaints(n: int) -> list[Fact]:
    return [received(f"C-{day}", f"2026-03-0{day} 09:00", branch="B-1") for day in range(1, n + 1)]


def promise(complaint: str, time: str, answer_by: str) -> Fact:
    by = f"{answer_by.replace(' ', 'T')}:00+08:00"
    return fact("complaint.promised", f"complaint/{complaint}", time, answer_by=by)


RETURN_VISIT = [
    planned(
        "V-1", "2026-03-03 16:00", "2026-03-04", purpose="return", appointment="2026-03-04T10:00:00+08:00"
    ),
    started("V-1", "2026-03-04 10:01"),
    ended("V-1", "2026-03-04 11:00"),
]
MET = "obligation.met"
BREACHED = "obligation.breached"
FOUND = "violation.found"
MISSED = "kpi.missed"

STORIES = {
    "xuzhou.first-responder": Story(
        XUZHOU,
        [received("C-1", "2026-03-04 10:00", handler="S-1")],
        "2026-03-10 00:00",
        BREACHED,
        {"time": "2026-03-10 00:00", "duty_of": "S-1"},
    ),
    "xuzhou.visit-summary": Story(
        XUZHOU,
        [dropped_in("V-1", "2026-03-04 09:00"), ended("V-1", "2026-03-04 10:00")],
        "2026-03-04 17:30",
        BREACHED,
        {"subject": "visit/V-1", "time": "2026-03-04 17:30"},
    ),
    "xuzhou.day-summary": Story(
        XUZHOU,
        [
            dropped_in("V-1", "2026-03-04 09:00"),
            fact("day.summarised", "staff/S-1", "2026-03-04 17:30"),
        ],
        "2026-03-05 12:00",
        MET,
        {"subject": "staff/S-1", "due_at": "2026-03-04 17:30"},
    ),
    "xuzhou.planned-ahead": Story(
        XUZHOU,
        [planned("V-1", "2026-03-04 07:00", "2026-03-04")],
        "2026-03-04 08:00",
        FOUND,
        {"detail": "planned-late"},
    ),
    "xuzhou.visit-done": Story(
        XUZHOU,
        [planned("V-1", "2026-03-03 16:00", "2026-03-04")],
        "2026-03-05 00:00",
        BREACHED,
        {"time": "2026-03-05 00:00"},
    ),
    "xuzhou.first-arrival": Story(
        XUZHOU,
        [planned("V-1", "2026-03-03 16:00", "2026-03-04"), started("V-1", "2026-03-04 08:31")],
        "2026-03-04 09:00",
        FOUND,
        {"detail": "late-first-arrival", "subject": "visit/V-1"},
    ),
    "xuzhou.exception-evidence": Story(
        XUZHOU,
        [
            planned("V-1", "2026-03-03 16:00", "2026-03-04"),
            fact("visit.excepted", "visit/V-1", "2026-03-04 09:00", reason="……"),
        ],
        "2026-03-04 10:00",
        FOUND,
        {"detail": "exception-without-photo"},
    ),
    "xuzhou.contact-detail": Story(
        XUZHOU,
        [planned("V-1", "2026-03-03 16:00", "2026-03-04", mode="network")],
        "2026-03-03 17:00",
        FOUND,
        {"detail": "contact-detail-missing"},
    ),
    "xuzhou.evaluation-sample": Story(
        XUZHOU,
        [
            filed("K-1", "2026-03-02 09:00"),
            filed("K-2", "2026-03-02 09:00"),
            fact("evaluation.requested", "staff/S-1", "2026-03-03 09:00", n=2, seed=7),
        ],
        "2026-03-03 09:00",
        "evaluation.sampled",
        {"customers": ["K-1", "K-2"], "seed": 7},
    ),
    "xuzhou.market-hours": Story(
        XUZHOU,
        [
            dropped_in("V-1", "2026-03-04 09:00"),
            dropped_in("V-2", "2026-03-04 13:00"),
            ended("V-2", "2026-03-04 13:30"),
        ],
        "2026-03-05 00:00",
        MISSED,
        {
            "value": 4.5,
            "threshold": 5,
            "window": "2026-03-04",
            "time": "2026-03-05 00:00",
            "subject": "staff/S-1",
        },
    ),
    "xuzhou.unplanned-share": Story(
        XUZHOU,
        [
            planned("V-1", "2026-03-03 16:00", "2026-03-04"),
            started("V-1", "2026-03-04 08:00"),
            dropped_in("V-2", "2026-03-04 09:00", mode="phone"),
            dropped_in("V-3", "2026-03-04 10:00", mode="phone", customer="K-V-2"),
        ],
        "2026-03-05 00:00",
        MISSED,
        {"value": 0.5, "threshold": 0.2, "time": "2026-03-05 00:00"},
    ),
    "xuzhou.on-site-share": Story(
        XUZHOU,
        [
            *(filed(f"K-{n}", f"2026-03-02 09:0{n}") for n in range(4)),
            dropped_in("V-1", "2026-03-04 09:00", customer="K-1"),
            dropped_in("V-2", "2026-03-05 09:00", customer="K-1"),
            dropped_in("V-3", "2026-03-05 10:00", customer="K-2", mode="phone"),
        ],
        "2026-04-01 00:00",
        MISSED,
        {"value": 0.25, "window": "2026-03", "time": "2026-04-01 00:00"},
    ),
    "xuzhou.spot-checks": Story(
        XUZHOU,
        [dropped_in("V-1", "2026-03-04 09:00")],
        "2026-04-01 00:00",
        MISSED,
        {"value": 0, "threshold": 0.02, "window": "2026-03", "time": "2026-04-01 00:00"},
    ),
    "xuzhou.evaluations": Story(
        XUZHOU,
        [filed("K-1", "2026-03-02 09:00", category="second-batch"), evaluated("K-1", "2026-03-03 09:00")],
        "2026-04-01 00:00",
        MISSED,
        {"value": 1, "threshold": 15, "window": "2026-Q1", "time": "2026-04-01 00:00"},
    ),
    "xuzhou.first-responder-breaches": Story(
        XUZHOU,
        [received("C-1", "2026-03-04 10:00", handler="S-1")],
        "2026-03-10 00:00",
        MISSED,
        {"subject": "staff/S-1", "value": 1, "time": "2026-03-10 00:00", "window": "2026-03"},
    ),
    "field.result-to-manager": Story(
        FIELD,
        [
            received("C-1", "2026-03-04 10:00"),
            fact("complaint.resolved", "complaint/C-1", "2026-03-04 11:00", resolution="……"),
            fact("complaint.result_fed_back", "complaint/C-1", "2026-03-04 12:00", to="service_department"),
        ],
        "2026-03-06 00:00",
        BREACHED,
        {"time": "2026-03-06 00:00"},
    ),
    "field.diary-review": Story(
        FIELD,
        [
            dropped_in("V-1", "2026-03-06 09:00"),
            summarised("V-1", "2026-03-06 10:00"),
            fact("visit.reviewed", "visit/V-1", "2026-03-10 00:00", by="S-9"),
        ],
        "2026-03-11 12:00",
        MET,
        {"due_at": "2026-03-10 00:00"},
    ),
    "field.phone-change": Story(
        FIELD,
        [fact("customer.change_requested", "customer/K-1", "2026-03-04 10:00", change="phone")],
        "2026-03-10 00:00",
        BREACHED,
        {"time": "2026-03-10 00:00"},
    ),
    "field.suspension": Story(
        FIELD,
        [
            fact("customer.change_requested", "customer/K-1", "2026-03-04 10:00", change="suspension"),
            fact("customer.change_completed", "customer/K-1", "2026-03-05 10:00", change="suspension"),
        ],
        "2026-03-06 00:00",
        MET,
        {"due_at": "2026-03-17 00:00"},
    ),
    "field.visit-hours": Story(
        FIELD,
        [dropped_in("V-1", "2026-03-04 09:00"), ended("V-1", "2026-03-04 14:59")],
        "2026-03-05 00:00",
        MISSED,
        {"value": 359 / 60, "threshold": 6},
    ),
    "field.visits-per-day": Story(
        FIELD,
        [
            *(dropped_in(f"V-{n}", f"2026-03-04 09:{n:02}", mode="phone") for n in range(29)),
            dropped_in("V-29", "2026-03-04 10:00", customer="K-V-0"),
        ],
        "2026-03-05 00:00",
        MISSED,
        {"value": 29, "threshold": 30},
    ),
    "field.visits-per-customer": Story(
        FIELD,
        [
            filed("K-1", "2026-03-02 09:00"),
            filed("K-2", "2026-03-02 09:00"),
            dropped_in("V-1", "2026-03-04 09:00", customer="K-1"),
            dropped_in("V-2", "2026-03-05 09:00", customer="K-1"),
            dropped_in("V-3", "2026-03-05 10:00", customer="K-2"),
        ],
        "2026-04-01 00:00",
        MISSED,
        {"value": 0.5, "threshold": 1},
    ),
    "field.complaints": Story(
        FIELD, complaints(6), "2026-03-06 12:00", MISSED, {"value": 6, "time": "2026-03-06 09:00"}
    ),
    "field.broken-promises": Story(
        FIELD,
        [
            *complaints(2),
            promise("C-1", "2026-03-03 09:00", "2026-03-03 12:00"),
            promise("C-1", "2026-03-03 09:00", "2026-03-03 13:00"),
            promise("C-2", "2026-03-03 09:00", "2026-03-03 14:00"),
        ],
        "2026-03-04 12:00",
        MISSED,
        {"subject": "branch/B-1", "value": 2, "threshold": 1, "time": "2026-03-03 14:00"},
    ),
    "field.satisfied": Story(
        FIELD,
        [
            *complaints(2),
            feedback("complaint/C-1", "2026-03-05 09:00", dimensions={"promptness": 3, "politeness": 5}),
            feedback("complaint/C-2", "2026-03-05 09:00", dimensions={"promptness": 4, "politeness": 5}),
        ],
        "2026-04-01 00:00",
        MISSED,
        {"subject": "branch/B-1", "dimension": "promptness", "value": 0.5, "time": "2026-04-01 00:00"},
    ),
    "general.handover": Story(
        GENERAL,
        [
            filed("K-1", "2026-03-02 09:00"),
            fact("staff.left", "staff/S-1", "2026-03-04 09:00", reason="transfer"),
            reassigned("K-1", "2026-03-05 09:00", "S-1", "S-2"),
        ],
        "2026-03-05 09:00",
        MET,
        {"subject": "customer/K-1", "due_at": "2026-03-10 00:00"},
    ),
    "general.handover-notice": Story(
        GENERAL,
        [
            filed("K-1", "2026-03-02 09:00"),
            reassigned("K-1", "2026-03-05 09:00", "S-1", "S-2"),
            fact("contact.recorded", "customer/K-1", "2026-03-06 09:00", topic="price", channel="phone"),
        ],
        "2026-03-11 00:00",
        BREACHED,
        {"time": "2026-03-11 00:00"},
    ),
    "general.return-visit-on-time": Story(
        GENERAL, RETURN_VISIT, "2026-03-04 12:00", FOUND, {"detail": "late-arrival"}
    ),
    "general.return-visit-report": Story(
        GENERAL, RETURN_VISIT, "2026-03-06 00:00", BREACHED, {"time": "2026-03-06 00:00"}
    ),
    "general.return-visit-review": Story(
        GENERAL,
        [
            *RETURN_VISIT,
            fact("visit.reported", "visit/V-1", "2026-03-04 15:00"),
            fact("visit.reviewed", "visit/V-1", "2026-03-05 15:00", by="S-1"),
        ],
        "2026-03-12 00:00",
        BREACHED,
        {"time": "2026-03-12 00:00"},
    ),
}
ELSEWHERE = {"xuzhou.retention": "asked by erasure; tests/unit/test_visits.py"}


@pytest.mark.parametrize("row", STORIES)
def test_a_row_has_its_consequence(row: str) -> None:
    story = STORIES[row]
    told = tell(story.pack, *story.facts, until=story.until)
    assert told.count(story.event, clause=row, **story.expected) == 1


@pytest.mark.parametrize("row", STORIES)
def test_without_the_row_there_is_no_such_consequence(row: str) -> None:
    story = STORIES[row]
    told = tell(without(story.pack, row), *story.facts, until=story.until)
    assert not told.has(story.event, clause=row)


@pytest.mark.parametrize("pack", [XUZHOU, FIELD])
def test_every_row_of_the_pack_has_a_story(pack: str) -> None:
    own = load_policy([pack]).packs[-1]
    rows = {row.id for row in (*own.clause, *own.kpi)}
    assert rows == {row for row, story in STORIES.items() if story.pack == pack} | (rows & ELSEWHERE.keys())


@pytest.mark.parametrize("pack", [XUZHOU, FIELD])
def test_worked_examples_are_right(pack: str) -> None:
    assert check_examples(load_policy([pack])) == []


def test_defaults_are_marked_as_assumed() -> None:
    clauses = load_policy([XUZHOU, FIELD]).clauses
    assumed = {name for name, clause in clauses.items() if clause.row.assumed and name in STORIES}
    assert assumed == {
        "field.result-to-manager",
        "field.diary-review",
        "general.handover",
        "general.handover-notice",
        "general.return-visit-review",
    }
