"""The registry of named rules: what a clause says that no table can.

A pack's clause names one with `rule = "…"`; its figures come from the clause's `params`. So a rule acts
only where a row asks for it, and taking the row out takes the behaviour out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from domain.engine import Turn
    from domain.envelope import Event
    from domain.policy import BoundClause
    from domain.stream import Stream

RuleFunction = Callable[["Turn", "Stream", "Event", "BoundClause"], Iterable[Any] | None]


class Params(BaseModel):
    """What a rule's row may say in `params`; checked when the pack is loaded."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Rule:
    """`judged` rules follow from the stream's own story and are judged again when a late fact arrives;
    the others are decisions, made once, when the fact is learned. `params`: what its row must say."""

    name: str
    on: tuple[str, ...]
    judged: bool
    apply: RuleFunction
    params: type[Params] | None = None


RULES: dict[str, tuple[Rule, ...]] = {}
"""By name. A name may have several functions: one judged, say, and one that has others judged again."""


def rule(
    name: str, *on: str, judged: bool = False, params: type[Params] | None = None
) -> Callable[[RuleFunction], RuleFunction]:
    """Registers a function as the rule of this name, asked on these event types."""

    def register(function: RuleFunction) -> RuleFunction:
        RULES[name] = (*RULES.get(name, ()), Rule(name, on, judged, function, params))
        return function

    return register


REFUSALS: dict[str, Callable[..., bool]] = {}
"""Named checks behind `refuses` rows whose answer needs more than the stream itself."""

REFUSAL_PARAMS: dict[str, type[Params]] = {}
"""What the row that asks for a check must say in `params`."""


def refusal(
    name: str, params: type[Params] | None = None
) -> Callable[[Callable[..., bool]], Callable[..., bool]]:
    """Registers the check of this name; a `refuses` row asks for it with `check = "…"`."""

    def register(function: Callable[..., bool]) -> Callable[..., bool]:
        REFUSALS[name] = function
        if params is not None:
            REFUSAL_PARAMS[name] = params
        return function

    return register
