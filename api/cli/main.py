"""The registry of commands, and the way from a command line to one of them and its exit status."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from api.cli.command import Command, Given, Parser
from api.cli.edge import DONE, WRONG, Edge, Failure, failure
from api.i18n import Text


class Entry(NamedTuple):
    """Where a command is (`module:NAME`), and what it does in one line."""

    place: str
    summary: Text


def _entry(place: str, en: str, zh: str) -> Entry:
    return Entry(f"api.cli.{place}", Text(en, zh))


# One row a command. A name of two words is a group and what it does; help lists them in this order.
COMMANDS: Mapping[str, Entry] = {
    "up": _entry(
        "up:UP",
        "Run everything on this machine: Kafka, PostgreSQL, worker, publisher, API.",
        "在本机运行全部组件：Kafka、PostgreSQL、处理、发布、API。",
    ),
    "sample": _entry(
        "sample:SAMPLE", "Send the bundled sample, dated around now.", "发送自带样例，日期以当前为准。"
    ),
    "emit": _entry(
        "emit:EMIT", "Send facts from a file; print their receipts.", "发送文件中的事实，打印回执。"
    ),
    "watch": _entry("watch:WATCH", "Follow the alert topics.", "跟踪告警主题。"),
    "history": _entry(
        "history:HISTORY",
        "Show everything about one stream, as it was and as it was known.",
        "查看一个流的全部历史：当时的情况与当时的认知。",
    ),
    "simulate": _entry(
        "simulate:SIMULATE",
        "Run facts through policies on a virtual clock, without any service.",
        "在虚拟时钟上按规则包推演事实，无需任何服务。",
    ),
    "deadline": _entry(
        "deadline:DEADLINE", "Say when something is due, and why.", "计算到期时间，并说明依据。"
    ),
    "policy list": _entry("policy:LIST", "List the packs with their versions.", "列出规则包及其版本。"),
    "policy show": _entry(
        "policy:SHOW", "Show a pack: every clause with its source.", "显示规则包：各条款及其出处。"
    ),
    "policy check": _entry(
        "policy:CHECK", "Validate packs and compute their examples.", "校验规则包并复核其示例。"
    ),
    "rebase": _entry(
        "rebase:REBASE",
        "Bring running streams under the policy in force, on record.",
        "使运行中的流改用现行规则，并记录在案。",
    ),
    "draw": _entry(
        "repeat:DRAW",
        "Draw again from the seed and the candidates on record, and compare.",
        "按记录中的种子和候选范围重新抽取并比对。",
    ),
    "dead-letters list": _entry("letters:LIST", "List what was refused, and why.", "列出被拒消息及原因。"),
    "dead-letters show": _entry("letters:SHOW", "Show one refused message.", "查看一条被拒消息。"),
    "dead-letters replay": _entry("letters:REPLAY", "Send refused messages again.", "重发被拒消息。"),
    "report": _entry(
        "periodic:REPORT",
        "Write the report of a week, month or quarter as HTML and CSV.",
        "生成周报、月报或季报（HTML 与 CSV）。",
    ),
    "erase": _entry(
        "erase:ERASE",
        "Make a customer's personal fields unreadable for ever.",
        "使某客户的个人信息永久不可读。",
    ),
    "keys new": _entry("erase:NEW", "Print a new master key.", "生成新的主密钥。"),
    "keys rotate": _entry(
        "erase:ROTATE",
        "Protect the customers' keys with the first master key.",
        "改用首个主密钥保护各客户的密钥。",
    ),
    "keys api new": _entry("api_keys:NEW", "Make a key for the API.", "生成 API 密钥。"),
    "keys api list": _entry("api_keys:LIST", "List the keys of the API.", "列出 API 密钥。"),
    "keys api revoke": _entry("api_keys:REVOKE", "Revoke a key of the API.", "吊销 API 密钥。"),
    "rebuild": _entry(
        "rebuild:REBUILD",
        "Rebuild read models from the ledger, or compare them with it.",
        "由账本重建读模型，或与账本比对。",
    ),
    "verify": _entry(
        "verify:VERIFY",
        "Prove that nothing was altered, removed or reordered, in the ledger or in an export.",
        "证明账本或导出包未被改动、删除或调换次序。",
    ),
    "export": _entry(
        "export:EXPORT",
        "Write a bundle that a third party verifies offline.",
        "导出可由第三方离线校验的文件。",
    ),
    "doctor": _entry(
        "doctor:DOCTOR",
        "Check configuration, connections, topics, lag and clock.",
        "检查配置、连接、主题、滞后与时钟。",
    ),
    "completion": _entry(
        "completion:COMPLETION",
        "Print what a shell needs to complete these commands.",
        "输出 shell 自动补全代码。",
    ),
    "topics create": _entry("roles:CREATE", "Create the topics that are missing.", "创建缺少的主题。"),
    "worker": _entry(
        "roles:WORK",
        "Run a Faust worker: intake, projector, clock.",
        "运行 Faust 工作进程：接收、投影、时钟。",
    ),
    "publish": _entry(
        "roles:PUBLISH", "Run the publisher, or stand by for it.", "运行发布进程，或作为备用。"
    ),
    "serve": _entry("roles:SERVE", "Run the API and the dashboard.", "运行 API 与看板。"),
}

OUT_OF_REACH: Mapping[str, Text] = {
    "psycopg": Text(
        "PostgreSQL cannot be reached: {why}; check HUIYIN_DATABASE_URL and that the server runs.",
        "无法连接 PostgreSQL：{why}；请检查 HUIYIN_DATABASE_URL 及数据库是否运行。",
    ),
    "kafka": Text(
        "Kafka cannot be reached: {why}; check HUIYIN_KAFKA and that the broker runs.",
        "无法连接 Kafka：{why}；请检查 HUIYIN_KAFKA 及 Kafka 是否运行。",
    ),
}
"""What a library's errors mean to whoever runs a command, by the package they come from."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a disk says that takes no more: no fault of the program, wherever it is noticed."""

