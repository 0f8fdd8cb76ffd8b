"""What proves the record: the signed checkpoint, and why an event, or an earlier checkpoint, is in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Annotated, TypeVar

import psycopg
from fastapi import APIRouter, FastAPI, Path, Request
from fastapi import Query as InQuery
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.answers import JSON, json_answer, negotiated
from api.http.params import Query
from api.http.problems import Problem, documented
from api.http.services import Services, services_of
from api.signing import seed_of, write_out
from domain.checkpoint import BadNote, base64
from storage.proofs import Proofs, Signed, TreeDamaged

T = TypeVar("T")
TEXT = "text/plain"
EVERY_S = 60.0
"""How often a checkpoint is signed of its own accord, if something was recorded: what it holds cannot be
changed unseen from then on."""

MOST = 2**62
LOG = logging.getLogger("huiyin.http")


@asynccontextmanager
async def _signing(app: FastAPI) -> AsyncIterator[None]:
    """Signs now and then, as long as the API runs."""
    task = asyncio.create_task(_sign_on(app.state.services))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _sign_on(services: Services) -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await run_in_threadpool(_sign, services)
        except (psycopg.Error, BadNote, TreeDamaged, Problem) as problem:
            LOG.warning("no checkpoint was signed (%s)", type(problem).__name__)
        except OSError as problem:
            LOG.warning("the checkpoint could not be written out (%s)", problem.strerror)


def _sign(services: Services) -> None:
    """A checkpoint of what there is, kept, and written out where that is asked for."""
    signed, file = _signed(services), services.settings.checkpoint_file
    if file is not None:
        write_out(file, signed.note)


router = APIRouter(tags=["proofs"], lifespan=_signing)


# ---- what is answered


class CheckpointAnswer(BaseModel):
    """The ledger's size and root, signed. | 账本的大小与根，已签名。"""

    origin: str = Field(description="Which ledger | 账本标识")
    size: int = Field(description="Events in it | 事件数")
    root: str = Field(description="The Merkle root (RFC 9162), Base64 | 默克尔根（RFC 9162），Base64")
    key: str = Field(description="The verifier key: name+id+key | 验证密钥：名称+编号+密钥")
    note: str = Field(description="The signed note (C2SP tlog-checkpoint) | 签名文本（C2SP tlog-checkpoint）")
    made_at: str = Field(description="When it was signed | 签名时间")


class InclusionAnswer(BaseModel):
    """Why an event is in the tree of a size. | 事件在该大小的树中的证明。"""

    sequence: int
    subject: str
    version: int = Field(description="Its place in its stream, from 1 | 在流中的序号，自 1 起")
    type: str
    leaf: str = Field(description="The hash of the event, Base64 | 事件的哈希，Base64")
    index: int = Field(description="The leaf's number, from 0 | 叶的编号，自 0 起")
    size: int
    root: str
    path: list[str] = Field(
        description="From the leaf up (RFC 9162, 2.1.3) | 自叶向上的哈希（RFC 9162 第 2.1.3 节）"
    )
    checkpoint: str | None = Field(
        default=None, description="The signed note of this size, if there is one | 该大小的签名文本（如有）"
    )


class ConsistencyAnswer(BaseModel):
    """Why one tree begins with another. | 后一棵树延续前一棵的证明。"""

    old: int = Field(alias="from")
    new: int = Field(alias="to")
    old_root: str = Field(alias="from_root")
    new_root: str = Field(alias="to_root")
    path: list[str] = Field(description="RFC 9162, 2.1.4 | RFC 9162 第 2.1.4 节")


class InclusionQuery(Query):
    """In which tree."""

    size: int | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="Events of the tree (default: the last checkpoint's that has it) | 树的大小",
    )


class ConsistencyQuery(Query):
    """From which tree to which."""

    old: int = Field(alias="from", ge=0, le=MOST, description="Size of the earlier tree | 较早的树的大小")
    new: int | None = Field(
        default=None,
        alias="to",
        ge=0,
        le=MOST,
        description="Size of the later tree (default: the last checkpoint's) | 较晚的树的大小",
    )


# ---- reading


def _proofs(services: Services) -> Proofs:
    return services.parts.storage.proofs


def _read(work: Callable[[], T]) -> T:
    try:
        return work()
    except TreeDamaged as damaged:
        raise Problem("internal", str(damaged), damaged.reason_zh) from damaged


