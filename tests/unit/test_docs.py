"""What the documents say is so: commands give the output shown, names exist, nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.cli.main import COMMANDS, load
from domain.conditions import COMPUTED, OPERATORS
from domain.pack import Clause, Kpi, Pack, Pattern
from domain.rules import REFUSALS, RULES
from streams.config import READERS, variable
from streams.topics import CONFIGS
from tests.helpers.documents import ROOT, blocks, documents, matches, programs, run

DOCUMENTS = documents()
FOR_RULES = (ROOT / "docs/rule-authors.md", ROOT / "docs/zh/rule-authors.md")
OPERATORS_GUIDE = ROOT / "docs/operators.md"
HELP = {"-h", "--help"}


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def text(document: Path) -> str:
    return document.read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_commands_give_the_output_that_is_shown(document: Path, tmp_path: Path) -> None:
    for block in blocks(document):
        if block.file:
            file = tmp_path / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, "utf-8")
        for command, said in block.steps() if block.runs else ():
            seen = run(command, tmp_path, document)
            assert matches(said, seen), f"{name(document)}: $ {command}\n--- said\n{said}\n--- seen\n{seen}"


def command_of(words: list[str]) -> str:
    """The registered name that the words begin with."""
    return next((two for two in (" ".join(words[:2]), words[0]) if two in COMMANDS), "")


def options_of(command: str) -> set[str]:
    return {option for argument in load(COMMANDS[command]).arguments for option in argument.names} | HELP


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_command_and_option_that_is_shown_exists(document: Path) -> None:
    shown = [
        command for block in blocks(document) if block.runs or block.live for command, _ in block.steps()
    ]
    for words in (words for command in shown for words in programs(command)):
        command = command_of(words)
        assert command, f"{name(document)}: huiyin {' '.join(words)}"
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert options <= options_of(command), f"{name(document)}: huiyin {' '.join(words)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text(document)):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{name(document)}: {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_paths_in_the_tree_exist(document: Path) -> None:
    tree = [block.text for block in blocks(document) if block.info == "text tree"]
    for path in re.findall(r"^(\S+/?)(?:  |$)", "\n".join(tree), re.MULTILINE):
        assert (ROOT / path).exists(), f"{name(document)}: {path}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_operators_guide(command: str) -> None:
    assert f"`{command}" in text(OPERATORS_GUIDE)


@pytest.mark.parametrize("setting", READERS)
def test_every_setting_is_in_the_operators_guide(setting: str) -> None:
    assert f"`{variable(setting)}`" in text(OPERATORS_GUIDE)


def test_every_topic_is_in_the_operators_guide() -> None:
    assert all(f"`huiyin.{topic}`" in text(OPERATORS_GUIDE) for topic in CONFIGS)


NOT_WRITTEN = {"digest", "text", "clause", "kpi"}
ROWS = (Pack, Clause, Kpi, Pattern)


@pytest.mark.parametrize("guide", FOR_RULES, ids=name)
def test_rule_authors_find_every_field_operator_path_and_named_rule(guide: Path) -> None:
    fields = {field for row in ROWS for field in row.model_fields} - NOT_WRITTEN
    words = {*fields, *OPERATORS, *COMPUTED, *RULES, *REFUSALS, "beyond"}
    written = set(re.findall(r"`([^`\n]+)`", text(guide)))
    assert words <= written, sorted(words - written)


def runnable(document: Path) -> list[str]:
    return [command for block in blocks(document) if block.runs or block.live for command, _ in block.steps()]


def test_both_languages_show_the_same_commands() -> None:
    assert runnable(FOR_RULES[0]) == runnable(FOR_RULES[1])
    assert runnable(ROOT / "README.md") == runnable(ROOT / "README.zh-CN.md")


@pytest.mark.parametrize(
    ("said", "seen", "agrees"),
    [
        ("a\nb", "a\nb", True),
        ("a\nb", "a\nc", False),
        ("a\n…\nd", "a\nb\nc\nd", True),
        ("a\n…", "a\nb\nc", True),
        ("a …, d", "a b c, d", True),
        ("a …, d", "a b\nc, d", False),
        ("a.c", "abc", False),
    ],
)
def test_an_ellipsis_stands_for_lines_or_for_a_part_of_one(said: str, seen: str, agrees: bool) -> None:
    assert matches(said, seen) is agrees
