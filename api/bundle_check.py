"""Whether an export is what was recorded: every proof, every signature, every digest; nothing else is needed.

All that is wrong is told, each with its reason; what the bundle alone cannot show is said as well.
"""

from __future__ import annotations

import io
import re
import zipfile
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from api import bundle
from api.i18n import Text
from domain import merkle
from domain.checkpoint import BadNote, Checkpoint, VerifierKey, open_checkpoint, open_checkpoints, opened
from domain.verification import Recorded

MOST_SHOWN = 50
REQUIRED = (
    bundle.MANIFEST,
    bundle.CHECKPOINT,
    bundle.KEY,
    bundle.EVENTS,
    bundle.EARLIER,
    bundle.PAGE,
)
POLICY_FILE = re.compile(re.escape(bundle.POLICIES) + r"[^/]+~([0-9a-f]{8})\.toml")
POLICY_DIGEST = re.compile(r"~([0-9a-f]{8})")


class Reason(NamedTuple):
    """Why a bundle is refused: a code for programs, and a line."""

    code: str
    text: Text


@dataclass
class Checked:
    """What is wrong with a bundle; what is to be said of a good one."""

    reasons: list[Reason] = field(default_factory=list)
    said: list[Text] = field(default_factory=list)

    def wrong(self, code: str, en: str, zh: str) -> None:
        if len(self.reasons) < MOST_SHOWN:
            self.reasons.append(Reason(code, Text(f"{code}: {en}", f"{code}：{zh}")))

    def say(self, en: str, zh: str) -> None:
        self.said.append(Text(en, zh))


class Unreadable(Exception):
    """A part that nothing further can be said about."""


@dataclass
class Opened:
    """A bundle while it is looked at."""

    files: Mapping[str, bytes]
    checked: Checked
    key: VerifierKey
    checkpoint: Checkpoint
    subject: str = ""
    leaves: list[bytes] = field(default_factory=list)


def check(content: bytes, key: VerifierKey | None = None, anchor: str | None = None) -> Checked:
    """What is wrong with a bundle. `key` is the one that its reader trusts, `anchor` a checkpoint that the
    reader was given before."""
    checked = Checked()
    try:
        files = _unpacked(content, checked)
        own = _part(checked, "key", lambda: VerifierKey.read(files[bundle.KEY].decode()))
        if key is not None and own != key:
            checked.wrong("key", f"it is signed by {own}, not by {key}", f"由 {own} 签名，而非 {key}")
        note = files[bundle.CHECKPOINT]
        checkpoint = _part(checked, "checkpoint", lambda: open_checkpoint(note.decode(), [own])[0])
        if checkpoint.origin != own.name:
            checked.wrong("checkpoint", "it is of another ledger", "属于另一账本")
        found = Opened(files, checked, own, checkpoint)
        for step in (_manifest, _events, _policies, _earlier):
            step(found)
        if anchor is not None:
            _anchor(found, anchor)
        _say(found, key)
    except Unreadable:
        pass
    return checked


