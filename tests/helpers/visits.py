"""Visits and customers' files as sentences."""

from typing import Any

from tests.helpers.scenario import fact

Fact = dict[str, Any]


def planned(visit: str, time: str, day: str, /, **more: Any) -> Fact:
    data = {"customer": f"K-{visit}", "manager": "S-1", "date": day, "mode": "on-site", **more}
    return fact("visit.planned", f"visit/{visit}", time, **data)


def started(visit: str, time: str, /, **more: Any) -> Fact:
    return fact("visit.started", f"visit/{visit}", time, **more)


def dropped_in(visit: str, time: str, /, **more: Any) -> Fact:
    """A visit that nobody planned."""
    return started(visit, time, **{"customer": f"K-{visit}", "manager": "S-1", "mode": "on-site", **more})


def ended(visit: str, time: str) -> Fact:
    return fact("visit.ended", f"visit/{visit}", time)


def summarised(visit: str, time: str) -> Fact:
    return fact("visit.summarised", f"visit/{visit}", time, text="……")


def filed(customer: str, time: str, /, **more: Any) -> Fact:
    return fact("customer.filed", f"customer/{customer}", time, **{"by": "S-1", **more})


def reassigned(customer: str, time: str, old: str, new: str) -> Fact:
    return fact("customer.reassigned", f"customer/{customer}", time, from_=old, to=new, reason="……")


def evaluated(customer: str, time: str, by: str = "S-1") -> Fact:
    return fact("customer.evaluated", f"customer/{customer}", time, by=by)


def feedback(subject: str, time: str, /, **data: Any) -> Fact:
    return fact("feedback.given", subject, time, **data)
