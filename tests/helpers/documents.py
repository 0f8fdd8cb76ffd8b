"""Documents as tests read them: their files are written, their commands run, their output compared.

```console          run in the document's own folder: `$ ` begins a command, `> ` goes on with it,
                    the rest is its output; `…` on a line of its own stands for any lines, within a
                    line for any text
```console ledger   the same on a ledger that was played for the document (`test_docs_ledger`)
```console live     needs a running installation: only the commands and options are checked
```toml file=NAME   written to NAME in that folder, whatever the language
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: what is written behind its fence, and in it."""

    info: str
    text: str

    @property
    def file(self) -> str | None:
        found = re.search(r"file=(\S+)", self.info)
        return found[1] if found else None

    @property
    def runs(self) -> bool:
        return self.info == "console"

    @property
    def ledger(self) -> bool:
        return self.info == "console ledger"

    @property
    def live(self) -> bool:
        return self.info == "console live" or self.ledger

    def steps(self) -> Iterator[tuple[str, str]]:
        """Its commands, each with the output that it is said to have."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            first, *rest = part.splitlines()
            more = [line[2:] for line in rest if line.startswith("> ")]
            yield "\n".join([first, *more]), "\n".join(rest[len(more) :])


def blocks(document: Path) -> list[Block]:
    return [
        Block(found["info"].strip(), found["text"]) for found in FENCE.finditer(document.read_text("utf-8"))
    ]


def documents() -> list[Path]:
    return [
        *sorted(ROOT.glob("README*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        ROOT / "sample/README.md",
    ]


def environment(document: Path) -> Mapping[str, str]:
    """The document's language, this interpreter's commands, and nothing of who runs the tests."""
    chinese = "zh" in document.relative_to(ROOT).as_posix()
    own = {name: value for name, value in os.environ.items() if not name.startswith("HUIYIN_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}"
    return {**own, "PATH": path, "HUIYIN_LANG": "zh" if chinese else "en", "LC_ALL": "C.UTF-8"}


def run(command: str, folder: Path, document: Path) -> str:
    """What a reader would see in their terminal."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment(document),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return trimmed(done.stdout)


def trimmed(output: str) -> str:
    """Without the blanks at the ends of lines, and the blank lines at the ends of all, which nobody sees."""
    return "\n".join(line.rstrip() for line in output.splitlines()).strip("\n")


def matches(said: str, seen: str) -> bool:
    """Whether the output is as the document says, `…` standing for what differs from time to time."""
    pattern = re.escape(trimmed(said)).replace("…", ".*")
    pattern = re.sub(r"(?:^|(?<=\n))\.\*(?=\\\n|\n|$)", r"(?s:.*?)", pattern)
    return re.fullmatch(pattern, seen) is not None


CALL = re.compile(r"(?:^|[|;&]\s*)(?:[A-Z_]+=\S+ )*huiyin ([^|;&>]*)", re.MULTILINE)


def programs(command: str) -> list[list[str]]:
    """The `huiyin` calls in a command line, each as its words."""
    return [shlex.split(call) for call in CALL.findall(command.replace("\\\n", " "))]
