"""The search for complaints by words of their sealed summaries, and what an erasure leaves of them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from api.cli.edge import utc_now
from api.http.access.branches import confined
from domain import erasure
from domain.ledger import Incoming
from projections import word_search
from projections.complaints import search
from storage.keys import new_master
from streams.config import Settings
from streams.inprocess import Loop
from streams.local import Database
from streams.parts import Parts
from tests.helpers.cli import huiyin
from tests.helpers.roles import until
from tests.helpers.scenario import fact, received

Found = Callable[..., list[str]]


@pytest.fixture
def settings(database: str) -> Settings:
    return Settings(database, master_key=new_master())


@pytest.fixture
def parts(settings: Settings) -> Iterator[Parts]:
    opened = Parts.open(settings)
    record(
        opened,
        received("C-1", "2026-03-04 10:00", customer="K-1", handler="S-1", summary="多收服务费，态度差"),
        received("C-2", "2026-03-05 10:00", customer="K-2", handler="S-2", summary="未送货，多收运费"),
        received("C-3", "2026-03-06 10:00", customer="K-1", handler="S-2", summary="Late delivery again"),
    )
    yield opened
    opened.close()


def record(parts: Parts, *facts: dict[str, Any]) -> None:
    parts.ledger.record([Incoming.read(json.dumps(one).encode()) for one in facts], datetime.now(UTC))
    project(parts)


def project(parts: Parts) -> None:
    while Loop(parts).round(datetime.now(UTC)):
        continue


@pytest.fixture
def found(parts: Parts) -> Found:
    """Searches, and gives back the names found."""
    return partial(names, parts)


def names(parts: Parts, words: str, **filters: Any) -> list[str]:
    with parts.connections.connect() as connection:
        page = search(connection, words=words, texts=parts.projector.context.texts, **filters)
        return [row["subject"].partition("/")[2] for row in page.items]


def test_a_sealed_summary_is_found_by_its_words_the_latest_first(found: Found) -> None:
    assert found("多收") == ["C-2", "C-1"]
    assert found("多收 服务费") == ["C-1"]
    assert found("DELIVERY late") == ["C-3"]
    assert found("退款") == []


def test_words_and_other_filters_narrow_each_other(found: Found) -> None:
    assert found("多收", handler="S-2") == ["C-2"]
    assert found("多收", customer="K-1") == ["C-1"]
    assert found("多收", status="open", until=datetime(2026, 3, 5, tzinfo=UTC)) == ["C-1"]


def test_pages_of_a_search_for_words_are_the_list(parts: Parts) -> None:
    record(parts, *(received(f"D-{n}", f"2026-04-{n + 1:02} 10:00", summary="多收费用") for n in range(9)))
    texts, cursor, pages = parts.projector.context.texts, None, list[list[str]]()
    with parts.connections.connect() as connection:
        while cursor is not None or not pages:
            page = search(connection, words="多收", texts=texts, limit=4, cursor=cursor)
            cursor = page.next
            pages.append([row["subject"] for row in page.items])
    assert [len(page) for page in pages] == [4, 4, 3]
    numbers = [*(f"D-{n}" for n in range(8, -1, -1)), "C-2", "C-1"]
    assert [each for page in pages for each in page] == [f"complaint/{number}" for number in numbers]


@pytest.mark.parametrize(
    ("words", "filters"),
    [
        ("太贵", {}),
        ("丢件", {}),
        ("丢件", {"handler": "S-2"}),
        ("太贵 丢件", {"handler": "S-1"}),
        ("丢件", {"customer": "K-3"}),
        ("丢件", {"until": datetime(2026, 4, 20, tzinfo=UTC), "status": "open"}),
        ("太贵", {"handler": "S-2", "since": datetime(2026, 4, 9, tzinfo=UTC)}),
        ("没有", {}),
    ],
)
def test_common_and_rare_words_are_found_alike(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, words: str, filters: dict[str, Any]
) -> None:
    """Whichever way leads to them, and however few are looked at for one page."""
    record(parts, *spread())
    for name, few in {"NEAR": 4, "FAR": 6, "LEAST": 2, "LOOKED_AT": 5}.items():
        monkeypatch.setattr(word_search, name, few)
    found, cursor, pages = list[str](), None, 0
    with parts.connections.connect() as connection:
        truth = search(connection, limit=500, **filters).items
        while cursor is not None or not pages:
            page = search(
                connection,
                words=words,
                texts=parts.projector.context.texts,
                limit=3,
                cursor=cursor,
                **filters,
            )
            found += [row["subject"] for row in page.items]
            cursor, pages = page.next, pages + 1
    said = {one["subject"]: one["data"]["summary"] for one in spread()}
    wanted = [
        row["subject"] for row in truth if all(w in said.get(row["subject"], "") for w in words.split())
    ]
    assert found == wanted


def spread() -> list[dict[str, Any]]:
    """In April every second complaint was charged too much, and every seventh lost something."""

    def said(n: int) -> str:
        return " ".join([*(["收得太贵"] if n % 2 else []), *(["丢件"] if n % 7 == 6 else []), "其他"])

    return [
        received(
            f"E-{n}",
            f"2026-04-{n + 1:02} 10:00",
            customer=f"K-{n % 4}",
            handler=f"S-{n % 3}",
            summary=said(n),
        )
        for n in range(28)
    ]


def test_who_is_confined_to_a_branch_finds_its_complaints_only(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(
        parts,
        received("F-1", "2026-03-07 10:00", branch="B-1", summary="多收运费"),
        received("F-2", "2026-03-08 10:00", branch="B-2", summary="多收运费"),
    )
    for name, few in (("NEAR", 1), ("NEAR", 2_000)):
        monkeypatch.setattr(word_search, name, few)
        with parts.connections.connect() as connection:
            query = partial(search, words="多收", texts=parts.projector.context.texts)
            page = confined(query, ["B-1"])(connection)
        assert [row["subject"] for row in page.items] == ["complaint/F-1"]


def test_without_the_master_key_no_sealed_summary_is_found(parts: Parts) -> None:
    with parts.connections.connect() as connection:
        assert search(connection, words="多收").items == []


def test_a_new_master_key_finds_as_the_old_one_did(parts: Parts, settings: Settings) -> None:
    new = new_master()
    both = Settings(settings.database_url, master_key=f"{new} {settings.master_key}")
    assert huiyin("keys", "rotate", env=both.to_env(), now=utc_now).status == 0
    opened = Parts.open(Settings(settings.database_url, master_key=new))
    assert names(opened, "多收") == ["C-2", "C-1"]
    opened.close()


# ---- erased


def marked(parts: Parts) -> dict[str, list[int]]:
    return dict(parts.connections.read("SELECT subject, marks FROM complaint_words ORDER BY 1"))


def test_what_was_erased_is_found_no_more_from_that_instant_on(parts: Parts, found: Found) -> None:
    erasure.erase(parts.ledger, "K-1", "asked for", datetime.now(UTC))
    assert set(marked(parts)) == {"complaint/C-1", "complaint/C-2", "complaint/C-3"}, "nothing projected yet"
    assert found("多收") == ["C-2"] and found("delivery") == []


def test_the_marks_of_what_was_erased_go_with_it(parts: Parts, server: Database) -> None:
    kept = {subject: struct.pack(f"<{len(marks)}h", *marks) for subject, marks in marked(parts).items()}
    assert all(in_files(parts, server, content) for content in kept.values())
    erasure.erase(parts.ledger, "K-1", "asked for", datetime.now(UTC))
    project(parts)
    assert set(marked(parts)) == {"complaint/C-2"}

    def written_anew() -> bool:
        """Rows that somebody may still look at, as autovacuum does, are kept until the next time."""
        parts.connections.read("VACUUM FULL complaint_words")
        still = [subject for subject, content in kept.items() if in_files(parts, server, content)]
        return still == ["complaint/C-2"]

    until(written_anew, 20, "what was erased is still in the table's file")


def in_files(parts: Parts, server: Database, content: bytes) -> bool:
    """Whether the table's file holds some bytes."""
    parts.connections.read("CHECKPOINT")
    [(path,)] = parts.connections.read("SELECT pg_relation_filepath('complaint_words')")
    return content in Path(server.data, "cluster", path).read_bytes()


def test_what_is_said_of_an_erased_customer_later_is_found_again(parts: Parts, found: Found) -> None:
    erasure.erase(parts.ledger, "K-1", "asked for", datetime.now(UTC))
    record(parts, received("C-9", "2026-03-09 10:00", customer="K-1", summary="又多收服务费"))
    assert found("服务费") == ["C-9"]


def test_marks_are_the_same_made_anew(parts: Parts, settings: Settings, found: Found) -> None:
    kept = marked(parts)
    erasure.erase(parts.ledger, "K-2", "asked for", datetime.now(UTC))
    project(parts)
    assert huiyin("rebuild", "words", env=settings.to_env(), now=utc_now).status == 0
    assert marked(parts) == {subject: kept[subject] for subject in ("complaint/C-1", "complaint/C-3")}
    for name in ("words", "complaints"):
        assert huiyin("rebuild", name, "--check", env=settings.to_env(), now=utc_now).status == 0


def test_a_handler_learned_later_is_searched_by(parts: Parts, found: Found) -> None:
    record(parts, fact("complaint.assigned", "complaint/C-1", "2026-03-04 11:00", handler="S-7"))
    assert found("多收", handler="S-7") == ["C-1"] and found("多收", handler="S-1") == []
