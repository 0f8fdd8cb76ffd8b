"""`huiyin completion`: what a shell needs to complete commands, options and the names that belong to them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from api.cli.command import Command, Given, add_arguments, argument
from api.cli.edge import DONE, Edge

SHELLS = ("bash", "zsh", "fish")


def run(given: Given, edge: Edge) -> int:
    """The shell's own code: it asks this program on each Tab, so that it never grows old."""
    from argcomplete.shell_integration import shellcode

    code = shellcode(["huiyin"], shell=given.SHELL)
    edge.line(code.strip())
    return DONE


def complete(environ: Mapping[str, str]) -> None:
    """Answers the shell, which told in the environment what was typed so far, and ends the program."""
    from argcomplete.completers import SuppressCompleter
    from argcomplete.finders import CompletionFinder

    finder = CompletionFinder(default_completer=SuppressCompleter())
    finder(tree(environ.get("COMP_LINE", ""), environ), always_complete_options=False)


def tree(line: str, environ: Mapping[str, str]) -> argparse.ArgumentParser:
    """Every command; of the one that the line names, its arguments too: the others need not be imported."""
    from api.cli.main import COMMANDS, load
    from api.i18n import language

    root = argparse.ArgumentParser("huiyin")
    groups: dict[str, Any] = {"": root.add_subparsers()}
    for name, entry in COMMANDS.items():
        group, _, word = name.rpartition(" ")
        said = entry.summary.within(language(environ))
        parser = _group(groups, group).add_parser(word, help=said)
        if f" {name} " in f"{' '.join(line.split())} ":
            for action in add_arguments(parser, load(entry), language(environ)):
                _completed(action, environ)
    return root


def _group(groups: dict[str, Any], name: str) -> Any:
    """Where the commands of a group are added: `keys api` lies in `keys`."""
    if name not in groups:
        outer, _, word = name.rpartition(" ")
        groups[name] = _group(groups, outer).add_parser(word).add_subparsers()
    return groups[name]


def _completed(action: argparse.Action, environ: Mapping[str, str]) -> None:
    completer = COMPLETERS.get(str(action.metavar or action.dest))
    if completer is not None:
        action.completer = completer(environ)  # type: ignore[attr-defined]  # argcomplete's own place for it


# ---- what belongs to which argument


def _files(_: Mapping[str, str]) -> Any:
    from argcomplete.completers import FilesCompleter

    return FilesCompleter()


def _folders(_: Mapping[str, str]) -> Any:
    from argcomplete.completers import DirectoriesCompleter

    return DirectoriesCompleter()


def _packs(environ: Mapping[str, str]) -> Any:
    """The packs that are shipped, and the organisation's own."""

    def found(**_: Any) -> list[str]:
        import domain

        assert domain.__file__ is not None
        places = [Path(domain.__file__).parent / "policies"]
        if own := environ.get("HUIYIN_POLICY_DIR"):
            places.append(Path(own))
        return sorted({file.stem for place in places for file in place.glob("*.toml")})

    return found


def _pack_lists(environ: Mapping[str, str]) -> Any:
    """Packs after packs, separated by commas."""
    packs = _packs(environ)

    def found(prefix: str, **_: Any) -> list[str]:
        before = prefix[: prefix.rfind(",") + 1]
        return [f"{before}{pack}" for pack in packs() if pack not in before.split(",")]

    return found


def _projections(_: Mapping[str, str]) -> Any:
    def found(**_: Any) -> tuple[str, ...]:
        from projections.projection import NAMES

        return tuple(NAMES)

    return found


# what an argument is called in its command's usage → what completes it
COMPLETERS: Mapping[str, Callable[[Mapping[str, str]], Any]] = {
    "FILE": _files,
    "MAP.toml": _files,
    "DIR": _folders,
    "PACK": _packs,
    "PACK[,PACK]": _pack_lists,
    "PROJECTION": _projections,
}

COMPLETION = Command(
    run,
    (argument("SHELL", choices=SHELLS, en="which shell's code", zh="为哪种 shell 生成"),),
)
