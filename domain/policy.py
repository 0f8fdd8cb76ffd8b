"""A policy: the packs that an installation runs, ready to be asked what follows from an event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from domain.conditions import Condition, ConditionError, compile_condition
from domain.events import TYPES
from domain.kinds import STATE_FIELDS, kinds_of
from domain.measures import MEASURES
from domain.pack import (
    Clause,
    Escalation,
    Example,
    Kpi,
    Ladder,
    Pack,
    PackError,
    Pattern,
    Violation,
    limited,
    read_pack,
)
from domain.pack_check import calendar_of, check_clause, params_of
from domain.pack_sense import never_met
from domain.rules import RULES, Rule
from domain.working_time import Calendar, Period, deadline, parse_period

SHIPPED = Path(__file__).parent / "policies"


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a clause, compiled: when it applies, and what it says."""

    clause: BoundClause
    condition: Condition | None
    says: Any = None


@dataclass(frozen=True)
class BoundClause:
    """A clause within its pack: its periods parsed, its conditions compiled, its ladder known."""

    row: Clause
    pack: Pack
    calendar: Calendar
    terms: tuple[tuple[Condition | None, str, Period], ...] = ()
    met_by: Mapping[str, tuple[Condition | None, ...]] = field(default_factory=dict)
    withdrawn_by: Mapping[str, tuple[Condition | None, ...]] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        return self.row.id

    @cached_property
    def cites(self) -> str:
        return self.pack.cites(self.row.source)

    @cached_property
    def assumed(self) -> str:
        """What stands in a reason beside a figure that the standard leaves open."""
        return " (assumed)" if self.row.assumed else ""

    @cached_property
    def step(self) -> Period:
        return parse_period(self.pack.step)

    @cached_property
    def critical_step(self) -> Period:
        return parse_period(self.pack.critical_step)

    @property
    def ladder(self) -> Ladder:
        return self.pack.ladder


@dataclass
class Handlers:
    """What the clauses have to say about one event type, in the order of the packs."""

    refuses: list[Step] = field(default_factory=list)
    opens: list[Step] = field(default_factory=list)
    violates: list[Step] = field(default_factory=list)
    escalates: list[Step] = field(default_factory=list)
    rules: list[tuple[BoundClause, Rule]] = field(default_factory=list)


@dataclass(frozen=True)
class BoundKpi:
    row: Kpi
    pack: Pack
    calendar: Calendar

    @cached_property
    def cites(self) -> str:
        return self.pack.cites(self.row.source)


NOTHING = Handlers()


