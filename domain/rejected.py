"""Why a message cannot be recorded: a code for programs, one sentence for people, the field to mend.

A reason names fields, never what they held: it travels to logs and dead letters, where nothing is erased.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

SHOWN = 60  # characters of an unknown name that a reason repeats


class Rejected(Exception):
    """A message refused, with what is wrong, where, and what to do, in English and Chinese."""

    def __init__(self, code: str, reason: str, field: str | None = None, reason_zh: str = "") -> None:
        super().__init__(code, reason, field, reason_zh)
        self.code, self.reason, self.field, self.reason_zh = code, reason, field, reason_zh

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"


def malformed(field: str | None, en: str, zh: str) -> Rejected:
    """What is wrong with one field, or with the message as a whole where no field is named."""
    whole = field is None
    return Rejected(
        "malformed",
        f"{'The message' if whole else field} {en}.",
        field,
        f"{'消息' if whole else field}{'' if whole else ' '}{zh}。",
    )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that an unknown one was probably meant to be."""
    return next(iter(get_close_matches(name[:SHOWN], list(known), n=1)), None)


def hint(name: str, known: Iterable[str]) -> tuple[str, str]:
    """A "did you mean …" in both languages for the end of a sentence, or nothing where nothing is near."""
    near = nearest(name, known)
    return (f" (did you mean {near}?)", f"（是否指 {near}？）") if near else ("", "")


# pydantic's error types -> (English, Chinese), filled from the error's own context.
_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("is required", "必填"),
    "string_type": ("must be text", "须为文本"),
    "string_unicode": ("must be valid Unicode text", "须为有效的 Unicode 文本"),
    "string_too_long": ("must have {max_length} characters at most", "不得超过 {max_length} 个字符"),
    "string_pattern_mismatch": (
        "must not be empty or hold control characters",
        "不得为空，也不得含控制字符",
    ),
    "bool_type": ("must be true or false", "须为 true 或 false"),
    "int_type": ("must be a whole number", "须为整数"),
    "greater_than_equal": ("must be at least {ge}", "不得小于 {ge}"),
    "less_than_equal": ("must be at most {le}", "不得大于 {le}"),
    "less_than": ("must be less than {lt}", "须小于 {lt}"),
    "literal_error": ("must be one of {expected}", "须为 {expected} 之一"),
    "tuple_type": ("must be a list", "须为列表"),
    "dict_type": ("must be an object", "须为对象"),
    "model_type": ("must be an object", "须为对象"),
}
_OTHERWISE = ("is not valid", "无效")


def _wording(error: ErrorDetails) -> tuple[str, str]:
    context: Mapping[str, Any] = error.get("ctx", {})
    if "zh" in context:
        return context["en"], context["zh"]
    en, zh = _WORDS.get(error["type"], _OTHERWISE)
    return en.format(**context), zh.format(**context)


def _model_at(cls: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel]:
    """The model in which a path's last step lies: the event's data, or a part of it."""
    for step in path[:-1]:
        annotation = cls.model_fields[str(step)].annotation
        parts = (annotation, *get_args(annotation))
        cls = next(part for part in parts if isinstance(part, type) and issubclass(part, BaseModel))
    return cls


def _unknown_field(cls: type[BaseModel], path: tuple[int | str, ...]) -> tuple[str, str]:
    fields = _model_at(cls, path).model_fields
    en, zh = hint(str(path[-1]), (field.alias or name for name, field in fields.items()))
    return f"is not a field of {getattr(cls, 'type', 'it')}{en}", f"不是已知字段{zh}"


def from_validation(cls: type[BaseModel], errors: ValidationError) -> Rejected:
    """The most telling error: a misspelt name before the field that is missing because of it."""
    found = errors.errors(include_url=False, include_input=False)
    error = next((e for e in found if e["type"] == "extra_forbidden"), found[0])
    path = error["loc"]
    unknown = error["type"] == "extra_forbidden"
    words = _unknown_field(cls, path) if unknown else _wording(error)
    return malformed(".".join(("data", *(str(step)[:SHOWN] for step in path))), *words)
