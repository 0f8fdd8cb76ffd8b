"""Public data sets that nobody here made, told as facts, and what must come of them: `--data DIR` names the
folder with `boston311*.csv.gz`, `uci_incidents*.csv.gz` and `cfpb*.csv.gz` (each with its `.truth.json`).

City of Boston 311 requests (city open data), the ServiceNow event log of UCI data set 498 (CC BY 4.0) and
complaints to the US Consumer Financial Protection Bureau (public domain). Times are local, as published;
where only a date is, its 00:00 is taken. Each case runs under the pack `general` in a process of its own, in
less than a minute and a gigabyte.
"""

from __future__ import annotations

import csv
import gzip
import json
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from benchmarks import Table
from benchmarks.process import apart, peak
from domain.policy import load_policy
from domain.simulation import simulate

Row = Mapping[str, str]

BOSTON = ZoneInfo("America/New_York")
LONG_AFTER = datetime.fromisoformat("2030-01-01T00:00:00+00:00")
SECONDS, MIB = 60, 1024
"""What a case may take, of one core and of memory."""


class Fact(NamedTuple):
    """One fact, and where it stands among those of its subject."""

    subject: str
    number: int
    type: str
    time: datetime
    data: dict[str, Any]

    def message(self, source: str) -> bytes:
        head = {"specversion": "1.0", "id": f"{self.subject}-{self.number}", "source": source}
        return orjson.dumps(
            {**head, "type": self.type, "subject": self.subject, "time": self.time, "data": self.data}
        )


Told = tuple[str, datetime, dict[str, Any]]


def _facts(subject: str, told: Iterable[Told]) -> list[Fact]:
    return [Fact(subject, number, *said) for number, said in enumerate(told)]


# ---- Boston: a promise with each request that has a target


def boston(rows: Iterable[Row]) -> Iterator[Fact]:
    for row in rows:
        yield from _facts(f"complaint/{row['case_enquiry_id']}", _request(row))


def _request(row: Row) -> Iterator[Told]:
    opened = _local(row["open_dt"])
    yield (
        "complaint.received",
        opened,
        _received(row, "neighborhood", "type", "source", "reason", "department"),
    )
    if row["sla_target_dt"]:
        yield "complaint.promised", opened, {"answer_by": _local(row["sla_target_dt"])}
    if row["closed_dt"]:
        closed = _local(row["closed_dt"])
        yield "complaint.replied", closed, {"text": "closed", "final": True}
        yield "complaint.resolved", closed, {"resolution": "closed"}
        yield "complaint.closed", closed, {"by": row["department"]}


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BOSTON)


def _received(row: Row, *columns: str) -> dict[str, str]:
    """What is received, from the columns in which it stands; nobody may know."""
    names = ("customer", "category", "channel", "summary", "branch")
    return {name: row[column] or "unknown" for name, column in zip(names, columns, strict=False)}


# ---- ServiceNow: every update of an incident, in the order of its counter


def incidents(rows: Iterable[Row]) -> Iterator[Fact]:
    for number, of_incident in groupby(sorted(rows, key=itemgetter("number")), key=itemgetter("number")):
        updates = sorted(of_incident, key=lambda row: int(row["sys_mod_count"]))
        yield from _facts(f"complaint/{number}", _incident(updates))


RESTING = ("Resolved", "Closed")
UNKNOWN = "?"


def _incident(updates: list[Row]) -> Iterator[Told]:
    first = updates[0]
    data = _received(first, "caller_id", "category", "contact_type", "subcategory")
    yield "complaint.received", _updated(first["opened_at"]), data
    before: Row = {"incident_state": "New", "assigned_to": UNKNOWN}
    for row in updates:
        at = _updated(row["sys_updated_at"])
        if row["incident_state"] != before["incident_state"]:
            yield from ((type_, at, said) for type_, said in _left(before, row))
        if _assigned(before, row):
            yield "complaint.assigned", at, {"handler": row["assigned_to"]}
        if row["incident_state"] != before["incident_state"]:
            yield from ((type_, at, said) for type_, said in _entered(row))
        before = row


