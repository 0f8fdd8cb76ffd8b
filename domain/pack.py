"""What a pack is: one written standard's rules as data, validated when it is loaded.

A pack is a TOML file. Each clause is a row with its source, and every mistake in it is answered with
the file, the row, the field and what would be right.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from domain.working_time import PeriodError, parse_period

Severity = Literal["info", "warning", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "high", "critical")
Ladder = tuple[tuple[str, ...], ...]


class PackError(ValueError):
    """A pack that cannot be used. The message names file, row, field and what would be right."""


LISTED = 20
"""How many known names an answer lists."""


def nearest(name: str, known: Collection[str]) -> str:
    """The known name that was probably meant, as the end of a sentence."""
    close = get_close_matches(name, known, 1)
    listed = f"; known are {', '.join(sorted(known))}" if len(known) <= LISTED else ""
    return f"; did you mean {close[0]!r}?" if close else listed


class Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Row):
    """A text in both languages of the product."""

    zh: str
    en: str


def _pattern(value: Any) -> Any:
    return {"on": value} if isinstance(value, str) else value


def _period(text: str) -> str:
    try:
        parse_period(text)
    except PeriodError as error:
        raise ValueError(str(error)) from error
    return text


PeriodText = Annotated[str, BeforeValidator(_period)]


class Pattern(Row):
    """An event that matters to a clause: its type, and what must hold of it (`domain.conditions`)."""

    on: str
    when: dict[str, Any] = Field(default_factory=dict)
    unless: dict[str, Any] = Field(default_factory=dict)


EventPattern = Annotated[Pattern, BeforeValidator(_pattern)]


class Term(Row):
    """How long, and for which openings; the first term whose condition holds counts."""

    within: PeriodText
    when: dict[str, Any] = Field(default_factory=dict)


class Refusal(Pattern):
    """A fact that cannot be one here: it is refused with this code. `check` names a check in code,
    where the answer lies beyond the stream itself."""

    code: str
    field: str | None = None
    check: str | None = None


class Violation(Pattern):
    """A fact that happened but broke the rule. With `given` and `expects` it is broken where the
    collection `given` lacks any of what is expected; what lacks is said in `missing`."""

    detail: str
    given: str | None = None
    expects: tuple[str, ...] = ()


class Escalation(Pattern):
    """An escalation that the rule raises at once. Without a ladder of its own it climbs the pack's."""

    severity: Severity
    ladder: Ladder = ()


class Example(Row):
    """A worked example that is computed again whenever the pack is checked."""

    opened: str
    due: str


class Clause(Row):
    """One clause of a written standard. Which of its parts are there says what kind of rule it is."""

    id: str
    title: Words
    text: Words
    source: str
    assumed: bool = False
    example: Example | Words | str | None = None
    opens: tuple[EventPattern, ...] = ()
    within: tuple[Term, ...] = ()
    due: str | None = None
    met_by: tuple[EventPattern, ...] = ()
    withdrawn_by: tuple[EventPattern, ...] = ()
    once: bool = False
    each: bool = False
    per: str | None = None
    pauses: bool = False
    ends_on_close: bool = False
    counts_against: str | None = None
    refuses: tuple[Refusal, ...] = ()
    violates: tuple[Violation, ...] = ()
    escalates: tuple[Escalation, ...] = ()
    rule: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _terms(cls, row: Any) -> Any:
        if isinstance(row, Mapping) and isinstance(row.get("within"), str):
            return {**row, "within": [{"within": row["within"]}]}
        return row

    @model_validator(mode="after")
    def _whole(self) -> Clause:
        timed = bool(self.within) or self.due is not None
        if bool(self.opens) and not timed:
            raise ValueError("an obligation that opens needs `within` or `due`")
        if timed and not self.met_by:
            raise ValueError("an obligation needs `met_by`, or it could never be met")
        if not (timed or self.refuses or self.violates or self.escalates or self.rule):
            raise ValueError("says nothing: give it opens, refuses, violates, escalates or a rule")
        return self


class Kpi(Row):
    """A figure measured over a window, and the limit at which it is missed."""

    id: str
    title: Words
    text: Words
    source: str
    assumed: bool = False
    measure: str
    per: Literal["staff", "branch"]
    window: Literal["day", "week", "month", "quarter"]
    at_least: float | None = None
    at_most: float | None = None
    params: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_limit(self) -> Kpi:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("needs exactly one of `at_least` and `at_most`")
        return self

    @property
    def threshold(self) -> float:
        limit = self.at_least if self.at_least is not None else self.at_most
        assert limit is not None
        return limit

    def missed(self, value: float) -> bool:
        return value < self.threshold if self.at_least is not None else value > self.threshold


