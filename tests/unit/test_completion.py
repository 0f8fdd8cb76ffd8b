"""Completion as each shell that is present asks for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.completion import SHELLS, tree
from api.cli.main import COMMANDS
from tests.helpers.cli import huiyin, refused

WORLD = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    "HUIYIN_LANG": "en",
}
PRESENT = [shell for shell in SHELLS if shell == "bash" or shutil.which(shell)]

# What bash does on Tab: it sets what was typed, and calls the function that is registered for the command.
TAB = """
source <(huiyin completion bash)
[[ "$(complete -p huiyin)" == *"-F _python_argcomplete huiyin" ]] || exit 9
COMP_LINE=$1; COMP_POINT=${#1}; COMP_TYPE=9
_python_argcomplete huiyin "${1##* }"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def tab(line: str, **environ: str) -> list[str]:
    """What bash offers after a line."""
    done = subprocess.run(
        ["bash", "-c", TAB, "bash", line],
        env={**WORLD, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [word.strip() for word in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("huiyin si", ["simulate"]),
        ("huiyin policy ", ["list", "show", "check"]),
        ("huiyin policy show t", ["tobacco-field", "tobacco-xuzhou"]),
        ("huiyin simulate f --policy general,au", ["general,auto-4s"]),
        ("huiyin watch --severity c", ["critical"]),
    ],
)
def test_bash_completes_commands_options_and_packs(line: str, offered: list[str]) -> None:
    assert tab(line) == offered


def test_an_organisations_own_packs_are_offered_too(tmp_path: Path) -> None:
    (tmp_path / "our-own.toml").touch()
    assert tab("huiyin policy show ou", HUIYIN_POLICY_DIR=str(tmp_path)) == ["our-own"]


# In each shell: load the code as the documents say, and ask; what the answer must hold
ASKED = {
    "bash": ("source <(huiyin completion bash); complete -p huiyin", "_python_argcomplete huiyin"),
    "zsh": (
        "autoload -Uz compinit; compinit -D -u; source <(huiyin completion zsh); print $_comps[huiyin]",
        "_python_argcomplete",
    ),
    "fish": ('huiyin completion fish | source; complete -C "huiyin simul"', "simulate\tRun facts through"),
}


@pytest.mark.parametrize("shell", PRESENT)
def test_a_shell_takes_the_code_that_is_printed_for_it(shell: str) -> None:
    bare = {"zsh": ["-f"], "fish": ["--no-config"]}.get(shell, [])
    command, answer = ASKED[shell]
    done = subprocess.run(
        [shell, *bare, "-c", command], env=WORLD, capture_output=True, text=True, timeout=60, check=False
    )
    assert answer in done.stdout
    assert done.stderr == ""


def test_every_command_can_be_completed() -> None:
    for name in COMMANDS:
        parser = tree(f"huiyin {name} ", {})
        for word in name.split():
            [groups] = [action for action in parser._actions if action.choices and action.nargs == "A..."]
            parser = groups.choices[word]  # type: ignore[index,call-overload,assignment]


def test_another_shell_is_refused_with_those_that_are_known() -> None:
    line = refused(huiyin("completion", "csh"))
    assert all(shell in line for shell in SHELLS)
