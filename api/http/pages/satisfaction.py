"""The page of satisfaction: how it went, window by window, for all or cut by staff, branch, category, …"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http.figures import RollupQuery, figures
from api.http.language import language_of
from api.http.pages.asked import KINDS, PageQuery, address, choices, within
from api.http.pages.charts import Point, trend
from api.http.pages.templates import render, told
from api.http.params import Name
from api.http.services import Services, services_of
from domain.working_time import window_named
from domain.working_time.windows import WindowKind
from projections.falling import falling
from projections.responses import COUNTED
from projections.satisfaction import PER, Rollup

router = APIRouter(include_in_schema=False)

PATH = "/view/satisfaction"
ANSWERS = "/view/answers"
SHOWN = 40
"""Rows of one cut on the page; the rest follows on request."""

Row = dict[str, Any]


class SatisfactionPage(PageQuery):
    """What is cut by what."""

    per: Literal["total", "staff", "branch", "category", "channel", "survey", "stage"] = "total"
    window: WindowKind = "month"
    value: Name | None = None
    all: bool = False

    @property
    def narrowed(self) -> bool:
        """Whether there is one line to show, and nothing to compare."""
        return self.per == "total" or self.value is not None


class Asked(NamedTuple):
    """What a page is made from."""

    services: Services
    page: SatisfactionPage
    t: Any


@router.get(PATH)
def page(request: Request, asked: Annotated[SatisfactionPage, Query()]) -> Response:
    of = Asked(services_of(request), asked, told(language_of(request)))
    found = figures(of.services, RollupQuery(per=asked.per, window=asked.window, value=asked.value))
    series = found if asked.narrowed else figures(of.services, RollupQuery(window=asked.window))
    falls = _falling(of)
    values = [] if asked.narrowed else _values(of, found, falls)
    shown = values if asked.all else values[:SHOWN]
    windows = list(dict.fromkeys(rollup.window for rollup in found))
    kept = {"per": asked.per, "window": asked.window, "value": asked.value}
    return render(
        request,
        "satisfaction.html",
        here="satisfaction",
        asked=asked,
        narrowed=asked.narrowed,
        cuts=_choices(of, "per", PER, "sat_per_", {"window": asked.window}),
        windows=_choices(of, "window", KINDS, "fig_", kept),
        latest=next((_row(of, each) for each in reversed(series) if each.rated or each.asked), None),
        chart=trend(_points(series, of.t)),
        rows=[_row(of, each) for each in reversed(series)],
        values=[_value(of, each, windows) for each in shown],
        hidden=len(values) - len(shown),
        all_of_them=address(PATH, **kept, all="true"),
        falling=falls,
    )


def _choices(of: Asked, name: str, options: Iterable[str], text: str, kept: Mapping[str, Any]) -> Any:
    return choices(PATH, name, [(each, of.t(text + each)) for each in options], getattr(of.page, name), kept)


def _points(series: Iterable[Rollup], t: Any) -> list[Point]:
    return [
        Point(
            each.window,
            each.satisfied_share,
            each.rated,
            t("sat_point", each.window, _percent(each.satisfied_share), each.satisfied, each.rated),
        )
        for each in series
    ]


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.0f} %"


def _row(of: Asked, rollup: Rollup) -> Row:
    """A window's figures, each with the way to what it was counted from."""
    span = window_named(rollup.window, of.services.parts.policy.calendar)
    whose = {} if rollup.per == "total" else {rollup.per: rollup.value}
    links = {name: address(ANSWERS, counted=name, **whose, **within(span)) for name in COUNTED}
    return {**asdict(rollup), "links": links}


class Value(NamedTuple):
    """A staff member, branch, …: its windows, the latest of them with answers, and whether it falls now."""

    series: Sequence[Rollup]
    latest: Rollup
    falls: bool

    @property
    def urgency(self) -> tuple[Any, ...]:
        share = self.latest.satisfied_share
        return (not self.falls, share is None, share or 0.0, -self.latest.rated, self.latest.value)


def _values(of: Asked, found: Sequence[Rollup], falls: Sequence[Row]) -> list[Value]:
    """Those that fall come first, then the lowest share."""
    falling_now = {row["value"] for row in falls if row["per"] == of.page.per}
    by_value: dict[str, list[Rollup]] = {}
    for rollup in found:
        by_value.setdefault(rollup.value, []).append(rollup)
    values = [
        Value(
            series, next((each for each in reversed(series) if each.rated), series[-1]), value in falling_now
        )
        for value, series in by_value.items()
    ]
    return sorted(values, key=lambda value: value.urgency)


def _value(of: Asked, value: Value, windows: Sequence[str]) -> Row:
    """Its latest window, and the line of all."""
    by_window = {point.label: point for point in _points(value.series, of.t)}
    points = [by_window.get(name) or Point(name, None, 0, name) for name in windows]
    link = address(PATH, per=of.page.per, window=of.page.window, value=value.latest.value)
    return {**_row(of, value.latest), "falls": value.falls, "spark": trend(points), "link": link}


def _falling(of: Asked) -> list[Row]:
    """Whose satisfaction falls at present, as the alerts have it."""
    kind = of.page.window
    rows = of.services.read(lambda connection: falling(connection, kind))
    return [{**row, "link": address(PATH, per=row["per"], window=kind, value=row["value"])} for row in rows]
