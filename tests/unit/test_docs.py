"""What the documents say is so: commands give the output shown, names exist, nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from api.cli.main import COMMANDS, load
from api.http.access.table import TABLE
from api.http.pages import behind
from api.http.pages.registry import PAGES
from domain.conditions import COMPUTED, OPERATORS
from domain.pack import Clause, Kpi, Pack, Pattern
from domain.rules import REFUSALS, RULES
from streams.config import READERS, variable
from streams.topics import CONFIGS
from tests.helpers.documents import ROOT, blocks, documents, matches, programs, run

DOCUMENTS = documents()
FOR_RULES = (ROOT / "docs/rule-authors.md", ROOT / "docs/zh/rule-authors.md")
FOR_OPERATORS = (ROOT / "docs/operators.md", ROOT / "docs/zh/operators.md")
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
    names = (" ".join(words[:count]) for count in (3, 2, 1))
    return next((name for name in names if name in COMMANDS), "")


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


@pytest.mark.parametrize("guide", FOR_OPERATORS, ids=name)
def test_operators_find_every_page_and_who_may_open_it(guide: Path) -> None:
    found = dict(re.findall(r"^\| [^|]+ \| `(/[^`]*)` \| ([^|]+) \| [^|]+ \|$", text(guide), re.M))
    told = {path: set(re.findall("[a-z_]+", roles)) for path, roles in found.items()}
    assert {page.path: TABLE["GET", page.path] for page in PAGES} == told


@pytest.mark.parametrize("guide", FOR_OPERATORS, ids=name)
def test_operators_find_every_list_behind_a_number(guide: Path) -> None:
    lists = {route.path for route in behind.router.routes if isinstance(route, APIRoute)}
    assert [path for path in lists if f"`{path}`" not in text(guide)] == []


@pytest.mark.parametrize("guide", FOR_OPERATORS, ids=name)
def test_operators_find_every_command_setting_and_topic(guide: Path) -> None:
    words = {*COMMANDS, *map(variable, READERS), *(f"huiyin.{topic}" for topic in CONFIGS)}
    written = set(re.findall(r"`([^`\n]+)`", text(guide)))
    assert words <= written, sorted(words - written)


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


TRANSLATED = [
    (ROOT / "README.md", ROOT / "README.zh-CN.md"),
    *((ROOT / "docs" / chinese.name, chinese) for chinese in sorted((ROOT / "docs/zh").glob("*.md"))),
]


@pytest.mark.parametrize(("english", "chinese"), TRANSLATED, ids=name)
def test_both_languages_show_the_same_commands(english: Path, chinese: Path) -> None:
    assert runnable(english) == runnable(chinese)


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
