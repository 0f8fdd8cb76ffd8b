"""Processes that belong to this one: they log to a file, answer before they count, and end with it."""

import ctypes
import os
import pwd
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HOST = "127.0.0.1"
PORTS = range(15_000, 32_768)
TRIES = 100
STARTING_S = 60.0
STOPPING_S = 30.0
TAIL = 8
TROUBLE = re.compile(r"\b(ERROR|FATAL|PANIC|Caused by)\b")


class ChildFailed(Exception):
    """A child ended, or did not answer in time; the message ends with what its log says of it."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now; all are held until the last is found, so that none comes twice.

    Below those that systems give to outgoing connections (32768 on Linux), one of which could otherwise have
    taken the port before whoever asked for it listens there.
    """
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            held.append(_bound(random.SystemRandom()))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def _bound(chance: random.Random) -> socket.socket:
    for port in chance.sample(PORTS, TRIES):
        one = socket.socket()
        try:
            one.bind((HOST, port))
        except OSError:
            one.close()
        else:
            return one
    raise ChildFailed(f"no free port between {PORTS[0]} and {PORTS[-1]} / 无空闲端口")


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


class Child:
    """A process that writes to a log file and gets a signal of ours when this process is gone.

    Linux sends that signal when the *thread* that started the child ends, so it has to be the main one.
    """

    def __init__(
        self, command: Sequence[str], log: Path, dying: signal.Signals, owner: pwd.struct_passwd | None = None
    ) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("a child that is to end with its parent is started from the main thread")
        self.log = log
        with log.open("ab") as out:
            self.since = out.tell()
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the parent only, which stops all in order
                preexec_fn=_tether(dying, os.getpid()),  # noqa: PLW1509 - it makes two system calls and no more
                **identity(owner),
            )

    def wait_until(self, answers: Callable[[], bool], seconds: float = STARTING_S) -> None:
        deadline = time.monotonic() + seconds
        while not answers():
            if self.process.poll() is not None:
                raise ChildFailed(f"ended with {self.process.returncode} / 已退出:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ChildFailed(f"no answer within {seconds:.0f} s / 未在时限内应答:\n{self.tail()}")
            time.sleep(0.05)

    def stop(self, asking: signal.Signals, seconds: float = STOPPING_S) -> None:
        """Ask first; what does not end in time is killed."""
        self.process.send_signal(asking)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def tail(self) -> str:
        """What this run logged as its trouble, else its last words."""
        with self.log.open("rb") as stream:
            stream.seek(self.since)
            lines = stream.read().decode(errors="replace").splitlines()
        return "\n".join([line for line in lines if TROUBLE.search(line)][-TAIL:] or lines[-TAIL:])


def _tether(dying: signal.Signals, parent: int) -> Callable[[], None] | None:
    """Ask Linux, before the child becomes the command, for a signal at its parent's death (prctl(2))."""
    if sys.platform != "linux":
        return None
    prctl, set_death_signal = ctypes.CDLL(None).prctl, 1

    def tether() -> None:
        prctl(set_death_signal, int(dying))
        if os.getppid() != parent:  # it died between the fork and the request
            os._exit(1)

    return tether


def identity(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    """What subprocess needs to run something as another user; nothing when it is to run as this one."""
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


class Server(ABC):
    """What broker and database have in common: a folder, a child, and being a context manager."""

    asking = signal.SIGTERM

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data = data.resolve()
        self.port = port or 0
        self.child: Child | None = None

    @abstractmethod
    def start(self) -> Self:
        """Returns when it answers.

        Raises:
            ChildFailed: it ended, or did not answer in time; nothing is left running.
        """

    @abstractmethod
    def answers(self) -> bool:
        """Whether it does its work already; asked again and again while it starts."""

    def await_answer(self) -> None:
        """What can't be waited for to the end, an interruption included, is not left running."""
        assert self.child is not None
        try:
            self.child.wait_until(self.answers)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stop cleanly; stopping what does not run is no error."""
        if self.child is not None and self.child.process.poll() is None:
            self.child.stop(self.asking)
        self.child = None

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would."""
        if self.child is not None:
            self.child.kill()
        self.child = None

    @property
    def pid(self) -> int:
        if self.child is None:
            raise RuntimeError(f"{type(self).__name__} is not running")
        return self.child.process.pid

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
