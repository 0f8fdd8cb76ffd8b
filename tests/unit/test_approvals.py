"""What needs an approval: expenses, samples, visits above the cap, compensation."""

from typing import Any

import pytest

from domain.approval import INITIAL
from domain.envelope import parse
from domain.kinds import KINDS
from tests.helpers.approvals import Fact, granted, refused, requested, used
from tests.helpers.complaints import act, codes, settled
from tests.helpers.scenario import fact, received, tell, without

GENERAL, AUTO = "general", "auto-4s"
MONDAY = "2026-03-09"
DEPARTMENT, GENERAL_MANAGER, BRAND = "department_manager", "general_manager", "brand_division"


def registered(time: str) -> Fact:
    return fact("customer.registered", "customer/K-1", time, by="S-1")


# ---- general.unregistered-expense


def test_no_expense_about_a_customer_nobody_registered() -> None:
    expense = requested("expense", f"{MONDAY} 10:00", about="customer/K-1", amount=100)
    told = tell(GENERAL, expense)
    assert codes(told) == ["customer-not-registered"]
    assert not told.has("approval.requested")


def test_an_expense_from_the_instant_of_registration_on() -> None:
    facts = [registered(f"{MONDAY} 10:00"), requested("expense", f"{MONDAY} 10:00", about="customer/K-1")]
    assert tell(GENERAL, *facts).has("approval.requested")


def test_an_expense_dated_before_the_registration_is_refused_however_late_it_is_learned() -> None:
    facts = [registered(f"{MONDAY} 10:00"), requested("expense", f"{MONDAY} 09:59", about="customer/K-1")]
    assert codes(tell(GENERAL, *facts)) == ["customer-not-registered"]


@pytest.mark.parametrize(
    "asked",
    [
        requested("expense", f"{MONDAY} 10:00"),
        requested("expense", f"{MONDAY} 10:00", about="complaint/C-1"),
        requested("visit-expense", f"{MONDAY} 10:00", about="customer/K-1"),
        requested("sample", f"{MONDAY} 10:00", about="customer/K-1"),
    ],
)
def test_what_is_no_expense_about_a_customer_needs_no_registration(asked: Fact) -> None:
    assert codes(tell(GENERAL, asked)) == []


# ---- general.sample


@pytest.mark.parametrize(
    ("grants", "usable"),
    [
        ([], False),
        ([DEPARTMENT], False),
        ([GENERAL_MANAGER], False),
        ([GENERAL_MANAGER, DEPARTMENT], False),
        ([DEPARTMENT, GENERAL_MANAGER], True),
        (["department_head", GENERAL_MANAGER], True),
        ([DEPARTMENT, "finance", GENERAL_MANAGER], True),
        ([GENERAL_MANAGER, DEPARTMENT, GENERAL_MANAGER], True),
    ],
)
def test_a_sample_is_granted_by_the_department_and_then_by_the_general_manager(
    grants: list[str], usable: bool
) -> None:
    asked = requested("sample", f"{MONDAY} 09:00", about="customer/K-1")
    said = [granted(role, f"{MONDAY} 1{n}:00") for n, role in enumerate(grants)]
    told = tell(GENERAL, asked, *said, used(f"{MONDAY} 15:00"))
    assert told.has("approval.used") is usable
    assert codes(told) == ([] if usable else ["approval-incomplete"])


def test_a_sample_is_used_from_the_second_grant_on_and_not_before_it() -> None:
    said = [
        requested("sample", f"{MONDAY} 09:00"),
        granted(DEPARTMENT, f"{MONDAY} 10:00"),
        granted(GENERAL_MANAGER, f"{MONDAY} 11:00"),
    ]
    assert codes(tell(GENERAL, *said, used(f"{MONDAY} 10:59"))) == ["approval-incomplete"]
    assert codes(tell(GENERAL, *said, used(f"{MONDAY} 11:00"))) == []


