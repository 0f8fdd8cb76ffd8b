"""Checkpoints as notes: signed and opened as the other logs do, and refused when anything is off."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.signing import write_out
from domain.checkpoint import (
    BadNote,
    Checkpoint,
    Signer,
    VerifierKey,
    new_seed,
    notes_in,
    open_checkpoint,
    open_checkpoints,
    opened,
    origin_of,
)

NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSN"
    "XgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The note that Go's reference implementation documents."""

SIGNER = Signer("huiyin/test", bytes(range(32)))
CHECKPOINT = Checkpoint("huiyin/test", 1_000_000, b"\x07" * 32)
SIGNED = SIGNER.sign(CHECKPOINT.text)


def test_a_note_signed_elsewhere_is_opened() -> None:
    key = VerifierKey.read(NEUMANN)
    text, by = opened(NOTE, [key])
    assert (text.splitlines()[1], by) == ("then you don't know what your problem is.", key)
    assert str(key) == NEUMANN


def test_a_signed_checkpoint_is_read_back() -> None:
    assert SIGNED.splitlines()[:3] == ["huiyin/test", "1000000", f"{'BwcH' * 10}Bwc="]
    assert open_checkpoint(SIGNED, [SIGNER.public]) == (CHECKPOINT, SIGNER.public)
    assert origin_of(SIGNED) == "huiyin/test"


def test_lines_of_witnesses_are_passed_over() -> None:
    witness = Signer("witness.example", bytes(32))
    line = witness.sign(CHECKPOINT.text).splitlines(keepends=True)[-1]
    assert open_checkpoint(SIGNED + line, [SIGNER.public])[1] == SIGNER.public
    assert open_checkpoint(SIGNED + line, [witness.public])[1] == witness.public


@pytest.mark.parametrize("place", range(len(SIGNED)))
def test_every_change_of_one_character_refuses_it(place: int) -> None:
    other = "A" if SIGNED[place] != "A" else "B"
    with pytest.raises(BadNote):
        open_checkpoint(SIGNED[:place] + other + SIGNED[place + 1 :], [SIGNER.public])


@pytest.mark.parametrize("cut", range(len(SIGNED)))
def test_a_checkpoint_that_breaks_off_is_refused(cut: int) -> None:
    with pytest.raises(BadNote):
        open_checkpoint(SIGNED[:cut], [SIGNER.public])


def test_a_key_that_did_not_sign_it_refuses_it() -> None:
    for other in (Signer("huiyin/test", bytes(32)), Signer("huiyin/other", SIGNER.seed)):
        with pytest.raises(BadNote):
            open_checkpoint(SIGNED, [other.public])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "huiyin/test\n",
        "huiyin/test\n01\n" + "A" * 43 + "=\n",
        "huiyin/test\n-1\n" + "A" * 43 + "=\n",
        "huiyin/test\n1\nAAAA\n",
        "huiyin/test\n1\n" + "A" * 42 + "B=\n",
        "\n1\n" + "A" * 43 + "=\n",
        "huiyin/test\n1\n" + "A" * 43 + "=",
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.read(text)


@pytest.mark.parametrize("key", ["", "a+b", "a+00000000+AAAA", NEUMANN.replace("c74f", "c74e"), NEUMANN[:-1]])
def test_a_text_that_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(BadNote):
        VerifierKey.read(key)


def test_a_new_key_signs_and_another_text_is_none() -> None:
    signer = Signer.read("huiyin/new", new_seed() + "\n")
    assert open_checkpoint(signer.sign(CHECKPOINT.text), [signer.public])[0] == CHECKPOINT
    with pytest.raises(BadNote):
        Signer.read("huiyin/new", "a short one")


@pytest.mark.parametrize("text", ["no newline", "a\n\nblank line\n"])
def test_what_would_open_as_something_else_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="note"):
        SIGNER.sign(text)


def gathered(*sizes: int, by: Signer) -> list[str]:
    return [by.sign(Checkpoint(by.name, size, bytes(32)).text) for size in sizes]


@pytest.mark.parametrize("between", ["", "\n", "\n\n\n"])
def test_checkpoints_gathered_in_a_file_or_read_out_of_a_topic_are_opened_one_by_one(between: str) -> None:
    signer = Signer.read("huiyin/x", new_seed())
    text = between.join(gathered(1, 5, 9, by=signer))
    assert notes_in(text) == gathered(1, 5, 9, by=signer)
    assert [one.size for one in open_checkpoints(text, [signer.public])] == [1, 5, 9]


def test_checkpoints_by_an_earlier_key_and_a_torn_last_one_are_passed_over() -> None:
    signer, before = (Signer.read("huiyin/x", new_seed()) for _ in "ab")
    text = "".join([*gathered(1, 2, by=before), *gathered(5, by=signer)]) + "huiyin/x\n9\nAAA"
    assert [one.size for one in open_checkpoints(text, [signer.public])] == [5]


@pytest.mark.parametrize("changed", [("\n5\n", "\n6\n"), ("AAA", "AAB")])
def test_one_changed_checkpoint_among_many_refuses_them_all(changed: tuple[str, str]) -> None:
    signer = Signer.read("huiyin/x", new_seed())
    text = "".join(gathered(1, 5, 9, by=signer)).replace(*changed, 1)
    with pytest.raises(BadNote):
        open_checkpoints(text, [signer.public])


@pytest.mark.parametrize("text", ["", "\n\n", "nothing", "a\n\n— huiyin/x A\n"])
def test_what_holds_no_checkpoint_of_ours_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        open_checkpoints(text, [Signer.read("huiyin/x", new_seed()).public])


def test_a_checkpoint_is_written_out_once_behind_those_that_are_there(tmp_path: Path) -> None:
    first, second = gathered(1, 2, by=Signer.read("huiyin/x", new_seed()))
    file = tmp_path / "checkpoints"
    assert [write_out(file, note) for note in (first, first, second, second)] == [True, False, True, False]
    assert file.read_text() == first + second
