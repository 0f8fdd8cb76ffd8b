"""The ledger in PostgreSQL held against its tree, and the tree against its checkpoints, in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from domain.checkpoint import BadNote, Checkpoint, VerifierKey, open_checkpoint
from domain.verification import Audit, Finding, Recorded, Root
from storage.connections import Connections
from storage.proofs import SNAPSHOT, Proofs, Signed, transaction

AT_ONCE = 2_000
EVENTS = b"""SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events
    ORDER BY notification_id"""
LEAVES = b"SELECT position + 1, hash FROM merkle_node WHERE level = 0 ORDER BY position"
ABOVE = b"SELECT level, position, hash FROM merkle_node WHERE level > 0"
FACTS = """SELECT sequence, source, id FROM fact
    WHERE sequence = ANY(%s) ORDER BY sequence LIMIT 1000"""


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what is wrong with it."""

    events: int
    size: int
    checkpoints: int
    findings: Sequence[Finding]


def verify(
    connections: Connections, keys: Sequence[VerifierKey] = (), anchors: Sequence[Checkpoint] = ()
) -> Verified:
    """The whole ledger. Every checkpoint must hold, whatever key signed it; counted are those by `keys`, as
    whoever can write into the database can sign with a key of their own."""
    signed = Proofs(connections).checkpoints()
    findings = [finding for one in signed for finding in _signature(one)]
    sound = [one for one in signed if not _signature(one)]
    roots = [_root(one.checkpoint, "the checkpoint", "检查点") for one in sound]
    roots += [_root(anchor, "the anchor", "锚点") for anchor in anchors]
    with transaction(connections, SNAPSHOT) as cursor:
        above = {(level, position): hash_ for level, position, hash_ in cursor.execute(ABOVE).fetchall()}
        query = b"SELECT coalesce(max(position) + 1, 0) FROM merkle_node WHERE level = 0"
        audit = Audit(int(cursor.execute(query).fetchall()[0][0]), roots, above)
        events = _feed(audit, cursor.connection)
    found = [*findings, *audit.findings()]
    ours = [one for one in sound if not keys or one.key in keys]
    return Verified(events, audit.size, len(ours), _with_facts(connections, found))


def _root(checkpoint: Checkpoint, en: str, zh: str) -> Root:
    return Root(checkpoint.size, checkpoint.root, (f"{en} of {checkpoint.size}", f"{checkpoint.size} 的{zh}"))


def _signature(signed: Signed) -> list[Finding]:
    """What is wrong with a kept checkpoint: not signed, or not what its row says."""
    try:
        checkpoint, _ = open_checkpoint(signed.note, [signed.key])
        if checkpoint == signed.checkpoint:
            return []
        said = "its note and its row differ", "签名文本与所存行不一致"
    except BadNote as problem:
        said = problem.en, problem.zh
    size = signed.checkpoint.size
    detail = f"the checkpoint of {size}: {said[0]}", f"{size} 的检查点：{said[1]}"
    return [Finding("signature", 0, 0, "", detail)]


def _feed(audit: Audit, connection: Connection) -> int:
    """Events and leaves side by side, by sequence; returns how many events there are."""
    events, leaves = _streamed(connection, "events", EVENTS), _streamed(connection, "leaves", LEAVES)
    count, leaf = 0, next(leaves, None)
    for row in events:
        event = Recorded(row[0], row[1], row[2], row[3], bytes(row[4]))
        while leaf is not None and leaf[0] < event.sequence:
            audit.take(leaf[0], None, leaf[1])
            leaf = next(leaves, None)
        if leaf is not None and leaf[0] == event.sequence:
            audit.take(event.sequence, event, leaf[1])
            leaf = next(leaves, None)
        else:
            audit.take(event.sequence, event, None)
        count += 1
    while leaf is not None:
        audit.take(leaf[0], None, leaf[1])
        leaf = next(leaves, None)
    return count


def _streamed(connection: Connection, name: str, query: bytes) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name, binary=True) as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(query)
        yield from cursor


def _with_facts(connections: Connections, findings: Sequence[Finding]) -> list[Finding]:
    """Which facts stood where nothing is any more, as far as the index of identities still tells."""
    gone = [one for one in findings if one.kind in ("dropped", "truncated") and one.first == one.last]
    rows = connections.read(FACTS, [[one.first for one in gone]]) if gone else []
    names: Mapping[int, str] = {sequence: f"{source} {id_}" for sequence, source, id_ in rows}
    return [one._replace(what=one.what or names.get(one.first, "")) for one in findings]
