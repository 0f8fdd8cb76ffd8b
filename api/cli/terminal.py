"""A terminal that is read key by key; left as it was found, whatever happens."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager

NAMED = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1b[5~": "pageup",
    "\x1b[6~": "pagedown",
    "\x1b[H": "home",
    "\x1b[F": "end",
    "\x1b[1~": "home",
    "\x1b[4~": "end",
    "\x1bOA": "up",
    "\x1bOB": "down",
    "\x1bOH": "home",
    "\x1bOF": "end",
    "\x1b": "escape",
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\x08": "backspace",
}
KEY = re.compile(r"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])?|.", re.DOTALL)


class Keys:
    """Bytes of a terminal as keys: named ones by name, all others as the character that they are."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def of(self, raw: bytes) -> Iterator[str]:
        """A character's bytes may come apart; a key's escape sequence comes in one piece."""
        for found in KEY.findall(self._decoder.decode(raw)):
            yield NAMED.get(found, found)


@contextmanager
def key_by_key(descriptor: int) -> Iterator[None]:
    """Keys come as they are pressed and are not echoed; interrupting still interrupts."""
    import termios
    import tty

    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def controllable(*streams: object) -> bool:
    """Whether all of these are terminals that can be read key by key: not so on Windows."""
    try:
        import termios  # noqa: F401
    except ImportError:
        return False
    return all(getattr(stream, "isatty", lambda: False)() for stream in streams)
