"""Complaints are found by what is known of them, page by page."""

from typing import Any

import pytest

from domain.policy import Policy
from projections.complaints import search
from projections.paging import BadQuery
from projections.projection import Projector
from tests.helpers.projected import Db, messages, recorded, tell
from tests.helpers.scenario import at, fact, received


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
    projector.project(db, {("events", 1): messages([e._replace(subject="complaint/NEW") for e in newer])})
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
