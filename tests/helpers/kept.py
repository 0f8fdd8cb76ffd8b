"""One broker and one PostgreSQL for a run of the tests, whatever the number of its processes.

The process that first asks for a service starts its *keeper*, a process whose child the service is. Whoever
uses the service holds a connection to the keeper for as long; the system closes it when they end, however
they end. When nobody is left, the keeper stops the service, lets the last one know and ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from streams.child import HOST, Server
from streams.local import Broker, ChildFailed, Database

Kind = Literal["broker", "database"]

# Tests crash processes, never the machine: what the operating system holds is as safe as what the disk holds.
QUICK = {"fsync": "off", "full_page_writes": "off", "max_connections": "200", "shared_buffers": "64MB"}

SERVICES: dict[str, Callable[[Path], Server]] = {
    "broker": Broker,
    "database": lambda folder: Database(folder, settings=QUICK),
}
WAITING = 64
TRIES = 3


@dataclass(frozen=True)
class Kept:
    """Where a service listens and keeps its data."""

    port: int
    folder: Path


# ---- who uses a service


@contextmanager
def kept(kind: Kind, run: Path) -> Iterator[Kept]:
    """A service of the run whose folder is given, started unless another process did.

    Raises:
        ChildFailed: it cannot be started.
    """
    with ExitStack() as leaving:
        for _ in range(TRIES):
            user = leaving.enter_context(_user(kind, run))
            if answer := _told(user):
                break  # else its last user left that very moment, and the next one is started
        else:
            raise ChildFailed(f"the {kind}'s keeper ended; see {run / kind}.log")
        if "failed" in answer:
            raise ChildFailed(f"{kind}: {answer['failed']}")
        leaving.callback(_leave, user)
        yield Kept(answer["port"], Path(answer["folder"]))


def _told(user: socket.socket) -> dict[str, Any] | None:
    with user.makefile("rb") as said:
        line = said.readline()
    return json.loads(line) if line else None


def _leave(user: socket.socket) -> None:
    """For the last user this returns when the service has ended."""
    with suppress(OSError):
        user.shutdown(socket.SHUT_WR)
        user.recv(1)


def _user(kind: Kind, run: Path) -> socket.socket:
    """A connection to the keeper that runs, or to a new one."""
    address = run / f"{kind}.address"
    with (run / f"{kind}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(OSError, ValueError):
            return socket.create_connection((HOST, int(address.read_text())))
        with socket.create_server((HOST, 0), backlog=WAITING) as door:
            user = socket.create_connection(
                door.getsockname()
            )  # before the keeper looks whether anybody is there
            _keeper(kind, run, door)
            address.write_text(str(door.getsockname()[1]))
            return user


def _keeper(kind: Kind, run: Path, door: socket.socket) -> None:
    """A process in a session of its own, as Ctrl-C is for its users; the door is its standard input."""
    log = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", __name__, kind],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, door.fileno(), 0),
            (os.POSIX_SPAWN_OPEN, 1, run / f"{kind}.log", log, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


# ---- the keeper


def keep(kind: str, folder: Path, door: socket.socket) -> None:
    with ExitStack() as running:
        try:
            service = running.enter_context(SERVICES[kind](folder))
            answer = {"port": service.port, "folder": str(folder)}
        except Exception as problem:  # whoever asked is told
            answer = {"failed": f"{type(problem).__name__}: {problem}"}
        last = _serve(door, json.dumps(answer))
        door.close()
    last.close()


def _serve(door: socket.socket, answer: str) -> socket.socket:
    """Tell each who comes where the service is, until all have gone; the last of them.

    Users say nothing, so that one who can be read from is one who has gone.
    """
    users = {_welcome(door, answer)}
    while True:
        ready, _, _ = select.select([door, *users], [], [])
        if (
            door in ready
        ):  # before anybody is let go, so that who comes as the last one leaves is not too late
            users.add(_welcome(door, answer))
        for gone in users.intersection(ready):
            users.remove(gone)
            if not users:
                return gone
            gone.close()


def _welcome(door: socket.socket, answer: str) -> socket.socket:
    user, _ = door.accept()
    with suppress(OSError):  # who was killed meanwhile is noticed as gone
        user.sendall(f"{answer}\n".encode())
    return user


if __name__ == "__main__":
    # Not below the run's own folder: another run of pytest would close that to the database's user.
    with tempfile.TemporaryDirectory(prefix=f"huiyin-{sys.argv[1]}-", ignore_cleanup_errors=True) as place:
        keep(sys.argv[1], Path(place), socket.socket(fileno=0))
