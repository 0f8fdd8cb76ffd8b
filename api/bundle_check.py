"""Whether an export is what was recorded: every proof, every signature, every digest; nothing else is needed.

All that is wrong is told, each with its reason; what the bundle alone cannot show is said as well.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

import orjson

from api import bundle
from api.bundle_events import check_events
from api.bundle_found import MOST_SHOWN, Checked, Opened, Unreadable
from api.bundle_open import Damaged, Differs, File, taken_apart
from domain import merkle
from domain.checkpoint import BadNote, Checkpoint, VerifierKey, open_checkpoint, open_checkpoints, opened

REQUIRED = (
    bundle.MANIFEST,
    bundle.CHECKPOINT,
    bundle.KEY,
    bundle.EVENTS,
    bundle.EARLIER,
    bundle.PAGE,
)


def check(content: IO[bytes], key: VerifierKey | None = None, anchor: str | None = None) -> Checked:
    """What is wrong with a bundle, a file that can be sought in. `key` is the one that its reader trusts,
    `anchor` a checkpoint that the reader was given before."""
    checked = Checked()
    with suppress(Unreadable):
        found = _opened(content, checked, key)
        anchors = _anchors(found, anchor)
        for step in (_manifest, check_events, _policies, _earlier):
            step(found)
        if anchor is not None:
            _anchored(found, anchors)
        _say(found, key)
    return checked


def _part(checked: Checked, code: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except BadNote as problem:
        checked.wrong(code, problem.en, problem.zh)
    except (ValueError, KeyError, TypeError):
        checked.wrong(code, "cannot be read", "无法读取")
    raise Unreadable


# ---- what it is


def _opened(content: IO[bytes], checked: Checked, key: VerifierKey | None) -> Opened:
    files = _files(content, checked)
    own = _part(checked, "key", lambda: VerifierKey.read(files[bundle.KEY].text()))
    if key is not None and own != key:
        checked.wrong("key", f"it is signed by {own}, not by {key}", f"由 {own} 签名，而非 {key}")
    note = _part(checked, "checkpoint", files[bundle.CHECKPOINT].text)
    checkpoint = _part(checked, "checkpoint", lambda: open_checkpoint(note, [own])[0])
    if checkpoint.origin != own.name:
        checked.wrong("checkpoint", "it is of another ledger", "属于另一账本")
    return Opened(files, checked, own, checkpoint, roots={checkpoint.size: checkpoint.root})


def _files(content: IO[bytes], checked: Checked) -> Mapping[str, File]:
    try:
        files = taken_apart(content)
    except Damaged as problem:
        checked.wrong("container", "the file is damaged or no export", "文件已损坏或不是导出文件")
        raise Unreadable from problem
    except Differs as problem:
        checked.wrong("container", "the archive was changed", "压缩包被改动")
        raise Unreadable from problem
    if missing := [name for name in REQUIRED if name not in files]:
        names = ", ".join(missing)
        checked.wrong("file", f"{names} is missing", f"缺少 {names}")
        raise Unreadable
    return files


def _manifest(found: Opened) -> None:
    note = _part(found.checked, "manifest", found.files[bundle.MANIFEST].text)
    text, _ = _part(found.checked, "manifest", lambda: opened(note, [found.key]))
    lines = text.split("\n")[:-1]
    if len(lines) < 4 or lines[0] != bundle.FORMAT or lines[1] != found.key.name:
        found.checked.wrong("manifest", "is of another format or ledger", "格式或账本不同")
        raise Unreadable
    found.subject = lines[2]
    said = {name: digest for digest, _, name in (line.partition(" ") for line in lines[4:])}
    there = {name: file for name, file in found.files.items() if name != bundle.MANIFEST}
    for name in sorted({*said, *there}):
        if name not in there:
            found.checked.wrong("file", f"{name} is missing", f"缺少 {name}")
        elif name not in said:
            found.checked.wrong("file", f"{name} is not in the manifest", f"{name} 不在清单中")
        elif there[name].digest != said[name]:
            found.checked.wrong("file", f"{name} was changed", f"{name} 被改动")
    count = found.files[bundle.EVENTS].line_count
    if lines[3] != str(count):
        found.checked.wrong(
            "count",
            f"{lines[3]} events were exported, {count} are here",
            f"应有 {lines[3]} 个事件，实有 {count}",
        )


# ---- what goes along


def _policies(found: Opened) -> None:
    """Every text is the one that its name says; every text that a stream names is there."""
    for digest, file in found.policies:
        if file.digest[:8] != digest:
            found.checked.wrong("policy", f"{file.name} was changed", f"{file.name} 被改动")
    for digest in sorted(found.missing):
        found.checked.wrong("policy", f"the policy text ~{digest} is missing", f"缺少规则文本 ~{digest}")


def _earlier(found: Opened) -> None:
    """The checkpoints before this one, which it must continue."""
    for number, line in found.files[bundle.EARLIER].lines():
        where = f"line {number} of {bundle.EARLIER}"
        try:
            _continued(found, orjson.loads(line), where)
        except BadNote as problem:
            found.checked.wrong("checkpoint", f"{where}: {problem.en}", f"{where}：{problem.zh}")
        except (ValueError, KeyError, TypeError, AttributeError):
            found.checked.wrong("checkpoint", f"{where} cannot be read", f"{where} 无法读取")


def _continued(found: Opened, row: Any, where: str) -> None:
    old, _ = open_checkpoint(row["note"], [VerifierKey.read(row["key"])])
    path = [b64decode(hash_, validate=True) for hash_ in row["proof"]]
    new = found.checkpoint
    if old.origin != new.origin or not merkle.consistent(old.size, new.size, path, old.root, new.root):
        found.checked.wrong("consistency", f"{where} is not continued", f"{where} 未被延续")
    if old.size in found.anchors:
        found.roots.setdefault(old.size, old.root)


def _anchors(found: Opened, text: str | None) -> list[Checkpoint]:
    """Checkpoints that the reader kept."""
    if text is None:
        return []
    anchors: list[Checkpoint] = _part(found.checked, "anchor", lambda: open_checkpoints(text, [found.key]))
    found.anchors = frozenset(anchor.size for anchor in anchors)
    return anchors


def _anchored(found: Opened, anchors: Sequence[Checkpoint]) -> None:
    """The bundle must be of the same ledger, and continue those that it has a path from, which must be one
    at least."""
    roots = found.roots
    if any(anchor.origin != found.checkpoint.origin for anchor in anchors):
        found.checked.wrong("anchor", "it is of another ledger", "属于另一账本")
    elif not any(anchor.size in roots for anchor in anchors):
        sizes = ", ".join(str(anchor.size) for anchor in anchors[-MOST_SHOWN:])
        found.checked.wrong(
            "anchor",
            f"the export has no path from the checkpoint of {sizes}",
            f"导出文件中没有自 {sizes} 的检查点起的证明",
        )
    elif any(roots.get(anchor.size, anchor.root) != anchor.root for anchor in anchors):
        found.checked.wrong("anchor", "the export does not continue it", "导出文件未延续锚点")


def _say(found: Opened, key: VerifierKey | None) -> None:
    count, size, hidden = found.tree.size, found.checkpoint.size, found.hidden
    of, zh = ("the ledger", "账本") if found.whole else (found.subject,) * 2
    found.checked.say(
        f"nothing altered: {count:,} events of {of}, in the checkpoint of {size:,}",
        f"未发现改动：{zh} 的 {count:,} 个事件，检查点 {size:,}",
    )
    if hidden:
        found.checked.say(
            f"masked: of {hidden} events place and hash are proven; their words rest on the signature",
            f"已隐去：{hidden} 个事件的位置与哈希已证明，其内容以签名为凭",
        )
    if key is None:
        found.checked.say(
            f"key: {found.key}; compare it with the one you were given (--key)",
            f"密钥：{found.key}；请与所获密钥核对（--key）",
        )
