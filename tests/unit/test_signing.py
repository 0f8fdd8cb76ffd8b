"""Where the signing key comes from, and how it is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from api.signing import made_once, seed_needed, seed_of
from domain.checkpoint import BadNote, Signer, new_seed
from streams.config import Settings


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = made_once(tmp_path)
    text = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert made_once(tmp_path).read_text() == text
    assert seed_of(replace(Settings(), signing_key_file=file)) == text.strip()
    assert Signer.read("huiyin/test", text)


def test_the_key_itself_goes_before_its_file(tmp_path: Path) -> None:
    seed = new_seed()
    assert seed_of(Settings(signing_key=seed, signing_key_file=tmp_path / "none")) == seed
    assert seed_of(Settings()) is None


def test_a_key_that_is_needed_and_not_there_is_told_in_both_languages(tmp_path: Path) -> None:
    for settings in (Settings(), Settings(signing_key_file=tmp_path / "none")):
        with pytest.raises(BadNote) as refused:
            seed_needed(settings)
        assert refused.value.en and refused.value.zh
    assert "HUIYIN_SIGNING_KEY" not in repr(Settings(signing_key="secret"))
    assert "secret" not in repr(Settings(signing_key="secret"))
