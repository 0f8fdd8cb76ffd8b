"""What a story says of figures."""

from typing import Any

from tests.helpers.scenario import Told, fact
from tests.helpers.visits import Fact

XUZHOU, FIELD = "tobacco-xuzhou", "tobacco-field"
NOON_NEXT_DAY = "2026-03-05 12:00"


def clock(day: str) -> Fact:
    """A fact about nothing, by which time passes before what is told next."""
    return fact("customer.contacted", "customer/K-clock", f"{day} 12:00", staff="S-9", channel="phone")


def missed(told: Told, kpi: str, **more: Any) -> list[dict[str, Any]]:
    return [line["data"] | {"time": line["time"]} for line in told.all("kpi.missed", kpi=kpi, **more)]


def values(told: Told, kpi: str) -> list[tuple[str, str, float]]:
    """(subject, window, value) of each miss."""
    return [
        (line["subject"], line["data"]["window"], line["data"]["value"])
        for line in told.all("kpi.missed", kpi=kpi)
    ]
