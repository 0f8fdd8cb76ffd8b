"""`huiyin emit`: facts from a file to Kafka or to the API, with their receipts; resumable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from api.cli.command import Command, Given, argument, whole
from api.cli.edge import DONE, NO, Edge, failure, unreadable
from domain.batched import batched

if TYPE_CHECKING:
    from api.cli.sending import Answer, Sender

REFUSED = ("rejected",)


def run(given: Given, edge: Edge) -> int:
    facts = _facts(given, edge)
    if given.dry_run:
        for fact in facts:
            edge.stdout.write(fact + b"\n")
        return DONE
    facts = _begun(facts, given.FILE)
    place = _Place(given.FILE, given.resume, edge)
    tally: Counter[str] = Counter()
    sender = _sender(given, edge)
    try:
        with _progress(edge) as advance:
            for batch in place.batches(facts, given.batch):
                _tell(sender.send(batch), tally, given, edge)
                place.passed(len(batch))
                advance(len(batch))
            place.finished()
            _tell(sender.finish(), tally, given, edge)
    except KeyboardInterrupt:
        place.say_where(edge)
        raise
    finally:
        sender.close()
    _summarise(tally, place.sent, edge)
    return NO if any(tally[status] for status in REFUSED) else DONE


def _facts(given: Given, edge: Edge) -> Iterator[bytes]:
    """The file's facts; a table needs a map to be facts."""
    if given.map is None:
        if given.FILE.removesuffix(".gz").endswith(".csv"):
            raise failure(
                "{file}: a table needs --map MAP.toml to say what its rows report.",
                "{file}：表格须用 --map MAP.toml 说明每行所报告的事实。",
                file=given.FILE,
            )
        return (line.strip() for line in edge.lines_of(given.FILE) if line.strip())
    return _mapped(given, edge)


def _begun(facts: Iterator[bytes], file: str) -> Iterator[bytes]:
    """Read up to the first fact: a file that cannot be read is said before a way out of here is looked for.
    Standard input may have its first fact much later."""
    return facts if file == "-" else chain(list(islice(facts, 1)), facts)


def _mapped(given: Given, edge: Edge) -> Iterator[bytes]:
    from api.mapping import facts_of

    try:
        text = Path(given.map).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise unreadable(given.map, problem) from problem
    return facts_of(_decoded(given, edge), text, given.map)


def _decoded(given: Given, edge: Edge) -> Iterator[str]:
    """The lines of a table as text; spreadsheets put a byte order mark before the first."""
    for line in edge.lines_of(given.FILE):
        try:
            yield line.decode(given.encoding).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError) as problem:
            raise unreadable(given.FILE, problem) from problem


def _sender(given: Given, edge: Edge) -> Sender:
    from api.cli.sending import HttpSender, KafkaSender

    if given.http:
        if not given.http.startswith(("http://", "https://")):
            raise failure(
                "--http: {url!r} is not an address such as http://127.0.0.1:8080.",
                "--http：{url!r} 不是地址，例如 http://127.0.0.1:8080。",
                url=given.http,
            )
        return HttpSender(given.http, edge.api_key(given.http, given.key_file), given.patience)
    return KafkaSender(edge.settings, given.wait, given.patience)


class _Place:
    """How far a file was sent, kept beside it, so that a broken-off run can be resumed."""

    def __init__(self, file: str, resume: bool, edge: Edge) -> None:
        self.file = None if file == "-" else Path(f"{file}.emitted")
        self.sent = 0
        self.skip = self._stored() if resume else 0
        if resume and self.skip:
            edge.note(edge.text("going on after {n} facts", "从第 {n} 条之后继续", n=self.skip))

    def _stored(self) -> int:
        if self.file is None:
            raise failure("--resume needs a file, not standard input.", "--resume 需要文件，不能用标准输入。")
        try:
            return int(orjson.loads(self.file.read_bytes())["sent"])
        except FileNotFoundError:
            return 0
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise unreadable(str(self.file), problem) from problem

    def batches(self, facts: Iterable[bytes], size: int) -> Iterator[Sequence[bytes]]:
        return batched(islice(facts, self.skip, None), size)

    def passed(self, count: int) -> None:
        """A batch is safe and need not be sent again. A folder that can't be written to ends nothing."""
        self.sent += count
        if self.file is not None:
            try:
                self.file.write_bytes(orjson.dumps({"sent": self.skip + self.sent}))
            except OSError:
                self.file = None

    def finished(self) -> None:
        if self.file is not None:
            self.file.unlink(missing_ok=True)

    def say_where(self, edge: Edge) -> None:
        if self.file is not None and self.sent:
            sent = self.skip + self.sent
            edge.note(
                edge.text(
                    "stopped after {n} facts; --resume goes on from there",
                    "已发送 {n} 条后停止；用 --resume 继续",
                    n=sent,
                )
            )


