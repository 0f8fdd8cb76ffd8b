"""Settings come from the environment only, and a bad one is a line that names it."""

from pathlib import Path

import pytest

from streams.config import SettingError, Settings, variable

GIVEN = {
    "HUIYIN_DATABASE_URL": "postgresql://ledger:secret@db:5432/huiyin",
    "HUIYIN_KAFKA": "kafka-1:9092, kafka-2:9092",
    "HUIYIN_TOPIC_PREFIX": "north.huiyin",
    "HUIYIN_PARTITIONS": "12",
    "HUIYIN_REPLICATION": "3",
    "HUIYIN_POLICY": "auto-4s, laboratory,auto-4s",
    "HUIYIN_POLICY_DIR": "/etc/huiyin/policies",
    "HUIYIN_HTTP_HOST": "0.0.0.0",
    "HUIYIN_HTTP_PORT": "8443",
    "HUIYIN_INSTANCE": "worker-2",
    "HUIYIN_CACHE_DIR": "/var/cache/huiyin",
    "HUIYIN_MASTER_KEY": "bm90IGEgc2VjcmV0IGF0IGFsbCwgb25seSBhIHRlc3Q=",
    "HUIYIN_MASTER_KEY_FILE": "/run/secrets/huiyin-master-key",
    "HUIYIN_SIGNING_KEY": "QSBrZXkgdGhhdCBvbmx5IHRlc3RzIHNpZ24gd2l0aC4=",
    "HUIYIN_SIGNING_KEY_FILE": "/run/secrets/huiyin-signing-key",
    "HUIYIN_CHECKPOINT_FILE": "/mnt/append-only/checkpoints",
    "HUIYIN_HTTP_RATE": "50",
    "HUIYIN_OIDC_ISSUER": "https://id.example",
    "HUIYIN_OIDC_AUDIENCE": "huiyin",
    "HUIYIN_OIDC_JWKS_URL": "https://id.example/keys",
    "HUIYIN_OIDC_NAME_CLAIM": "employee_id",
    "HUIYIN_OIDC_ROLE_CLAIM": "realm_access.roles",
    "HUIYIN_OIDC_BRANCHES_CLAIM": "sites",
    "HUIYIN_KAFKA_SECURITY": "sasl_ssl",
    "HUIYIN_KAFKA_CA_FILE": "/etc/kafka/ca.pem",
    "HUIYIN_KAFKA_CERT_FILE": "/etc/kafka/client.pem",
    "HUIYIN_KAFKA_KEY_FILE": "/etc/kafka/client.key",
    "HUIYIN_KAFKA_MECHANISM": "PLAIN",
    "HUIYIN_KAFKA_USERNAME": "huiyin",
    "HUIYIN_KAFKA_PASSWORD": "not a secret, only a test's",
    "HUIYIN_KAFKA_PASSWORD_FILE": "/run/secrets/kafka-password",
    "HUIYIN_PUBLIC_URL": "https://huiyin.example/records/",
    "HUIYIN_WEBHOOKS": "https://pager.example/hook#severities=critical",
    "HUIYIN_WEBHOOKS_FILE": "/run/secrets/webhooks",
}


def test_every_setting_can_be_given() -> None:
    settings = Settings.from_env(GIVEN)
    assert settings.kafka == "kafka-1:9092,kafka-2:9092"
    assert settings.policy == ("auto-4s", "laboratory")
    assert settings.policy_dir == Path("/etc/huiyin/policies")
    assert (settings.partitions, settings.replication, settings.http_port) == (12, 3, 8443)
    assert all(getattr(settings, name) != getattr(Settings(), name) for name in Settings.__slots__)


def test_settings_survive_the_way_to_a_child_process() -> None:
    settings = Settings.from_env(GIVEN)
    assert Settings.from_env(settings.to_env()) == settings
    assert Settings.from_env(Settings().to_env()) == Settings()
    without = Settings(kafka="")
    assert Settings.from_env(without.to_env()) == without


def test_unset_and_empty_variables_take_their_defaults() -> None:
    assert Settings.from_env({"HUIYIN_PARTITIONS": "", "PATH": "/bin"}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUIYIN_DATABASE_URL", "mysql://root:secret@db/huiyin"),
        ("HUIYIN_KAFKA", "kafka"),
        ("HUIYIN_KAFKA", "kafka:"),
        ("HUIYIN_KAFKA", "kafka:99999"),
        ("HUIYIN_KAFKA", "kafka:9092,,"),
        ("HUIYIN_TOPIC_PREFIX", "two words"),
        ("HUIYIN_TOPIC_PREFIX", "x" * 201),
        ("HUIYIN_PARTITIONS", "0"),
        ("HUIYIN_PARTITIONS", "four"),
        ("HUIYIN_PARTITIONS", "4.5"),
        ("HUIYIN_PARTITIONS", "٤"),
        ("HUIYIN_POLICY", " , "),
        ("HUIYIN_HTTP_PORT", "65536"),
        ("HUIYIN_HTTP_HOST", "   "),
        ("HUIYIN_INSTANCE", "a/b"),
        ("HUIYIN_PUBLIC_URL", "huiyin.example"),
        ("HUIYIN_PUBLIC_URL", "https://huiyin.example/?a=secret"),
    ],
)
def test_a_bad_value_is_one_line_that_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_env({name: value})
    message = str(refused.value)
    assert message.startswith(f"{name} ")
    assert "\n" not in message
    assert "secret" not in message


def test_variables_are_named_after_their_settings() -> None:
    assert {variable(name) for name in Settings.__slots__} == set(GIVEN)
