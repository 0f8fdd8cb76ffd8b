"""Who reads what: customer files by an approval, once; documents by their level."""

from typing import Any

import pytest

from tests.helpers.approvals import Fact, granted, refused, requested, used
from tests.helpers.scenario import Told, fact, tell, without

GENERAL = "general"
MONDAY = "2026-03-09"
FILE, DOCUMENT = "customer/K-1", "document/D-1"
DEPARTMENT, GENERAL_MANAGER = "department_manager", "general_manager"


def filed(department: str | None = "sales") -> Fact:
    return fact("customer.filed", FILE, f"{MONDAY} 08:00", by="S-1", department=department)


def asks(time: str, /, by: str = "S-2", department: str = "sales", of: str = FILE) -> Fact:
    return fact("access.requested", of, time, by=by, department=department, purpose="……")


def approved(role: str, of: str = "A-1", **data: Any) -> list[Fact]:
    asked = {"about": FILE, **data}
    return [requested("file-access", f"{MONDAY} 09:00", of, **asked), granted(role, f"{MONDAY} 10:00", of)]


def answers(told: Told) -> list[str]:
    return [line["type"] for line in told.lines if line["type"] in ("access.granted", "access.denied")]


# ---- general.file-access


@pytest.mark.parametrize(
    ("role", "of_customer", "of_reader", "allowed"),
    [
        (DEPARTMENT, "sales", "sales", True),
        (DEPARTMENT, "sales", "service", False),
        (DEPARTMENT, None, "sales", False),
        (GENERAL_MANAGER, "sales", "service", True),
        (GENERAL_MANAGER, None, "service", True),
        ("company_leadership", "sales", "sales", False),
    ],
)
def test_the_department_manager_covers_the_own_department_the_general_manager_any(
    role: str, of_customer: str | None, of_reader: str, allowed: bool
) -> None:
    told = tell(GENERAL, filed(of_customer), *approved(role), asks(f"{MONDAY} 11:00", department=of_reader))
    assert answers(told) == ["access.granted" if allowed else "access.denied"]
    assert told.has("approval.used", subject="approval/A-1", clause="general.file-access") is allowed


def test_an_approval_is_used_up_by_the_reading() -> None:
    reads = [asks(f"{MONDAY} 1{n}:00") for n in range(1, 4)]
    told = tell(GENERAL, filed(), *approved(DEPARTMENT), *approved(GENERAL_MANAGER, "A-2"), *reads)
    assert answers(told) == ["access.granted", "access.granted", "access.denied"]
    assert [line["subject"] for line in told.all("approval.used")] == ["approval/A-1", "approval/A-2"]


@pytest.mark.parametrize(
    "said",
    [
        [],
        [requested("file-access", f"{MONDAY} 09:00", about=FILE)],
        approved(GENERAL_MANAGER, by="S-3"),
        approved(GENERAL_MANAGER, about="customer/K-2"),
        [requested("copy", f"{MONDAY} 09:00", about=FILE), granted(GENERAL_MANAGER, f"{MONDAY} 10:00")],
        [*approved(GENERAL_MANAGER), used(f"{MONDAY} 10:30")],
        [*approved(DEPARTMENT), refused(GENERAL_MANAGER, f"{MONDAY} 10:30")],
        [
            requested("file-access", f"{MONDAY} 09:00", about=FILE),
            granted(GENERAL_MANAGER, f"{MONDAY} 11:01"),
        ],
    ],
)
def test_without_a_granted_unused_approval_of_ones_own_the_file_stays_shut(said: list[Fact]) -> None:
    told = tell(GENERAL, filed(), *sorted([*said, asks(f"{MONDAY} 11:00")], key=lambda one: one["time"]))
    assert answers(told) == ["access.denied"]


def test_a_file_may_be_asked_for_before_anything_else_is_known_of_the_customer() -> None:
    assert answers(tell(GENERAL, asks(f"{MONDAY} 11:00"))) == ["access.denied"]


def test_an_answer_says_who_asked_why_and_by_which_rule() -> None:
    told = tell(GENERAL, filed(), *approved(DEPARTMENT), asks(f"{MONDAY} 11:00"))
    (answer,) = told.all("access.granted")
    assert answer["data"] | {"by": "S-2", "clause": "general.file-access"} == answer["data"]
    assert answer["data"]["reason"] and "客户关系管理" in answer["data"]["source"]


def test_without_the_row_nobody_answers() -> None:
    policy = without(GENERAL, "general.file-access", "general.confidentiality")
    told = tell(policy, filed(), *approved(DEPARTMENT), asks(f"{MONDAY} 11:00"))
    assert not told.has("access.granted")
    assert not told.has("access.denied")
    assert not told.has("approval.used")


# ---- general.confidentiality: reading

STAFF = [
    fact("staff.joined", f"staff/{staff}", f"{MONDAY} 07:00", role=role, department=department)
    for staff, role, department in (
        ("S-1", "salesperson", "sales"),
        ("S-2", "salesperson", "sales"),
        ("S-3", "salesperson", "service"),
        ("S-4", "salesperson", "service"),
        ("S-9", GENERAL_MANAGER, "office"),
    )
]
OWNER, COLLEAGUE, NAMED, STRANGER, BOSS = "S-1", "S-2", "S-3", "S-4", "S-9"
HOME = {OWNER: "sales", COLLEAGUE: "sales", NAMED: "service", STRANGER: "service", BOSS: "office"}


