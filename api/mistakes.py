"""What is wrong with a pack or a map, in Chinese: the messages are made in English."""

from __future__ import annotations

import re
from collections.abc import Mapping

from api.sentences import Row, Sentences, Texts, known, listed

ROW = re.compile(r'(clause|kpi) (?:number (\d+)|["\'](.*)["\'])')


def _row(value: str, _: Texts) -> str | None:
    """Which row it is: by its id, or by its number where it has none."""
    found = ROW.fullmatch(value)
    if not found:
        return None
    kind = "条款" if found[1] == "clause" else "指标"
    return f"第 {int(found[2]) + 1} 个{kind}" if found[2] else f"{kind} {found[3]}"


TYPES: Mapping[str, str] = {
    "string": "文本",
    "list": "列表",
    "tuple": "列表",
    "dictionary": "表",
    "number": "数字",
    "integer": "整数",
    "boolean": "true 或 false",
    "date": "日期",
    "true or false": "true 或 false",
    "a list": "列表",
    "a whole number": "整数",
    "a number": "数字",
    "a text": "文本",
    "a time": "时间",
    "a day": "日期",
    "a table": "表",
}

READ = {"row": _row, "list": listed, "kind": known(TYPES), "sort": known(TYPES)}
NAME = r"""'[^']*'|"[^"]*"|[\w.:+-]+"""
GAPS = {
    "file": r"[^:]+?",
    "row": r'(?:clause|kpi) (?:number \d+|"[^"]*"|\'[^\']*\')',
    "path": r"[\w.@-]+",
    "number": r"\d+",
    "name": NAME,
    "other": NAME,
    "type": r"[a-z]+\.[a-z_]+",
}

