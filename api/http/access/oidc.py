"""Tokens of an identity provider (OpenID Connect): who they say somebody is, if the provider signed that.

A token counts when a key of the provider's published set (JWKS) signed it, for us, and its time has come and
is not over (RFC 7519). The set is kept, and fetched anew when a token names a key that is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any

from jwt import PyJWK, PyJWKSet, PyJWTError, decode, get_unverified_header

from api.http.access.principal import Principal
from storage.api_keys import ROLES
from streams.config import SettingError, Settings, variable

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Asymmetric ones only: with others whoever can check a token could make one."""

LEEWAY_S = 60
"""How far two clocks may be apart."""

FETCH_S = 5.0
AGAIN_S = 30.0
"""How soon the set of keys is fetched again for a key that is not in it: unknown keys cost no more."""

REQUIRED = ("exp", "iss", "aud")
NEEDED = ("oidc_issuer", "oidc_audience", "oidc_jwks_url")
Fetch = Callable[[str], Mapping[str, Any]]


class ProviderAway(Exception):
    """The provider's keys cannot be had."""


def fetched(url: str) -> Mapping[str, Any]:
    """The provider's key set.

    Raises:
        ProviderAway: it cannot be had, or is none.
    """
    import httpx

    try:
        answer = httpx.get(url, timeout=FETCH_S, follow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, ValueError) as problem:
        raise ProviderAway(type(problem).__name__) from problem
    if not isinstance(found, dict):
        raise ProviderAway("no key set")
    return found


@dataclass
class KeySet:
    """The provider's keys, as last fetched."""

    url: str
    fetch: Fetch = fetched
    clock: Callable[[], float] = monotonic
    _keys: dict[str | None, PyJWK] = field(default_factory=dict)
    _asked_at: float | None = None
    _asking: Lock = field(default_factory=Lock)

    def key(self, kid: str | None) -> PyJWK | None:
        """The key of an id; None where the provider has no such key.

        Raises:
            ProviderAway: the keys cannot be had, and this one is not among those that were.
        """
        if kid not in self._keys:
            with self._asking:
                self._refresh(kid)
        return self._keys.get(kid)

    def _refresh(self, kid: str | None) -> None:
        late = self._asked_at is None or self.clock() - self._asked_at >= AGAIN_S
        if kid in self._keys or not late:
            return
        said = self.fetch(self.url)
        self._asked_at = self.clock()
        self._keys = _usable(said)


def _usable(said: Mapping[str, Any]) -> dict[str | None, PyJWK]:
    """The keys that sign with an algorithm of ours, by their ids."""
    try:
        keys = PyJWKSet.from_dict(dict(said)).keys
    except (PyJWTError, TypeError, AttributeError):
        return {}
    return {
        key.key_id: key for key in keys if key.algorithm_name in ALGORITHMS and key.public_key_use != "enc"
    }


@dataclass(frozen=True)
class Provider:
    """Whose tokens count, and what they say where."""

    issuer: str
    audience: str
    keys: KeySet
    name_claim: str = "sub"
    role_claim: str = "role"
    branches_claim: str = "branches"

    def principal(self, token: str) -> Principal | None:
        """Whom a token stands for; None where it proves nothing or names no role of ours.

        Raises:
            ProviderAway: whether it proves something cannot be known now.
        """
        claims = self._claims(token)
        name = _said(claims, self.name_claim)
        role = next((role for role in _list(_said(claims, self.role_claim)) if role in ROLES), None)
        if not isinstance(name, str) or not name or role is None:
            return None
        branches = frozenset(_list(_said(claims, self.branches_claim)))
        return Principal(name, role, branches, f"oidc:{name}", float(claims["exp"]))

    def _claims(self, token: str) -> Mapping[str, Any]:
        """What a token claims, where its signature and its times hold; else nothing."""
        try:
            header = get_unverified_header(token)
            algorithm, key = header.get("alg"), self.keys.key(header.get("kid"))
            if key is None or algorithm not in ALGORITHMS or algorithm != key.algorithm_name:
                return {}
            return decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self.audience,
                issuer=self.issuer,
                leeway=LEEWAY_S,
                options={"require": list(REQUIRED)},
            )
        except (PyJWTError, ValueError, TypeError):
            return {}


def _said(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, or by the steps that lead to it: `realm_access.roles`."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _list(value: Any) -> list[str]:
    """One or several texts, as providers write either."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str) and each]


def provider_of(settings: Settings) -> Provider | None:
    """The identity provider of an installation, if it has one.

    Raises:
        SettingError: only a part of what is needed is configured.
    """
    given = [getattr(settings, name) for name in NEEDED]
    if not any(given):
        return None
    if not all(given):
        missing = ", ".join(variable(name) for name, value in zip(NEEDED, given, strict=True) if not value)
        raise SettingError(f"{missing}: needed for OIDC / 使用 OIDC 时须设置")
    issuer, audience, url = given
    claims = (settings.oidc_name_claim, settings.oidc_role_claim, settings.oidc_branches_claim)
    return Provider(issuer, audience, KeySet(url), *claims)
