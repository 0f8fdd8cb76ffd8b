"""What reports are made of: periods, values as they are written, charts, tables."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.i18n import Text
from api.reports import complaints, office, page, standing, svg, visits
from api.reports.model import Bar, Chart, Column, Links, Report, Section, Series, Sheet, shown
from api.reports.periods import BadPeriod, Period, period
from api.reports.sheets import MARK, text
from domain.policy import load_policy
from tests.helpers.scenario import at

CALENDAR = load_policy(["general"]).calendar
NOW = at("2026-03-10 12:00")


def january() -> Period:
    return period("month", "2026-01", NOW, CALENDAR)


# ---- periods


def test_a_period_knows_its_days_and_the_one_before() -> None:
    week = period("week", "2026-W01", NOW, CALENDAR)
    assert (week.first_day.isoformat(), week.last_day.isoformat()) == ("2025-12-29", "2026-01-04")
    assert (week.before.name, week.running) == ("2025-W52", False)
    assert period("quarter", "2026-Q1", NOW, CALENDAR).running


@pytest.mark.parametrize("name", ["2026-W54", "2025-W53", "2026-1", "January", "2026-W00", "٢٠٢٦-W01x"])
def test_a_week_that_is_none_is_refused_in_both_languages(name: str) -> None:
    with pytest.raises(BadPeriod) as refused:
        period("week", name, NOW, CALENDAR)
    assert "2026-W03" in refused.value.text.en and "2026-W03" in refused.value.text.zh


def test_a_period_begins_with_its_first_instant() -> None:
    start = at("2026-04-01 00:00")
    with pytest.raises(BadPeriod, match="has not begun"):
        period("quarter", "2026-Q2", start, CALENDAR)
    assert period("quarter", "2026-Q2", at("2026-04-01 00:01"), CALENDAR).running


# ---- links


def test_a_link_takes_in_what_happens_at_the_end_and_not_at_the_start() -> None:
    link = Links("http://x", january()).complaints(handler="S 1&2") or ""
    assert "handler=S+1%262" in link and "counted=true" in link
    assert "from=2026-01-01T00%3A00%3A00.000001%2B08%3A00" in link
    assert "to=2026-02-01T00%3A00%3A00.000001%2B08%3A00" in link


def test_what_nobody_said_leads_nowhere() -> None:
    links = Links("http://x", january())
    assert links.complaints(handler=None) is links.breaches(whose=None) is links.history(None) is None


def test_a_history_of_any_name_has_an_address() -> None:
    assert Links("http://x", january()).history("complaint/C 1?") == (
        "http://x/streams/complaint/C%201%3F/history"
    )


# ---- values


@pytest.mark.parametrize(
    ("column", "row", "written"),
    [
        (Column("a", Text("", "")), {"a": 12345}, "12,345"),
        (Column("a", Text("", "")), {"a": None}, "—"),
        (Column("a", Text("", ""), "share", "p", "q"), {"a": 0.125, "p": 1, "q": 8}, "12.5 % (1/8)"),
        (Column("a", Text("", ""), "share"), {"a": 1.0}, "100.0 %"),
        (Column("a", Text("", ""), "change"), {"a": -0.75}, "-75.0"),
        (Column("a", Text("", ""), "number"), {"a": 3.456}, "3.46"),
        (Column("a", Text("", ""), "amount"), {"a": 1234.5}, "1,234.50"),
        (Column("a", Text("", ""), "text"), {"a": Text("yes", "是")}, "是"),
        (
            Column("a", Text("", ""), "instant"),
            {"a": datetime(2026, 1, 1, 16, tzinfo=UTC)},
            "2026-01-02 00:00",
        ),
    ],
)
def test_values_are_written_as_people_read_them(column: Column, row: dict[str, object], written: str) -> None:
    assert shown(column, row, "zh", CALENDAR.tz) == written


# ---- charts


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(svg.chart(chart, "en"))


def marks(chart: Chart) -> list[ElementTree.Element]:
    return [each for each in drawn(chart).iter("rect") if "mark" in each.get("class", "")]


TITLE = Text("Complaints", "投诉")


def test_bars_are_as_long_as_their_share_of_the_longest() -> None:
    chart = Chart(TITLE, bars=[Bar("S-1", 8, "8"), Bar("S-2", 2, "2"), Bar("S-3", 0, "0")])
    first, second, third = (float(bar.get("width", "")) for bar in marks(chart))
    assert first == svg.WIDE - svg.LABEL - svg.VALUE
    assert (second, third) == (first / 4, 0)


def test_bars_that_are_all_nothing_are_drawn_as_nothing() -> None:
    assert [bar.get("width") for bar in marks(Chart(TITLE, bars=[Bar("S-1", 0, "0")]))] == ["0.0"]


def test_the_running_total_is_a_line_through_the_bars() -> None:
    bars = [Bar("a", 3, "3", line=0.75), Bar("b", 1, "1", line=1.0)]
    (line,) = drawn(Chart(TITLE, bars=bars)).iter("polyline")
    ends = [float(point.split(",")[0]) for point in line.get("points", "").split()]
    room = svg.WIDE - svg.LABEL - svg.VALUE
    assert ends == [svg.LABEL + room * 0.75, svg.LABEL + room]


def test_columns_stand_on_the_ground_as_high_as_their_value() -> None:
    series = [Series(Text("in", "来"), [5, 10]), Series(Text("out", "去"), [0, 2.5])]
    chart = Chart(TITLE, labels=["01-01", "01-02"], series=series)
    five, ten, none, _ = (float(column.get("height", "")) for column in marks(chart))
    assert ten == svg.HIGH and five == ten / 2 and none == 0
    assert {round(float(c.get("y", "")) + float(c.get("height", "")), 1) for c in marks(chart)} == {
        svg.HIGH + 22
    }
    assert "in" in "".join(drawn(chart).itertext()) and "来" in svg.chart(chart, "zh")


@pytest.mark.parametrize(
    "chart",
    [
        Chart(TITLE),
        Chart(TITLE, labels=["a"], series=[Series(TITLE, [0])]),
        Chart(TITLE, labels=[], series=[Series(TITLE, [])]),
    ],
)
def test_nothing_is_drawn_of_nothing(chart: Chart) -> None:
    assert svg.chart(chart, "en") == ""


def test_what_is_written_in_a_chart_cannot_leave_it() -> None:
    evil = '"><script>alert(1)</script>'
    chart = Chart(Text(evil, evil), bars=[Bar(evil, 1, evil, link=f"/x?a={evil}")])
    assert "<script" not in svg.chart(chart, "en")
    assert [link.get("href") for link in drawn(chart).iter("a")] == [f"/x?a={evil}"]
    over = Chart(Text(evil, evil), labels=[evil], series=[Series(Text(evil, evil), [1])])
    assert "<script" not in svg.chart(over, "en")


@given(st.floats(0.001, 1e9))
def test_an_axis_has_few_round_lines(most: float) -> None:
    by = svg.step(most)
    assert by > 0 and most / by <= 5.000001
    assert f"{by:e}"[0] in "125"


def test_an_axis_of_whole_numbers_has_whole_lines() -> None:
    assert [svg.step(most) for most in (1.0, 3.0, 7.0, 40.0)] == [1, 1, 2, 10]


def test_many_labels_are_thinned_out() -> None:
    labels = [f"{day:02}" for day in range(1, 32)]
    chart = Chart(TITLE, labels=labels, series=[Series(TITLE, [1.0] * 31)])
    written = {each.text for each in drawn(chart).iter("text")} & set(labels)
    assert len(marks(chart)) == 31 and 8 <= len(written) <= svg.MANY


# ---- tables


def report(*sheets: Sheet) -> Report:
    section = Section("part", Text("Part", "部分"), Text("001", "001"), sheets)
    return Report(january(), NOW, CALENDAR.tz, ["general"], [section])


SHEET = Sheet(
    "sheet",
    Text("Sheet", "表"),
    [
        Column("name", Text("Name", "名称"), "text"),
        Column("share", Text("Share", "占比"), "share", "part", "whole"),
        Column("at", Text("At", "时间"), "instant"),
    ],
    [
        {"name": '=1+1,"x"', "share": 0.5, "part": 1, "whole": 2, "at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"name": None, "share": None, "part": 0, "whole": 0, "at": None},
    ],
)


def test_a_table_gives_a_share_with_both_its_numbers_and_no_formula() -> None:
    lines = text(SHEET, "en", report(SHEET)).removeprefix(MARK).splitlines()
    assert lines == [
        "Name,Share,Share: number,Share: of,At",
        '"\'=1+1,""x""",0.5,1,2,2026-01-01T08:00:00+08:00',
        ",,0,0,",
    ]
    assert text(SHEET, "zh", report(SHEET)).startswith(f"{MARK}名称,占比,占比: 数量,占比: 基数,时间")


def test_a_page_escapes_what_came_from_outside() -> None:
    evil = Sheet("evil", Text("T", "题"), [Column("name", TITLE, "text")], [{"name": "<script>x</script>"}])
    shown_page = page.html(report(evil), "en")
    assert "<script" not in shown_page and "&lt;script&gt;" in shown_page


# ---- both languages


def columns_of(module: object) -> list[Column]:
    found = [value for value in vars(module).values() if isinstance(value, tuple)]
    return [column for value in found for column in value if isinstance(column, Column)]


def test_every_word_of_a_report_is_in_both_languages() -> None:
    texts = [
        *page.WORDS.values(),
        *complaints.BY.values(),
        *standing.PARTS.values(),
        visits.NOTE,
        office.NOTE,
    ]
    texts += [column.title for module in (complaints, office, visits) for column in columns_of(module)]
    texts += [title for title, _ in complaints.NUMBERS.values()]
    assert len(texts) > 40
    for each in texts:
        assert (
            each.en
            and re.search("[\u4e00-\u9fff]", each.zh or "")
            and not re.search("[\u4e00-\u9fff]", each.en)
        )