KNOWN = (
    "PackError",
    "MapError",
    "PeriodError",
    "SettingError",
    "PrivacyError",
    "TopicsDiffer",
    "ChildFailed",
    "JarsUnavailable",
    "BadNote",
    "TreeDamaged",
)
"""Errors of ours whose message is the line to print."""


def run(words: Sequence[str], edge: Edge) -> int:
    """One command, to its exit status; whatever goes wrong on the way is one line on stderr."""
    try:
        status = _dispatch(list(words), edge)
        edge.stdout.flush()
        return status
    except Failure as problem:
        edge.note(_one_line(problem.text.within(edge.language)))
        return problem.status
    except BrokenPipeError:
        _quiet()
        return DONE
    except KeyboardInterrupt:
        return 130
    except SystemExit as end:  # argparse, after it has printed a help text
        return int(end.code or 0)
    except Exception as problem:
        text = explained(problem)
        if text is None and edge.environ.get("HUIYIN_DEBUG"):
            raise
        text = text or fault(problem)
        edge.note(_one_line(text.within(edge.language)))
        return WRONG


def explained(problem: Exception) -> Text | None:
    """What an error means to whoever runs a command; None: it is a fault of the program."""
    if type(problem).__name__ in KNOWN:
        return Text(str(problem), _chinese(problem))
    package = type(problem).__module__.partition(".")[0]
    if package in OUT_OF_REACH:
        why = _one_line(str(problem)).rstrip(".") or type(problem).__name__
        return Text(*(text.format(why=why) for text in OUT_OF_REACH[package]))
    if isinstance(problem, OSError) and problem.errno in FULL:
        place, full = problem.filename, problem.strerror
        en, zh = place or "the output", place or "输出"
        return Text(f"{en} cannot be written: {full}.", f"{zh} 无法写入：{full}。")
    return None


