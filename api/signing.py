"""The key that signs checkpoints and exports, from the settings of an installation."""

from __future__ import annotations

import os
from pathlib import Path

from domain.checkpoint import BadNote, new_seed
from streams.config import Settings

FILE = "signing.key"
"""Where `up` keeps the key it made, in its data directory."""


def seed_of(settings: Settings) -> str | None:
    """The signing key as it is configured; None if there is none. Raises `BadNote`."""
    if settings.signing_key or settings.signing_key_file is None:
        return settings.signing_key
    try:
        return settings.signing_key_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        file, why = settings.signing_key_file, getattr(problem, "strerror", None) or "not text"
        raise BadNote(f"{file}: cannot be read: {why}.", f"{file}：无法读取：{why}。") from problem


def seed_needed(settings: Settings) -> str:
    """The signing key; raises `BadNote` where there is none."""
    seed = seed_of(settings)
    if seed is None:
        raise BadNote(
            "no signing key is configured; set HUIYIN_SIGNING_KEY_FILE or HUIYIN_SIGNING_KEY.",
            "未配置签名密钥；请设置 HUIYIN_SIGNING_KEY_FILE 或 HUIYIN_SIGNING_KEY。",
        )
    return seed


def write_out(file: Path, note: str) -> bool:
    """Adds a checkpoint at the end of a file, unless it is the last one there already; says whether. Nothing
    is ever changed in it, so the file may lie where things can only be added."""
    with file.open("ab+") as opened:
        opened.seek(max(0, opened.tell() - len(note.encode())))
        if opened.read() == note.encode():
            return False
        opened.write(note.encode())
    return True


def made_once(data: Path) -> Path:
    """The key's file in a data directory, made if it is not there, readable for its owner only."""
    file = data / FILE
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file
    with os.fdopen(handle, "w") as opened:
        opened.write(new_seed() + "\n")
    return file