ROWS = tuple(
    Row(*pair)
    for pair in (
        # where
        ("{file}: {row}, field {path}: {problem}", "{file}：{row}，字段 {path}：{problem}"),
        ("{file}: {row}: field {path}: {problem}", "{file}：{row}，字段 {path}：{problem}"),
        ("{file}: {row}: {problem}", "{file}：{row}：{problem}"),
        ("{file}: {row} is already in {place}", "{file}：{row} 在 {place} 中已存在"),
        (
            "{file}: fact {number} ({what}): field {path}: {problem}",
            "{file}：第 {number} 个 fact（{what}），字段 {path}：{problem}",
        ),
        ("{file}: field {path}: {problem}", "{file}：字段 {path}：{problem}"),
        ("row {number}: {problem}", "第 {number} 行：{problem}"),
        ("row {number}: {raw}", "第 {number} 行无法读取：{raw}"),
        ("{file}: not TOML: {raw}", "{file}：不是有效的 TOML：{raw}"),
        ("{file}: cannot be read: {raw}", "{file}：无法读取：{raw}"),
        ("{file}: {problem}", "{file}：{problem}"),
        ("no pack is called {name}; there are {list}", "没有名为 {name} 的规则包；可用 {list}"),
        # what would be right
        ("{problem}; did you mean {name}?", "{problem}；是否指 {name}？"),
        ("{problem}; known are {list}", "{problem}；可用 {list}"),
        ("{problem}; there are {list}", "{problem}；可用 {list}"),
        # names
        ("{name} is no event type", "没有事件类型 {name}"),
        ("{name} is no time of {type}", "{type} 没有时间字段 {name}"),
        ("{name} is no field of {type}", "{type} 没有字段 {name}"),
        ("{name} is no check", "没有检查 {name}"),
        ("{name} is no rule", "没有规则 {name}"),
        ("{name} is no measure", "没有度量 {name}"),
        ("{name} is no test", "没有运算 {name}"),
        ("{name} is no case", "没有情形 {name}"),
        ("{name} is not known here", "此处没有 {name}"),
        ("{name} is not known", "没有 {name}"),
        ("{name} is no time zone, such as Asia/Shanghai", "{name} 不是时区；例如 Asia/Shanghai"),
        ("the table has no column {name}", "表中没有列 {name}"),
        ("is unknown", "未知字段"),
        ("{chain} goes in a circle", "{chain} 循环包含"),
        # what a row lacks or contradicts
        (
            "none of it happens where {type} does, so it could never be met",
            "均不发生在 {type} 所在的流，永远无法履行",
        ),
        ("an obligation needs `met_by`, or it could never be met", "义务须有 `met_by`，否则永远无法履行"),
        ("an obligation that opens needs `within` or `due`", "产生义务须有 `within` 或 `due`"),
        (
            "the last period needs no `when`, or some openings would have none",
            "最后一个期限不得有 `when`，否则有的义务没有期限",
        ),
        (
            "says nothing: give it opens, refuses, violates, escalates or a rule",
            "没有内容：须有 opens、refuses、violates、escalates 或 rule",
        ),
        ("needs exactly one of `at_least` and `at_most`", "`at_least` 与 `at_most` 须有且只有一个"),
        (
            "ladder: needs at least one step, each with at least one role",
            "ladder：至少一级，每级至少一个角色",
        ),
        ("each step needs at least one role", "每级至少一个角色"),
        ("'beyond' needs a table of `period` and `of`", "'beyond' 须为含 `period` 和 `of` 的表"),
        ("{name} needs {kind}, not {given}", "{name} 须为{kind}，而非 {given}"),
        ("due is {right}, not {given}", "到期应为 {right}，而非 {given}"),
        (
            "needs `performance`, the shares of the deal, or `ruling = true`",
            "须有 `performance`（成交份额）或 `ruling = true`",
        ),
        ("{case} divides among {list}, not {given}", "{case} 只能在 {list} 之间划分，不含 {given}"),
        ("the shares must sum to exactly 1, none below 0", "份额合计须恰为 1，且均不小于 0"),
        # what makes no sense
        ("{name} is never {other}", "{name} 不会是 {other}"),
        ("{name} is {kind}, never {other}", "{name} 为{kind}，不会是 {other}"),
        ("{name} is for {kind}, and {other} is {sort}", "{name} 用于{kind}，而 {other} 为{sort}"),
        (
            "{name} is {kind}, and {other} is {sort}: they cannot be compared",
            "{name} 为{kind}，{other} 为{sort}，无法比较",
        ),
        (
            "takes back all that `when` asks for, so it could never hold",
            "与 `when` 完全抵消，永远不会成立",
        ),
        ("needs one of `within` and `due`, not both", "`within` 与 `due` 只能有一个"),
        ("{type} happens once, so it could never be met", "{type} 只发生一次，永远无法履行"),
        (
            "{type} is always refused by {path}, so it could never be met",
            "{type} 总被 {path} 拒绝，永远无法履行",
        ),
        ("is for complaints, and {type} is of none", "仅用于投诉，而 {type} 不属于投诉"),
        (
            "{type} is recorded by the system only, so it cannot be refused",
            "{type} 只由系统记录，不能拒绝",
        ),
        (
            "{path} is measured per {name}, not per {other}",
            "{path} 按 {name} 计量，而非按 {other}",
        ),
        # calendars and periods
        ("{path}: {problem}", "{path}：{problem}"),
        ("{name} is not a period; write {list}", "{name} 不是期间；可写 {list}"),
        ("{name} has no such time of day; write 00:00 to 24:00", "{name} 时刻有误；应为 00:00 至 24:00"),
        ("{name} is out of range; write 1 to {most}", "{name} 超出范围；应为 1 至 {most}"),
        ("{name} is not a known calendar; write 'cn'", "{name} 不是已知日历；应为 'cn'"),
        ("{name} is not a time zone; write e.g. 'Asia/Shanghai'", "{name} 不是时区；例如 'Asia/Shanghai'"),
        ("{name} is not a date; write YYYY-MM-DD", "{name} 不是日期；应为 YYYY-MM-DD"),
        ("{name} is not a time; write 00:00 to 24:00", "{name} 不是时刻；应为 00:00 至 24:00"),
        (
            "{name} to {other} runs backwards; split hours past midnight at 24:00",
            "{name} 至 {other} 颠倒；跨夜时段请在 24:00 处拆开",
        ),
        ("is not a weekday; write {list}", "不是星期；可用 {list}"),
        ("must be [opening, closing]", "应为 [开始, 结束]"),
        ("unknown; known are {list}", "未知字段；可用 {list}"),
        ("must be 'cn' or a table", "应为 'cn' 或一个表"),
        ("must be a table", "应为一个表"),
        ("must be a list", "应为列表"),
        # maps
        ("is required: [[fact]] says what a row reports", "必填：[[fact]] 说明每行所报告的事实"),
        ("is required, as text", "必填，为文本"),
        ("is 'rows' or 'time'", "应为 'rows' 或 'time'"),
        ('is a list of columns, such as ["column"]', '应为列的列表，例如 ["column"]'),
        ('is a table, such as { column = "value" }', '应为表，例如 {{ column = "value" }}'),
        ("must be text, or a table with one of {list}", "应为文本，或含 {list} 之一的表"),
        (
            "time of {type} is empty; name its column in `requires`",
            "{type} 的时间为空；请在 `requires` 中写明其列",
        ),
        ("Invalid isoformat string: {name}", "{name} 不是时间"),
        ("time data {name} does not match format {other}", "{name} 不符合时间格式 {other}"),
        # shapes
        ("Field required", "必填"),
        ("Extra inputs are not permitted", "未知字段"),
        ("Input should be a valid {kind}", "应为{kind}"),
        ("Input should be a valid {kind}, {rest}", "应为{kind}"),
        ("Input should be a valid dictionary or {rest}", "应为表"),
        ("Input should be {list}", "应为 {list}"),
    )
)

MISTAKES = Sentences(ROWS, GAPS, READ, nested=frozenset({"problem"}))


def in_chinese(message: str) -> str | None:
    """The message in Chinese; None: no row knows it."""
    return MISTAKES.chinese(message)
