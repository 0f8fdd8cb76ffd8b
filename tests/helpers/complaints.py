"""What happens to a complaint, as facts; complaint C-1 unless another is named."""

from typing import Any

from tests.helpers.scenario import Told, at, fact

Fact = dict[str, Any]


def act(name: str, time: str, /, of: str = "C-1", **data: Any) -> Fact:
    return fact(f"complaint.{name}", f"complaint/{of}", time, **data)


def replied(time: str, /, of: str = "C-1", **data: Any) -> Fact:
    return act("replied", time, of, **{"text": "……", **data})


def answered(time: str, /, of: str = "C-1", **data: Any) -> Fact:
    """Replied to for good."""
    return replied(time, of, final=True, **data)


def resolved(time: str, /, of: str = "C-1", **data: Any) -> Fact:
    return act("resolved", time, of, resolution="……", **data)


def promised(time: str, by: str, of: str = "C-1") -> Fact:
    return act("promised", time, of, answer_by=at(by).isoformat())


def closed(time: str, of: str = "C-1") -> Fact:
    return act("closed", time, of, by="S-1")


def merged(time: str) -> Fact:
    return act("merged", time, into="C-9")


def unmerged(time: str) -> Fact:
    return act("unmerged", time)


def settled(day: str, of: str = "C-1") -> list[Fact]:
    """Answered in writing at 10:00, resolved at 11:00 and closed at 12:00 of a day."""
    return [
        answered(f"{day} 10:00", of, written=True),
        resolved(f"{day} 11:00", of),
        closed(f"{day} 12:00", of),
    ]


def feedback(time: str, /, of: str = "C-1", **data: Any) -> Fact:
    return fact("feedback.given", f"complaint/{of}", time, **data)


def codes(told: Told) -> list[str]:
    """Why facts were refused, in the order in which they were."""
    return [line["data"]["code"] for line in told.all("intake.rejected")]


def levels(told: Told, **partial: Any) -> list[tuple[int, list[str], str]]:
    """The steps of a ladder that were raised: level, roles and time."""
    return [
        (line["data"]["level"], line["data"]["to"], line["time"])
        for line in told.all("escalation.raised", **partial)
    ]


def life(told: Told, clause: str) -> list[tuple[str, str]]:
    """What became of a clause's obligations, in the order recorded."""
    return [
        (line["type"].partition(".")[2], line["time"])
        for line in told.lines
        if line["type"].startswith("obligation.") and line["data"]["clause"] == clause
    ]


def when(text: str) -> str:
    """A time as events write it."""
    return at(text).isoformat()
