"""What a period says: `24 hours`, `3 working days`, `same day 17:30`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

SECONDS: Final[Mapping[str, int]] = {"seconds": 1, "minutes": 60, "hours": 3600}
BUSINESS_SECONDS: Final[Mapping[str, int]] = {f"business {unit}": n for unit, n in SECONDS.items()}
ALL_SECONDS: Final[Mapping[str, int]] = {**SECONDS, **BUSINESS_SECONDS}
DAYS: Final[Mapping[str, int]] = {"days": 1, "weeks": 7}
CLOCK_TIMES: Final = ("next day", "next working day", "end of month", "end of quarter")
# A century of each: more is a slip of the pen, and would leave the calendar.
LARGEST: Final[Mapping[str, int]] = {
    **{unit: 36_525 * 86_400 // n for unit, n in ALL_SECONDS.items()},
    "days": 36_525,
    "weeks": 5_217,
    "months": 1_200,
    "working days": 36_525,
}
_AMOUNT = re.compile(rf"(\d{{1,10}}) ({'|'.join(unit[:-1] for unit in LARGEST)})s?")
_SAME_DAY = re.compile(r"same day (\d\d?):(\d\d)")
GRAMMAR: Final = (
    "'24 hours', '90 minutes', '3 days', '1 week', '2 months', '3 working days', '90 business minutes', "
    "'same day 17:30', 'next day', 'next working day', 'end of month' or 'end of quarter'"
)
IN_CHINESE: Final[Mapping[str, str]] = {
    "seconds": "秒",
    "minutes": "分钟",
    "hours": "小时",
    "business seconds": "工作秒",
    "business minutes": "工作分钟",
    "business hours": "工作小时",
    "days": "天",
    "weeks": "周",
    "months": "个月",
    "working days": "个工作日",
    "next day": "次日",
    "next working day": "次一工作日",
    "end of month": "月末",
    "end of quarter": "季末",
}
GRAMMAR_ZH: Final = GRAMMAR.replace(" or ", " 或 ").replace(", ", "、")


class PeriodError(ValueError):
    """What is wrong, in which field, and what would be right; in English and in Chinese."""

    def __init__(self, field: str, reason: str, reason_zh: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason_zh = f"{field}：{reason_zh}"


@dataclass(frozen=True, slots=True)
class Period:
    """An amount of a unit; for `same day` the amount is the minutes after 00:00, for other clock times 1."""

    amount: int
    unit: str

    def __str__(self) -> str:
        if self.unit == "same day":
            return f"same day {self.amount // 60:02}:{self.amount % 60:02}"
        if self.unit in CLOCK_TIMES:
            return self.unit
        return f"{self.amount} {self.unit[:-1] if self.amount == 1 else self.unit}"

    @property
    def zh(self) -> str:
        """The same in Chinese."""
        if self.unit == "same day":
            return f"当日 {str(self).removeprefix('same day ')}"
        return IN_CHINESE[self.unit] if self.unit in CLOCK_TIMES else f"{self.amount} {IN_CHINESE[self.unit]}"


@lru_cache(maxsize=1024)
def parse_period(text: str) -> Period:
    """Read a period as the packs write it; singular and plural, any case."""
    words = " ".join(str(text).lower().split())
    if words in CLOCK_TIMES:
        return Period(1, words)
    if match := _SAME_DAY.fullmatch(words):
        return _same_day(text, int(match[1]), int(match[2]))
    if match := _AMOUNT.fullmatch(words):
        return _amount(text, int(match[1]), f"{match[2]}s")
    raise PeriodError(
        "period", f"{text!r} is not a period; write {GRAMMAR}", f"{text!r} 不是期间；可写 {GRAMMAR_ZH}"
    )


def _same_day(text: str, hour: int, minute: int) -> Period:
    minutes = hour * 60 + minute
    if minute < 60 and minutes <= 24 * 60:
        return Period(minutes, "same day")
    raise PeriodError(
        "period",
        f"{text!r} has no such time of day; write 00:00 to 24:00",
        f"{text!r} 时刻有误；应为 00:00 至 24:00",
    )


def _amount(text: str, amount: int, unit: str) -> Period:
    if 1 <= amount <= LARGEST[unit]:
        return Period(amount, unit)
    raise PeriodError(
        "period",
        f"{text!r} is out of range; write 1 to {LARGEST[unit]} {unit}",
        f"{text!r} 超出范围；应为 1 至 {LARGEST[unit]}",
    )