def names_roles(ladder: Iterable[Sequence[str]]) -> bool:
    """Whether each step has at least one role, and each role a name."""
    return all(step and all(step) for step in ladder)


class Pack(Row):
    """One standard: its clauses, ladder, KPIs and vocabulary."""

    id: str
    version: str
    title: Words
    includes: tuple[str, ...] = ("general",)
    timezone: str = "Asia/Shanghai"
    calendar: Any = "cn"
    branches: tuple[str, ...] = ()
    ladder: Ladder
    step: PeriodText = "1 working day"
    critical_step: PeriodText = "30 minutes"
    sources: dict[str, Words] = Field(default_factory=dict)
    roles: tuple[str, ...] = ()
    vocabulary: dict[str, Any] = Field(default_factory=dict)
    clause: tuple[Clause, ...] = ()
    kpi: tuple[Kpi, ...] = ()
    ranking: dict[str, float] = Field(default_factory=dict)
    digest: str = ""
    text: str = Field(default="", repr=False)

    @model_validator(mode="after")
    def _ladder_has_steps(self) -> Pack:
        if not self.ladder or not names_roles(self.ladder):
            raise ValueError("ladder: needs at least one step, each with at least one role")
        return self

    @property
    def name(self) -> str:
        """Identity of this very text: `id@version~digest`."""
        return f"{self.id}@{self.version}~{self.digest[:8]}"

    def cites(self, source: str, language: str = "zh") -> str:
        """The written rule in words: `003 五(二)1(4)` becomes its document's title and the number."""
        parts = [part.strip().partition(" ") for part in source.split(";")]
        return "; ".join(f"{self._document(doc, language)} {number}".strip() for doc, _, number in parts)

    def _document(self, code: str, language: str) -> str:
        words = self.sources.get(code)
        return getattr(words, language) if words else code


def _row_name(document: Mapping[str, Any], where: tuple[Any, ...]) -> Iterator[str]:
    """`('clause', 3, 'within', 0, 'within')` as a person would say it: `clause "lab.decision", within`."""
    if len(where) >= 2 and where[0] in ("clause", "kpi") and isinstance(where[1], int):
        row = document[where[0]][where[1]]
        name = row.get("id") if isinstance(row, Mapping) else None
        yield f'{where[0]} "{name}"' if name else f"{where[0]} number {where[1] + 1}"
        where = where[2:]
    field = ".".join(str(part) for part in where if not str(part).startswith("function-"))
    if field:
        yield f"field {field}"


ROWS: Mapping[object, type[Row]] = {
    "clause": Clause,
    "kpi": Kpi,
    "opens": Pattern,
    "met_by": Pattern,
    "withdrawn_by": Pattern,
    "refuses": Refusal,
    "violates": Violation,
    "escalates": Escalation,
    "within": Term,
    "title": Words,
    "text": Words,
    "sources": Words,
    "example": Example,
}
"""What lies under a field that holds rows."""


def _meant(where: tuple[Any, ...]) -> str:
    """The field that was probably meant: of the row in which the unknown one stands."""
    row: type[Row] = Pack
    for name in where[:-1]:
        row = ROWS.get(name, row)
    close = get_close_matches(str(where[-1]), row.model_fields, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _complain(file: str, document: Mapping[str, Any], error: ValidationError) -> PackError:
    first = error.errors(include_url=False)[0]
    place = ", ".join(_row_name(document, first["loc"]))
    unknown = first["type"] == "extra_forbidden"
    message = f"is unknown{_meant(first['loc'])}" if unknown else first["msg"].removeprefix("Value error, ")
    return PackError(f"{file}: {place}: {message}" if place else f"{file}: {message}")


def parse_pack(text: str, file: str) -> Pack:
    """A pack from its TOML text; `file` is only what the messages call it.

    Raises:
        PackError: with file, row, field and what would be right.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"{file}: not TOML: {error}") from error
    fields = {**document.pop("pack", {}), **document}
    try:
        return Pack(**{**fields, "digest": sha256(text.encode()).hexdigest(), "text": text})
    except ValidationError as error:
        raise _complain(file, fields, error) from error


def limited(pack: Pack, branches: Sequence[str]) -> Pack:
    """The pack for some branches only, as if its text said so: what is kept of it says it too."""
    line = f"branches = [{', '.join(json.dumps(branch) for branch in branches)}]"
    kept = [old for old in pack.text.splitlines() if not old.startswith("branches =")]
    place = kept.index("[pack]") + 1
    return parse_pack("\n".join((*kept[:place], line, *kept[place:])), f"{pack.id}.toml")


def read_pack(file: Path) -> Pack:
    """A pack from a file.

    Raises:
        PackError: the file cannot be read, or what is in it cannot be used.
    """
    try:
        return parse_pack(file.read_text("utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"{file}: cannot be read: {error}") from error
