"""Public data told as facts, on made rows of the same columns; the data themselves are not shipped."""

from __future__ import annotations

import csv
import gzip
import json
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import real_data
from benchmarks.real_data import Fact, boston, bureau, in_order, incidents
from domain.policy import load_policy
from domain.simulation import simulate

Row = dict[str, str]


def request(number: str, due: str, closed: str, opened: str = "2019-03-01 09:00:00") -> Row:
    said = {
        "neighborhood": "Dorchester",
        "type": "Graffiti",
        "source": "Web",
        "reason": "Wall",
        "department": "PW",
    }
    late = (not closed and due) or closed > due
    times = {"department": "PW", "open_dt": opened, "sla_target_dt": due, "closed_dt": closed}
    return {"case_enquiry_id": number, **said, **times, "on_time": "OVERDUE" if late and due else "ONTIME"}


REQUESTS = [
    request("1", "2019-03-04 09:00:00", "2019-03-02 10:00:00"),
    request("2", "2019-03-04 09:00:00", "2019-03-05 10:00:00"),
    request("3", "2019-03-04 09:00:00", ""),
    request("4", "", ""),
    request("5", "2019-03-04 09:00:00", "2019-02-28 10:00:00"),
]


def update(number: int, state: str, assigned: str = "?", minute: int | None = None, **more: str) -> Row:
    """The nth update of an incident, a minute after the one before."""
    at = f"2/3/2016 08:{minute if minute is not None else number:02}"
    who = {"caller_id": "Caller 1", "category": "Category 9", "contact_type": "Phone", "subcategory": ""}
    by = {"sys_updated_by": "Updated by 1", "closed_code": "code 3", "reopen_count": "0"}
    head = {"number": "INC1", "sys_mod_count": str(number), "incident_state": state, "assigned_to": assigned}
    return {**head, "sys_updated_at": at, "opened_at": "2/3/2016 07:55", **who, **by, **more}


def types(facts: Iterable[Fact]) -> list[str]:
    return [fact.type.removeprefix("complaint.") for fact in facts]


def recorded(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    told = (fact.message("/test") for fact in facts)
    return [json.loads(line) for line in simulate(told, load_policy(["general"]), real_data.LONG_AFTER)]


def test_a_request_with_a_target_is_a_promise_that_closing_keeps() -> None:
    assert types(boston(REQUESTS[:1])) == ["received", "promised", "replied", "resolved", "closed"]
    assert types(boston(REQUESTS[3:4])) == ["received"]


def test_its_times_are_of_boston() -> None:
    received, *_ = boston(REQUESTS)
    assert received.time.isoformat() == "2019-03-01T09:00:00-05:00"


@pytest.mark.parametrize("order", [list, in_order])
def test_the_promises_broken_are_those_that_the_city_calls_overdue(order: Any) -> None:
    got = real_data._broken(recorded(order(boston(REQUESTS))))
    assert got == (2, {"complaint/2", "complaint/3"})
    assert got == real_data._overdue(REQUESTS, {"totals": {"flag_overdue": 2}})


def test_what_was_closed_before_it_was_opened_comes_after_its_opening() -> None:
    assert types(in_order(boston(REQUESTS[4:]))) == types(boston(REQUESTS[4:]))


def test_each_change_of_an_incident_is_a_fact() -> None:
    updates = [
        update(0, "New"),
        update(1, "Active", "Resolver 1"),
        update(2, "Awaiting User Info", "Resolver 1"),
        update(3, "Active", "Resolver 2"),
        update(4, "Resolved", "Resolver 2"),
        update(5, "Resolved", "Resolver 2"),
        update(6, "Closed", "Resolver 2"),
        update(7, "Closed", "Resolver 3"),
    ]
    assert types(incidents(reversed(updates))) == [
        *("received", "assigned", "awaiting", "resumed", "assigned", "replied", "resolved", "closed")
    ]


def test_what_leaves_a_resting_state_is_reopened_and_what_only_changes_it_is_not() -> None:
    states = ("New", "Resolved", "Active", "Resolved", "Closed", "Awaiting Vendor")
    told = list(incidents(update(number, state) for number, state in enumerate(states)))
    assert types(told).count("reopened") == 2
    assert types(told)[-2:] == ["reopened", "awaiting"]
    assert told[-1].data == {"whom": "supplier", "reason": "Awaiting Vendor"}
    assert real_data._reopened(recorded(told)) == (1, {"complaint/INC1"})


def test_updates_go_by_their_counter_even_where_their_times_do_not() -> None:
    updates = [update(0, "New"), update(1, "Active", "R", minute=30), update(2, "Resolved", "R", minute=10)]
    assert types(in_order(incidents(updates))) == ["received", "assigned", "replied", "resolved"]


BUREAU = {
    **{"Complaint ID": "7", "State": "TX", "Product": "Mortgage", "Submitted via": "Web", "Issue": "Fees"},
    **{"Date submitted": "2021-05-04", "Date received": "2021-05-06"},
}


@pytest.mark.parametrize(
    ("response", "last"), [("Closed with explanation", "resolved"), ("In progress", "handed_over")]
)
def test_a_complaint_to_the_bureau_is_handed_over_and_perhaps_resolved(response: str, last: str) -> None:
    told = list(bureau([{**BUREAU, "Company response to consumer": response}]))
    assert types(told)[-1] == last
    assert [fact.time.date().isoformat() for fact in told[:2]] == ["2021-05-04", "2021-05-06"]
    assert all(not line["type"].startswith("intake.") for line in recorded(told))


# ---- the check itself


def saved(folder: Path, rows: list[Row], overdue: int) -> Path:
    with gzip.open(folder / "boston311_few.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    truth = {"totals": {"flag_overdue": overdue}}
    (folder / "boston311_few.truth.json").write_text(json.dumps(truth), "utf-8")
    return folder


def test_a_case_compares_what_the_data_say_with_what_came_of_them(tmp_path: Path) -> None:
    found = real_data.measure(0, saved(tmp_path, REQUESTS, overdue=2))
    assert found is not None
    assert (found.wanted, found.refused) == (found.got, "nothing")
    assert real_data._holds(found)
    assert real_data._verdict(found)[:3] == (2, 2, "yes")


def test_a_figure_that_differs_fails_the_case(tmp_path: Path) -> None:
    found = real_data.measure(0, saved(tmp_path, REQUESTS, overdue=3))
    assert found is not None
    assert not real_data._holds(found)


def test_a_case_that_takes_too_much_fails() -> None:
    found = real_data.Found(1, (1, set()), (1, set()), "nothing", 1.0, 100)
    assert real_data._holds(found)
    assert not real_data._holds(found._replace(seconds=60.0))
    assert not real_data._holds(found._replace(peak=1024))


def test_data_that_are_not_there_are_missed(tmp_path: Path) -> None:
    assert real_data.measure(2, tmp_path) is None


def test_without_a_folder_nothing_is_looked_at() -> None:
    assert list(real_data.run(Namespace(data=None))) == []
