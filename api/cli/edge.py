"""What a command sees of the world: its streams, environment, language and clock, handed to it as values."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO
from urllib.parse import urlsplit

from api.i18n import Language, Text, language

if TYPE_CHECKING:
    from rich.console import Console

    from api.because import Wording
    from domain.policy import Policy
    from storage.postgres import PostgresStorage
    from streams.config import Settings

DONE, NO, WRONG = 0, 1, 2
"""Exit statuses: done; the answer is no; usage, or a service out of reach."""

DATA = "data"
"""Where `up` keeps everything, if nothing else is said: beside where it is started."""

RUNNING = "running.env"
"""In there, as long as `up` runs: the settings it runs with, for the other commands."""

API_KEY, API_KEY_FILE = "HUIYIN_API_KEY", "HUIYIN_API_KEY_FILE"
"""The key, or the file of it, that commands show to the API."""

HERE = ("127.0.0.1", "localhost", "::1")
"""Names of this machine."""

PIPED_WIDTH = 100  # columns where there is no terminal to ask


class Failure(Exception):
    """What ends a command with one line: what is wrong, where, and what to do."""

    def __init__(self, text: Text, status: int = WRONG) -> None:
        super().__init__(text.en)
        self.text, self.status = text, status


def failure(en: str, zh: str, /, **values: object) -> Failure:
    return Failure(Text(en.format(**values), zh.format(**values)) if values else Text(en, zh))


def insist_on_reason(command: str, reason: str | None) -> None:
    """What cannot be undone is recorded with its reason; raises Failure where none is given."""
    if not (reason or "").strip():
        raise failure(
            "huiyin {command}: say why with --reason.",
            "huiyin {command}：请用 --reason 说明原因。",
            command=command,
        )


def database_place(url: str) -> str:
    """Where a database is, without what is secret: an address may hold a password."""
    from psycopg.conninfo import conninfo_to_dict

    base: dict[str, Any] = conninfo_to_dict(url)
    return f"{base.get('host', '')}:{base.get('port', 5432)}/{base.get('dbname', '')}"


def local(moment: str) -> str:
    """An instant as the packs' people write it: in their zone, with its offset."""
    from domain.working_time import CN

    return datetime.fromisoformat(moment).astimezone(CN.tz).isoformat(" ", "seconds")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Edge:
    """The world of one run of a command; tests hand in another."""

    stdin: BinaryIO
    stdout: BinaryIO
    stderr: TextIO
    environ: Mapping[str, str] = field(default_factory=dict)
    now: Callable[[], datetime] = utc_now

    @property
    def language(self) -> Language:
        return language(self.environ)

    def text(self, en: str, zh: str, /, **values: object) -> str:
        return Text(en, zh).within(self.language, **values)

    def roles(self, names: Iterable[str]) -> str:
        """Roles as people call them."""
        from domain.glossary import called

        return self.text(", ", "、").join(self.text(*called(name)) for name in names)

    def period(self, text: str) -> str:
        """A period as the packs write it, or in Chinese."""
        from domain.working_time.periods import parse_period

        return parse_period(text).zh if self.language == "zh" else text

    def line(self, text: str) -> None:
        """One line of the answer."""
        self.stdout.write(text.encode("utf-8", "replace") + b"\n")

    def json(self, value: Any) -> None:
        """One line of the answer, as JSON."""
        import orjson

        self.stdout.write(orjson.dumps(value, default=str) + b"\n")

    def note(self, text: str) -> None:
        """A line beside the answer: on stderr, so that the answer can be piped on."""
        print(text, file=self.stderr, flush=True)

    @property
    def own_settings(self) -> Settings:
        """What the environment says, and nothing else."""
        from streams.config import Settings

        return Settings.from_env(self.environ)

    @property
    def settings(self) -> Settings:
        """What the environment says; for the rest, what a running `huiyin up` beside us runs with."""
        from streams.config import Settings

        return Settings.from_env({**self._beside(), **self.environ})

    def api_key(self, url: str, file: str | None = None) -> str | None:
        """What to show to the API: a key from a file or the environment; on this machine, that of a running
        `up` beside us."""
        file = file or (None if self.environ.get(API_KEY) else self.environ.get(API_KEY_FILE))
        if file is None:
            beside = self._beside() if urlsplit(url).hostname in HERE else {}
            return self.environ.get(API_KEY) or beside.get(API_KEY)
        try:
            return Path(file).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise unreadable(file, problem) from problem

    def _beside(self) -> dict[str, str]:
        file = Path(self.environ.get("HUIYIN_DATA") or DATA) / RUNNING
        try:
            lines = file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return {}
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def policy(self, packs: str | None = None, directory: str | None = None) -> Policy:
        """The packs named, else those of the installation; an organisation's own directory comes first."""
        from domain.policy import load_policy

        settings = self.settings
        names = [name.strip() for name in packs.split(",") if name.strip()] if packs else settings.policy
        own = Path(directory) if directory else settings.policy_dir
        if own is not None and not own.is_dir():
            raise failure("{own} is not a directory of packs.", "{own} 不是规则包目录。", own=own)
        return load_policy(names, [own] if own else [])

    @cached_property
    def wording(self) -> Wording:
        """How reasons and written rules are read in this language; else as they are kept."""
        from api.because import Wording
        from domain.pack import PackError

        try:
            return Wording.of(self.policy(), self.language)
        except PackError:
            return Wording(self.language)

    @contextmanager
    def storage(self) -> Iterator[PostgresStorage]:
        """The ledger's storage in PostgreSQL, its tables made if they are not there."""
        from storage.postgres import PostgresStorage

        storage = PostgresStorage(self.settings.database_url)
        try:
            storage.create()
            yield storage
        finally:
            storage.close()

    def console(self, piped: int = PIPED_WIDTH) -> Console:
        """For tables: as wide as the terminal, and plain where there is none."""
        from rich.console import Console

        wide = None if self.interactive else piped
        text = _Utf8(self.stdout)
        return Console(file=text, width=wide, highlight=False, markup=False, force_terminal=self.interactive)  # type: ignore[arg-type]

    @property
    def interactive(self) -> bool:
        return self.stdout.isatty()

    def lines_of(self, file: str) -> Iterator[bytes]:
        """The lines of a file, `.gz` unpacked, or of standard input for `-`."""
        with self.opened(file) as stream:
            yield from stream

    @contextmanager
    def opened(self, file: str) -> Iterator[BinaryIO]:
        if file == "-":
            yield self.stdin
            return
        try:
            with _unpacked(file) as stream:
                yield stream
        except (OSError, EOFError) as problem:
            raise unreadable(file, problem) from problem


def unreadable(file: str, problem: Exception) -> Failure:
    reason = getattr(problem, "strerror", None) or str(problem)
    return failure("{file}: cannot be read: {why}.", "{file}：无法读取：{why}。", file=file, why=reason)


def _unpacked(file: str) -> BinaryIO:
    if not file.endswith(".gz"):
        return open(file, "rb")
    import gzip

    return gzip.open(file, "rb")  # type: ignore[return-value]


class _Utf8:
    """Text onto a stream of bytes, always UTF-8: a pipe has no locale."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(text.encode("utf-8", "replace"))
        return len(text)

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()


def of_process() -> Edge:
    """The world of this process."""
    import os

    return Edge(sys.stdin.buffer, sys.stdout.buffer, sys.stderr, os.environ)


def instant(name: str, value: str | None) -> datetime | None:
    """An option's value as an instant; without an offset it is none."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise failure(
            "{name}: {value!r} is not a time with its offset; write e.g. 2026-03-04T10:00:00+08:00.",
            "{name}：{value!r} 不是带时区偏移的时间；例如 2026-03-04T10:00:00+08:00。",
            name=name,
            value=value,
        )
    return at
