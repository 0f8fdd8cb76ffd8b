"""One question about time, asked and answered as data: a line of a batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.working_time import (
    Calendar,
    Deadline,
    PeriodError,
    Segment,
    calendar,
    deadline,
    elapsed,
    parse_period,
)


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """{calendar, start, period, pauses} → when it is due and why; {calendar, start, end, pauses} → minutes.

    Fields it does not know (an id, a source) are left alone; a wrong one raises PeriodError naming it.
    """
    if not isinstance(request, Mapping):
        raise PeriodError("request", "must be an object", "应为对象")
    counted_by = calendar(request.get("calendar", "cn"))
    start = _instant("start", request.get("start"))
    pauses = _pauses(request.get("pauses") or ())
    if ("period" in request) == ("end" in request):
        raise PeriodError("period", "give either period or end", "period 与 end 应给出其一")
    if "period" in request:
        return _due(start, request["period"], counted_by, pauses)
    end = _instant("end", request["end"])
    return {"elapsed_minutes": elapsed(start, end, counted_by, pauses)}


def _due(
    start: datetime, period: Any, counted_by: Calendar, pauses: Sequence[tuple[datetime, datetime]]
) -> dict[str, Any]:
    return as_data(deadline(start, parse_period(str(period)), counted_by, pauses, explain=True))


def as_data(found: Deadline) -> dict[str, Any]:
    """A deadline as JSON writes it: times in RFC 3339 with the calendar's offset."""
    return {
        "due_at": found.due_at.isoformat(),
        "warn_at": found.warn_at.isoformat() if found.warn_at else None,
        "provisional": found.provisional,
        "segments": [_segment(segment) for segment in found.segments],
    }


def _segment(segment: Segment) -> dict[str, str]:
    return {
        "start": segment.start.isoformat(),
        "end": segment.end.isoformat(),
        "kind": segment.kind,
        "reason": segment.reason,
        "reason_zh": segment.reason_zh,
    }


def _pauses(value: Any) -> list[tuple[datetime, datetime]]:
    """Pauses as [from, to] or as "from/to" (ISO 8601)."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise PeriodError("pauses", "must be a list of [from, to]", "应为 [开始, 结束] 的列表")
    return [_pause(f"pauses[{n}]", pause) for n, pause in enumerate(value)]


def _pause(field: str, value: Any) -> tuple[datetime, datetime]:
    pair = value.split("/") if isinstance(value, str) else value
    if not isinstance(pair, Sequence) or len(pair) != 2:
        raise PeriodError(field, "must be [from, to] or 'from/to'", "应为 [开始, 结束] 或 '开始/结束'")
    begin, resumed = _instant(field, pair[0]), _instant(field, pair[1])
    if begin <= resumed:
        return begin, resumed
    raise PeriodError(field, f"{pair[0]} to {pair[1]} runs backwards", f"{pair[0]} 至 {pair[1]} 颠倒")


def _instant(field: str, value: Any) -> datetime:
    """An RFC 3339 time with its offset, without which it is no instant."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        at = None
    if at is not None and at.tzinfo is not None:
        return at
    example = "2026-03-04T10:00:00+08:00"
    raise PeriodError(
        field,
        f"{value!r} is not a time with its offset; write e.g. {example}",
        f"{value!r} 不是带时区偏移的时间；例如 {example}",
    )
