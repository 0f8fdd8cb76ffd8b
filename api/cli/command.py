"""What a command is, and how its words are read: argparse, which costs no start-up time, in two languages."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from api.cli.edge import Edge, Failure
from api.i18n import Language, Text

Given = argparse.Namespace

LARGEST = 10**9
"""The largest number that an option takes where it says no other."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One option or positional of a command; `more` is what argparse wants to know beside."""

    names: tuple[str, ...]
    help: Text
    more: Mapping[str, Any] = field(default_factory=dict)


def argument(*names: str, en: str, zh: str, **more: Any) -> Argument:
    return Argument(names, Text(en, zh), more)


def whole(least: int, most: int = LARGEST) -> Callable[[str], int]:
    """Reads an option's value as a whole number within limits; another is answered with the limits."""

    def read(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,10}", text) and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")

    return read


PORT = whole(1, 65535)


@dataclass(frozen=True, slots=True)
class Command:
    """What a command's module has to say: what it takes, and what it does."""

    run: Callable[[Given, Edge], int]
    arguments: tuple[Argument, ...] = ()


class _Formatter(argparse.HelpFormatter):
    language: Language = "en"

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "用法：" if self.language == "zh" else prefix)


class _ChineseFormatter(_Formatter):
    language: Language = "zh"


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and knows no abbreviations: a script must not change its meaning."""

    def __init__(self, name: str, summary: Text, command: Command, language: Language) -> None:
        super().__init__(
            prog=f"huiyin {name}",
            description=summary.within(language),
            formatter_class=_ChineseFormatter if language == "zh" else _Formatter,
            add_help=False,
            allow_abbrev=False,
        )
        titles = ("参数", "选项") if language == "zh" else ("arguments", "options")
        places, options = (self.add_argument_group(title) for title in titles)
        add_arguments(self, command, language, places, options)
        shown = Text("show this help", "显示本帮助").within(language)
        options.add_argument("-h", "--help", action="help", help=shown)

    def error(self, message: str) -> NoReturn:
        raise Failure(
            Text(
                f"{self.prog}: {message}; see {self.prog} --help.",
                f"{self.prog}：{_chinese(message)}；参见 {self.prog} --help。",
            )
        )


class _Takes(Protocol):
    """What arguments are added to: a parser, or a group of it."""

    def add_argument(self, *names: str, **more: Any) -> argparse.Action: ...


def add_arguments(
    parser: _Takes,
    command: Command,
    language: Language,
    places: _Takes | None = None,
    options: _Takes | None = None,
) -> list[argparse.Action]:
    """What a command takes, said to argparse: positionals and options, where help keeps them apart."""
    added = []
    for one in command.arguments:
        where = (options if one.names[0].startswith("-") else places) or parser
        said = one.help.within(language).replace("%", "%%")
        added.append(where.add_argument(*one.names, help=said, **one.more))
    return added


_CHINESE: Sequence[tuple[str, str]] = (
    (r"the following arguments are required: (.*)", r"缺少参数 \1"),
    (r"unrecognized arguments: (.*)", r"无法识别的参数 \1"),
    (r"argument (.*?): invalid choice: (.*?) \(choose from (.*)\)", r"\1 的值 \2 无效，可用 \3"),
    (r"argument (.*?): expected .*", r"\1 缺少值"),
    (r"argument (.*?): not allowed with argument (.*)", r"\1 与 \2 不能同时使用"),
    (r"argument (.*?): (.*) is no whole number from (\d+) to (\d+)", r"\1 的值 \2 不是 \3 至 \4 的整数"),
    (r"argument (.*?): invalid (?:\w+) value: (.*)", r"\1 的值 \2 无效"),
)


def _chinese(message: str) -> str:
    """argparse's own words in Chinese; what it adds one day stays as it says it."""
    for pattern, words in _CHINESE:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return found.expand(words)
    return message
