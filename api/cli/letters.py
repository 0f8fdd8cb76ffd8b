"""`huiyin dead-letters`: what was refused and why, and sending it again after it was put right."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from api.cli.command import Command, Given, argument, whole
from api.cli.edge import DONE, NO, Edge, Failure, failure, local
from api.cli.unsealing import letters_opened

if TYPE_CHECKING:
    from storage.postgres import Letter, PostgresStorage

PAGE = 500


def list_letters(given: Given, edge: Edge) -> int:
    """One line a letter: its number, when, why, and what the message said it was."""
    with edge.storage() as storage:
        for letter in _letters(edge, storage, given.code):
            told = orjson.loads(letter.letter)
            at, why = local(letter.made_at.isoformat()), told.get("reason_zh") or letter.reason
            parts = (letter.position, at, letter.code, _claimed(told), edge.text(letter.reason, why))
            edge.line("  ".join(str(part) for part in parts if part))
    return DONE


def _letters(edge: Edge, storage: PostgresStorage, code: str | None = None) -> Iterator[Letter]:
    after = 0
    while page := storage.dead_letters(after, PAGE):
        wanted = [letter for letter in page if code in (None, letter.code)]
        yield from letters_opened(edge, storage, wanted)
        after = page[-1].position


def _claimed(told: Mapping[str, Any]) -> str:
    """Type and subject, as far as they can be read; nothing of the data, which may be personal."""
    from api.cli.sending import claimed

    raw, headers = (b"", {}) if "sealed_with" in told else content(told)
    said = claimed(raw)
    names = (
        said.get(name) or headers.get(f"ce_{name}", b"").decode("utf-8", "replace")
        for name in ("type", "subject")
    )
    return " ".join(_printable(str(name)[:200]) for name in names if name)


def _printable(text: str) -> str:
    """What was refused may hold anything, a terminal's control codes too."""
    return "".join(character if character.isprintable() else "�" for character in text)


def content(letter: Mapping[str, Any]) -> tuple[bytes, dict[str, bytes]]:
    """The message as it came: its bytes and headers."""
    if "sealed_with" in letter:
        en = "the message is sealed: its key was destroyed, or no master key is configured."
        raise Failure(failure(en, "该消息已加密：其密钥已销毁，或未配置主密钥。").text, NO)
    headers = {name: b64decode(value) for name, value in letter.get("headers", {}).items()}
    return b64decode(letter["raw_base64"]), headers


def show(given: Given, edge: Edge) -> int:
    """A letter whole; the message itself only on demand, as it may hold personal data."""
    with edge.storage() as storage:
        letter = _found(edge, storage, given.NUMBER)
    said = orjson.loads(letter.letter)
    if given.raw:
        edge.stdout.write(content(said)[0] + b"\n")
        return DONE
    kept = {name: value for name, value in said.items() if name not in ("raw_base64", "headers")}
    edge.json({"number": letter.position, "message": _claimed(said), **kept})
    return DONE


def _found(edge: Edge, storage: PostgresStorage, number: int) -> Letter:
    letter = storage.dead_letter(number)
    if letter is None:
        raise Failure(
            failure("no dead letter has the number {n}.", "没有编号为 {n} 的死信。", n=number).text, NO
        )
    return letters_opened(edge, storage, [letter])[0]


def replay(given: Given, edge: Edge) -> int:
    """Sends messages again as they came; what was recorded meanwhile is answered as a duplicate."""
    if bool(given.NUMBER) == bool(given.all):
        raise failure(
            "huiyin dead-letters replay: give numbers, or --all.",
            "huiyin dead-letters replay：请给出编号或 --all。",
        )
    with edge.storage() as storage:
        named = [_found(edge, storage, number) for number in given.NUMBER]
        chosen = named or list(_letters(edge, storage, given.code))
    messages = [content(said) for said in _readable(chosen, edge)]
    if given.http:
        return _over_http(messages, given.http, edge)
    _onto_intake(messages, edge)
    edge.line(edge.text("{n} messages sent again", "已重发 {n} 条消息", n=len(messages)))
    return DONE


def _readable(letters: list[Letter], edge: Edge) -> list[dict[str, Any]]:
    """Those that can be opened; of a customer who was erased there is nothing to send again."""
    said = [orjson.loads(letter.letter) for letter in letters]
    readable = [one for one in said if "sealed_with" not in one]
    if erased := len(said) - len(readable):
        text = edge.text("{n} sealed messages cannot be read", "{n} 条加密消息无法读取", n=erased)
        edge.note(text)
    return readable


def _onto_intake(messages: list[tuple[bytes, dict[str, bytes]]], edge: Edge) -> None:
    from kafka import KafkaProducer

    from streams.brokers import checked_options
    from streams.clients import opened
    from streams.topics import Topics

    settings = edge.settings
    topic = Topics.under(settings.topic_prefix).intake
    options = {"bootstrap_servers": settings.kafka.split(","), **checked_options(settings)}
    with opened(KafkaProducer, max_block_ms=15_000, **options) as producer:
        sent = [
            producer.send(topic, value=raw, key=_key(raw, headers), headers=list(headers.items()))
            for raw, headers in messages
        ]
        for future in sent:
            future.get(timeout=60)


def _key(raw: bytes, headers: Mapping[str, bytes]) -> bytes | None:
    from api.cli.sending import claimed

    subject = headers.get("ce_subject") or claimed(raw).get("subject")
    return subject.encode() if isinstance(subject, str) else subject


def _over_http(messages: list[tuple[bytes, dict[str, bytes]]], url: str, edge: Edge) -> int:
    """To the API in structured mode; what came to Kafka in binary mode has its attributes in its headers."""
    from api.cli.sending import HttpSender

    sender = HttpSender(url, edge.api_key(url), 30.0)
    answers = [answer for raw, headers in messages for answer in sender.send([_structured(raw, headers)])]
    sender.close()
    for answer in answers:
        edge.json(answer)
    return NO if any(answer.get("status") == "rejected" for answer in answers) else DONE


def _structured(raw: bytes, headers: Mapping[str, bytes]) -> bytes:
    said = {
        name[3:]: value.decode("utf-8", "replace")
        for name, value in headers.items()
        if name.startswith("ce_")
    }
    if not said:
        return raw
    try:
        return orjson.dumps({**said, "data": orjson.loads(raw)})
    except orjson.JSONDecodeError:
        return raw


CODE = argument("--code", metavar="CODE", en="only those refused with this code", zh="只看此代码的死信")
LIST = Command(list_letters, (CODE,))
SHOW = Command(
    show,
    (
        argument("NUMBER", type=whole(1), en="the letter's number, as list gives it", zh="死信编号，见 list"),
        argument("--raw", action="store_true", en="the message itself, byte by byte", zh="原始消息，逐字节"),
    ),
)
REPLAY = Command(
    replay,
    (
        argument("NUMBER", type=whole(1), nargs="*", en="the letters' numbers", zh="死信编号"),
        argument(
            "--all",
            action="store_true",
            en="all of them (with --code: all of that code)",
            zh="全部（或 --code 指定的全部）",
        ),
        CODE,
        argument("--http", metavar="URL", en="to this API instead of to Kafka", zh="发往该 API 而非 Kafka"),
    ),
)
