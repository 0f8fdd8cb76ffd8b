"""Tokens of an identity provider: what it signed for us, now, stands for somebody; all else for nobody."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import get_default_algorithms

from api.http.access.known import Known, lasts_of
from api.http.access.oidc import AGAIN_S, KeySet, Provider, ProviderAway, provider_of
from api.http.access.principal import Principal
from streams.config import SettingError, Settings

ISSUER, AUDIENCE = "https://id.example", "huiyin"
KEYS: Mapping[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
OTHER = ec.generate_private_key(ec.SECP256R1())


def published(**keys: Any) -> dict[str, Any]:
    """A key set with these keys, each for its algorithm, by their ids."""
    return {"keys": [_jwk(kid, algorithm, key) for kid, (algorithm, key) in keys.items()]}


def _jwk(kid: str, algorithm: str, key: Any) -> dict[str, Any]:
    said = json.loads(get_default_algorithms()[algorithm].to_jwk(key.public_key()))
    return {**said, "kid": kid, "alg": algorithm}


SET = published(**{name: (name, key) for name, key in KEYS.items()})


class Source:
    """The provider's address: what it answers with, and how often it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.now = 1000.0

    def __call__(self, _url: str) -> Mapping[str, Any]:
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    def keys(self) -> KeySet:
        return KeySet("https://id.example/keys", self, lambda: self.now)


def provider(source: Source | None = None, **claims: str) -> Provider:
    return Provider(ISSUER, AUDIENCE, (source or Source(SET)).keys(), **claims)


def token(algorithm: str = "ES256", key: Any = None, kid: str | None = None, **claims: Any) -> str:
    now = time.time()
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "S-1", "role": "ops", "exp": now + 600, **claims}
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, key or KEYS[algorithm], algorithm, {"kid": kid or algorithm})


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_that_the_provider_signed_stands_for_somebody(algorithm: str) -> None:
    found = provider().principal(token(algorithm, branches=["B-1", "B-2"]))
    assert found is not None
    assert (found.name, found.role, found.branches) == ("S-1", "ops", {"B-1", "B-2"})


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": -120.0},
        {"nbf": 120.0},
        {"exp": None},
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"role": "king"},
        {"role": None},
        {"sub": None},
    ],
    ids=lambda claims: ",".join(
        f"{name} {value}" if isinstance(value, str) else name for name, value in claims.items()
    ),
)
def test_a_token_for_another_time_place_or_role_stands_for_nobody(claims: dict[str, Any]) -> None:
    """Times are in seconds from now."""
    now = time.time()
    said = {name: now + one if isinstance(one, float) else one for name, one in claims.items()}
    assert provider().principal(token(**said)) is None


def test_clocks_may_be_a_minute_apart() -> None:
    assert provider().principal(token(exp=time.time() - 30)) is not None
    assert provider().principal(token(nbf=time.time() + 30)) is not None


def test_a_token_that_somebody_else_signed_stands_for_nobody() -> None:
    assert provider().principal(token(key=OTHER)) is None


def test_a_token_that_is_not_signed_or_with_the_public_key_stands_for_nobody() -> None:
    public = KEYS["EdDSA"].public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "S-1", "role": "admin", "exp": time.time() + 600}
    for forged in (
        jwt.encode(claims, None, "none", {"kid": "EdDSA"}),
        jwt.encode(claims, public, "HS256", {"kid": "EdDSA"}),
    ):
        assert provider().principal(forged) is None


@pytest.mark.parametrize("text", ["", "a.b.c", "hy", "ey.ey.ey", token()[:-4], f"{token()}x", "\x00", "回音"])
def test_what_is_no_token_stands_for_nobody(text: str) -> None:
    assert provider().principal(text) is None


def test_a_key_of_the_set_signs_with_its_own_algorithm_only() -> None:
    assert provider().principal(token("ES256", kid="RS256")) is None


def test_a_claim_may_lie_deeper_and_name_several_roles() -> None:
    found = provider(role_claim="realm_access.roles", name_claim="employee").principal(
        token(realm_access={"roles": ["offline", "auditor", "ops"]}, employee="S-9")
    )
    assert found is not None
    assert (found.name, found.role, found.branches) == ("S-9", "auditor", frozenset())


def test_a_new_key_of_the_provider_is_fetched_when_a_token_names_it() -> None:
    source = Source(published(old=("ES256", OTHER)), SET)
    ours = provider(source)
    assert ours.principal(token(key=OTHER, kid="old")) is not None
    source.now += AGAIN_S
    assert ours.principal(token()) is not None
    assert source.asked == 2


def test_keys_that_nobody_has_do_not_make_us_ask_again_and_again() -> None:
    source = Source(SET)
    ours = provider(source)
    for number in range(20):
        assert ours.principal(token(kid=f"unknown-{number}")) is None
    assert source.asked == 1


def test_without_the_provider_a_known_key_still_counts_and_an_unknown_one_is_no_forgery() -> None:
    source = Source(SET, ProviderAway("away"))
    ours = provider(source)
    assert ours.principal(token()) is not None
    source.now += AGAIN_S
    assert ours.principal(token()) is not None
    with pytest.raises(ProviderAway):
        ours.principal(token(kid="new"))


@pytest.mark.parametrize("said", [{}, {"keys": []}, {"keys": [{"kty": "oct", "k": "AAAA", "kid": "ES256"}]}])
def test_a_set_without_a_key_of_ours_lets_nobody_in(said: dict[str, Any]) -> None:
    assert provider(Source(said)).principal(token()) is None


def test_what_a_token_proves_ends_with_it() -> None:
    ours = provider()
    known = Known(lambda: pytest.fail("no database is needed for a token"), ours)
    ending = token(exp=time.time() - 59.5)
    found = known.by_key(ending)
    assert found is None or known.at_once(ending) is None
    held = known.by_key(token())
    assert held is not None and lasts_of(held).total_seconds() == pytest.approx(600, abs=5)


def test_a_session_of_a_key_lasts_a_working_day() -> None:
    assert lasts_of(Principal("S-1", "ops")).total_seconds() == 12 * 3600


def test_a_provider_is_configured_as_a_whole_or_not_at_all() -> None:
    assert provider_of(Settings()) is None
    with pytest.raises(SettingError, match="HUIYIN_OIDC_AUDIENCE, HUIYIN_OIDC_JWKS_URL"):
        provider_of(Settings(oidc_issuer=ISSUER))
    whole = Settings(oidc_issuer=ISSUER, oidc_audience=AUDIENCE, oidc_jwks_url="https://id.example/keys")
    assert provider_of(whole) is not None
