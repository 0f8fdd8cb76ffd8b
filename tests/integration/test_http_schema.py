"""The API against its own openapi.json, by schemathesis: what the document allows is taken and answered as it
says, what it does not allow is refused, and nothing makes the server err.

What a schema cannot say is said here, in `MEANT`: a cursor comes from an answer, `from` lies before `to`, and
an event in binary mode has its attributes in headers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from api.http import services
from api.http.app import create_app
from api.http.facts import BINARY
from streams.config import Settings
from streams.local import Database, free_ports
from tests.helpers.scenario import fact
from tests.helpers.site import Site, ago, serving

DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(date.isoformat)
OFFSETS = st.sampled_from(["Z", "+08:00", "-03:30", "+14:00"])
schemathesis.openapi.format("date", DAYS)
schemathesis.openapi.format("date-time", st.builds("{}T{:%H:%M:%S}{}".format, DAYS, st.times(), OFFSETS))
"""Years and offsets that there are."""

EXAMPLES = 4
"""Made up at random for each operation, beside those of its boundaries."""


@pytest.fixture(scope="module")
def site(server: Database) -> Iterator[Site]:
    """Tried with wrong keys as often as it takes."""
    url = server.create("http_schema")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "FAILURES_AT_ONCE", 10**6)
        yield from _told(url)
    server.drop("http_schema")


def _told(url: str) -> Iterator[Site]:
    with serving(url, *free_ports(1)) as running:
        running.tell(
            running.complaint("C-1", "2026-03-04T10:00:00+08:00", handler="S-1", branch="B-1"),
            fact("complaint.promised", "complaint/C-1", "2026-03-04 10:30", answer_by=ago(hours=9)),
            fact("feedback.given", "complaint/C-1", "2026-03-09 10:00", score=2),
        )
        yield running


def _no_made_up_cursor(case: Any) -> None:
    case.query.pop("cursor", None)


def _words(case: Any) -> None:
    case.query |= {"words": "吵闹 late"} if "words" in case.query else {}


def _one_day(case: Any) -> None:
    """Two days made up are too far apart, or the wrong way round, more often than not."""
    days = [
        case.query[name] for name in ("from", "to") if len(str(case.query.get(name, ""))) == len("2026-03-04")
    ]
    case.query |= dict.fromkeys(("from", "to"), days[0]) if days else {}


def _as_far_as_the_ledger_goes(case: Any) -> None:
    if case.operation.path.startswith("/proofs/"):
        known = {"from": 1, "to": 2, "size": 2}
        case.query |= {name: known[name] for name in case.query if name in known}
        case.path_parameters |= dict.fromkeys(case.path_parameters, 1)


def _in_binary_mode(case: Any) -> None:
    if case.operation.path == "/events" and (case.media_type == "application/json" or not case.body):
        case.headers.update(BINARY)


MEANT = (_no_made_up_cursor, _words, _one_day, _as_far_as_the_ledger_goes, _in_binary_mode)


@pytest.fixture(scope="module")
def key(site: Site) -> dict[str, str]:
    """Who asks may do everything."""
    return {"Authorization": site.get("/health/live").request.headers["Authorization"]}


REFUSED = [400, 401, 403, 404, 405, 406, 409, 413, 415]
CONFIG = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}}
)
DOCUMENT = create_app(Settings()).openapi()
described = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG).exclude(path="/alerts/stream")
"""All but the one answer that never ends."""


@described.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_the_api_does_what_its_document_says(case: Any, site: Site, key: dict[str, str]) -> None:
    if case.meta.generation.mode.is_positive:
        for mend in MEANT:
            mend(case)
    case.call_and_validate(base_url=site.url, headers=key)
