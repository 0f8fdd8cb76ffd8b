"""How brokers are spoken to: in clear, or with TLS, and as whom; in the words of each Kafka client we use."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from streams.config import SettingError, Settings, variable

GREETING_S = 3.0
VERSIONS = b"\0\0\0\x0a\0\x12\0\0\0\0\0\1\xff\xff"
"""Kafka's ApiVersions request (key 18, version 0), which every broker answers before it knows who asks."""


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


WITHOUT = (
    "this installation runs without Kafka: send facts with `huiyin emit --http`, alerts are under GET /alerts"
    " / 此处不使用 Kafka：请用 `huiyin emit --http` 发送事实，告警见 GET /alerts"
)


def checked_options(settings: Settings) -> dict[str, Any]:
    """The same, after a first word with a broker where TLS is asked for: of certificates that are not
    accepted the clients only say, after half a minute, that nobody can be reached.

    Raises:
        SettingError: there is no broker, a file cannot be used, or who listens at every address speaks no TLS
            that both accept.
    """
    if not settings.kafka:
        raise SettingError(f"{variable('kafka')}: {WITHOUT}")
    options = client_options(settings)
    if context := options.get("ssl_context"):
        refusals = [_refusal(context, address) for address in settings.kafka.split(",")]
        if all(refusals):
            raise SettingError(f"{variable('kafka')}: {refusals[0]}")
    return options


def _refusal(context: ssl.SSLContext, address: str) -> str | None:
    """Why a broker and we do not come together; None: nothing speaks against it, as far as can be told.

    It is asked something, as a broker that does not accept our certificate says so only after that.
    """
    host, _, port = address.strip().rpartition(":")
    name = host.strip("[]")
    try:
        with (
            socket.create_connection((name, int(port)), timeout=GREETING_S) as plain,
            context.wrap_socket(plain, server_hostname=name) as safe,
        ):
            safe.sendall(VERSIONS)
            safe.recv(1)
    except ssl.SSLCertVerificationError as problem:
        return f"the certificate of {address} is not accepted / 不接受其证书: {problem.verify_message}"
    except ssl.SSLError as problem:
        reason = str(problem.reason)
        if "ALERT" in reason or reason == "WRONG_VERSION_NUMBER":
            return f"{address} does not accept our TLS / 对方不接受本方 TLS: {reason}"
    except (OSError, ValueError):
        pass  # nobody is there, which the clients wait for and tell
    return None


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
