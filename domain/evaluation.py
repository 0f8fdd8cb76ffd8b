"""A manager's evaluation by the customers drawn at random (000 4): what they said since the last draw.

Drawing is `domain.staff.sample_evaluation`; this is how the answers are summed up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.envelope import Event

SATISFIED_FROM = 4
"""The lowest score of 5 that counts as satisfied."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Shares are of the answers; None where nobody answered."""

    asked: int
    answered: int
    mean: float | None
    satisfied: float | None


def evaluate(story: Sequence[Event]) -> Evaluation:
    """The answers given on a manager's stream after the latest draw; all of them where none was drawn."""
    asked, answers = 0, list[Any]()
    for event in story:
        data: Any = event.data
        if event.type == "evaluation.sampled":
            asked, answers = len(data.customers), []
        elif event.type == "feedback.given":
            answers.append(data)
    scores = [answer.score for answer in answers if answer.score is not None]
    satisfied = [is_satisfied(answer) for answer in answers if is_rated(answer)]
    return Evaluation(asked, len(answers), _mean(scores), _mean(satisfied))


def is_rated(answer: Any) -> bool:
    """Whether feedback says anything about satisfaction as a whole, and not only about dimensions."""
    return answer.score is not None or answer.satisfied is not None


def is_satisfied(answer: Any) -> bool:
    """A score of at least 4 of 5, or satisfied in so many words."""
    return answer.satisfied is True or (answer.score is not None and answer.score >= SATISFIED_FROM)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