def _part(checked: Checked, code: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except BadNote as problem:
        checked.wrong(code, problem.en, problem.zh)
    except (ValueError, KeyError, TypeError):
        checked.wrong(code, "cannot be read", "无法读取")
    raise Unreadable


def _unpacked(content: bytes, checked: Checked) -> dict[str, bytes]:
    """The files; packed again they must give the same bytes, so that nothing hides between them."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise zipfile.BadZipFile
            files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        same = bundle.packed(files) == content
    except Exception as problem:  # a damaged archive may fail in any way that zipfile knows
        checked.wrong("container", "the file is damaged or no export", "文件已损坏或不是导出文件")
        raise Unreadable from problem
    if not same:
        checked.wrong("container", "the archive was changed", "压缩包被改动")
    if missing := [name for name in REQUIRED if name not in files]:
        names = ", ".join(missing)
        checked.wrong("file", f"{names} is missing", f"缺少 {names}")
        raise Unreadable
    return files


def _manifest(found: Opened) -> None:
    note = found.files[bundle.MANIFEST]
    text, _ = _part(found.checked, "manifest", lambda: opened(note.decode(), [found.key]))
    lines = text.split("\n")[:-1]
    if len(lines) < 4 or lines[0] != bundle.FORMAT or lines[1] != found.key.name:
        found.checked.wrong("manifest", "is of another format or ledger", "格式或账本不同")
        raise Unreadable
    found.subject = lines[2]
    said = {name: digest for digest, _, name in (line.partition(" ") for line in lines[4:])}
    there = {name: content for name, content in found.files.items() if name != bundle.MANIFEST}
    for name in sorted({*said, *there}):
        if name not in there:
            found.checked.wrong("file", f"{name} is missing", f"缺少 {name}")
        elif name not in said:
            found.checked.wrong("file", f"{name} is not in the manifest", f"{name} 不在清单中")
        elif sha256(there[name]).hexdigest() != said[name]:
            found.checked.wrong("file", f"{name} was changed", f"{name} 被改动")
    count = found.files[bundle.EVENTS].count(b"\n")
    if lines[3] != str(count):
        found.checked.wrong(
            "count",
            f"{lines[3]} events were exported, {count} are here",
            f"应有 {lines[3]} 个事件，实有 {count}",
        )


# ---- events


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    return enumerate(content.split(b"\n")[:-1] if content else (), 1)


def _events(found: Opened) -> None:
    last, versions = 0, dict[str, int]()
    for number, line in _lines(found.files[bundle.EVENTS]):
        try:
            row = orjson.loads(line)
            where = f"event {row['sequence']} ({row['subject']} #{row['version']} {row['type']})"
            _event(found, row, where)
            sequence, subject = row["sequence"], row["subject"]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            found.checked.wrong(
                "event", f"line {number} of {bundle.EVENTS} cannot be read", f"第 {number} 行无法读取"
            )
            continue
        if sequence <= last:
            found.checked.wrong("order", f"{where} stands behind {last}", f"{where} 排在 {last} 之后")
        versions[subject] = versions.get(subject, 0) + 1
        if row["version"] != versions[subject]:
            expected = f"#{versions[subject]}"
            found.checked.wrong("count", f"{where}: {expected} was expected", f"{where}：此处应为 {expected}")
            versions[subject] = row["version"]
        last = sequence
    _whole(found)


def _event(found: Opened, row: Any, where: str) -> None:
    """One line: that its bytes, or the hash that stands for them, are in the tree."""
    if found.subject not in (bundle.ALL, row["subject"]):
        found.checked.wrong("event", f"{where} is of another stream", f"{where} 属于另一流")
    place = row["sequence"], row["subject"], row["version"], row["type"]
    if "state" in row:
        state = row["state"].encode()
        message = orjson.loads(state)
        if (message["subject"], message["type"]) != (row["subject"], row["type"]):
            found.checked.wrong("event", f"{where} says that it is another", f"{where} 自称为另一事件")
        leaf = Recorded(*place, state).hash()
    else:
        leaf = b64decode(row["leaf"], validate=True)
    found.leaves.append(leaf)
    if found.subject == bundle.ALL:
        return
    path = [b64decode(hash_, validate=True) for hash_ in row["proof"]]
    if not merkle.included(leaf, row["sequence"] - 1, found.checkpoint.size, path, found.checkpoint.root):
        found.checked.wrong(
            "proof", f"{where} is not what the checkpoint was signed over", f"{where} 与签名的检查点不符"
        )


def _whole(found: Opened) -> None:
    """Of a whole ledger the root is computed anew."""
    if found.subject != bundle.ALL:
        return
    size = found.checkpoint.size
    if len(found.leaves) != size:
        there = len(found.leaves)
        found.checked.wrong("count", f"{there} of {size} events are here", f"{size} 个事件仅有 {there} 个")
    elif merkle.root(found.leaves) != found.checkpoint.root:
        found.checked.wrong(
            "proof", "the events are not what the checkpoint was signed over", "事件与签名的检查点不符"
        )


# ---- what goes along


def _policies(found: Opened) -> None:
    """Every text is the one that its name says; every text that a stream names is there."""
    there = set()
    for name, content in found.files.items():
        if written := POLICY_FILE.fullmatch(name):
            there.add(written[1])
            if bundle.digest8(content) != written[1]:
                found.checked.wrong("policy", f"{name} was changed", f"{name} 被改动")
    for digest in sorted(_named(found) - there):
        found.checked.wrong("policy", f"the policy text ~{digest} is missing", f"缺少规则文本 ~{digest}")


def _named(found: Opened) -> set[str]:
    names = set()
    for _, line in _lines(found.files[bundle.EVENTS]):
        try:
            row = orjson.loads(line)
            message = orjson.loads(row["state"]) if "state" in row else row["shown"]
            names.update(POLICY_DIGEST.findall(str(message.get("policy", ""))))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # told as an event already
    return names


def _earlier(found: Opened) -> None:
    """The checkpoints before this one, which it must continue."""
    for number, line in _lines(found.files[bundle.EARLIER]):
        where = f"line {number} of {bundle.EARLIER}"
        try:
            _continued(found, orjson.loads(line), where)
        except BadNote as problem:
            found.checked.wrong("checkpoint", f"{where}: {problem.en}", f"{where}：{problem.zh}")
        except (ValueError, KeyError, TypeError, AttributeError):
            found.checked.wrong("checkpoint", f"{where} cannot be read", f"{where} 无法读取")


def _continued(found: Opened, row: Any, where: str) -> Checkpoint:
    old, _ = open_checkpoint(row["note"], [VerifierKey.read(row["key"])])
    path = [b64decode(hash_, validate=True) for hash_ in row["proof"]]
    new = found.checkpoint
    if old.origin != new.origin or not merkle.consistent(old.size, new.size, path, old.root, new.root):
        found.checked.wrong("consistency", f"{where} is not continued", f"{where} 未被延续")
    return old


def _anchor(found: Opened, text: str) -> None:
    """Checkpoints that the reader kept: the bundle must be of the same ledger, and continue those that it has
    a path from, which must be one at least."""
    anchors: list[Checkpoint] = _part(found.checked, "anchor", lambda: open_checkpoints(text, [found.key]))
    roots = _roots(found, {anchor.size for anchor in anchors})
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


def _roots(found: Opened, sizes: set[int]) -> dict[int, bytes]:
    """What the bundle shows the tree to have been, by size; of a whole ledger at any of these."""
    roots = {found.checkpoint.size: found.checkpoint.root}
    for _, line in _lines(found.files[bundle.EARLIER]):
        try:
            old = Checkpoint.read(orjson.loads(line)["note"].rpartition("\n\n")[0] + "\n")
            roots[old.size] = old.root
        except (BadNote, ValueError, KeyError, TypeError, AttributeError):
            continue  # told as a checkpoint already
    if found.subject == bundle.ALL and sizes:
        tree = merkle.Growing()
        for hash_ in found.leaves[: max(sizes)]:
            tree.add(hash_)
            if tree.size in sizes:
                roots[tree.size] = tree.root()
    return roots


def _say(found: Opened, key: VerifierKey | None) -> None:
    count, size = len(found.leaves), found.checkpoint.size
    of, zh = ("the ledger", "账本") if found.subject == bundle.ALL else (found.subject,) * 2
    found.checked.say(
        f"nothing altered: {count:,} events of {of}, in the checkpoint of {size:,}",
        f"未发现改动：{zh} 的 {count:,} 个事件，检查点 {size:,}",
    )
    hidden = sum(b'"leaf":' in line for _, line in _lines(found.files[bundle.EVENTS]))
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