def _tell(answers: Iterable[Answer], tally: Counter[str], given: Given, edge: Edge) -> None:
    """On a terminal only what was not simply recorded; in a pipe every receipt."""
    for answer in answers:
        status = str(answer.get("status"))
        tally[status] += 1
        if not given.quiet and (not edge.interactive or status in ("rejected", "parked")):
            edge.json(answer)


def _summarise(tally: Counter[str], sent: int, edge: Edge) -> None:
    said = edge.text("{n} facts sent", "已发送 {n} 条事实", n=sent)
    words = {
        "recorded": edge.text("recorded", "入账"),
        "duplicate": edge.text("duplicate", "重复"),
        "parked": edge.text("parked", "暂存"),
        "rejected": edge.text("rejected", "拒收"),
    }
    parts = [f"{words.get(status, status)} {count}" for status, count in tally.most_common()]
    edge.note(" · ".join([said, *parts]))


@contextmanager
def _progress(edge: Edge) -> Iterator[Any]:
    """A bar on a terminal; nothing in a pipe."""
    if not edge.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=edge.stderr), transient=True) as bar:
        task = bar.add_task(edge.text("sending", "发送中"), total=None)
        yield lambda count: bar.advance(task, count)


EMIT = Command(
    run,
    (
        argument(
            "FILE",
            en="facts as JSON Lines, or a CSV table with --map; .gz is unpacked, - is standard input",
            zh="事实文件（JSON Lines），或配合 --map 的 CSV 表；可为 .gz，- 表示标准输入",
        ),
        argument(
            "--map",
            metavar="MAP.toml",
            en="how the rows of a table become facts",
            zh="表格行与事实的对应关系",
        ),
        argument(
            "--encoding",
            default="utf-8",
            metavar="NAME",
            en="of the table's text, such as gb18030 (default utf-8)",
            zh="表格的字符编码，例如 gb18030（默认 utf-8）",
        ),
        argument(
            "--http",
            metavar="URL",
            en="to this API instead of to Kafka (HUIYIN_KAFKA), with the key in HUIYIN_API_KEY",
            zh="发往该 API 而非 Kafka（HUIYIN_KAFKA），使用 HUIYIN_API_KEY 中的密钥",
        ),
        argument(
            "--key-file",
            metavar="FILE",
            en="the file of the key for --http (default: HUIYIN_API_KEY_FILE)",
            zh="--http 所用密钥的文件（默认 HUIYIN_API_KEY_FILE）",
        ),
        argument(
            "--dry-run", action="store_true", en="print the facts, send nothing", zh="只打印事实，不发送"
        ),
        argument(
            "--resume",
            action="store_true",
            en="go on where the last run of this file stopped",
            zh="从上次中断处继续",
        ),
        argument(
            "--no-wait",
            dest="wait",
            action="store_false",
            en="do not wait for receipts from Kafka",
            zh="不等待 Kafka 回执",
        ),
        argument(
            "--wait",
            action="store_true",
            default=True,
            en="wait for every receipt (default)",
            zh="等待全部回执（默认）",
        ),
        argument(
            "--patience",
            type=float,
            default=30.0,
            metavar="S",
            en="seconds to wait when no receipt comes (default 30)",
            zh="无回执时等待的秒数（默认 30）",
        ),
        argument(
            "--batch",
            type=whole(1),
            default=500,
            metavar="N",
            en="facts at a time (default 500)",
            zh="每批条数（默认 500）",
        ),
        argument(
            "--quiet",
            action="store_true",
            en="print no receipts, only their sum",
            zh="不打印回执，只打印合计",
        ),
    ),
)
