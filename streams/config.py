"""The settings of an installation: environment variables, read once and checked by whoever starts a role."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self


class SettingError(Exception):
    """A variable has a value that can't be used; the message is one line that names it."""


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty / 为空")
    return value.strip()


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value.strip()) or not least <= int(value) <= most:
            raise ValueError(f"is not a whole number from {least} to {most} / 不是 {least} 到 {most} 的整数")
        return int(value)

    return read


def _database(value: str) -> str:
    if not value.strip().startswith(("postgresql://", "postgres://")):
        raise ValueError("is not a postgresql:// address / 不是 postgresql:// 地址")
    return value.strip()


NO_BROKER = "none"
"""In place of brokers where there are none; in the settings themselves, nothing."""


def _brokers(value: str) -> str:
    """host:port, several separated by commas."""
    if value.strip() == NO_BROKER:
        return ""
    for one in value.split(","):
        host, _, port = one.strip().rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError("is not host:port[,host:port…] / 不是 host:port[,host:port…]")
    return ",".join(one.strip() for one in value.split(","))


def _prefix(value: str) -> str:
    """Kafka's own rule for names, and room for the longest of ours after it."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", value.strip()):
        raise ValueError("is not a topic prefix (letters, digits, . _ -) / 不是主题前缀（字母、数字、. _ -）")
    return value.strip()


def _names(value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    if not names:
        raise ValueError("names no policy pack / 未列出规则包")
    return names


def _path(value: str) -> Path:
    return Path(_text(value)).expanduser()


def _one_of(*words: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value.strip().upper() not in words:
            raise ValueError(f"is none of {', '.join(words)} / 不是 {'、'.join(words)} 之一")
        return value.strip().upper()

    return read


def _web(value: str) -> str:
    """Keys that are fetched without encryption prove nothing; on this machine there is nobody between."""
    if not re.fullmatch(r"https://\S+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/\S*)?", value.strip()):
        raise ValueError("is not an https:// address / 不是 https:// 地址")
    return value.strip()


def _address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value.strip()):
        raise ValueError("is not an http:// or https:// address / 不是 http:// 或 https:// 地址")
    return value.strip().rstrip("/")


READERS: Mapping[str, Callable[[str], Any]] = {
    "database_url": _database,
    "kafka": _brokers,
    "topic_prefix": _prefix,
    "partitions": _number(1, 1000),
    "replication": _number(1, 10),
    "policy": _names,
    "policy_dir": _path,
    "http_host": _text,
    "http_port": _number(1, 65535),
    "instance": _prefix,
    "cache_dir": _path,
    "master_key": _text,
    "master_key_file": _path,
    "signing_key": _text,
    "signing_key_file": _path,
    "checkpoint_file": _path,
    "http_rate": _number(0, 1_000_000),
    "oidc_issuer": _text,
    "oidc_audience": _text,
    "oidc_jwks_url": _web,
    "oidc_name_claim": _text,
    "oidc_role_claim": _text,
    "oidc_branches_claim": _text,
    "kafka_security": _one_of("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
    "kafka_ca_file": _path,
    "kafka_cert_file": _path,
    "kafka_key_file": _path,
    "kafka_mechanism": _one_of("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"),
    "kafka_username": _text,
    "kafka_password": _text,
    "kafka_password_file": _path,
    "public_url": _address,
    "webhooks": _text,
    "webhooks_file": _path,
}


def variable(name: str) -> str:
    """database_url is HUIYIN_DATABASE_URL, and so are all."""
    return f"HUIYIN_{name.upper()}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs from one installation, or one process of it, to the next.

    `instance` is unique and stable per process slot: two workers of one name take each other's messages.
    `policy` names packs, `policy_dir` an organisation's own; `cache_dir` keeps the local broker's jars. With
    a master key, or a file of them, personal fields are sealed; without, they are kept as they come.
    The signing key, or its file, signs checkpoints of the ledger and exports; `checkpoint_file` gathers the
    checkpoints. `http_rate` is requests a second of one key (0: no limit). Tokens of the identity provider
    (`oidc_…`) are taken where all three of issuer, audience and key set are named; `kafka_…` say how brokers
    are spoken to. `webhooks`, or their file, are where alerts are posted, with links that begin with
    `public_url`.
    """

    database_url: str = "postgresql://postgres@127.0.0.1:5432/huiyin"
    kafka: str = "127.0.0.1:9092"
    topic_prefix: str = "huiyin"
    partitions: int = 4
    replication: int = 1
    policy: tuple[str, ...] = ("general",)
    policy_dir: Path | None = None
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    instance: str = "1"
    cache_dir: Path | None = None
    master_key: str | None = field(default=None, repr=False)
    master_key_file: Path | None = None
    signing_key: str | None = field(default=None, repr=False)
    signing_key_file: Path | None = None
    checkpoint_file: Path | None = None
    http_rate: int = 200
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None
    oidc_name_claim: str = "sub"
    oidc_role_claim: str = "role"
    oidc_branches_claim: str = "branches"
    kafka_security: str = "PLAINTEXT"
    kafka_ca_file: Path | None = None
    kafka_cert_file: Path | None = None
    kafka_key_file: Path | None = None
    kafka_mechanism: str = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: str | None = field(default=None, repr=False)
    kafka_password_file: Path | None = None
    public_url: str | None = None
    webhooks: str | None = field(default=None, repr=False)
    webhooks_file: Path | None = None

    @property
    def address(self) -> str:
        """Where people and programs reach the API, for links in what is sent out."""
        return self.public_url or f"http://{self.http_host}:{self.http_port}"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Unset takes the default, and so does empty, as compose hands on what is unset."""
        given = {name: environ.get(variable(name)) for name in READERS}
        return cls(**{name: _read(name, value) for name, value in given.items() if value})

    def to_env(self) -> dict[str, str]:
        """The variables that give these settings again, for a child process."""
        values = {name: getattr(self, name) for name in READERS} | {"kafka": self.kafka or NO_BROKER}
        return {variable(name): _written(value) for name, value in values.items() if value is not None}


def _read(name: str, value: str) -> Any:
    """The value itself is not repeated: an address holds a password."""
    try:
        return READERS[name](value)
    except ValueError as problem:
        raise SettingError(f"{variable(name)} {problem}") from None


def _written(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)
