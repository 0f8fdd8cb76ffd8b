"""The tree beside the ledger: it grows with it, proves what is in it, and signs what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import psycopg
import pytest

from domain import merkle
from domain.checkpoint import Signer, open_checkpoint
from domain.merkle import leaf
from domain.storage import Changes
from storage.postgres import PostgresStorage
from storage.proofs import TreeDamaged
from tests.helpers.proven import SEED, event, filled, record

Make = Callable[..., PostgresStorage]


@pytest.fixture
def make(database: str) -> Iterator[Make]:
    """Makes a ledger of some events, and closes it in the end."""
    with ExitStack() as stack:
        yield lambda events, *more, **options: stack.enter_context(filled(database, events, *more, **options))


def leaves(storage: PostgresStorage) -> list[bytes]:
    found = []
    for sequence, subject, topic, state in storage.events_after(0, 100_000):
        version = next(e.originator_version for n, e in storage.history(subject) if n == sequence)
        found.append(leaf(sequence, subject, version, topic, bytes(state)))
    return found


@pytest.mark.parametrize("batch", [1, 7, 256, 600])
def test_the_tree_grows_with_the_ledger_however_it_is_written(make: Make, batch: int) -> None:
    storage = make(600, batch, streams=600)
    proofs, hashes = storage.proofs, leaves(storage)
    assert proofs.size() == 600
    for size in (0, 1, 255, 256, 257, 512, 600):
        assert proofs.root(size) == merkle.root(hashes[:size])


def test_a_third_level_grows_too(make: Make) -> None:
    storage = make(66_000, 5_000)
    assert storage.proofs.root(66_000) == merkle.root(
        leaf(number + 1, str(e.originator_id), e.originator_version, e.topic, e.state)
        for number, e in enumerate(map(event, range(66_000)))
    )
    rows = storage._connections.read("SELECT level, count(*) FROM merkle_node GROUP BY level ORDER BY level")
    assert rows == [(0, 66_000), (1, 257), (2, 1)]


def test_every_event_is_proven_in_every_signed_tree(make: Make) -> None:
    storage = make(300)
    proofs = storage.proofs
    first = proofs.sign(SEED).checkpoint
    record(storage, 300, 700)
    second = proofs.sign(SEED).checkpoint
    for checkpoint, sequence in [(first, 1), (first, 300), (second, 1), (second, 300), (second, 700)]:
        proof = proofs.inclusion(sequence, checkpoint.size)
        assert proof is not None
        assert proof.root == checkpoint.root
        assert merkle.included(proof.leaf, sequence - 1, checkpoint.size, proof.path, checkpoint.root)
    path = proofs.consistency(300, 700)
    assert merkle.consistent(300, 700, path, first.root, second.root)
    assert proofs.inclusion(301, 300) is None
    assert proofs.inclusion(0, 300) is None


def test_a_checkpoint_is_signed_once_for_each_size_and_key(make: Make) -> None:
    storage = make(10)
    proofs, signer = storage.proofs, Signer.read(storage.proofs.origin(), SEED)
    once, again = proofs.sign(SEED), proofs.sign(SEED)
    assert once == again == proofs.last()
    assert open_checkpoint(once.note, [signer.public])[0] == once.checkpoint
    assert proofs.sign("A" * 43 + "=").key != once.key
    assert len(proofs.checkpoints()) == 2


def test_an_empty_ledger_has_a_checkpoint(make: Make) -> None:
    checkpoint = make(0).proofs.sign(SEED).checkpoint
    assert (checkpoint.size, checkpoint.root) == (0, merkle.EMPTY)


@pytest.mark.parametrize("table", ["merkle_node", "checkpoint", "ledger_origin"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {}"])
def test_the_tree_is_only_added_to(make: Make, database: str, table: str, change: str) -> None:
    make(3)
    with psycopg.connect(database) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute(change.format(table).encode())


def without_guard(database: str, *statements: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ALTER TABLE merkle_node DISABLE TRIGGER ALL")
        for statement in statements:
            connection.execute(statement.encode())


def test_a_ledger_older_than_its_tree_is_caught_up_with(make: Make, database: str) -> None:
    storage = make(600)
    without_guard(database, "DELETE FROM merkle_node")
    assert storage.proofs.catch_up() == 600
    without_guard(database, "DELETE FROM merkle_node")
    record(storage, 600, 601)
    assert storage.proofs.root(601) == merkle.root(leaves(storage))


def test_what_was_rolled_back_is_in_no_tree(make: Make) -> None:
    storage = make(5)
    with pytest.raises(ZeroDivisionError), storage.unit() as unit:
        unit.save(Changes(events=[event(5)]))
        raise ZeroDivisionError
    assert storage.proofs.size() == 5


def test_a_ledger_that_was_cut_goes_on_recording_and_its_tree_tells(make: Make, database: str) -> None:
    storage = make(20)
    committed = storage.proofs.root(20)
    without_guard(database, "DELETE FROM stored_events WHERE notification_id > 15")
    record(storage, 20, 30)
    assert storage.last_sequence() == 25
    proofs = storage.proofs
    assert (proofs.size(), proofs.root(20)) == (25, committed)


def test_a_tree_with_a_hole_proves_nothing(make: Make, database: str) -> None:
    storage = make(20)
    without_guard(database, "DELETE FROM merkle_node WHERE position = 3")
    with pytest.raises(TreeDamaged):
        storage.proofs.root(20)


def test_two_ledgers_have_two_names(make: Make, database: str) -> None:
    one = make(1)
    with closing(PostgresStorage(database, "other")) as other:
        other.create()
        assert one.proofs.origin() != other.proofs.origin()