def _updated(text: str) -> datetime:
    return datetime.strptime(f"{text} +0000", "%d/%m/%Y %H:%M %z")


def _assigned(before: Row, row: Row) -> bool:
    closed = before["incident_state"] == row["incident_state"] == "Closed"
    return row["assigned_to"] not in (before["assigned_to"], UNKNOWN) and not closed


def _left(before: Row, row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    """What it means that the state before is no more."""
    if before["incident_state"].startswith("Awaiting"):
        yield "complaint.resumed", {}
    if before["incident_state"] in RESTING and row["incident_state"] not in RESTING:
        yield "complaint.reopened", {"reason": f"{before['incident_state']}, then {row['incident_state']}"}


def _entered(row: Row) -> Iterator[tuple[str, dict[str, Any]]]:
    match row["incident_state"]:
        case "Resolved":
            yield "complaint.replied", {"text": row["closed_code"], "final": True}
            yield "complaint.resolved", {"resolution": row["closed_code"]}
        case "Closed":
            yield "complaint.closed", {"by": row["sys_updated_by"]}
        case state if state.startswith("Awaiting"):
            yield "complaint.awaiting", {"whom": AWAITED.get(state, "other"), "reason": state}


AWAITED = {"Awaiting User Info": "customer", "Awaiting Vendor": "supplier"}


# ---- CFPB: when the response came is not published


def bureau(rows: Iterable[Row]) -> Iterator[Fact]:
    for row in rows:
        yield from _facts(f"complaint/{row['Complaint ID']}", _to_the_bureau(row))


def _to_the_bureau(row: Row) -> Iterator[Told]:
    data = _received(row, "State", "Product", "Submitted via", "Issue")
    yield "complaint.received", _local(row["Date submitted"]), data
    sent = _local(row["Date received"])
    yield "complaint.handed_over", sent, {"to": "company", "reason": "sent to the company"}
    if (response := row["Company response to consumer"]) != "In progress":
        yield "complaint.resolved", sent, {"resolution": response}


# ---- what must come of them


class Found(NamedTuple):
    """What a data set says itself, and what came of its facts."""

    facts: int
    wanted: Any
    got: Any
    refused: str
    seconds: float
    peak: int


class Case(NamedTuple):
    """`wanted` of the rows and the truth beside them, `got` of the events that were recorded."""

    name: str
    pattern: str
    convert: Callable[[Iterable[Row]], Iterator[Fact]]
    wanted: Callable[[list[Row], Any], Any]
    got: Callable[[Iterable[dict[str, Any]]], Any]
    by_time: bool = True
    until: datetime | None = None


def _overdue(rows: list[Row], truth: Any) -> tuple[int, set[str]]:
    late = {f"complaint/{row['case_enquiry_id']}" for row in rows if row["on_time"] == "OVERDUE"}
    return truth["totals"]["flag_overdue"], late


def _broken(events: Iterable[dict[str, Any]]) -> tuple[int, set[str]]:
    """Breaches of a promise that stand."""
    standing: set[str] = set()
    for event in events:
        if event["data"].get("clause") == "general.promise":
            if event["type"] == "obligation.breached":
                standing.add(event["subject"])
            elif event["type"] == "obligation.withdrawn":
                standing.discard(event["subject"])
    return len(standing), standing


def _counted_reopened(rows: list[Row], truth: Any) -> tuple[int, set[str]]:
    number = truth["incidents_with_state_leaving_Resolved/Closed(row order)"]
    return number, {f"complaint/{row['number']}" for row in rows if int(row["reopen_count"]) > 0}


def _reopened(events: Iterable[dict[str, Any]]) -> tuple[int, set[str]]:
    found = {event["subject"] for event in events if event["type"] == "complaint.reopened"}
    return len(found), found


def _published(_rows: list[Row], truth: Any) -> tuple[dict[str, int], int]:
    responses = sum(number for response, number in truth["response"].items() if response != "In progress")
    return {product: of["n"] for product, of in truth["by_product"].items()}, responses


def _by_product(events: Iterable[dict[str, Any]]) -> tuple[dict[str, int], int]:
    products: Counter[str] = Counter()
    resolved = 0
    for event in events:
        if event["type"] == "complaint.received":
            products[event["data"]["category"]] += 1
        resolved += event["type"] == "complaint.resolved"
    return dict(products), resolved


CASES = (
    Case("Boston, by time", "boston311*.csv.gz", boston, _overdue, _broken, until=LONG_AFTER),
    Case("Boston, by row", "boston311*.csv.gz", boston, _overdue, _broken, by_time=False, until=LONG_AFTER),
    Case("ServiceNow", "uci_incidents*.csv.gz", incidents, _counted_reopened, _reopened),
    Case("CFPB", "cfpb*.csv.gz", bureau, _published, _by_product),
)


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """As they would be learned: by time, but those of one subject as they are told."""
    placed = []
    for _, of_subject in groupby(facts, key=attrgetter("subject")):
        latest = None
        for fact in of_subject:
            latest = fact.time if latest is None else max(latest, fact.time)
            placed.append((latest, fact))
    return [fact for _, fact in sorted(placed, key=itemgetter(0))]


def measure(place: int, folder: Path) -> Found | None:
    """A case by its place in the table, from file to findings; None where the file is not there."""
    case = CASES[place]
    file = next(iter(sorted(folder.glob(case.pattern))), None)
    if file is None:
        return None
    began = process_time()
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        rows: list[Row] = list(csv.DictReader(lines))
    truth = json.loads(Path(str(file).replace(".csv.gz", ".truth.json")).read_text("utf-8"))
    facts = in_order(case.convert(rows)) if case.by_time else list(case.convert(rows))
    wanted, refused = case.wanted(rows, truth), Counter[str]()
    number = len(facts)
    told = (fact.message("/real-data") for fact in facts)
    got = case.got(_recorded(simulate(told, load_policy(["general"]), case.until), refused))
    said = ", ".join(f"{code} {times:,}" for code, times in sorted(refused.items()))
    return Found(number, wanted, got, said or "nothing", process_time() - began, peak())


def _recorded(lines: Iterable[bytes], refused: Counter[str]) -> Iterator[dict[str, Any]]:
    """The recorded events; what was refused or has to wait is counted by its code."""
    for line in lines:
        event = orjson.loads(line)
        if event["type"].startswith("intake."):
            refused[event["data"]["code"]] += 1
        else:
            yield event


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="real_data: the folder with the data sets")


def run(given: Namespace) -> Iterator[Table]:
    columns = ("case", "facts", "wanted", "found", "the same", "seconds", "peak MiB", "refused or parked")
    table = Table("Real data under general", columns)
    for place, case in enumerate(CASES if given.data else ()):
        found = apart(measure, place, given.data)
        if found is None:
            table.rows.append((case.name, *["not there"] * (len(columns) - 1)))
        else:
            table.rows.append((case.name, found.facts, *_verdict(found)))
        table.failed = table.failed or found is None or not _holds(found)
    if given.data:
        yield table


def _holds(found: Found) -> bool:
    return bool(found.wanted == found.got) and found.seconds < SECONDS and found.peak < MIB


def _verdict(found: Found) -> tuple[object, ...]:
    wanted, got = (_figure(said) for said in (found.wanted, found.got))
    same = "yes" if found.wanted == found.got else "NO"
    return wanted, got, same, found.seconds, found.peak, found.refused


def _figure(said: tuple[Any, Any]) -> int:
    """The figure of what is compared with its parts."""
    return next(part for part in said if isinstance(part, int))
