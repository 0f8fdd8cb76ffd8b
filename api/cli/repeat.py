"""`huiyin draw --repeat EVENT`: a draw on record, drawn again before everybody's eyes.

A draw is an event that records its seed and its candidates: a leaver's customer passed on
(`customer.reassigned`), or the customers who evaluate a manager (`evaluation.sampled`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, Failure, failure

Message = Mapping[str, Any]

DRAWN: Mapping[str, Callable[[Message], Sequence[str]]] = {
    "customer.reassigned": lambda data: [data["to"]],
    "evaluation.sampled": lambda data: data["customers"],
}
"""The events that record a draw, and who was drawn."""

CHECK = "printf '%s' '{seed}:CANDIDATE' | sha256sum"
"""How anybody computes a lot by hand."""


def run(given: Given, edge: Edge) -> int:
    message = _found(given, edge)
    data = message["data"]
    if message["type"] not in DRAWN or not data.get("candidates"):
        raise Failure(
            failure(
                "{event} is {type}, which records no draw; draws are {draws} with their candidates.",
                "{event} 为 {type}，未记录抽取；抽取见 {draws}（含候选范围）。",
                event=given.repeat,
                type=message["type"],
                draws=", ".join(DRAWN),
            ).text,
            NO,
        )
    answer = repeated(message)
    if given.json:
        edge.json(answer)
    else:
        _print(edge, answer)
    return DONE if answer["same"] else NO


def repeated(message: Message) -> dict[str, Any]:
    """The draw made again: each candidate's lot, the first drawn first, and whether it came out the same."""
    from domain.draw import lots

    data = message["data"]
    recorded = list(DRAWN[message["type"]](data))
    order = lots(data["candidates"], data["seed"])
    drawn = [candidate for _, candidate in order[: len(recorded)]]
    return {
        "event": message["id"],
        "type": message["type"],
        "time": message["time"],
        "seed": data["seed"],
        "recorded": recorded,
        "drawn": drawn,
        "same": drawn == recorded,
        "lots": [{"candidate": candidate, "lot": lot} for lot, candidate in order],
    }


# ---- where the event is


def _found(given: Given, edge: Edge) -> Message:
    if given.repeat is None:
        raise failure(
            "--repeat EVENT is required: a draw's id, such as customer/K-1@5, or its sequence.",
            "须给出 --repeat EVENT：抽取事件的编号（如 customer/K-1@5）或序号。",
        )
    told = _in_file(given, edge) if given.events else _in_ledger(given.repeat, edge)
    message = next(told, None)
    if message is None:
        raise Failure(
            failure("no event is called {event}.", "没有名为 {event} 的事件。", event=given.repeat).text, NO
        )
    return message


def _in_file(given: Given, edge: Edge) -> Iterator[Message]:
    """Events of that id or sequence among JSON Lines."""
    import orjson

    try:
        for line in filter(bytes.strip, edge.lines_of(given.events)):
            message = orjson.loads(line)
            if given.repeat in (message.get("id"), str(message.get("sequence"))):
                yield message
    except (orjson.JSONDecodeError, AttributeError) as problem:
        raise failure(
            "{file}: not JSON Lines of events.", "{file}：不是事件的 JSON Lines。", file=given.events
        ) from problem


def _in_ledger(event: str, edge: Edge) -> Iterator[Message]:
    from api.story import events_of
    from domain.history import shown

    with edge.storage() as storage:
        subject = event.rpartition("@")[0]
        if event.isascii() and event.isdigit():
            subject = next((row[1] for row in storage.events_after(int(event) - 1, 1)), "")
        for one in events_of(storage, subject):
            if event in (one.id, str(one.sequence)):
                yield shown(one, False)


# ---- how it is said


def _print(edge: Edge, answer: Message) -> None:
    from rich import box
    from rich.table import Table

    edge.line(f"{answer['event']}  {answer['type']}")
    edge.line(edge.text("seed: {seed}", "种子：{seed}", seed=answer["seed"]))
    edge.line(edge.text("lot:  {how}", "签号：{how}", how=CHECK.format(seed=answer["seed"])))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in (("lot", "签号"), ("candidate", "候选"), ("drawn", "抽中")):
        table.add_column(edge.text(*heading), overflow="fold")
    for place, one in enumerate(answer["lots"]):
        mark = edge.text("drawn", "抽中") if place < len(answer["drawn"]) else ""
        table.add_row(f"{one['lot'][:16]}…", one["candidate"], mark)
    edge.console(80).print(table)
    edge.line(_verdict(edge, answer))


def _verdict(edge: Edge, answer: Message) -> str:
    if answer["same"]:
        return edge.text("the same as on record.", "与记录一致。")
    return edge.text(
        "not as on record: {recorded} is recorded.",
        "与记录不符：记录为 {recorded}。",
        recorded=", ".join(answer["recorded"]),
    )


DRAW = Command(
    run,
    (
        argument(
            "--repeat",
            metavar="EVENT",
            en="the draw: the event's id, such as customer/K-1@5, or its sequence",
            zh="抽取事件的编号（如 customer/K-1@5）或序号",
        ),
        argument(
            "--events",
            metavar="FILE",
            en="look for it in these JSON Lines, of simulate or history (- is standard input)",
            zh="在该 JSON Lines 中查找（simulate 或 history 的输出，- 为标准输入）",
        ),
        argument("--json", action="store_true", en="answer as JSON", zh="以 JSON 输出"),
    ),
)