def _chinese(problem: Exception) -> str:
    """Some errors say it themselves; of packs and maps it is known what each kind of message means."""
    from api.mistakes import in_chinese

    said: str | None = getattr(problem, "reason_zh", None)
    return said or in_chinese(str(problem)) or str(problem)


def fault(problem: Exception) -> Text:
    """A fault of the program, as one line: what, and where in it."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    what = f"{type(problem).__name__}: {problem} ({where})"
    return Text(
        f"huiyin: a fault of the program: {what}; HUIYIN_DEBUG=1 shows all of it.",
        f"huiyin：程序错误：{what}；设 HUIYIN_DEBUG=1 可查看详情。",
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _quiet() -> None:
    """Who read our output has gone: nothing more is written, and Python must not try at its end."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(words: list[str], edge: Edge) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        edge.line(overview(edge))
        return DONE
    if words[0] == "--version":
        from importlib.metadata import version

        edge.line(f"huiyin {version('huiyin')}")
        return DONE
    name = _name(words, edge)
    if name is None:
        return DONE
    entry = COMMANDS[name]
    command = load(entry)
    parser = Parser(name, entry.summary, command, edge.language)
    given = _parsed(parser, words[len(name.split()) :], edge)
    return DONE if given is None else command.run(given, edge)


def load(entry: Entry) -> Command:
    module, _, attribute = entry.place.partition(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, Command)
    return command


def _parsed(parser: Parser, words: list[str], edge: Edge) -> Given | None:
    if {"-h", "--help"} & set(words):
        edge.line(parser.format_help().rstrip())
        return None
    return parser.parse_args(words)


def _name(words: Sequence[str], edge: Edge) -> str | None:
    """The command that the words begin with; None: they asked what a group can do, and were told."""
    for count in range(1, len(words) + 1):
        said = " ".join(words[:count])
        if said in COMMANDS:
            return said
        group = [name for name in COMMANDS if name.startswith(f"{said} ")]
        if not group and count == 1:
            raise _unknown(said)
        after = words[count] if count < len(words) else ""
        if after in ("-h", "--help"):
            edge.line(_listed(group, edge))
            return None
        able = {name.removeprefix(f"{said} ").split()[0]: None for name in group}
        if after not in able:
            raise _unfinished(said, able)
    raise AssertionError("unreachable")


def _unfinished(said: str, able: Iterable[str]) -> Failure:
    return failure(
        "huiyin {said}: say what to do: {able}.",
        "huiyin {said}：请指明操作：{able}。",
        said=said,
        able=", ".join(able),
    )


def _unknown(word: str) -> Failure:
    from difflib import get_close_matches

    firsts = list(dict.fromkeys(name.split()[0] for name in COMMANDS))
    near = get_close_matches(word, firsts, 1)
    en, zh = (f"did you mean {near[0]}?", f"是否指 {near[0]}？") if near else ("see huiyin --help.",) * 2
    return failure(
        "huiyin: no command is called {word!r}; {en}",
        "huiyin：没有命令 {word!r}；{zh}",
        word=word,
        en=en,
        zh=zh,
    )


def _listed(names: Sequence[str], edge: Edge) -> str:
    wide = max(len(name) for name in COMMANDS)
    rows = (f"  {name:{wide}}  {COMMANDS[name].summary.within(edge.language)}" for name in names)
    return "\n".join(rows)


def overview(edge: Edge) -> str:
    """What `huiyin` alone prints."""
    head = edge.text(
        "huiyin · complaints, field visits and satisfaction as an event ledger\n\n"
        "usage: huiyin COMMAND … (huiyin COMMAND --help tells more)\n",
        "回音 · 投诉、拜访与满意度的事件账本\n\n用法：huiyin 命令 …（详见 huiyin 命令 --help）\n",
    )
    tail = edge.text(
        "\nexit status: 0 done · 1 the answer is no · 2 usage, or a service out of reach",
        "\n退出码：0 完成 · 1 结果为否 · 2 用法错误或服务不可用",
    )
    return f"{head}\n{_listed(list(COMMANDS), edge)}\n{tail}"
