"""Obligations, escalations, figures and violations: given what was recorded, what is on show and goes out."""

import json
from typing import Any

from domain.policy import Policy, load_policy
from projections.alerts import alert, alerts, outbox_after
from projections.kpis import kpis
from projections.projection import Projector
from projections.sla import breaches, counts, upcoming
from projections.violations import violations
from tests.helpers.projected import Db, recorded, statuses, tell, the_tables
from tests.helpers.scenario import at, fact, received

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


def test_a_breach_that_a_pause_learned_late_disproves_is_none_any_more_and_is_due_again(db: Db) -> None:
    laboratory = load_policy(["laboratory"])
    facts = [
        received("C-1", "2026-03-09 09:00", kind="appeal", written=True, urgent=True),
        received("C-2", "2026-03-13 09:00", kind="inquiry"),
        fact("complaint.awaiting", "complaint/C-1", "2026-03-10 10:00", whom="customer"),
        fact("complaint.resumed", "complaint/C-1", "2026-03-12 10:00"),
    ]
    tell(db, Projector.of(laboratory), recorded(laboratory, facts, "2026-03-13 09:00"))
    (row,) = upcoming(db, clause="lab.decision").items
    assert (row["due_at"], row["warned"], row["breached_at"]) == (at("2026-03-17 00:00"), False, None)
    assert breaches(db, clause="lab.decision").items == []
    assert statuses(db, f"sla:complaint/C-1:{row['obligation']}")[-1] == "resolved"


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


def test_the_escalation_of_a_breach_says_when_it_was_due_and_any_other_nothing_of_it(
    db: Db, projector: Projector, policy: Policy
) -> None:
    facts = [received("C-1", "2026-03-02 09:00", signals=["door-blocking"])]
    tell(db, projector, recorded(policy, facts, "2026-03-02 12:00"))
    due = {one["clause"]: one.get("due_at") for one in alerts(db, channel="alerts.escalations").items}
    (late,) = breaches(db, clause="auto.verify").items
    assert (due["auto.verify"], due["auto.major"]) == (late["due_at"], None)


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


def test_a_missed_figure_resolves_with_the_next_window_in_order_and_stays_so_when_restated(
    db: Db, projector: Projector, policy: Policy
) -> None:
    def unanswered(name: str, day: str) -> dict[str, Any]:
        return received(name, f"2026-{day} 09:00", handler="S-1")

    key, until = "kpi:xuzhou.first-responder-breaches:staff/S-1:2026-03", "2026-05-02 09:00"
    facts = [unanswered("C-1", "03-02"), received("C-2", until)]
    tell(db, projector, recorded(policy, facts, until))
    assert statuses(db, key) == ["firing", "resolved"]
    tell(db, projector, recorded(policy, [*facts, unanswered("C-3", "03-03")], until))
    found = alert(db, key)
    assert found and (found["status"], found["value"]) == ("resolved", 2)


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


# ---- nothing personal


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