def _signed(services: Services) -> Signed:
    """A checkpoint of all there is; where this installation has no key, the last one that was signed.

    Raises:
        Problem: none was ever signed.
    """
    proofs, seed = _proofs(services), seed_of(services.settings)
    signed = _read(lambda: proofs.sign(seed)) if seed else proofs.last()
    if signed is None:
        en = "No signing key is configured and nothing was signed; set HUIYIN_SIGNING_KEY_FILE."
        raise Problem("no-checkpoint", en, "未配置签名密钥，尚无检查点；请设置 HUIYIN_SIGNING_KEY_FILE。")
    return signed


def _tree(services: Services, asked: int | None, name: str) -> int:
    """The size that was asked for, or the last checkpoint's."""
    size = _proofs(services).size()
    if asked is None:
        last = _proofs(services).last()
        return size if last is None else min(last.checkpoint.size, size)
    if asked > size:
        en = f"{name} must be at most {size}, as many events as there are."
        raise Problem("bad-parameter", en, f"{name} 不得大于现有事件数 {size}。", name)
    return asked


# ---- routes


@router.get(
    "/checkpoint",
    operation_id="checkpoint",
    summary="The signed checkpoint | 签名的检查点",
    description="Size and root of the ledger's Merkle tree, signed with Ed25519 in the C2SP checkpoint "
    "format, as text, or as JSON with the key. | 账本默克尔树的大小与根，以 Ed25519 签名（C2SP 格式），"
    "为文本，或含密钥的 JSON。",
    response_model=CheckpointAnswer,
    responses={
        200: {"content": {TEXT: {"schema": {"type": "string"}}}},
        **documented("no-checkpoint", "not-acceptable"),
    },
)
def checkpoint(request: Request) -> Response:
    media = negotiated(request, [TEXT, JSON])
    signed = _signed(services_of(request))
    headers = {"Vary": "Accept"}
    if media == TEXT:
        return Response(signed.note, headers=headers, media_type=f"{TEXT}; charset=utf-8")
    answer = {
        "origin": signed.checkpoint.origin,
        "size": signed.checkpoint.size,
        "root": base64(signed.checkpoint.root),
        "key": str(signed.key),
        "note": signed.note,
        "made_at": signed.made_at,
    }
    return json_answer(answer, headers=headers)


@router.get(
    "/proofs/consistency",
    operation_id="consistency",
    summary="Why the ledger continues an earlier checkpoint | 账本延续先前检查点的证明",
    description="The RFC 9162 consistency proof between two sizes. | 两个大小之间的 RFC 9162 一致性证明。",
    response_model=ConsistencyAnswer,
    responses=documented("bad-parameter"),
)
def consistency(request: Request, asked: Annotated[ConsistencyQuery, InQuery()]) -> Response:
    services = services_of(request)
    new = _tree(services, asked.new, "to")
    if asked.old > new:
        raise Problem("bad-parameter", f"from must be at most {new}.", f"from 不得大于 {new}。", "from")
    proofs = _proofs(services)
    path = _read(lambda: proofs.consistency(asked.old, new))
    old_root, new_root = _read(lambda: [base64(proofs.root(size)) for size in (asked.old, new)])
    answer = {"from": asked.old, "to": new, "from_root": old_root, "to_root": new_root}
    return json_answer({**answer, "path": [base64(hash_) for hash_ in path]})


@router.get(
    "/proofs/{sequence}",
    operation_id="inclusion",
    summary="Why an event is in the ledger | 事件在账本中的证明",
    description="The RFC 9162 inclusion proof of one event, by its sequence. "
    "| 单个事件的 RFC 9162 包含证明。",
    response_model=InclusionAnswer,
    responses=documented("bad-parameter", "unknown-event"),
)
def inclusion(
    request: Request,
    sequence: Annotated[int, Path(ge=1, le=MOST, description="Its place in the ledger | 在账本中的序号")],
    asked: Annotated[InclusionQuery, InQuery()],
) -> Response:
    services = services_of(request)
    proofs, size = _proofs(services), _tree(services, asked.size, "size")
    if asked.size is None and size < sequence:
        size = proofs.size()
    proof = _read(lambda: proofs.inclusion(sequence, size))
    if proof is None:
        en = f"No event has the sequence {sequence} in the tree of {size}."
        raise Problem("unknown-event", en, f"大小为 {size} 的树中没有序号 {sequence} 的事件。", "sequence")
    signed = proofs.signed_at(size)
    answer = {
        "sequence": sequence,
        "subject": proof.subject,
        "version": proof.version,
        "type": proof.topic,
        "leaf": base64(proof.leaf),
        "index": sequence - 1,
        "size": size,
        "root": base64(proof.root),
        "path": [base64(hash_) for hash_ in proof.path],
        "checkpoint": signed.note if signed else None,
    }
    return json_answer(answer)
