"""A history as things were and as they were known, and how it is written for people and programs."""

import csv
import io
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from typing import Any

import pytest

from api.cli.edge import Edge
from api.cli.history import FORMATS
from api.cli.watch import line
from domain.envelope import Event, read
from domain.history import HIDDEN, history, shown
from domain.policy import load_policy
from domain.simulation import simulate
from tests.helpers.cli import NOW
from tests.helpers.scenario import fact, received

FACTS = (
    received("C-1", "2026-03-09 09:00", contact={"name": "张敏", "phone": "13900000001"}),
    fact("complaint.promised", "complaint/C-1", "2026-03-09 09:00", answer_by="2026-03-09T16:00:00+08:00"),
    fact("complaint.signalled", "complaint/C-1", "2026-03-10 09:00", signal="=1+1"),
    fact("complaint.replied", "complaint/C-1", "2026-03-09 12:00", text="已处理"),
)


@pytest.fixture(scope="module")
def events() -> list[Event]:
    import json

    raw = [json.dumps(each).encode() for each in FACTS]
    told = [read(each) for each in simulate(raw, load_policy(["general"]))]
    return [event._replace(sequence=number) for number, event in enumerate(told, 1)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def types(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def test_without_limits_everything_is_told(events: list[Event]) -> None:
    assert history(events) == events


def test_as_of_an_instant_only_what_had_happened_is_told(events: list[Event]) -> None:
    assert "complaint.replied" in types(history(events, as_of=at("2026-03-09T12:00")))
    assert "complaint.replied" not in types(history(events, as_of=at("2026-03-09T11:59")))


def test_as_known_at_an_instant_a_late_fact_is_not_known_yet(events: list[Event]) -> None:
    known = types(history(events, known_at=at("2026-03-09T20:00")))
    assert "complaint.replied" not in known
    assert "obligation.breached" in known
    assert "obligation.withdrawn" in types(history(events))


def test_both_limits_hold_together(events: list[Event]) -> None:
    found = history(events, as_of=at("2026-03-09T12:00"), known_at=at("2026-03-09T20:00"))
    assert "complaint.replied" not in types(found)
    assert "obligation.breached" not in types(found)


def test_personal_fields_are_hidden_unless_they_are_asked_for(events: list[Event]) -> None:
    assert shown(events[0])["data"]["contact"] == HIDDEN
    assert shown(events[0])["data"]["summary"] == HIDDEN
    assert shown(events[0], personal=True)["data"]["contact"]["name"] == "张敏"
    assert shown(events[0])["data"]["category"] == "service"


def written(events: list[Event], kind: str, language: str = "en") -> str:
    out = io.BytesIO()
    edge = Edge(io.BytesIO(), out, io.StringIO(), {"HUIYIN_LANG": language}, lambda: NOW)
    FORMATS[kind](edge, "complaint/C-1", [shown(event) for event in events])
    return out.getvalue().decode()


def test_the_table_fits_80_columns_and_explains_each_event(events: list[Event]) -> None:
    from rich.cells import cell_len

    text = written(events, "table")
    assert max(cell_len(row) for row in text.splitlines()) <= 80
    assert "rule: general.promise" in text
    assert "because:" in text
    assert "张敏" not in text


def test_what_was_learned_late_says_when(events: list[Event]) -> None:
    assert "↳ 03-10 09:00" in written(events, "table")


def test_the_table_has_one_clock_whatever_offsets_came(events: list[Event]) -> None:
    elsewhere = [event._replace(time=event.time.astimezone(UTC)) for event in events]
    assert "2026-03-09 09:00   complaint.received" in written(elsewhere, "table")


def test_the_table_speaks_chinese(events: list[Event]) -> None:
    assert "规则: general.promise" in written(events, "table", "zh")


def test_csv_has_a_row_an_event_and_no_formulas(events: list[Event]) -> None:
    rows = list(csv.DictReader(io.StringIO(written(events, "csv"))))
    assert [row["sequence"] for row in rows] == [str(event.sequence) for event in events]
    assert {row["clause"] for row in rows} == {"", "general.promise"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_xes_is_one_trace_with_an_event_each(events: list[Event]) -> None:
    root = ElementTree.fromstring(written(events, "xes"))
    space = {"x": "http://www.xes-standard.org/"}
    found: list[Any] = root.findall("x:trace/x:event", space)
    names = [event.find("x:string[@key='concept:name']", space).get("value") for event in found]
    assert names == types(events)
    assert all(event.find("x:date[@key='time:timestamp']", space) is not None for event in found)


ALERT = {
    "key": "sla:complaint/C-1:general.promise:1",
    "status": "firing",
    "severity": "high",
    "title": "A promise is kept: overdue",
    "title_zh": "承诺时限：已逾期",
    "subject": "complaint/C-1",
    "due_at": "2026-03-10T02:30:00+00:00",
    "to": ["department_manager"],
    "updated_at": "2026-03-10T02:30:00+00:00",
}


def told(alert: dict[str, Any], language: str = "en") -> str:
    edge = Edge(io.BytesIO(), io.BytesIO(), io.StringIO(), {"HUIYIN_LANG": language}, lambda: NOW)
    return line(alert, edge)


def test_an_alert_is_one_line_with_all_that_ops_need() -> None:
    assert told(ALERT) == (
        "2026-03-10 10:30:00+08:00  high      FIRING        A promise is kept: overdue — complaint/C-1  "
        "overdue 1:30 h  → department manager  [sla:complaint/C-1:general.promise:1]"
    )


def test_an_alert_speaks_chinese() -> None:
    assert "承诺时限：已逾期 — complaint/C-1  已逾期 1 小时 30 分" in told(ALERT, "zh")


def test_what_is_not_due_yet_and_what_is_resolved_say_so() -> None:
    assert "due in 1 d 0 h" in told({**ALERT, "due_at": "2026-03-11T04:00:00+00:00"})
    assert "overdue" not in told({**ALERT, "status": "resolved"}).replace("kept: overdue", "")