class Policy:
    """Several packs as one. Immutable once built; `version` names the very texts it was built from, and
    for one branch's part the whole that it is a part of. `once`: it was in force once and is read back from
    the record, so that what is asked of packs today must not refuse it."""

    def __init__(self, packs: Sequence[Pack], version: str | None = None, once: bool = False) -> None:
        self.packs = tuple(packs)
        self.version = version or "+".join(pack.name for pack in packs)
        self._once = once
        self.clauses: dict[str, BoundClause] = {}
        self.kpis: dict[str, BoundKpi] = {}
        self._by_rule: dict[str, list[BoundClause]] = {}
        self._handlers: dict[str, Handlers] = defaultdict(Handlers)
        self._kpis_on: dict[str, list[BoundKpi]] = defaultdict(list)
        self._of_branch: dict[str | None, Policy] = {}
        for pack in packs:
            self._add(pack)
        for row, problem in () if once else never_met(bound.row for bound in self.clauses.values()):
            raise PackError(f'{self._home(row.id)}: clause "{row.id}": field met_by: {problem}')

    @property
    def texts(self) -> dict[str, str]:
        """The packs' own texts by id, so that a ledger can keep what was in force."""
        return {pack.id: pack.text for pack in self.packs}

    def handlers(self, event_type: str) -> Handlers:
        return self._handlers.get(event_type, NOTHING)

    def for_branch(self, branch: str | None) -> Policy:
        """This policy without the packs that are limited to other branches.

        A stream whose branch nobody named (a planned visit, a customer) is under all of them.
        """
        if branch is None:
            return self
        if branch not in self._of_branch:
            own = [pack for pack in self.packs if not pack.branches or branch in pack.branches]
            part = self if len(own) == len(self.packs) else Policy(own, self.version, self._once)
            self._of_branch[branch] = part
        return self._of_branch[branch]

    def kpis_on(self, event_type: str) -> Sequence[BoundKpi]:
        """The KPIs to whose figure an event of this type contributes."""
        return self._kpis_on.get(event_type, ())

    def with_rule(self, name: str) -> Sequence[BoundClause]:
        return self._by_rule.get(name, ())

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar of the pack that was asked for by name (the last one)."""
        return calendar_of(self.packs[-1])

    def words(self, name: str) -> Any:
        """A pack's vocabulary entry, the last pack that has it winning."""
        return next((pack.vocabulary[name] for pack in reversed(self.packs) if name in pack.vocabulary), None)

    def _add(self, pack: Pack) -> None:
        pack_calendar = calendar_of(pack)
        for row in pack.clause:
            if row.id in self.clauses:
                raise PackError(f'{pack.id}.toml: clause "{row.id}" is already in {self._home(row.id)}')
            self._bind(row, pack, pack_calendar)
        for kpi in pack.kpi:
            self._add_kpi(BoundKpi(kpi, pack, pack_calendar))

    def _add_kpi(self, kpi: BoundKpi) -> None:
        if kpi.row.measure not in MEASURES:
            known = ", ".join(sorted(MEASURES))
            raise PackError(
                f'{kpi.pack.id}.toml: kpi "{kpi.row.id}": field measure: {kpi.row.measure!r} is no measure; '
                f"known are {known}"
            )
        if (of := MEASURES[kpi.row.measure].per) != kpi.row.per and not self._once:
            raise PackError(
                f'{kpi.pack.id}.toml: kpi "{kpi.row.id}": field per: {kpi.row.measure} is measured per {of}, '
                f"not per {kpi.row.per}"
            )
        if kpi.row.id in self.kpis:
            home = self.kpis[kpi.row.id].pack.id
            raise PackError(f'{kpi.pack.id}.toml: kpi "{kpi.row.id}" is already in {home}.toml')
        self.kpis[kpi.row.id] = kpi
        for event_type in MEASURES[kpi.row.measure].on:
            self._kpis_on[event_type].append(kpi)

    def _home(self, clause: str) -> str:
        return f"{self.clauses[clause].pack.id}.toml"

    def _bind(self, row: Clause, pack: Pack, pack_calendar: Calendar) -> None:
        where = f'{pack.id}.toml: clause "{row.id}"'
        check_clause(where, row, self._once)
        terms = tuple(
            (
                _condition(where, "within", row.opens, term.when, {}, pack_calendar),
                term.within,
                parse_period(term.within),
            )
            for term in row.within
        )
        bound = BoundClause(
            row,
            pack,
            pack_calendar,
            terms,
            _by_type(where, "met_by", row.met_by, pack_calendar),
            _by_type(where, "withdrawn_by", row.withdrawn_by, pack_calendar),
        )
        self.clauses[row.id] = bound
        self._index(bound, where)

    def _index(self, bound: BoundClause, where: str) -> None:
        row = bound.row
        parts: tuple[tuple[str, Iterable[Pattern]], ...] = (
            ("opens", row.opens),
            ("violates", row.violates),
            ("refuses", row.refuses),
            ("escalates", row.escalates),
        )
        for name, patterns in parts:
            for pattern in patterns:
                condition = _of_pattern(where, name, pattern, bound.calendar)
                getattr(self._handlers[pattern.on], name).append(Step(bound, condition, pattern))
        if row.rule is not None:
            self._by_rule.setdefault(row.rule, []).append(bound)
            for rule in _rules(where, row.rule):
                if not self._once:
                    _check_params(where, rule, row.params)
                for event_type in rule.on:
                    self._handlers[event_type].rules.append((bound, rule))


