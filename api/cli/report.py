"""What a simulation comes to: counts per clause and code, and what two policies make of the same facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from api.cli.edge import Edge
from api.i18n import Text

if TYPE_CHECKING:
    from domain.policy import Policy

# event type -> column of the report
COLUMNS: Mapping[str, Text] = {
    "obligation.opened": Text("opened", "产生"),
    "obligation.met": Text("met", "履行"),
    "obligation.breached": Text("breached", "逾期"),
    "obligation.withdrawn": Text("withdrawn", "撤销"),
    "violation.found": Text("violations", "违规"),
    "escalation.raised": Text("escalations", "升级"),
    "kpi.missed": Text("missed", "未达标"),
}
WIDE = 150  # columns of a table that is piped on

DIFFERS = ("type", "subject", "time", "data")
"""What makes two recorded events the same to a comparison: not their ids, nor the policy that is named."""


@dataclass
class Summary:
    facts: int = 0
    clauses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rejected: Counter[str] = field(default_factory=Counter)
    parked: int = 0


def summary(lines: Iterable[bytes]) -> Summary:
    """What the lines of a simulation come to."""
    found = Summary()
    for line in lines:
        _count(found, orjson.loads(line))
    return found


def _count(found: Summary, event: Mapping[str, Any]) -> None:
    kind, data = event["type"], event["data"]
    if kind == "intake.rejected":
        found.rejected[data["code"]] += 1
    elif kind == "intake.parked":
        found.parked += 1
    elif kind in COLUMNS:
        found.clauses[data.get("clause") or data.get("kpi") or kind][kind] += 1
    elif "causationid" not in event:
        found.facts += 1


def print_report(edge: Edge, found: Summary, policy: Policy) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column(edge.text("clause", "条款"), no_wrap=True)
    table.add_column(edge.text("title", "名称"), no_wrap=True, overflow="ellipsis", max_width=28)
    for words in COLUMNS.values():
        table.add_column(words.within(edge.language), justify="right", no_wrap=True)
    for clause, counts in sorted(found.clauses.items()):
        table.add_row(clause, _title(clause, policy, edge), *(_figure(counts[kind]) for kind in COLUMNS))
    edge.console(WIDE).print(table)
    _print_intake(edge, found)


def _title(name: str, policy: Policy, edge: Edge) -> str:
    row = policy.clauses.get(name) or policy.kpis.get(name)
    return "" if row is None else str(getattr(row.row.title, edge.language))


def _figure(count: int) -> str:
    return str(count) if count else "·"


def _print_intake(edge: Edge, found: Summary) -> None:
    edge.line(edge.text("facts recorded: {n}", "入账事实：{n}", n=found.facts))
    if found.parked:
        edge.line(edge.text("facts parked: {n}", "暂存事实：{n}", n=found.parked))
    for code, count in found.rejected.most_common():
        edge.line(edge.text("facts rejected, {code}: {n}", "拒收事实，{code}：{n}", code=code, n=count))


def difference(first: Iterable[bytes], second: Iterable[bytes]) -> tuple[list[Any], list[Any]]:
    """The events that only the first has, and those that only the second has, each in its order."""
    ours, theirs = ([(_key(line), line) for line in lines] for lines in (first, second))
    return _beyond(ours, theirs), _beyond(theirs, ours)


def _key(line: bytes) -> bytes:
    event = orjson.loads(line)
    return orjson.dumps([event.get(name) for name in DIFFERS], option=orjson.OPT_SORT_KEYS)


def _beyond(some: Sequence[tuple[bytes, bytes]], others: Sequence[tuple[bytes, bytes]]) -> list[Any]:
    left = Counter(key for key, _ in others)
    found = []
    for key, line in some:
        if left[key]:
            left[key] -= 1
        else:
            found.append(orjson.loads(line))
    return found


def print_difference(edge: Edge, names: Sequence[str], found: Sequence[Sequence[Any]]) -> None:
    for name, events in zip(names, found, strict=True):
        for event in events:
            edge.json({"only": name, "event": event})


def print_comparison(edge: Edge, names: Sequence[str], told: tuple[list[bytes], list[bytes]]) -> None:
    """Per clause the counts of both, `first | second`; then how many events differ."""
    from rich import box
    from rich.table import Table

    first, second = (summary(lines) for lines in told)
    table = Table(box=box.SIMPLE, pad_edge=False, title=" | ".join(names), title_justify="left")
    table.add_column(edge.text("clause", "条款"), no_wrap=True)
    for words in COLUMNS.values():
        table.add_column(words.within(edge.language), justify="right", no_wrap=True)
    for clause in sorted({*first.clauses, *second.clauses}):
        pair = first.clauses[clause], second.clauses[clause]
        table.add_row(clause, *(_both(pair[0][kind], pair[1][kind]) for kind in COLUMNS))
    edge.console(WIDE).print(table)
    _print_only(edge, names, difference(*told))


def _both(one: int, other: int) -> str:
    return _figure(one) if one == other else f"{one} | {other}"


def _print_only(edge: Edge, names: Sequence[str], found: Sequence[Sequence[Any]]) -> None:
    for name, events in zip(names, found, strict=True):
        edge.line(
            edge.text("only under {name}: {n} events", "仅见于 {name}：{n} 条事件", name=name, n=len(events))
        )
        for event in events[:20]:
            told = event["data"].get("clause") or event["data"].get("code") or ""
            edge.line(f"  {event.get('time')}  {event['type']}  {event.get('subject')}  {told}")
        if len(events) > 20:
            more = edge.text("all of them: --out events", "全部列出：--out events")
            edge.line(f"  … {more}")
