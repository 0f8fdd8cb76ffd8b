"""How brokers are spoken to: in clear, or with TLS, and as whom; in the words of each Kafka client we use."""

from __future__ import annotations

import ssl
from typing import Any

from streams.config import SettingError, Settings, variable


def client_options(settings: Settings) -> dict[str, Any]:
    """What kafka-python's and aiokafka's clients take beside their addresses; nothing where all is in clear.

    Raises:
        SettingError: a file cannot be read, or a name or password is missing.
    """
    if settings.kafka_security == "PLAINTEXT":
        return {}
    options: dict[str, Any] = {"security_protocol": settings.kafka_security}
    if settings.kafka_security.endswith("SSL"):
        options["ssl_context"] = _context(settings)
    if settings.kafka_security.startswith("SASL"):
        options["sasl_mechanism"] = settings.kafka_mechanism
        options["sasl_plain_username"] = _given(settings, "kafka_username")
        options["sasl_plain_password"] = _password(settings)
    return options


def faust_credentials(settings: Settings) -> Any:
    """The same as Faust has it; None where all is in clear."""
    from faust import SASLCredentials, SSLCredentials

    options = client_options(settings)
    context = options.get("ssl_context")
    if "sasl_mechanism" in options:
        return SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            mechanism=options["sasl_mechanism"],
            ssl_context=context,
        )
    return SSLCredentials(context) if context else None


def _context(settings: Settings) -> ssl.SSLContext:
    """The brokers' certificates and names are checked, by the system's authorities where no file is named."""
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file)
        if settings.kafka_cert_file:
            context.load_cert_chain(settings.kafka_cert_file, settings.kafka_key_file)
    except OSError as problem:  # an SSLError is one
        names = ", ".join(variable(f"kafka_{name}_file") for name in ("ca", "cert", "key"))
        raise SettingError(f"{names}: cannot be used / 无法使用: {problem}") from None
    return context


def _given(settings: Settings, name: str) -> str:
    value: str | None = getattr(settings, name)
    if value is None:
        raise SettingError(f"{variable(name)} is needed with SASL / 使用 SASL 时须设置")
    return value


def _password(settings: Settings) -> str:
    if settings.kafka_password_file is None:
        return _given(settings, "kafka_password")
    try:
        return settings.kafka_password_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingError(
            f"{variable('kafka_password_file')}: cannot be read / 无法读取: {problem}"
        ) from None
