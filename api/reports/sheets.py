"""The tables of a report as CSV, one file each: UTF-8 with the mark that spreadsheets know it by."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from api.i18n import Language, Text
from api.reports.model import Column, Report, Row, Sheet

MARK = "\ufeff"
PART, WHOLE = Text("number", "数量"), Text("of", "基数")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a text begins with that a spreadsheet would take for a formula."""


def files(report: Report, language: Language) -> Iterator[tuple[str, str]]:
    """Each table's name and text."""
    for section in report.sections:
        for sheet in section.sheets:
            yield f"report-{report.period.name}-{sheet.name}.csv", text(sheet, language, report)


def text(sheet: Sheet, language: Language, report: Report) -> str:
    """A table; a share is followed by the two numbers that it is made of."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(title for column in sheet.columns for title in _titles(column, language))
    for row in sheet.rows:
        rows.writerow(cell for column in sheet.columns for cell in _cells(column, row, language, report))
    return MARK + out.getvalue()


def _titles(column: Column, language: Language) -> Iterator[str]:
    title = column.title.within(language)
    yield title
    if column.of:
        yield from (f"{title}: {word.within(language)}" for word in (PART, WHOLE))


def _cells(column: Column, row: Row, language: Language, report: Report) -> Iterator[Any]:
    yield _cell(row[column.name], language, report)
    if column.of:
        yield from (row[column.part], row[column.of])


def _cell(value: Any, language: Language, report: Report) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(report.zone).isoformat()
    if isinstance(value, Text):
        value = value.within(language)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value
