"""An export taken apart piece by piece: however large it is, little of it is in memory.

Packed again, its files must give the same bytes, so that nothing hides between them. Nothing is written for
that: what packing would write is held against what is there.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from io import SEEK_END, BufferedReader, RawIOBase
from itertools import count
from typing import IO, cast

from api import bundle

MOST_TEXT, MOST_LINE = 2**22, 2**26
"""Bytes of a file that is read whole, and of a line; ours are far from either."""


class Damaged(Exception):
    """No export, or not whole."""


class Differs(Exception):
    """An archive that we did not pack like this."""


class File:
    """A file of an export. Its digest and how many lines it has are known when all its pieces were read."""

    def __init__(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        self._archive, self._entry = archive, entry
        self.name, self.size = entry.filename, entry.file_size
        self.line_count, self.digest = 0, ""

    def pieces(self) -> Iterator[bytes]:
        digest = sha256()
        with self._archive.open(self._entry) as content:
            while piece := content.read(bundle.PIECE):
                digest.update(piece)
                self.line_count += piece.count(b"\n")
                yield piece
        self.digest = digest.hexdigest()

    def text(self) -> str:
        """The whole of it.

        Raises:
            ValueError: it is no text, or longer than any of ours.
        """
        if self.size > MOST_TEXT:
            raise ValueError(f"{self.size} bytes")
        return self._archive.read(self._entry).decode()

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Numbered from 1; one that is longer than any of ours comes empty. What follows the last line's end
        is no line."""
        with BufferedReader(cast(RawIOBase, self._archive.open(self._entry)), bundle.PIECE) as content:
            for number in count(1):
                line = content.readline(MOST_LINE)
                if len(line) == MOST_LINE:
                    line = _passed_over(content)
                if not line.endswith(b"\n"):
                    return
                yield number, line[:-1]


def _passed_over(content: IO[bytes]) -> bytes:
    """The end of a line that is too long."""
    while line := content.readline(MOST_LINE):
        if line.endswith(b"\n"):
            return b"\n"
    return b""


def taken_apart(content: IO[bytes]) -> Mapping[str, File]:
    """The files of an export, each read once.

    Raises:
        Damaged: it is no export, or not whole.
        Differs: it was not packed by us.
    """
    try:
        archive = zipfile.ZipFile(content)
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise Damaged
        files = {entry.filename: File(archive, entry) for entry in entries}
        compared = _Compared(content)
        bundle.pack(files, compared)
    except (Damaged, Differs):
        raise
    except Exception as problem:  # a damaged archive may fail in any way that zipfile knows
        raise Damaged from problem
    compared.check()
    return files


class _Compared:
    """Stands for the file that is packed into. zipfile writes the head of an entry before and again after its
    content, when it knows the checksum: so one stretch at a time may differ until it is written again."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self._size = content.seek(0, SEEK_END)
        self._at = self._end = 0
        self._differing: int | None = None

    def write(self, piece: bytes) -> int:
        self._content.seek(self._at)
        if self._content.read(len(piece)) == piece:
            self._differing = None if self._differing == self._at else self._differing
        elif self._differing in (None, self._at) and self._at + len(piece) <= self._size:
            self._differing = self._at
        else:
            raise Differs
        self._at += len(piece)
        self._end = max(self._end, self._at)
        return len(piece)

    def check(self) -> None:
        if self._differing is not None or self._end != self._size:
            raise Differs

    def tell(self) -> int:
        return self._at

    def seek(self, place: int) -> int:
        self._at = place
        return place

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The file stays open, for whoever opened it."""