def test_who_refuses_a_sample_after_granting_it_has_not_granted_it() -> None:
    said = [
        requested("sample", f"{MONDAY} 09:00"),
        granted(DEPARTMENT, f"{MONDAY} 10:00"),
        granted(GENERAL_MANAGER, f"{MONDAY} 11:00"),
        refused(GENERAL_MANAGER, f"{MONDAY} 12:00"),
    ]
    assert codes(tell(GENERAL, *said, used(f"{MONDAY} 13:00"))) == ["approval-incomplete"]
    again = granted(GENERAL_MANAGER, f"{MONDAY} 14:00")
    assert codes(tell(GENERAL, *said, again, used(f"{MONDAY} 15:00"))) == []


def test_other_kinds_are_used_without_that_order() -> None:
    said = [requested("copy", f"{MONDAY} 09:00"), granted(GENERAL_MANAGER, f"{MONDAY} 10:00")]
    assert codes(tell(GENERAL, *said, used(f"{MONDAY} 11:00"))) == []


def test_an_approval_knows_the_last_word_of_each_role() -> None:
    def after(*words: tuple[str, str]) -> Any:
        state = INITIAL
        for name, role in words:
            reason = {"reason": "……"} if name == "refused" else {}
            said = fact(f"approval.{name}", "approval/A-1", f"{MONDAY} 09:00", by="S-9", role=role, **reason)
            state = KINDS["approval"].evolve(state, parse(said))
        return state

    assert not after().granted
    assert after(("granted", DEPARTMENT)).granted
    assert not after(("granted", DEPARTMENT), ("refused", GENERAL_MANAGER)).granted
    assert after(("refused", DEPARTMENT), ("granted", DEPARTMENT)).granted


# ---- general.expense-cap


@pytest.mark.parametrize(
    ("amount", "own"), [(500, None), (500.01, 0.01), (650, 150), (0, None), (None, None), (1e6, 999_500)]
)
def test_what_a_visit_costs_above_the_cap_is_paid_by_oneself(amount: float | None, own: float | None) -> None:
    told = tell(GENERAL, requested("visit-expense", f"{MONDAY} 10:00", amount=amount))
    assert [line["data"]["own_account"] for line in told.all("expense.capped", cap=500)] == (
        [own] if own else []
    )


def test_other_expenses_have_no_cap() -> None:
    assert not tell(GENERAL, requested("sample", f"{MONDAY} 10:00", amount=9999)).has("expense.capped")


def test_the_cap_is_the_packs() -> None:
    policy = without(GENERAL)
    pack = policy.packs[0]
    rows = tuple(
        row.model_copy(update={"params": {**row.params, "cap": 300}})
        if row.id == "general.expense-cap"
        else row
        for row in pack.clause
    )
    changed = type(policy)([pack.model_copy(update={"clause": rows})])
    told = tell(changed, requested("visit-expense", f"{MONDAY} 10:00", amount=400))
    assert told.has(
        "expense.capped", cap=300, own_account=100, because="400 asked for, 300 (assumed) allowed"
    )


# ---- auto.compensation

RECEIVED = received("C-1", f"{MONDAY} 09:00")


def compensated(time: str, amount: float, **data: Any) -> Fact:
    return act("compensated", time, amount=amount, **data)


def asked(amount: float | None = None, of: str = "A-1", about: str = "complaint/C-1") -> Fact:
    return requested("compensation", f"{MONDAY} 09:30", of, about=about, amount=amount)


@pytest.mark.parametrize(
    ("role", "amount", "allowed"),
    [
        (DEPARTMENT, 2000, True),
        (DEPARTMENT, 2000.01, False),
        (GENERAL_MANAGER, 20000, True),
        (GENERAL_MANAGER, 20000.01, False),
        (BRAND, 1_000_000, True),
        ("finance", 1, False),
    ],
)
def test_each_role_may_grant_so_much(role: str, amount: float, allowed: bool) -> None:
    told = tell(
        AUTO, RECEIVED, asked(), granted(role, f"{MONDAY} 10:00"), compensated(f"{MONDAY} 11:00", amount)
    )
    assert codes(told) == ([] if allowed else ["over-authority"])
    assert told.has("complaint.compensated") is allowed


