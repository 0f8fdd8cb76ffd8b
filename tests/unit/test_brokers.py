"""What is configured of TLS and SASL reaches every Kafka client, each in its own words."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from streams.brokers import client_options, faust_credentials
from streams.config import SettingError, Settings
from streams.worker import faust_app

SASL = {"kafka_username": "huiyin", "kafka_password": "secret", "kafka_mechanism": "SCRAM-SHA-256"}


def settings(security: str, **given: Any) -> Settings:
    return Settings(kafka_security=security, **given)


def test_in_clear_nothing_is_added() -> None:
    assert client_options(Settings()) == {}
    assert faust_credentials(Settings()) is None


def test_with_tls_the_brokers_names_and_certificates_are_checked() -> None:
    options = client_options(settings("SSL"))
    context = options.pop("ssl_context")
    assert options == {"security_protocol": "SSL"}
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(("security", "encrypted"), [("SASL_SSL", True), ("SASL_PLAINTEXT", False)])
def test_with_sasl_name_password_and_mechanism_are_handed_on(security: str, encrypted: bool) -> None:
    options = client_options(settings(security, **SASL))
    assert ("ssl_context" in options) is encrypted
    assert options["security_protocol"] == security
    assert options["sasl_mechanism"] == "SCRAM-SHA-256"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("huiyin", "secret")


@pytest.mark.parametrize("security", ["SSL", "SASL_SSL", "SASL_PLAINTEXT"])
def test_faust_is_told_the_same(security: str, tmp_path: Path) -> None:
    given = settings(security, **SASL)
    app = faust_app(given, str(tmp_path))
    credentials = app.conf.broker_credentials
    assert credentials.protocol.value == security
    if security != "SSL":
        assert (credentials.username, credentials.password) == ("huiyin", "secret")
        assert credentials.mechanism.value == "SCRAM-SHA-256"


def test_every_client_of_the_library_knows_the_options_by_these_names() -> None:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

    options = client_options(settings("SASL_SSL", **SASL))
    for client in (KafkaAdminClient, KafkaConsumer, KafkaProducer):
        assert options.keys() <= client.DEFAULT_CONFIG.keys()
    for client in (AIOKafkaConsumer, AIOKafkaProducer):
        code = client.__init__.__code__
        assert options.keys() <= set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def test_the_password_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from the file\n")
    given = settings("SASL_SSL", **SASL, kafka_password_file=file)
    assert client_options(given)["sasl_plain_password"] == "from the file"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"kafka_security": "SASL_SSL"}, "HUIYIN_KAFKA_USERNAME"),
        ({"kafka_security": "SASL_SSL", "kafka_username": "x"}, "HUIYIN_KAFKA_PASSWORD"),
        ({"kafka_security": "SSL", "kafka_ca_file": Path("/nowhere/ca.pem")}, "HUIYIN_KAFKA_CA_FILE"),
        ({"kafka_security": "SSL", "kafka_cert_file": Path("/nowhere/c.pem")}, "HUIYIN_KAFKA_CERT_FILE"),
        (
            {
                "kafka_security": "SASL_SSL",
                "kafka_username": "x",
                "kafka_password_file": Path("/nowhere/p"),
            },
            "HUIYIN_KAFKA_PASSWORD_FILE",
        ),
    ],
)
def test_what_is_missing_is_named(given: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingError, match=named):
        client_options(Settings(**given))


def test_what_is_said_of_tls_to_postgresql_reaches_every_connection() -> None:
    from storage.connections import Connections
    from storage.recorder import datastore

    url = "postgresql://huiyin@db/huiyin?sslmode=verify-full&sslrootcert=/etc/ca.pem"
    said = {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}
    assert said.items() <= Connections(url, "public").parameters.items()
    assert isinstance(kept := datastore(url, "public").pool.kwargs, dict)
    assert said.items() <= kept.items()
