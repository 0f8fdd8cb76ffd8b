"""What happens to an approval, as facts; approval A-1 unless another is named."""

from typing import Any

from tests.helpers.scenario import fact

Fact = dict[str, Any]


def requested(kind: str, time: str, /, of: str = "A-1", **data: Any) -> Fact:
    return fact("approval.requested", f"approval/{of}", time, **{"kind": kind, "by": "S-2", **data})


def granted(role: str, time: str, /, of: str = "A-1") -> Fact:
    return fact("approval.granted", f"approval/{of}", time, by="S-9", role=role)


def refused(role: str, time: str, /, of: str = "A-1") -> Fact:
    return fact("approval.refused", f"approval/{of}", time, by="S-9", role=role, reason="……")


def used(time: str, /, of: str = "A-1") -> Fact:
    return fact("approval.used", f"approval/{of}", time)
