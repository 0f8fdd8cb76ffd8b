"""What somebody sees who is confined to branches: the read models, without what belongs to others.

For their questions each read model is hidden behind a view of the same name, made in the transaction of the
question and gone with it, so that lists, figures and pages that know nothing of branches tell nothing of
other ones. What belongs to no branch, and tables that nobody said anything of here, are empty for them.

What a branch has: streams that name it (complaints, visits, staff, the branch's own figures), and those
whose handler joined there (customers too, by whoever holds them).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier, Literal

from api.http.access.principal import Principal
from projections.falling import ROLLUP
from projections.projection import REGISTRY
from projections.satisfaction import COUNT
from projections.table import Table

if TYPE_CHECKING:
    from api.http.services import Services

T = TypeVar("T")
SCHEMA = "public"

_ABOUT = """SELECT t.* FROM {table} t WHERE t.branch = ANY ({branches})
    OR t.branch IS NULL AND t.handler = ANY (ARRAY (SELECT substr(s.subject, 7) FROM {table} s
        WHERE s.branch = ANY ({branches}) AND starts_with(s.subject, 'staff/')))"""
"""Both parts have an index to go by, and who joined those branches is looked up once for each question."""

_BY_SUBJECT = """SELECT t.* FROM {table} t WHERE t.subject = ANY ({subjects})
    OR EXISTS (SELECT FROM about a WHERE a.subject = t.subject)"""
_OF_BRANCHES = """SELECT t.* FROM {table} t WHERE t.per = 'branch' AND t.value = ANY ({branches})
    OR t.per = 'staff' AND EXISTS (SELECT FROM about a WHERE a.subject = 'staff/' || t.value)"""
_TOTAL = (
    """ UNION ALL SELECT {columns} FROM {table} t WHERE t.per = 'branch' AND t.value = ANY ({branches})"""
)
_NOTHING = "SELECT t.* FROM {table} t WHERE false"


def _query(table: Table) -> str:
    """What of a read model's table belongs to branches. Their total is that of their answers."""
    if table.name == "about":
        return _ABOUT
    if table.name == COUNT.name:
        return _OF_BRANCHES + _TOTAL
    if table.name == ROLLUP.name:
        return _OF_BRANCHES
    return _BY_SUBJECT if "subject" in table.columns else _NOTHING


def _columns(table: Table) -> Composed:
    """A branch's counts as a part of the total."""
    said = {"per": SQL("'total'"), "value": SQL("''")}
    return SQL(", ").join(said.get(name, Identifier("t", name)) for name in table.columns)


def _views(branches: Sequence[str]) -> Iterator[Composed]:
    ordered = sorted((table for model in REGISTRY for table in model.tables), key=_about_first)
    for table in ordered:
        query = SQL(_query(table)).format(
            table=Identifier(SCHEMA, table.name),
            branches=Literal(list(branches)),
            subjects=Literal([f"branch/{branch}" for branch in branches]),
            columns=_columns(table),
        )
        yield SQL("CREATE TEMP VIEW {} AS {}").format(Identifier(table.name), query)


def _about_first(table: Table) -> bool:
    return table.name != "about"


@lru_cache(maxsize=256)
def _statement(branches: tuple[str, ...]) -> bytes:
    return SQL("; ").join(_views(branches)).as_bytes(None)


def confined(query: Callable[[Connection[Any]], T], branches: Collection[str]) -> Callable[..., T]:
    """The question as those branches may ask it. Statements are not prepared: one that was before would go
    on reading the table behind the view."""

    def ask(connection: Connection[Any]) -> T:
        connection.prepare_threshold = None
        with connection.transaction(force_rollback=True):
            connection.execute(_statement(tuple(sorted(branches))))
            return query(connection)

    return ask


def belongs_to(services: Services, subject: str, principal: Principal) -> bool:
    """Whether a stream is theirs to see; `services` are theirs."""
    return not principal.branches or bool(visible(services, principal, [subject]))


def visible(services: Services, principal: Principal, subjects: Collection[str]) -> set[str]:
    """Those of some subjects that are theirs to see; `services` are theirs."""
    if not principal.branches:
        return set(subjects)

    def query(connection: Connection[Any]) -> set[str]:
        rows = connection.execute("SELECT subject FROM about WHERE subject = ANY (%s)", [list(subjects)])
        return {str(subject) for (subject, *_) in rows.fetchall()}

    own = {f"branch/{branch}" for branch in principal.branches}
    return services.read(query) | (own & set(subjects))
