"""Facts of a sales office, and what a story about one deal came to."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.policy import Policy
from tests.helpers.scenario import Told, fact, tell

PACK = "real-estate-sales"
Fact = dict[str, Any]


def joined(staff: str, role: str = "salesperson", time: str = "2026-01-05 09:00") -> Fact:
    return fact("staff.joined", f"staff/{staff}", time, role=role, department="sales")


def left(staff: str, time: str, reason: str = "resignation") -> Fact:
    return fact("staff.left", f"staff/{staff}", time, reason=reason)


def claimed(staff: str, time: str, customer: str = "K-1", **more: Any) -> Fact:
    return fact(
        "ownership.claimed", f"customer/{customer}", time, **{"staff": staff, "basis": "first-visit", **more}
    )


def deal(a: str = "S-1", time: str = "2026-03-20 15:00", customer: str = "K-1", **more: Any) -> Fact:
    return fact("deal.closed", f"customer/{customer}", time, amount=1_000_000, received_by=a, **more)


def about(event_type: str, time: str, customer: str = "K-1", **data: Any) -> Fact:
    """Any other fact about a customer."""
    return fact(event_type, f"customer/{customer}", time, **data)


def settled(time: str, shares: Mapping[str, float]) -> Fact:
    return about("dispute.settled", time, shares=dict(shares))


def ruled(time: str, shares: Mapping[str, float]) -> Fact:
    return about("ownership.ruled", time, by="S-90", shares=dict(shares))


def disputed(time: str, *staff: str) -> Fact:
    return about("ownership.disputed", time, staff=list(staff or ("S-1", "S-2")))


def complaint(accused: str, time: str, reasonable: bool, found: str) -> Sequence[Fact]:
    """A complaint by the customer, and what was found."""
    return (
        fact(
            "complaint.received",
            "complaint/C-1",
            time,
            customer="K-1",
            category="service",
            channel="phone",
            summary="……",
            accused=accused,
        ),
        fact("complaint.investigated", "complaint/C-1", found, findings="……", reasonable=reasonable),
    )


def verdicts(
    *facts: Fact, policy: str | Policy = PACK
) -> list[tuple[str, dict[str, float], dict[str, float]]]:
    """(row, performance, commission) of each adjudication, in order."""
    return [
        (line["data"]["rule"], line["data"]["performance"], line["data"]["commission"])
        for line in tell(policy, *facts).all("ownership.adjudicated")
    ]


def rows(*facts: Fact, policy: str | Policy = PACK) -> list[str]:
    return [row for row, _, _ in verdicts(*facts, policy=policy)]


def steps(told: Told) -> list[str]:
    """What was said of ownership, in order: the row, `reversed` or `ruling needed`."""
    words = {"ownership.reversed": "reversed", "ownership.ruling_needed": "ruling needed"}
    return [
        words.get(line["type"]) or line["data"]["rule"]
        for line in told.lines
        if line["type"] in (*words, "ownership.adjudicated")
    ]


B_VALID = claimed("S-2", "2026-03-02 10:00")
S1, S2 = {"S-1": 1}, {"S-2": 1}
