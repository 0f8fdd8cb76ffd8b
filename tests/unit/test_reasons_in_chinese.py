"""The reasons that the system gives stand in Chinese among the fields of an event; people's own stay."""

import io
import re

from api.cli.edge import Edge
from api.cli.history import _said
from api.http.pages.steps import groups
from domain.policy import load_policy
from tests.helpers.complaints import act, feedback, settled
from tests.helpers.scenario import fact, received, tell

POLICY = load_policy(["laboratory"])
TOLD = tell(
    POLICY,
    received("C-1", "2026-03-02 09:00", kind="appeal", written=True),
    *settled("2026-03-20"),
    feedback("2026-03-21 09:00", score=1),
    act("withdrawn", "2026-03-22 09:00", reason="misunderstood the report was due"),
    until="2026-04-20 00:00",
)
FILE = tell(
    POLICY,
    fact("access.requested", "customer/K-1", "2026-03-02 09:00", by="S-1", department="d", purpose="p"),
)
REASONS = {line["type"]: line for line in (*TOLD.lines, *FILE.lines) if line["data"].get("reason")}
CHINESE = re.compile("[\u4e00-\u9fff]")
OURS = ("escalation.raised", "escalation.stood_down", "complaint.reopened", "access.denied")


def test_every_reason_of_the_system_is_among_these() -> None:
    assert {*OURS, "complaint.withdrawn"} == REASONS.keys()


def test_a_page_says_them_in_chinese() -> None:
    for name in OURS:
        (step,) = groups([REASONS[name]], POLICY, "zh")
        values = [value for _, value in step["fields"]]
        assert REASONS[name]["data"]["reason"] not in values, name
        assert any(CHINESE.search(value) for value in values), name


def test_a_page_leaves_what_people_said() -> None:
    (step,) = groups([REASONS["complaint.withdrawn"]], POLICY, "zh")
    assert "misunderstood the report was due" in [value for _, value in step["fields"]]


def test_the_history_in_a_terminal_says_them_in_chinese() -> None:
    edge = Edge(
        io.BytesIO(), io.BytesIO(), io.StringIO(), {"HUIYIN_LANG": "zh", "HUIYIN_POLICY": "laboratory"}
    )
    for name in OURS:
        first = _said(REASONS[name], edge)[0]
        assert REASONS[name]["data"]["reason"] not in first, first
    assert "misunderstood the report was due" in _said(REASONS["complaint.withdrawn"], edge)[0]
