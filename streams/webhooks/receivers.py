"""The receivers of alerts, as the settings name them: addresses, with what each wants after a `#`.

https://pager.example/hook#topics=escalations&severities=high,critical&secret=whsec_…
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from streams.config import SettingError, Settings, variable

TOPICS = frozenset({"escalations", "sla", "satisfaction"})
SEVERITIES = frozenset({"info", "warning", "high", "critical"})
SECRET = 24
"""Bytes of a secret at least (Standard Webhooks 1.0)."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where alerts are posted, which of them, and with what the request is signed."""

    name: str
    url: str
    secret: bytes | None = field(default=None, repr=False)
    topics: frozenset[str] = TOPICS
    severities: frozenset[str] = SEVERITIES
    resolved: bool = True

    def wants(self, channel: str, alert: Mapping[str, Any]) -> bool:
        """Whether a change is for it."""
        return (
            channel.removeprefix("alerts.") in self.topics
            and alert["severity"] in self.severities
            and (self.resolved or alert["status"] != "resolved")
        )


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", text):
        raise ValueError("name: letters, digits, . _ : - / 名称仅限字母、数字与 . _ : -")
    return text


def _secret(text: str) -> bytes:
    try:
        found = b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        found = b""
    if len(found) < SECRET:
        raise ValueError(f"secret: {SECRET} bytes or more in Base64 / 密钥须为 {SECRET} 字节以上的 Base64")
    return found


def _some_of(known: frozenset[str]) -> Callable[[str], frozenset[str]]:
    def read(text: str) -> frozenset[str]:
        found = frozenset(text.split(","))
        if found - known:
            listed = ", ".join(sorted(known))
            raise ValueError(f"{', '.join(sorted(found - known))}: there are {listed} / 仅有 {listed}")
        return found

    return read


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("resolved: true or false / 须为 true 或 false")
    return text == "true"


OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "name": _name,
    "secret": _secret,
    "topics": _some_of(TOPICS),
    "severities": _some_of(SEVERITIES),
    "resolved": _flag,
}


def receiver(text: str) -> Receiver:
    """One receiver from its address.

    Raises:
        ValueError: it cannot be used; the message does not repeat the address, which may hold a secret.
    """
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an http:// or https:// address / 须为 http:// 或 https:// 地址")
    said = dict(parse_qsl(parts.fragment, keep_blank_values=True, strict_parsing=bool(parts.fragment)))
    if unknown := said.keys() - OPTIONS.keys():
        listed = ", ".join(OPTIONS)
        raise ValueError(f"{sorted(unknown)[0]}: there are {listed} / 选项仅有 {listed}")
    # parse_qsl takes `+` for a blank, and Base64 has it
    options = {name: OPTIONS[name](value.replace(" ", "+")) for name, value in said.items()}
    return Receiver(
        **{"name": parts.netloc.rpartition("@")[2], "url": urlunsplit((*parts[:4], "")), **options}
    )


def receivers(settings: Settings) -> tuple[Receiver, ...]:
    """Those of the setting, or of the file that it names; one a line or a word.

    Raises:
        SettingError: one cannot be used, or two have one name.
    """
    text, named = settings.webhooks, variable("webhooks")
    if text is None and settings.webhooks_file is not None:
        named = variable("webhooks_file")
        text = _content(settings, named)
    found: dict[str, Receiver] = {}
    for number, word in enumerate((text or "").split(), 1):
        try:
            one = receiver(word)
        except ValueError as problem:
            raise SettingError(f"{named} {number}: {problem}") from None
        if one.name in found:
            raise SettingError(
                f"{named} {number}: {one.name} is there already; name= tells them apart / 名称重复"
            )
        found[one.name] = one
    return tuple(found.values())


def _content(settings: Settings, named: str) -> str:
    assert settings.webhooks_file is not None
    try:
        return settings.webhooks_file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingError(f"{named} cannot be read / 无法读取: {type(problem).__name__}") from None
