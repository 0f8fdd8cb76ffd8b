"""A report as one HTML page that needs nothing else: style and charts are in it, and no script."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.i18n import Language, Text
from api.reports import svg
from api.reports.model import Chart, Report, shown, title_of

WORDS = {
    "period": Text("Period", "统计期间"),
    "known": Text("As known at", "数据截至"),
    "running": Text("The period is not over: numbers will still change.", "期间尚未结束，数字仍会变化。"),
    "packs": Text("Rules", "规则包"),
    "source": Text("Source", "依据"),
    "contents": Text("Contents", "目录"),
    "nothing": Text("Nothing in this period.", "本期无记录。"),
    "csv": Text("as CSV", "CSV 文件"),
    "links": Text(
        "Numbers lead to the records they were counted from. Shares are followed by (part/whole).",
        "数字可点击，直达其所依据的记录；比例后附（分子/分母）。",
    ),
}


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _drawn(language: Language, chart: Chart | None) -> Markup:
    """The chart escapes what it writes itself."""
    return Markup(svg.chart(chart, language) if chart else "")


def html(report: Report, language: Language) -> str:
    """The report in one language."""
    return (
        _environment()
        .get_template("report.html")
        .render(
            html_lang="zh-Hans" if language == "zh" else "en",
            title=title_of(report).within(language),
            report=report,
            t={name: text.within(language) for name, text in WORDS.items()},
            say=lambda text: text.within(language),
            shown=lambda column, row: shown(column, row, language, report.zone),
            draw=partial(_drawn, language),
            made_at=f"{report.made_at.astimezone(report.zone):%Y-%m-%d %H:%M}",
        )
    )
