"""What read models work out without a database."""

import pytest

from domain.policy import load_policy
from projections.falling import falls
from projections.kpis import still_missed
from projections.projection import NAMES, REGISTRY, Projector
from projections.rebuild import together
from projections.table import Table


@pytest.mark.parametrize(
    ("before", "now", "fallen"),
    [
        ((20, 20), (20, 18), True),
        ((30, 20), (30, 17), True),
        ((20, 20), (1000, 901), False),
        ((20, 20), (1000, 900), True),
        ((20, 10), (20, 10), False),
        ((20, 0), (20, 20), False),
    ],
)
def test_a_share_falls_by_ten_points_exactly(
    before: tuple[int, int], now: tuple[int, int], fallen: bool
) -> None:
    assert falls(before, now) is fallen


@pytest.mark.parametrize(
    ("value", "threshold", "at_least", "missed"),
    [
        (0.94, 0.95, True, True),
        (0.95, 0.95, True, False),
        (6, 5, False, True),
        (5, 5, False, False),
        (5, None, None, True),
    ],
    ids=["under a floor", "on a floor", "over a ceiling", "on a ceiling", "unknown side"],
)
def test_a_restated_figure_is_judged_on_the_side_on_which_it_was_missed(
    value: float, threshold: float | None, at_least: bool | None, missed: bool
) -> None:
    assert still_missed(value, threshold, at_least) is missed


def test_each_read_model_has_a_name_and_tables_of_its_own() -> None:
    tables = [table.name for model in REGISTRY for table in model.tables]
    assert len(set(NAMES)) == len(NAMES) and len(set(tables)) == len(tables)
    assert all(model.on for model in REGISTRY)


def test_read_models_that_go_by_one_another_are_rebuilt_together_whichever_is_named() -> None:
    for model in REGISTRY:
        whole = together([model.name])
        assert all(set(together([name])) == set(whole) for name in whole)


def test_a_read_model_that_there_is_not_cannot_be_rebuilt() -> None:
    with pytest.raises(KeyError):
        together(["nothing"])


def test_every_key_and_order_column_is_a_column() -> None:
    for model in REGISTRY:
        for table in model.tables:
            assert set(table.key) <= set(table.columns)
            assert set(table.adds) <= set(table.columns)


def test_titles_are_those_of_all_clauses_and_figures_in_both_languages() -> None:
    policy = load_policy(["auto-4s", "tobacco-xuzhou"])
    titles = Projector.of(policy).context.titles
    assert titles.keys() == policy.clauses.keys() | policy.kpis.keys()
    assert all(words.zh and words.en for words in titles.values())


def test_a_new_row_has_all_columns() -> None:
    table = Table("t", {"a": "text", "b": "integer"}, key=("a",))
    assert table.new(a="x") == {"a": "x", "b": None}