def classified(level: str, time: str = f"{MONDAY} 08:00", **data: Any) -> Fact:
    return fact(
        "document.classified", DOCUMENT, time, **{"level": level, "owner": OWNER, "named": [NAMED], **data}
    )


@pytest.mark.parametrize(
    ("level", "readers"),
    [
        ("public", {OWNER, COLLEAGUE, NAMED, STRANGER, BOSS}),
        ("secret", {OWNER, COLLEAGUE, NAMED, BOSS}),
        ("confidential", {OWNER, NAMED, BOSS}),
        ("top-secret", {NAMED, BOSS}),
    ],
)
def test_each_level_has_its_readers(level: str, readers: set[str]) -> None:
    for staff, department in HOME.items():
        told = tell(
            GENERAL, *STAFF, classified(level), asks(f"{MONDAY} 11:00", staff, department, of=DOCUMENT)
        )
        assert answers(told) == ["access.granted" if staff in readers else "access.denied"], staff


def test_a_document_without_owner_is_nobodys_departments() -> None:
    told = tell(
        GENERAL, *STAFF, classified("secret", owner=None), asks(f"{MONDAY} 11:00", COLLEAGUE, of=DOCUMENT)
    )
    assert answers(told) == ["access.denied"]


def test_who_became_general_manager_later_was_not_one_then() -> None:
    later = fact("staff.joined", "staff/S-4", f"{MONDAY} 12:00", role=GENERAL_MANAGER, department="office")
    before, after = (asks(f"{MONDAY} {hour}:00", "S-4", "service", of=DOCUMENT) for hour in (11, 13))
    assert answers(tell(GENERAL, *STAFF, classified("top-secret"), before, later, after)) == [
        "access.denied",
        "access.granted",
    ]


def test_who_left_is_general_manager_no_more_until_they_join_again() -> None:
    left = fact("staff.left", f"staff/{BOSS}", f"{MONDAY} 10:00", reason="resignation")
    again = fact(
        "staff.joined", f"staff/{BOSS}", f"{MONDAY} 12:00", role=GENERAL_MANAGER, department="office"
    )
    before, after = (asks(f"{MONDAY} {hour}:00", BOSS, "office", of=DOCUMENT) for hour in (11, 13))
    assert answers(tell(GENERAL, *STAFF, classified("top-secret"), left, before, again, after)) == [
        "access.denied",
        "access.granted",
    ]


def test_every_reading_is_on_record() -> None:
    read = fact("document.accessed", DOCUMENT, f"{MONDAY} 11:00", by=STRANGER, purpose="……")
    assert tell(GENERAL, classified("top-secret"), read).has("document.accessed", by=STRANGER)


# ---- general.confidentiality: copying


def copied(time: str = f"{MONDAY} 11:00", **data: Any) -> Fact:
    return fact("document.copied", DOCUMENT, time, **{"by": "S-2", **data})


def copy_asked(**data: Any) -> Fact:
    return requested("copy", f"{MONDAY} 09:00", **{"about": DOCUMENT, **data})


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ([], False),
        ([copy_asked()], False),
        ([copy_asked(), granted(DEPARTMENT, f"{MONDAY} 10:00")], False),
        ([copy_asked(), granted(GENERAL_MANAGER, f"{MONDAY} 10:00")], True),
        ([copy_asked(about="document/D-2"), granted(GENERAL_MANAGER, f"{MONDAY} 10:00")], False),
        (
            [
                copy_asked(),
                granted(GENERAL_MANAGER, f"{MONDAY} 10:00"),
                refused(GENERAL_MANAGER, f"{MONDAY} 10:30"),
            ],
            False,
        ),
        (
            [
                requested("file-access", f"{MONDAY} 09:00", about=DOCUMENT),
                granted(GENERAL_MANAGER, f"{MONDAY} 10:00"),
            ],
            False,
        ),
    ],
)
def test_a_top_secret_document_is_copied_with_the_general_managers_approval(
    said: list[Fact], allowed: bool
) -> None:
    told = tell(GENERAL, classified("top-secret"), *said, copied())
    assert told.has("document.copied")
    assert told.has("violation.found", detail="copied-without-approval") is not allowed


def test_an_approval_typed_in_late_takes_the_violation_back() -> None:
    said = [copied(), copy_asked(), granted(GENERAL_MANAGER, f"{MONDAY} 10:00")]
    told = tell(GENERAL, classified("top-secret"), *said)
    assert told.count("violation.found", detail="copied-without-approval") == 1
    assert told.count("violation.withdrawn", detail="copied-without-approval") == 1


def test_a_refusal_typed_in_late_shows_that_a_copy_was_not_allowed() -> None:
    said = [copy_asked(), granted(GENERAL_MANAGER, f"{MONDAY} 09:45"), copied()]
    late = refused(GENERAL_MANAGER, f"{MONDAY} 09:50")
    assert not tell(GENERAL, classified("top-secret"), *said).has("violation.found")
    told = tell(GENERAL, classified("top-secret"), *said, late)
    assert told.has("violation.found", subject=DOCUMENT, detail="copied-without-approval")


@pytest.mark.parametrize("level", ["public", "secret", "confidential"])
def test_what_is_less_than_top_secret_is_copied_freely(level: str) -> None:
    assert not tell(GENERAL, classified(level), copied()).has("violation.found")


def test_without_the_row_documents_are_read_and_copied_unasked() -> None:
    told = tell(
        without(GENERAL, "general.confidentiality"),
        classified("top-secret"),
        asks(f"{MONDAY} 10:00", of=DOCUMENT),
        copied(),
    )
    assert not told.has("access.denied")
    assert not told.has("violation.found")
