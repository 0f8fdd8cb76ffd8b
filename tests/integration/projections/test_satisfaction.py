"""Satisfaction rolled up over windows, and the alerts of what falls."""

from datetime import date
from typing import Any

import pytest

from domain.policy import Policy
from projections.alerts import alert
from projections.projection import Projector
from projections.satisfaction import rollups
from tests.helpers.projected import Db, answered, answers, by_time, recorded, statuses, tell
from tests.helpers.scenario import fact, received


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
