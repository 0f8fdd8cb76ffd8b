"""`huiyin report`: a week, a month or a quarter as an HTML page and CSV tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from api.cli.command import Command, Given, argument
from api.cli.edge import DONE, Edge, Failure, failure
from api.i18n import Language

if TYPE_CHECKING:
    from api.reports.model import Report

KINDS = ("week", "month", "quarter")


def run(given: Given, edge: Edge) -> int:
    kind, name = _asked(given)
    language = given.lang or edge.language
    report = _report(edge, kind, name, given)
    for path in _written(report, language, Path(given.out)):
        edge.line(str(path))
    return DONE


def _asked(given: Given) -> tuple[Any, str]:
    named = [(kind, name) for kind in KINDS if (name := getattr(given, kind)) is not None]
    if len(named) != 1:
        raise failure(
            "huiyin report: say one period: --week 2026-W03, --month 2026-01 or --quarter 2026-Q1.",
            "huiyin report：请指明一个期间：--week 2026-W03、--month 2026-01 或 --quarter 2026-Q1。",
        )
    return named[0]


def _report(edge: Edge, kind: Any, name: str, given: Given) -> Report:
    from api.reports.build import build
    from api.reports.periods import BadPeriod, period
    from projections.projection import create
    from storage.connections import Connections
    from streams.parts import SCHEMA

    settings, policy, now = edge.settings, edge.policy(), edge.now()
    try:
        wanted = period(kind, name, now, policy.calendar)
    except BadPeriod as problem:
        raise Failure(problem.text) from None
    connections = Connections(settings.database_url, SCHEMA)
    try:
        with connections.take(create) as (connection, _):
            base = given.url or f"http://{settings.http_host}:{settings.http_port}"
            return build(connection, policy, wanted, now=now, base=base)
    finally:
        connections.close()


def _written(report: Report, language: Language, out: Path) -> Iterable[Path]:
    """The files, the page last: when it is there, all that it links to is."""
    from api.reports.page import html
    from api.reports.sheets import files

    texts = [*files(report, language), (f"report-{report.period.name}.html", html(report, language))]
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts:
            (out / name).write_text(text, "utf-8", newline="")
    except OSError as problem:
        raise failure(
            "{out}: cannot be written: {why}.",
            "{out}：无法写入：{why}。",
            out=out,
            why=problem.strerror or problem,
        ) from problem
    return [out / name for name, _ in reversed(texts)]


REPORT = Command(
    run,
    (
        argument(
            "--week", metavar="YYYY-Www", en="an ISO week, such as 2026-W03", zh="ISO 周，例如 2026-W03"
        ),
        argument("--month", metavar="YYYY-MM", en="a month, such as 2026-01", zh="月份，例如 2026-01"),
        argument("--quarter", metavar="YYYY-Qn", en="a quarter, such as 2026-Q1", zh="季度，例如 2026-Q1"),
        argument(
            "--lang",
            choices=get_args(Language),
            en="the report's language (default: this command's)",
            zh="报告语言（默认与本命令相同）",
        ),
        argument(
            "--out",
            metavar="DIR",
            default=".",
            en="where the files go (default: here)",
            zh="输出目录（默认当前目录）",
        ),
        argument(
            "--url",
            metavar="URL",
            en="where the API is, for the links (default: by HUIYIN_HTTP_HOST and HUIYIN_HTTP_PORT)",
            zh="链接所指的 API 地址（默认取自 HUIYIN_HTTP_HOST 与 HUIYIN_HTTP_PORT）",
        ),
    ),
)