def test_without_the_row_anybody_pays_anything() -> None:
    assert (
        codes(tell(without(AUTO, "auto.compensation"), RECEIVED, compensated(f"{MONDAY} 11:00", 1e6))) == []
    )


@pytest.mark.parametrize(
    "said",
    [
        [],
        [asked()],
        [asked(), refused(DEPARTMENT, f"{MONDAY} 10:00")],
        [asked(), granted(DEPARTMENT, f"{MONDAY} 10:00"), refused(GENERAL_MANAGER, f"{MONDAY} 10:30")],
        [asked(about="complaint/C-2"), granted(DEPARTMENT, f"{MONDAY} 10:00")],
        [requested("expense", f"{MONDAY} 09:30", about="complaint/C-1"), granted(BRAND, f"{MONDAY} 10:00")],
        [asked(), granted(DEPARTMENT, f"{MONDAY} 11:00:01")],
    ],
)
def test_without_a_granted_approval_about_this_complaint_nothing_is_paid(said: list[Fact]) -> None:
    told = tell(AUTO, RECEIVED, *said, compensated(f"{MONDAY} 11:00", 1))
    assert codes(told) == ["over-authority"]


def test_what_was_paid_so_far_counts_and_the_approval_is_not_used_up() -> None:
    told = tell(
        AUTO,
        RECEIVED,
        asked(),
        granted(DEPARTMENT, f"{MONDAY} 10:00"),
        compensated(f"{MONDAY} 11:00", 1999.9),
        compensated(f"{MONDAY} 12:00", 0.1),
        compensated(f"{MONDAY} 13:00", 0.01),
    )
    assert told.count("complaint.compensated") == 2
    assert codes(told) == ["over-authority"]
    assert not told.has("approval.used")


def test_an_approval_covers_what_it_was_asked_for_and_no_more() -> None:
    said = [RECEIVED, asked(500), granted(DEPARTMENT, f"{MONDAY} 10:00")]
    assert codes(tell(AUTO, *said, compensated(f"{MONDAY} 11:00", 500))) == []
    assert codes(tell(AUTO, *said, compensated(f"{MONDAY} 11:00", 500.5))) == ["over-authority"]


def test_the_approval_named_counts_and_where_none_is_named_any_does() -> None:
    said = [
        RECEIVED,
        asked(100, "A-1"),
        granted(DEPARTMENT, f"{MONDAY} 10:00", "A-1"),
        asked(None, "A-2"),
        granted(GENERAL_MANAGER, f"{MONDAY} 10:00", "A-2"),
    ]
    assert codes(tell(AUTO, *said, compensated(f"{MONDAY} 11:00", 3000))) == []
    assert codes(tell(AUTO, *said, compensated(f"{MONDAY} 11:00", 3000, approval="A-2"))) == []
    assert codes(tell(AUTO, *said, compensated(f"{MONDAY} 11:00", 3000, approval="A-1"))) == [
        "over-authority"
    ]
    assert codes(tell(AUTO, *said, compensated(f"{MONDAY} 11:00", 1, approval="A-3"))) == ["over-authority"]


def test_the_highest_role_that_granted_counts() -> None:
    grants = [granted(GENERAL_MANAGER, f"{MONDAY} 10:00"), granted(DEPARTMENT, f"{MONDAY} 10:30")]
    assert codes(tell(AUTO, RECEIVED, asked(), *grants, compensated(f"{MONDAY} 11:00", 15_000))) == []


def test_compensation_is_paid_after_closing_as_well() -> None:
    said = [asked(), granted(DEPARTMENT, f"{MONDAY} 10:00"), *settled(MONDAY)]
    assert tell(AUTO, RECEIVED, *said, compensated("2026-03-10 09:00", 10)).has("complaint.compensated")
