"""`huiyin deadline`: when something is due by a calendar, with the stretches of time that show why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, Edge, failure, unreadable
from api.i18n import Text

KINDS: Mapping[str, Text] = {
    "counted": Text("counted", "计入"),
    "uncounted": Text("not counted", "不计入"),
    "paused": Text("paused", "暂停"),
}


OPTIONS: Mapping[str, str] = {
    "start": "--from",
    "end": "--to",
    "period": "--period",
    "pauses": "--pause",
}
"""What the fields of a question are called on the command line; those of a calendar lie in its file."""


def run(given: Given, edge: Edge) -> int:
    if given.batch:
        if given.start or given.period or given.end or given.pause:
            raise failure(
                "--batch takes its questions from the file; leave the other options away.",
                "--batch 的问题均取自文件，请勿再给其他选项。",
            )
        return _batch(given.batch, edge)
    if not given.start or bool(given.period) == bool(given.end):
        raise failure(
            "huiyin deadline: give --from and --period (or --from and --to, or --batch FILE).",
            "huiyin deadline：请给出 --from 与 --period（或 --from 与 --to，或 --batch 文件）。",
        )
    found = _answered(given)
    if given.json or given.end:
        edge.json(found)
    else:
        _print(found, edge)
    return DONE


def _answered(given: Given) -> dict[str, Any]:
    from domain.deadlines import answer
    from domain.working_time import PeriodError

    question = {"calendar": _calendar(given.calendar), "start": given.start, "pauses": given.pause or []}
    asked = {"period": given.period} if given.period else {"end": given.end}
    try:
        return answer(question | asked)
    except PeriodError as problem:
        option = OPTIONS.get(problem.field.partition("[")[0], problem.field)
        en, zh = (text.replace(problem.field, option, 1) for text in (str(problem), problem.reason_zh))
        raise failure("{en}", "{zh}", en=en, zh=zh) from None


def _calendar(name: str) -> Any:
    """`cn`, or a file of JSON or TOML with the fields of a calendar."""
    if name == "cn":
        return name
    try:
        text = Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise unreadable(name, problem) from problem
    return _toml(name, text) if name.endswith(".toml") else _json(name, text)


def _json(name: str, text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise failure(
            "{name}: not JSON: {why}.", "{name}：不是 JSON：{why}。", name=name, why=problem
        ) from problem


def _toml(name: str, text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise failure(
            "{name}: not TOML: {why}.", "{name}：不是 TOML：{why}。", name=name, why=problem
        ) from problem


def _batch(file: str, edge: Edge) -> int:
    """A line in, a line out; the first line that cannot be answered ends it."""
    for number, line in enumerate(edge.lines_of(file), 1):
        if line.strip():
            edge.json(_line(number, line))
    return DONE


def _line(number: int, line: bytes) -> dict[str, Any]:
    from domain.deadlines import answer
    from domain.working_time import PeriodError

    try:
        return answer(orjson.loads(line))
    except orjson.JSONDecodeError as problem:
        raise failure(
            "line {n}: not JSON: {why}.", "第 {n} 行：不是 JSON：{why}。", n=number, why=problem
        ) from None
    except PeriodError as problem:
        raise failure(
            "line {n}: field {en}.", "第 {n} 行：字段 {zh}。", n=number, en=str(problem), zh=problem.reason_zh
        ) from None


def _print(found: Mapping[str, Any], edge: Edge) -> None:
    from rich import box
    from rich.table import Table

    edge.line(edge.text("due:  {at}", "到期：{at}", at=found["due_at"]))
    if found["warn_at"]:
        edge.line(edge.text("warn: {at}", "预警：{at}", at=found["warn_at"]))
    if found["provisional"]:
        edge.line(
            edge.text(
                "provisional: that year's holiday schedule is not published yet",
                "暂定：当年放假安排尚未公布",
            )
        )
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in (Text("from", "自"), Text("to", "至"), Text("time", "时间"), Text("why", "原因")):
        table.add_column(heading.within(edge.language))
    reason = "reason_zh" if edge.language == "zh" else "reason"
    for part in found["segments"]:
        table.add_row(part["start"], part["end"], KINDS[part["kind"]].within(edge.language), part[reason])
    edge.console().print(table)


DEADLINE = Command(
    run,
    (
        argument("--from", dest="start", metavar="T", en="when it starts", zh="起算时间"),
        argument(
            "--period",
            metavar="P",
            en="'24 hours', '3 working days', '1 week', '2 months', 'same day 17:30', 'end of month' …",
            zh="期限：'24 hours'、'3 working days'、'1 week'、'same day 17:30'、'end of month' 等",
        ),
        argument(
            "--to",
            dest="end",
            metavar="T",
            en="instead of --period: the minutes counted up to T",
            zh="代替 --period：计算到 T 为止计入的分钟数",
        ),
        argument(
            "--calendar",
            default="cn",
            metavar="FILE",
            en="a calendar as JSON or TOML (default: cn, the State Council's schedule)",
            zh="日历文件（JSON 或 TOML）；默认 cn，即国务院放假安排",
        ),
        argument(
            "--pause",
            action="append",
            metavar="A/B",
            en="a time that does not count; may be given several times",
            zh="不计时的时段，可多次给出",
        ),
        argument(
            "--batch",
            metavar="FILE",
            en="JSON Lines {calendar, start, period, pauses} or {…, start, end, …}, one answer each",
            zh="JSON Lines：{calendar, start, period, pauses} 或 {…, start, end, …}，逐行作答",
        ),
        argument("--json", action="store_true", en="answer as JSON", zh="以 JSON 输出"),
    ),
)
