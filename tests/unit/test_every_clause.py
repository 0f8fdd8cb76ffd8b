"""Every clause, adjudication row and figure of the written rules is shipped, tested, cited and removable."""

from pathlib import Path

import pytest

from domain.pack import Clause, Example, Kpi, Pack
from domain.policy import SHIPPED, Policy, check_examples, load_policy

RULES = {
    "laboratory": (
        "lab",
        """
        archive decision hard-case appeal-window in-writing reinspection correction written-feedback
        """,
    ),
    "general": (
        "general",
        """
        promise echo follow-up until-satisfied accused customer-file file-review registration
        change-notice quarterly-update two-contacts handover handover-notice key-account
        return-visit-on-time return-visit-report return-visit-review file-access
        unregistered-expense sample expense-cap confidentiality declassify leak reception-venue
        """,
    ),
    "tobacco-xuzhou": (
        "xuzhou",
        """
        first-responder visit-summary day-summary planned-ahead visit-done first-arrival
        exception-evidence contact-detail retention market-hours unplanned-share on-site-share
        spot-checks evaluations first-responder-breaches
        """,
    ),
    "tobacco-field": (
        "field",
        """
        result-to-manager diary-review phone-change suspension visit-hours visits-per-day
        visits-per-customer complaints broken-promises satisfied
        """,
    ),
    "auto-4s": (
        "auto",
        """
        verify intake-complete result-feedback survey major repeat notify-manager pre-warning
        report-up crisis-meeting compensation
        """,
    ),
    "property": (
        "property",
        """
        first-reply category emergency
        """,
    ),
    "real-estate-sales": (
        "sales",
        """
        rotation designated validity family referral overdue-payment name-change cash refund
        room-change tracking leaver quarrel settled event complaint-verified discount refused
        refused-expired nth-visit forgot forgot-expired several returned same-day assisted
        first-registration unregistered
        """,
    ),
}
"""By pack: what its ids begin with, and what they go on with."""

PACK_OF = {f"{prefix}.{name}": pack for pack, (prefix, names) in RULES.items() for name in names.split()}
ADJUDICATION = """
    quarrel settled event complaint-verified discount refused refused-expired nth-visit forgot forgot-expired
    several returned same-day assisted referral family first-registration unregistered
""".split()
KPIS = """
    xuzhou.market-hours xuzhou.unplanned-share xuzhou.on-site-share xuzhou.spot-checks xuzhou.evaluations
    xuzhou.first-responder-breaches field.visit-hours field.visits-per-day field.visits-per-customer
    field.complaints field.broken-promises field.satisfied
""".split()
ASSUMED = """
    general.follow-up general.file-review general.handover general.handover-notice general.return-visit-review
    general.expense-cap field.result-to-manager field.diary-review auto.verify auto.survey auto.repeat
    auto.report-up auto.crisis-meeting auto.compensation lab.correction lab.written-feedback lab.hard-case
    lab.archive property.first-reply sales.tracking
""".split()
"""The rows whose figure the standard leaves open."""

WHOLE = load_policy(list(RULES))


def rows_of(pack: Pack) -> list[Clause | Kpi]:
    return [*pack.clause, *pack.kpi]


ROWS = {row.id: row for pack in WHOLE.packs for row in rows_of(pack)}
HOME = {row.id: pack for pack in WHOLE.packs for row in rows_of(pack)}
TESTS = {
    file.name: file.read_text("utf-8")
    for file in Path(__file__).parents[1].rglob("test_*.py")
    if file.name != Path(__file__).name
}


def test_every_pack_of_the_rules_is_shipped() -> None:
    assert RULES.keys() == {file.stem for file in SHIPPED.glob("*.toml")}


@pytest.mark.parametrize("row", PACK_OF)
def test_every_row_of_the_rules_is_in_its_pack(row: str) -> None:
    assert HOME[row].id == PACK_OF[row]


@pytest.mark.parametrize("row", ADJUDICATION)
def test_every_row_of_the_adjudication_is_in_its_pack(row: str) -> None:
    clause = WHOLE.clauses[f"sales.{row}"]
    assert clause.pack.id == "real-estate-sales"


def test_the_adjudication_goes_through_its_rows_in_the_written_order() -> None:
    rows = [
        clause.id.removeprefix("sales.")
        for clause in WHOLE.clauses.values()
        if clause.row.rule == "adjudication-row"
    ]
    assert rows == ADJUDICATION


def test_the_figures_are_those_of_the_rules() -> None:
    assert sorted(WHOLE.kpis) == sorted(KPIS)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_named_in_some_test(row: str) -> None:
    assert [name for name, text in TESTS.items() if f'"{row}"' in text]


@pytest.mark.parametrize("pack", RULES)
def test_every_worked_example_is_what_the_arithmetic_says(pack: str) -> None:
    assert check_examples(load_policy([pack])) == []


@pytest.mark.parametrize("row", [bound.id for bound in WHOLE.clauses.values()])
def test_every_clause_has_an_example_and_one_that_is_due_a_computed_one(row: str) -> None:
    clause = WHOLE.clauses[row].row
    assert clause.example
    assert isinstance(clause.example, Example) is bool(clause.within)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_says_in_both_languages_what_it_is_and_where_it_comes_from(row: str) -> None:
    said, pack = ROWS[row], HOME[row]
    cited = {language: pack.cites(said.source, language) for language in ("zh", "en")}
    for words in (said.title, said.text):
        assert words.zh.strip() and words.en.strip() and words.zh != words.en
        assert any("\u4e00" <= letter <= "\u9fff" for letter in words.zh)
    assert said.source.split()[0] in pack.sources
    assert cited["zh"] != cited["en"]


def test_the_defaults_are_marked_as_assumed() -> None:
    marked = {clause.id for clause in WHOLE.clauses.values() if clause.row.assumed}
    assert marked == set(ASSUMED)


@pytest.mark.parametrize("row", ROWS)
def test_any_row_can_be_taken_out_and_is_gone(row: str) -> None:
    less = Policy(
        [
            pack.model_copy(
                update={
                    "clause": tuple(clause for clause in pack.clause if clause.id != row),
                    "kpi": tuple(kpi for kpi in pack.kpi if kpi.id != row),
                }
            )
            for pack in WHOLE.packs
        ]
    )
    assert {*less.clauses, *less.kpis} == ROWS.keys() - {row}
