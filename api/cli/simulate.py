"""`huiyin simulate`: facts through policies on a virtual clock; the same ledger, in memory."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, instant

if TYPE_CHECKING:
    from datetime import datetime

    from domain.policy import Policy

REJECTED = b'{"type":"intake.rejected"'
BOM = b"\xef\xbb\xbf"


def run(given: Given, edge: Edge) -> int:
    until = instant("--until", given.until)
    policy = edge.policy(given.policy, given.policy_dir)
    _spare_the_collector()
    if given.against:
        other = edge.policy(given.against, given.policy_dir)
        return _compared(given, edge, (policy, other), until)
    seen = _Rejections(_simulated(edge.lines_of(given.FILE), policy, until))
    if given.out == "report":
        from api.cli.report import print_report, summary

        print_report(edge, summary(seen), policy)
    else:
        _print(seen, edge)
    return NO if seen.count else DONE


def _spare_the_collector() -> None:
    """Simulating leaves nothing in circles: looking for garbage over and over finds none."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000_000, 20, 100)


def _simulated(facts: Iterable[bytes], policy: Policy, until: datetime | None) -> Iterator[bytes]:
    from domain.simulation import simulate

    return simulate(_without_mark(facts), policy, until)


def _without_mark(facts: Iterable[bytes]) -> Iterator[bytes]:
    """Some editors put a byte order mark before the first line; it says nothing about the fact."""
    lines = iter(facts)
    for first in lines:
        yield first.removeprefix(BOM)
        break
    yield from lines


class _Rejections:
    """The lines as they pass, and how many of them refuse a fact."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.lines, self.count = lines, 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self.lines:
            if line.startswith(REJECTED):
                self.count += 1
            yield line


def _print(lines: Iterable[bytes], edge: Edge) -> None:
    """In blocks, for speed; line by line for somebody who watches."""
    if edge.interactive:
        for line in lines:
            edge.stdout.write(line + b"\n")
            edge.stdout.flush()
        return
    block: list[bytes] = []
    for line in lines:
        block.append(line)
        if len(block) == 512:
            edge.stdout.write(b"\n".join(block) + b"\n")
            block.clear()
    if block:
        edge.stdout.write(b"\n".join(block) + b"\n")


def _compared(given: Given, edge: Edge, policies: tuple[Policy, Policy], until: datetime | None) -> int:
    """The same facts under two policies: what each clause comes to, and the events that differ."""
    from api.cli.report import difference, print_comparison, print_difference

    facts = list(edge.lines_of(given.FILE))
    told = [_Rejections(_simulated(facts, policy, until)) for policy in policies]
    first, second = (list(lines) for lines in told)
    names = (given.policy or ",".join(edge.settings.policy), given.against)
    if given.out == "events":
        print_difference(edge, names, difference(first, second))
    else:
        print_comparison(edge, names, (first, second))
    return NO if any(lines.count for lines in told) else DONE


SIMULATE = Command(
    run,
    (
        argument(
            "FILE",
            en="facts as JSON Lines, in the order learned; .gz is unpacked, - is standard input",
            zh="事实文件（JSON Lines，按获知顺序）；可为 .gz，- 表示标准输入",
        ),
        argument(
            "--policy",
            metavar="PACK[,PACK]",
            en="the packs to run (default: HUIYIN_POLICY, else general)",
            zh="所用规则包（默认 HUIYIN_POLICY，否则 general）",
        ),
        argument("--policy-dir", metavar="DIR", en="your own packs", zh="自有规则包目录"),
        argument(
            "--until",
            metavar="T",
            en="let time pass up to and including T (default: the last fact's time)",
            zh="时钟走到 T（含）为止；默认为最后一条事实的时间",
        ),
        argument(
            "--against",
            metavar="PACK[,PACK]",
            en="compare with these packs on the same facts",
            zh="用同样的事实与另一组规则包比较",
        ),
        argument(
            "--out",
            choices=("events", "report"),
            en="JSON Lines of all that was recorded (default), or a summary",
            zh="输出全部记录（JSON Lines，默认）或汇总",
        ),
    ),
)
