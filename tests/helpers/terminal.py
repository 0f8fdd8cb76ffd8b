"""A command in a terminal of its own, as a person has it: keys go in, and the screen is looked at."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
WIDE, HIGH = 80, 24


class Terminal:
    """The one end of a pseudo-terminal, with a process at the other."""

    def __init__(self, descriptor: int, process: subprocess.Popen[bytes]) -> None:
        self.descriptor, self.process = descriptor, process
        self.raw = ""

    def press(self, keys: str) -> None:
        os.write(self.descriptor, keys.encode())

    def shows(self, text: str, patience_s: float = 30.0) -> str:
        """Waits until the text has come since it was last waited for; what came with it."""
        until = time.monotonic() + patience_s
        while text not in (seen := ESCAPES.sub("", self.raw)):
            assert time.monotonic() < until, f"{text!r} did not come:\n{seen[-3000:]}"
            self.raw += self._more()
        self.raw = ""
        return seen

    def ends(self, patience_s: float = 15.0) -> int:
        """The exit status; what came before the end stays in `raw`."""
        until = time.monotonic() + patience_s
        while self.process.poll() is None:
            assert time.monotonic() < until, f"does not end:\n{self.raw[-3000:]}"
            self.raw += self._more()
        self.raw += self._more()
        return self.process.returncode

    def _more(self) -> str:
        ready, _, _ = select.select([self.descriptor], [], [], 0.1)
        try:
            return os.read(self.descriptor, 65536).decode("utf-8", "replace") if ready else ""
        except OSError:  # Linux says so when the other end was closed
            return ""


@contextmanager
def terminal(env: Mapping[str, str], *words: str) -> Iterator[Terminal]:
    """`huiyin words…` in 80 columns and 24 lines, in English."""
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", HIGH, WIDE, 0, 0))
    world = {**os.environ, "TERM": "xterm-256color", "HUIYIN_LANG": "en", "HUIYIN_DATA": "/nowhere", **env}
    world = {name: value for name, value in world.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    command = [str(Path(sys.executable).parent / "huiyin"), *words]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=world)
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        process.kill()
        process.wait(10)
        os.close(ours)