def _rules(where: str, name: str) -> tuple[Rule, ...]:
    if name not in RULES:
        raise PackError(f"{where}: field rule: {name!r} is no rule; known are {', '.join(sorted(RULES))}")
    return RULES[name]


def _check_params(where: str, rule: Rule, params: Mapping[str, Any]) -> None:
    for place, problem in params_of(rule.params, params):
        raise PackError(f"{where}: field {place}: {problem}")


def _by_type(
    where: str, part: str, patterns: Sequence[Pattern], of: Calendar
) -> dict[str, tuple[Condition | None, ...]]:
    found: dict[str, tuple[Condition | None, ...]] = {}
    for pattern in patterns:
        found[pattern.on] = (*found.get(pattern.on, ()), _of_pattern(where, part, pattern, of))
    return found


def _of_pattern(where: str, part: str, pattern: Pattern, of: Calendar) -> Condition | None:
    return _condition(where, part, (pattern,), pattern.when, pattern.unless, of)


def _condition(
    where: str,
    part: str,
    patterns: Sequence[Pattern],
    when: Mapping[str, Any],
    unless: Mapping[str, Any],
    of: Calendar,
) -> Condition | None:
    fields: frozenset[str] = frozenset()
    state_fields: frozenset[str] = frozenset()
    for pattern in patterns:
        fields |= frozenset(TYPES[pattern.on].model_fields)
        for kind in kinds_of(pattern.on):
            state_fields |= STATE_FIELDS[kind]
    try:
        return compile_condition(when, unless, fields, state_fields, of)
    except ConditionError as error:
        raise PackError(f"{where}: field {part}.when: {error}") from error


def find_pack(name: str, directories: Sequence[Path]) -> Path:
    """The file of a pack by its id; the first directory that has it wins, so an organisation overrides.

    Raises:
        PackError: there is none, with those that there are.
    """
    for directory in directories:
        if (file := directory / f"{name}.toml").is_file():
            return file
    known = sorted({file.stem for directory in directories for file in directory.glob("*.toml")})
    raise PackError(f"no pack is called {name!r}; there are {', '.join(known)}")


def load_policy(names: Sequence[str], directories: Sequence[Path] = ()) -> Policy:
    """The policy made of these packs and all that they include, included ones first.

    `auto-4s@QC-01+QC-02` is the pack auto-4s for the streams of these branches alone.
    `directories` are an organisation's own; they are looked through before the shipped packs.

    Raises:
        PackError: a pack is missing or cannot be used.
    """
    places = [*directories, SHIPPED]
    packs: dict[str, Pack] = {}

    def include(asked: str, path: tuple[str, ...]) -> None:
        name, _, branches = asked.partition("@")
        if name in path:
            raise PackError(f"{name}.toml: field includes: {' → '.join((*path, name))} goes in a circle")
        if name in packs:
            return
        pack = read_pack(find_pack(name, places))
        if branches:
            pack = limited(pack, branches.split("+"))
        for other in pack.includes:
            if other != name:
                include(other, (*path, name))
        packs[name] = pack

    for name in names:
        include(name, ())
    return Policy(list(packs.values()))


def check_examples(policy: Policy) -> list[str]:
    """What the worked examples of a policy's clauses say that the arithmetic does not."""
    return [
        f"{bound.pack.id}.toml: clause {bound.id!r}: field example: due is {got.isoformat()}, "
        f"not {bound.row.example.due}"
        for bound in policy.clauses.values()
        if bound.terms and isinstance(bound.row.example, Example)
        for got in [_example(bound, bound.row.example)]
        if got != datetime.fromisoformat(bound.row.example.due)
    ]


def _example(bound: BoundClause, example: Example) -> datetime:
    opened = datetime.fromisoformat(example.opened)
    return deadline(opened, bound.terms[-1][2], bound.calendar).due_at


__all__ = [
    "BoundClause",
    "BoundKpi",
    "Escalation",
    "Handlers",
    "Policy",
    "Step",
    "Violation",
    "check_examples",
    "load_policy",
]
