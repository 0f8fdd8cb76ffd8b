"""`huiyin erase` forgets a customer; `huiyin keys` makes master keys and changes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, NO, Edge, Failure, failure, insist_on_reason, local

if TYPE_CHECKING:
    from domain.erasure import KeptUntil
    from streams.parts import Parts


def run(given: Given, edge: Edge) -> int:
    """The key is destroyed and that it was is recorded, or neither; then what may be left is looked for."""
    from domain import erasure
    from storage import keys

    customer = given.CUSTOMER.removeprefix("customer/")
    insist_on_reason("erase", given.reason)
    with _parts(edge) as parts:
        try:
            done = erasure.erase(parts.ledger, customer, given.reason, edge.now(), given.by)
        except erasure.KeptUntil as kept:
            raise _kept(customer, kept) from kept
        except erasure.Unknown as nobody:
            text = failure("nothing is recorded of {s}.", "没有 {s} 的记录。", s=nobody).text
            raise Failure(text, NO) from nobody
        cleared = keys.clear_away(parts.connections)
        left = keys.in_clear(parts.connections, customer)
    edge.line(_done(edge, done.subject, done.was_sealed))
    return max(_left(edge, left) if left else DONE, DONE if cleared else _still_kept(edge))


def _done(edge: Edge, subject: str, was_sealed: bool) -> str:
    if was_sealed:
        return edge.text(
            "{s}: personal fields cannot be read any more; the record and its proofs stand.",
            "{s}：个人信息已永久不可读；记录及其证明保持不变。",
            s=subject,
        )
    return edge.text("{s}: no personal field was sealed.", "{s}：没有加密的个人信息。", s=subject)


def _left(edge: Edge, count: int) -> int:
    edge.note(
        edge.text(
            "{n} of the customer's facts were recorded in clear, before a master key was set; they remain.",
            "该客户有 {n} 条事实在设置主密钥之前以明文记录，仍然保留。",
            n=count,
        )
    )
    return NO


def _still_kept(edge: Edge) -> int:
    edge.note(
        edge.text(
            "an older transaction still goes on, so the old key may lie in the database's file;"
            " run the command again.",
            "更早开始的事务仍未结束，旧密钥可能还留在数据库文件中；请再次运行该命令。",
        )
    )
    return NO


def _kept(customer: str, kept: KeptUntil) -> Failure:
    text = failure(
        "customer {customer} may be erased from {until} on: {visit} must be kept until then (retention).",
        "客户 {customer} 自 {until} 起方可删除：按保存期限规定，{visit} 须保留至该时。",
        customer=customer,
        visit=kept.subject,
        until=local(kept.until.isoformat()),
    ).text
    return Failure(text, NO)


@contextmanager
def _parts(edge: Edge) -> Iterator[Parts]:
    from streams.parts import Parts, masters_of

    if masters_of(edge.settings) is None:
        raise failure(
            "no master key is configured, so personal fields are not sealed and cannot be erased; "
            "set HUIYIN_MASTER_KEY or HUIYIN_MASTER_KEY_FILE.",
            "未配置主密钥，个人信息未加密，无法删除；请设置 HUIYIN_MASTER_KEY 或 HUIYIN_MASTER_KEY_FILE。",
        )
    parts = Parts.open(edge.settings)
    try:
        yield parts
    finally:
        parts.close()


def new_key(_: Given, edge: Edge) -> int:
    from storage.keys import new_master

    edge.line(new_master())
    return DONE


def rotate(_: Given, edge: Edge) -> int:
    """Data keys are wrapped anew with the first master key; events, proofs and topics stay as they are."""
    from storage import keys
    from streams.parts import masters_of

    with _parts(edge) as parts:
        masters = masters_of(edge.settings)
        assert masters is not None
        count = keys.rewrap(parts.connections, masters)
        cleared = keys.clear_away(parts.connections)
    edge.line(
        edge.text(
            "{n} data keys wrapped anew with master key {id}",
            "已用主密钥 {id} 重新包装 {n} 个数据密钥",
            n=count,
            id=masters.current,
        )
    )
    return DONE if cleared else _still_kept(edge)


ERASE = Command(
    run,
    (
        argument("CUSTOMER", en="the customer's id, such as K-1", zh="客户编号，例如 K-1"),
        argument("--reason", metavar="R", en="why (required); it is recorded", zh="原因（必填），将被记录"),
        argument("--by", metavar="STAFF", en="who asked for it; recorded too", zh="经办人员工编号，一并记录"),
    ),
)
NEW = Command(new_key)
ROTATE = Command(rotate)
