"""Lists of obligations where there are many: a page is found, not sorted out of everything."""

from datetime import timedelta
from typing import Any

import pytest

from projections.sla import BREACHES, OPENED, UPCOMING
from tests.helpers.projected import Db
from tests.helpers.scenario import at

MANY, OPEN_SINCE = 20_000, 19_800
START = at("2026-01-01 00:00")
FILL = """
INSERT INTO obligation (subject, obligation, clause, state, due_at, warned, provisional, pauses, breached_at)
SELECT 'complaint/C-' || n / 3, 'rule:' || n, 'rule', CASE WHEN n > %(open)s THEN 'open' ELSE 'met' END,
    %(start)s + n / 20 * interval '1 hour', false, false, false, CASE WHEN n %% 100 = 0 THEN %(start)s END
FROM generate_series(1, %(many)s) AS n
"""


@pytest.fixture
def many(db: Db) -> Db:
    """Twenty are due at a time; nearly all were met, one in a hundred too late, the last are open."""
    db.execute(FILL, {"many": MANY, "open": OPEN_SINCE, "start": START})
    db.execute("ANALYZE obligation")
    return db


def rows_read(plan: dict[str, Any]) -> int:
    """How many obligations a query looked at."""
    below = sum(rows_read(part) for part in plan.get("Plans", ()))
    if plan.get("Relation Name") != "obligation":
        return below
    passed_over = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    return below + int(plan["Actual Rows"] * plan["Actual Loops"]) + passed_over


@pytest.mark.parametrize(
    ("listing", "wanted"),
    [(OPENED, {}), (OPENED, {"state": "met"}), (UPCOMING, {"_open": True}), (BREACHES, {"_breached": True})],
    ids=["all", "met", "upcoming", "breached"],
)
def test_a_page_of_many_obligations_reads_little_more_than_the_page(
    many: Db, listing: Any, wanted: dict[str, Any]
) -> None:
    first = listing.page(many, 50, **wanted)
    for cursor in (None, first.next):
        query, values = listing.statement(51, cursor, **wanted)
        (found,) = (
            many.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", values, prepare=False).fetchone() or ()
        )
        assert 51 <= rows_read(found[0]["Plan"]) < 600


def test_pages_of_obligations_due_at_one_instant_hold_each_of_them_once(many: Db) -> None:
    found, cursor, until = [], None, START + timedelta(hours=5)
    while cursor is not None or not found:
        page = OPENED.page(many, 7, cursor, until=until)
        found, cursor = [*found, *page.items], page.next
    keys = [(row["due_at"], row["subject"], row["obligation"]) for row in found]
    assert len(keys) == 99 and keys == sorted(set(keys), reverse=True)
