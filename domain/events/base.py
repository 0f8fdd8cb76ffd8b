"""What every event's data has in common: frozen, closed to unknown fields, and strict.

An upstream that sends `"1"` for 1, or 1 for true, is refused: a guess made here would be a fact for ever.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Self

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from domain.working_time.zones import read_instant

LARGEST = 10**15  # numbers beyond it lose units in JSON readers that know only doubles (2**53)

# RFC 3339 with an offset within 14:00 of UTC; years that a period can still be added to.
_INSTANT = re.compile(
    r"(?!9999)(?:19|[2-9]\d)\d\d-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?"
    r"(?:[Zz]|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)",
    re.ASCII,
)
_DATE = re.compile(r"(?!9999)(?:19|[2-9]\d)\d\d-\d\d-\d\d", re.ASCII)
_WORD = re.compile(r"[A-Z][a-z0-9]*")
_set = object.__setattr__


def problem(kind: str, en: str, zh: str) -> PydanticCustomError:
    """A refusal that says in both languages what would be right."""
    return PydanticCustomError(kind, "{en}", {"en": en, "zh": zh})


_ANY_DAY = r"\d{4}-\d\d-\d\d"

# Why a text that looks like a time is none, the most telling first: (pattern, English, Chinese).
_FAULTS = tuple(
    (re.compile(pattern, re.ASCII), en, zh)
    for pattern, en, zh in (
        (_ANY_DAY + r"[Tt]24:", "24:00 must be written as 00:00 of the next day", "24:00 须写作次日 00:00"),
        (
            _ANY_DAY + r"[Tt]\d\d:\d\d:60",
            "leap seconds (:60) cannot be recorded; write :59 or the next minute",
            "不能记录闰秒(:60)，请写 :59 或下一分钟",
        ),
        (
            _ANY_DAY + r"[Tt ]?[\d:.]*\Z",
            "must carry a time of day with seconds and an offset such as +08:00",
            "须含时分秒和时区偏移，如 +08:00",
        ),
        (
            _ANY_DAY + r"[Tt][\d:.]+[+-](?:14:(?!00)|1[5-9]|[2-9])",
            "must have an offset within 14:00 of UTC",
            "时区偏移不得超过 14:00",
        ),
        (r"(?:0|1[0-8]|9999)\d*-", "the year must lie between 1900 and 9998", "年份须在 1900 至 9998 之间"),
        (
            r"",
            "must be an RFC 3339 date and time such as 2026-03-04T09:30:00+08:00",
            "须为 RFC 3339 日期时间，如 2026-03-04T09:30:00+08:00",
        ),
    )
)


def _not_an_instant(value: object) -> PydanticCustomError:
    text = value if isinstance(value, str) else "?"
    return next(problem("time", en, zh) for pattern, en, zh in _FAULTS if pattern.match(text))


def instant(value: object) -> datetime:
    """An RFC 3339 time with its offset kept as written; refuses what could mean two instants."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            return read_instant(value.upper())
        except ValueError:  # the 30th of February
            raise _not_an_instant("?") from None
    raise _not_an_instant(value)


def day(value: object) -> date:
    """A calendar date written YYYY-MM-DD, and nothing else: a time of day has no place in it."""
    try:
        found = date.fromisoformat(value) if isinstance(value, str) and _DATE.fullmatch(value) else value
    except ValueError:
        found = None
    if found.__class__ is date:
        return found
    raise problem("date", "must be a date such as 2026-03-04", "须为日期，如 2026-03-04")


def number(value: object) -> int | float:
    """A JSON number, an int staying an int; neither true nor infinite, and small enough to be exact."""
    if value.__class__ not in (int, float):
        raise problem("number", "must be a number", "须为数字")
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise problem("number", "must be a finite number up to 10^15", "须为不超过 10^15 的有限数字")
    return value


def _between(low: float, high: float) -> AfterValidator:
    def check(value: float) -> float:
        if low <= value <= high:
            return value
        raise problem("range", f"must lie between {low} and {high}", f"须在 {low} 至 {high} 之间")

    return AfterValidator(check)


def role(value: str) -> str:
    """`department_head` and `department_manager` are one role; the ledger knows one name of it."""
    return "department_manager" if value == "department_head" else value


def _shares(tolerance: float) -> AfterValidator:
    def check(shares: dict[str, float]) -> dict[str, float]:
        if not shares or abs(sum(shares.values()) - 1) > tolerance:
            raise problem("shares", "the shares must sum to 1", "各份额之和须为 1")
        return shares

    return AfterValidator(check)


