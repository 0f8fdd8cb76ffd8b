"""Facts a second through `huiyin simulate`, and the memory it takes, each case in a process of its own.

Complaints are those of the ledger's benchmark; visits are made on the fly: 200 managers with 150 customers
each make 30 planned visits a working day, with four facts each, and sum up their day; customers' files are
reviewed and kept up to date. `--year` adds 1.5 million facts of them. Seconds are of one core (CPU time), so
that neighbours disturb less; MiB are resident.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count, islice
from time import perf_counter, process_time
from typing import Any, NamedTuple

import orjson

from benchmarks import Table
from benchmarks.ledger import STEPS
from benchmarks.ledger import facts as complaints
from benchmarks.process import apart, peak, resident
from domain.policy import load_policy
from domain.simulation import simulate

MANAGERS, CUSTOMERS, VISITS = 200, 150, 30
MONDAY = datetime.fromisoformat("2026-01-05T00:00:00+08:00")
YEAR = 1_500_000
TENTHS = 10
UPDATED_EVERY = 14
"""Rounds of a manager through his customers, of five days each, from one update of a file to the next."""


def visits() -> Iterator[bytes]:
    """The facts of all managers, day by day, in the order of their time."""
    told = (fact for day in days() for fact in sorted(_day(day), key=lambda fact: fact[0]))
    for number, (at, type_, subject, data) in enumerate(_chain(_filed(), told)):
        head = {"specversion": "1.0", "id": f"v-{number}", "source": "/upstream/mobile"}
        yield orjson.dumps({**head, "type": type_, "subject": subject, "time": at, "data": data})


Said = tuple[datetime, str, str, dict[str, Any]]


def _chain(*parts: Iterable[Said]) -> Iterator[Said]:
    for part in parts:
        yield from part


def days() -> Iterator[datetime]:
    """The working days, as they would be without holidays."""
    return (day for n in count() if (day := MONDAY + timedelta(days=n)).weekday() < 5)


def _filed() -> Iterator[Said]:
    """Every customer has a manager before the first visit, and a file that a colleague has reviewed."""
    for number in range(MANAGERS * CUSTOMERS):
        manager, colleague = number // CUSTOMERS, (number // CUSTOMERS + 1) % MANAGERS
        at, subject = MONDAY - timedelta(days=3) + timedelta(seconds=number), f"customer/K-{number}"
        yield at, "customer.filed", subject, {"by": f"S-{manager}", "category": "retailer"}
        yield at, "customer.file_reviewed", subject, {"by": f"S-{colleague}"}


def _day(day: datetime) -> Iterator[Said]:
    for manager in range(MANAGERS):
        for place in range(VISITS):
            yield from _visit(day, manager, place)
        yield day + timedelta(hours=17.25), "day.summarised", f"staff/S-{manager}", {"text": "今日走访完成"}


def _visit(day: datetime, manager: int, place: int) -> Iterator[Said]:
    """Every customer is seen in turn, from 08:00 on, for a quarter of an hour each; one in fifty a day later
    learns that the manager was late."""
    number = (day - MONDAY).days * VISITS + place
    customer = f"K-{manager * CUSTOMERS + number % CUSTOMERS}"
    subject = f"visit/V-{manager}-{number}"
    start = day + timedelta(hours=8, minutes=17 * place + manager % 50, seconds=manager)
    plan = {"customer": customer, "manager": f"S-{manager}", "date": f"{day:%Y-%m-%d}", "mode": "on-site"}
    yield day - timedelta(hours=7), "visit.planned", subject, plan
    yield start, "visit.started", subject, {}
    yield start + timedelta(minutes=15), "visit.ended", subject, {}
    yield start + timedelta(minutes=16), "visit.summarised", subject, {"text": "库存正常，已核对价格标签"}
    if number // CUSTOMERS % UPDATED_EVERY == 1:
        updated = {"by": f"S-{manager}"}
        yield start + timedelta(minutes=16), "customer.updated", f"customer/{customer}", updated


class Case(NamedTuple):
    name: str
    packs: tuple[str, ...]
    told: Callable[[int], Iterable[bytes]]
    facts: int


def _complaints(number: int) -> Iterable[bytes]:
    return islice(complaints(number // len(STEPS) + 1), number)


def _visits(number: int) -> Iterable[bytes]:
    return islice(visits(), number)


CASES = (
    Case("complaints, general", ("general",), _complaints, 80_000),
    Case("complaints, auto-4s", ("auto-4s",), _complaints, 80_000),
    Case("visits, tobacco-xuzhou", ("tobacco-xuzhou",), _visits, 100_000),
)
A_YEAR = Case("visits, tobacco-xuzhou", ("tobacco-xuzhou",), _visits, YEAR)


class Measured(NamedTuple):
    events: int
    seconds: float
    lasted: float
    memory: list[int]
    peak: int


def measure(case: Case) -> Measured:
    """One case from the first fact to the last, without the time that making the facts takes."""
    from api.cli.simulate import _spare_the_collector

    policy, watched = load_policy(case.packs), Watched(case.told(case.facts), case.facts // TENTHS)
    _spare_the_collector()
    began, start = process_time(), perf_counter()
    events = sum(1 for _ in simulate(watched.facts(), policy))
    seconds = process_time() - began - watched.making
    return Measured(events, seconds, perf_counter() - start, watched.memory, peak())


class Watched:
    """Facts as they pass, made a tenth of a tenth at a time; after each tenth the memory is looked at."""

    def __init__(self, facts: Iterable[bytes], every: int) -> None:
        self._left, self._every = iter(facts), every
        self.memory = [resident()]
        self.making = 0.0

    def facts(self) -> Iterator[bytes]:
        for part in count(1):
            began = process_time()
            made = list(islice(self._left, self._every // TENTHS))
            self.making += process_time() - began
            if not made:
                return
            yield from made
            if part % TENTHS == 0:
                self.memory.append(resident())


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--year", action="store_true", help=f"simulate: also {YEAR:,} facts of visits")
    parser.add_argument("--facts", type=int, help="simulate: so many facts of visits, and nothing else")


def run(given: Namespace) -> Iterator[Table]:
    cases: tuple[Case, ...] = (*CASES, A_YEAR) if given.year else CASES
    if given.facts:
        cases = (A_YEAR._replace(facts=given.facts),)
    columns = ("case", "facts", "facts/s", "events/s", "seconds", "wall", "peak MiB")
    table = Table("simulate, one core", columns)
    flat = Table("MiB resident", ("case", "facts", "before, and after each tenth of the way"))
    for case in cases:
        done = apart(measure, case)
        rates = case.facts / done.seconds, done.events / done.seconds
        table.rows.append((case.name, case.facts, *rates, done.seconds, done.lasted, done.peak))
        flat.rows.append((case.name, case.facts, " ".join(map(str, done.memory))))
    yield table
    yield flat
