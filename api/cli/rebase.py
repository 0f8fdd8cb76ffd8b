"""`huiyin rebase`: running streams pass to the policy that is in force now, on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, Failure, failure, insist_on_reason
from domain.batched import batched

if TYPE_CHECKING:
    from domain.rebasing import Rebased
    from streams.parts import Parts

AT_ONCE = 200
"""Streams of one transaction."""

RUNNING = "SELECT DISTINCT subject FROM obligation WHERE state IN ('open', 'breached') ORDER BY subject"
"""Something is owed, or was not done yet."""


def run(given: Given, edge: Edge) -> int:
    _check(given)
    from streams.parts import Parts

    parts = Parts.open(edge.settings)
    try:
        done = _rebased(parts, given, edge)
    finally:
        parts.close()
    edge.line(
        edge.text(
            "{streams} streams re-based on {policy}: {moved} obligations moved, {withdrawn} owed no more",
            "{streams} 个流改用 {policy}：{moved} 项义务的期限变动，{withdrawn} 项不再要求",
            policy=parts.policy.version,
            **done._asdict(),
        )
    )
    return DONE


def _check(given: Given) -> None:
    insist_on_reason("rebase", given.reason)
    if bool(given.SUBJECT) == given.all:
        raise failure(
            "huiyin rebase: name the streams, such as complaint/C-1, or give --all for all that run.",
            "huiyin rebase：请指明流（如 complaint/C-1），或用 --all 表示所有运行中的流。",
        )


def _rebased(parts: Parts, given: Given, edge: Edge) -> Rebased:
    from domain import rebasing

    subjects = given.SUBJECT or [subject for (subject,) in parts.connections.read(RUNNING)]
    found = rebasing.Rebased(0, 0, 0)
    try:
        for some in batched(subjects, AT_ONCE):
            done = rebasing.rebase(parts.ledger, some, given.reason, edge.now(), given.by)
            found = rebasing.Rebased(*map(sum, zip(found, done, strict=True)))
    except rebasing.Unknown as nobody:
        text = failure("nothing is recorded of {s}.", "没有 {s} 的记录。", s=nobody).text
        raise Failure(text, NO) from nobody
    return found


REBASE = Command(
    run,
    (
        argument("SUBJECT", nargs="*", en="streams, such as complaint/C-1", zh="流，例如 complaint/C-1"),
        argument("--all", action="store_true", en="all on which something is owed", zh="所有尚有义务的流"),
        argument("--reason", metavar="R", en="why (required); it is recorded", zh="原因（必填），将被记录"),
        argument("--by", metavar="STAFF", en="who decided it; recorded too", zh="经办人员工编号，一并记录"),
    ),
)