def _four_decimals(shares: dict[str, float]) -> dict[str, float]:
    """Whole ten-thousandths, so that a sum of exactly 1 can be proved in integers."""
    parts = [value * 10_000 for value in shares.values()]
    if any(abs(part - round(part)) > 1e-6 for part in parts) or sum(map(round, parts)) != 10_000:
        raise problem(
            "shares", "must have 4 decimals at most and sum to exactly 1", "至多 4 位小数且和须恰为 1"
        )
    return shares


def sequence(value: object) -> object:
    """Lists alone are lists: no set, whose order is nobody's, and no mapping."""
    return tuple(value) if value.__class__ is list else value


Id = Annotated[str, Strict(), StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
Code = Id  # a category, channel, signal …: open lists that packs extend
Text = Annotated[str, Strict(), StringConstraints(pattern=r"^[^\x00]*$")]  # PostgreSQL stores no NUL
Flag = Annotated[bool, Strict()]
Role = Annotated[Id, AfterValidator(role)]
Time = Annotated[datetime, PlainValidator(instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[date, PlainValidator(day), WithJsonSchema({"type": "string", "format": "date"})]
Number = Annotated[int | float, PlainValidator(number), WithJsonSchema({"type": "number"})]
Amount = Annotated[
    Number, _between(0, LARGEST), WithJsonSchema({"type": "number", "minimum": 0, "maximum": LARGEST})
]
Rating = Annotated[Number, _between(1, 5), WithJsonSchema({"type": "number", "minimum": 1, "maximum": 5})]
Fraction = Annotated[Number, _between(0, 1), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
Score = Annotated[int, Strict(), Field(ge=1, le=5)]
Count = Annotated[int, Strict(), Field(ge=1, le=1_000_000)]
Seed = Annotated[int, Strict(), Field(ge=0, lt=2**63)]
Ids = Annotated[tuple[Id, ...], BeforeValidator(sequence)]
Codes = Ids
Roles = Annotated[tuple[Role, ...], BeforeValidator(sequence)]
Shares = Annotated[dict[Id, Fraction], _shares(0.001)]  # a third each, written 0.333, still is the whole
ExactShares = Annotated[dict[Id, Fraction], AfterValidator(_four_decimals)]
Private = Field(json_schema_extra={"x-personal": True})  # 🔒: encrypted per customer, erasable


def wire_name(class_name: str) -> str:
    """`VisitSpotChecked` -> `visit.spot_checked`: the first word is what it happened to."""
    head, *rest = _WORD.findall(class_name)
    return f"{head}.{'_'.join(rest)}".lower()


class Part(BaseModel):
    """A piece of an event: an immutable value that accepts its own fields and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)


class Data(Part):
    """The data of one type of event; its wire name is spelled by its class name and outlives it."""

    type: ClassVar[str]
    defaults: ClassVar[Mapping[str, object]] = {}
    _wire: ClassVar[Mapping[str, str]] = {}  # field -> wire name, where Python forbids the name

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        cls.type = wire_name(cls.__name__)
        cls.defaults = {name: f.default for name, f in cls.model_fields.items()}
        cls._wire = {name: f.alias for name, f in cls.model_fields.items() if f.alias}

    @classmethod
    def made(cls, said: dict[str, Any]) -> Self:
        """Data of values that the system itself worked out. They are taken as they are: to check them as what
        others say is checked takes ten times as long."""
        data = cls.__new__(cls)
        _set(data, "__dict__", {**cls.defaults, **said})
        _set(data, "__pydantic_fields_set__", set(said))
        _set(data, "__pydantic_extra__", None)
        _set(data, "__pydantic_private__", None)
        return data

    def wire(self) -> dict[str, Any]:
        """What was said, by wire name, ready for orjson: neither nulls nor defaults that nobody wrote."""
        said, values = self.__pydantic_fields_set__, {}
        for name, value in self.__dict__.items():
            if value is not None and name in said:
                values[name] = value
        if self._wire:
            for name in self._wire.keys() & values.keys():
                values[self._wire[name]] = values.pop(name)
        return values


class Contact(Part):
    """How to reach the person who complained, and about which car. | 投诉人的联系方式及所涉车辆。"""

    name: Text | None = None
    phone: Text | None = None
    address: Text | None = None
    model: Text | None = None
    plate: Text | None = None


def written(at: datetime) -> str:
    """An instant as `isoformat` writes it, in a third of the time: every reason names one."""
    return orjson.dumps(at)[1:-1].decode()


def utc(value: datetime) -> datetime:
    """The same instant in UTC, in which equal instants are written alike."""
    return value.astimezone(UTC)
