"""Documents: secrecy that ends by itself, unless it was renewed, and leaks."""

from typing import Any

import pytest

from tests.helpers.complaints import levels
from tests.helpers.scenario import at, fact, tell, without

GENERAL = "general"
DOCUMENT = "document/D-1"
SUMMER = "2026-06-01 00:00"
Fact = dict[str, Any]


def classified(time: str, level: str = "secret", until: str | None = SUMMER) -> Fact:
    end = at(until).isoformat() if until else None
    return fact("document.classified", DOCUMENT, time, level=level, until=end)


def asks(time: str) -> Fact:
    return fact("access.requested", DOCUMENT, time, by="S-2", department="x", purpose="……")


def test_secrecy_ends_at_its_very_instant() -> None:
    told = tell(GENERAL, classified("2026-03-09 09:00"), until="2026-05-31 23:59:59")
    assert not told.has("document.declassified")
    told = tell(GENERAL, classified("2026-03-09 09:00"), until=SUMMER)
    assert (
        told.count("document.declassified", subject=DOCUMENT, time=SUMMER, clause="general.declassify") == 1
    )


def test_who_asks_at_that_instant_comes_before_it_and_who_asks_after_it_may_read() -> None:
    told = tell(GENERAL, classified("2026-03-09 09:00"), asks(SUMMER), asks("2026-06-01 00:00:01"))
    assert [line["type"] for line in told.lines if line["type"].startswith("access.")] == [
        "access.requested",
        "access.denied",
        "access.requested",
        "access.granted",
    ]


def test_classified_anew_until_later_it_stays_secret_until_then() -> None:
    told = tell(
        GENERAL,
        classified("2026-03-09 09:00"),
        classified(SUMMER, until="2026-07-01 00:00"),
        until="2027-01-01 00:00",
    )
    assert [line["time"] for line in told.all("document.declassified")] == ["2026-07-01T00:00:00+08:00"]


def test_classified_anew_without_an_end_it_stays_secret() -> None:
    anew = classified("2026-05-31 09:00", "top-secret", until=None)
    assert not tell(GENERAL, classified("2026-03-09 09:00"), anew, until="2027-01-01 00:00").has(
        "document.declassified"
    )


def test_a_document_may_become_secret_again() -> None:
    again = classified("2026-08-01 09:00", until="2026-09-01 00:00")
    told = tell(GENERAL, classified("2026-03-09 09:00"), again, until="2027-01-01 00:00")
    assert told.count("document.declassified") == 2


def test_a_classification_learned_after_the_old_one_ended_is_what_counts() -> None:
    told = tell(
        GENERAL,
        classified("2026-03-09 09:00"),
        fact("customer.changed", "customer/K-1", "2026-06-05 09:00", what="……"),
        classified("2026-05-20 09:00", until="2026-12-01 00:00"),
        asks("2026-06-06 09:00"),
        until="2026-12-01 00:00",
    )
    assert told.has("access.denied", subject=DOCUMENT)
    assert told.has("document.declassified", time="2026-12-01 00:00")


def test_an_end_gone_by_when_it_was_set_is_an_end_at_once() -> None:
    told = tell(GENERAL, classified("2026-06-02 09:00"), until="2026-06-03 00:00")
    assert told.count("document.declassified", time="2026-06-02 09:00") == 1


def test_without_the_row_secrecy_never_ends() -> None:
    told = tell(
        without(GENERAL, "general.declassify"), classified("2026-03-09 09:00"), until="2027-01-01 00:00"
    )
    assert not told.has("document.declassified")


def leaked(time: str) -> Fact:
    return fact("document.leaked", DOCUMENT, time, by="S-7")


def test_a_leak_is_told_to_the_leadership_at_once_and_to_nobody_else() -> None:
    told = tell(GENERAL, classified("2026-03-09 09:00"), leaked("2026-03-09 10:00"), until="2026-03-20 00:00")
    assert levels(told, clause="general.leak", severity="critical") == [
        (1, ["company_leadership"], "2026-03-09T10:00:00+08:00")
    ]


def test_each_leak_is_an_escalation_of_its_own() -> None:
    leaks = [leaked("2026-03-09 10:00"), leaked("2026-03-09 11:00")]
    assert tell(GENERAL, classified("2026-03-09 09:00"), *leaks).count("escalation.raised") == 2


@pytest.mark.parametrize("level", ["public", "secret", "confidential", "top-secret"])
def test_a_leak_of_any_level_counts(level: str) -> None:
    told = tell(GENERAL, classified("2026-03-09 09:00", level), leaked("2026-03-09 10:00"))
    assert told.has("escalation.raised", clause="general.leak")
