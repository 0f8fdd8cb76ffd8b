"""The quarterly ranking of managers, and where problems concentrate."""

from hypothesis import given
from hypothesis import strategies as st

from domain.concentration import concentration
from domain.policy import load_policy
from domain.ranking import Record, rank

WEIGHTS = load_policy(["tobacco-xuzhou"]).packs[-1].ranking


def test_the_weights_are_in_the_pack_and_equal() -> None:
    assert WEIGHTS == {"satisfaction": 1, "completion": 1, "breaches": 1, "violations": 1}


def test_the_score_is_the_mean_of_parts_scaled_so_that_1_is_best() -> None:
    worse = Record("S-1", satisfaction=0.5, completion=0.9, breaches=4, violations=2)
    better = Record("S-2", satisfaction=0.9, completion=1.0, breaches=1, violations=0)
    first, second = rank([worse, better], WEIGHTS)
    assert (first.staff, first.rank, second.rank) == ("S-2", 1, 2)
    assert first.parts == {"satisfaction": 0.9, "completion": 1.0, "breaches": 0.75, "violations": 1.0}
    assert first.score == (0.9 + 1.0 + 0.75 + 1.0) / 4
    assert second.parts == {"satisfaction": 0.5, "completion": 0.9, "breaches": 0, "violations": 0}


def test_weights_decide_what_counts() -> None:
    records = [Record("S-1", satisfaction=1.0, breaches=5), Record("S-2", satisfaction=0.0)]
    assert rank(records, {"satisfaction": 1})[0].staff == "S-1"
    assert rank(records, {"breaches": 1})[0].staff == "S-2"


def test_what_was_not_measured_is_left_out_of_the_mean() -> None:
    (only,) = rank([Record("S-1", completion=0.5)], WEIGHTS)
    assert "satisfaction" not in only.parts and only.score == (0.5 + 1 + 1) / 3


def test_equal_scores_share_a_rank() -> None:
    ranked = rank([Record("S-2"), Record("S-1"), Record("S-3", violations=1)], WEIGHTS)
    assert [(one.staff, one.rank) for one in ranked] == [("S-1", 1), ("S-2", 1), ("S-3", 3)]


def test_scores_equal_on_paper_share_a_rank_though_thirds_are_not_exact_in_binary() -> None:
    """2/3 satisfied and no breach is as good as all satisfied and 1 breach of the 3 that the last one has."""
    satisfied, careful = Record("S-1", 2 / 3, 1.0, breaches=0), Record("S-2", 1.0, 1.0, breaches=1)
    ranked = rank([satisfied, careful, Record("S-3", 0.0, 0.0, breaches=3)], WEIGHTS)
    assert [(one.staff, one.rank) for one in ranked] == [("S-1", 1), ("S-2", 1), ("S-3", 3)]


def test_without_weights_nobody_has_a_score() -> None:
    assert [one.score for one in rank([Record("S-1")], {})] == [None]


records = st.builds(
    Record,
    st.uuids().map(str),
    st.none() | st.floats(0, 1),
    st.none() | st.floats(0, 1),
    st.integers(0, 50),
    st.integers(0, 50),
)


@given(st.lists(records, max_size=8, unique_by=lambda record: record.staff), st.randoms())
def test_the_order_of_the_records_is_no_matter_and_scores_lie_between_0_and_1(told, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = random.sample(told, len(told))
    ranked = rank(told, WEIGHTS)
    assert ranked == rank(shuffled, WEIGHTS)
    assert all(one.score is not None and 0 <= one.score <= 1 for one in ranked)


def test_problems_are_shared_out_the_largest_first() -> None:
    rows = concentration(["S-1"] * 6 + ["S-2"] * 3 + [None])
    assert [(row.name, row.count, row.share) for row in rows] == [
        ("S-1", 6, 0.6),
        ("S-2", 3, 0.3),
        ("unknown", 1, 0.1),
    ]
    assert [row.cumulative for row in rows] == [0.6, 0.9, 1.0]
    assert [row.vital for row in rows] == [True, True, False]


def test_without_problems_nothing_concentrates() -> None:
    assert concentration([]) == []
