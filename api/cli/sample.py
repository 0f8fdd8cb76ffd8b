"""`huiyin sample`: the bundled sample, dated around a moment, on the way that any upstream takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, instant
from domain.batched import batched

BATCH = 500


def run(given: Given, edge: Edge) -> int:
    from sample.play import facts

    at = instant("--at", given.at) or edge.now()
    if given.dry_run:
        for fact in facts(at):
            edge.stdout.write(fact + b"\n")
        return DONE
    tally = _sent(facts(at), given, edge)
    edge.note(" · ".join(f"{status} {count}" for status, count in tally.most_common()))
    return NO if tally["rejected"] else DONE


def _sent(facts: Iterable[bytes], given: Given, edge: Edge) -> Counter[str]:
    from api.cli.sending import HttpSender, KafkaSender, Sender

    sender: Sender = (
        HttpSender(given.http, edge.api_key(given.http), 30.0)
        if given.http
        else KafkaSender(edge.settings, True, 60.0)
    )
    tally: Counter[str] = Counter()
    try:
        for batch in batched(facts, BATCH):
            tally.update(str(answer.get("status")) for answer in sender.send(batch))
        tally.update(str(answer.get("status")) for answer in sender.finish())
    finally:
        sender.close()
    return tally


SAMPLE = Command(
    run,
    (
        argument(
            "--at",
            metavar="T",
            en="date it around T (default: now)",
            zh="以 T 为基准标注日期（默认当前时间）",
        ),
        argument("--http", metavar="URL", en="to this API instead of to Kafka", zh="发往该 API 而非 Kafka"),
        argument(
            "--dry-run", action="store_true", en="print the facts, send nothing", zh="只打印事实，不发送"
        ),
    ),
)
