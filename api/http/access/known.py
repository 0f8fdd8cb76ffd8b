"""Who a key, a token or a session stands for, asked of the database and remembered for a moment."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from time import monotonic, time
from typing import TYPE_CHECKING

import psycopg

from api.http.access.oidc import Provider, ProviderAway
from api.http.access.principal import Principal
from api.http.problems import Problem
from storage import api_keys

if TYPE_CHECKING:
    from storage.connections import Connections

FRESH_S = 5.0
"""How long an answer counts: a key that was revoked is refused so much later at most."""

STALE_S = 300.0
"""How long one counts that cannot be asked again, as the database is away: what can still be said then
(that it is away, to whoever watches) is said to those who were known a moment ago."""

KEPT = 10_000
SESSION_LASTS = timedelta(hours=12)
"""A working day: whoever comes back the next morning enters the key again. A session that was opened with a
token ends with the token at the latest."""

KEY_ID = "key:"
"""What the id of a principal begins with that showed a key; the key's own id follows."""


@dataclass
class Known:
    """Principals by what they prove themselves with. Only good ones are remembered, by a hash."""

    connections: Callable[[], Connections]
    provider: Provider | None = None
    clock: Callable[[], float] = monotonic
    _kept: OrderedDict[bytes, tuple[Principal, float]] = field(default_factory=OrderedDict)

    def by_key(self, token: str) -> Principal | None:
        """Whose key this is, or token of the identity provider, if anybody's.

        Raises:
            Problem: that cannot be known now.
        """
        ours = token.startswith(f"{api_keys.KEY}_")
        return self._asked(token, self._of_key if ours else self._of_token)

    def by_session(self, token: str) -> Principal | None:
        """Who opened this session."""
        return self._asked(token, self._of_session)

    def open_session(self, principal: Principal) -> str:
        """A new session; one that was opened with a key ends when the key is revoked."""
        key = principal.id if principal.id.startswith(KEY_ID) else None
        held, lasts = principal.described(), lasts_of(principal)
        return api_keys.open_session(self.connections(), held, key and key.removeprefix(KEY_ID), lasts)

    def close_session(self, token: str) -> None:
        self._kept.pop(_digest(token), None)
        api_keys.close_session(self.connections(), token)

    def _of_key(self, token: str) -> Principal | None:
        key = api_keys.found(self.connections(), token)
        if key is None:
            return None
        return Principal(key.name, key.role, frozenset(key.branches), f"{KEY_ID}{key.id}")

    def _of_token(self, token: str) -> Principal | None:
        try:
            return None if self.provider is None else self.provider.principal(token)
        except ProviderAway as away:
            en = "Try again in a few seconds; API keys are not affected."
            zh = "请数秒后重试；API 密钥不受影响。"
            raise Problem("provider-away", en, zh, headers={"Retry-After": "5"}) from away

    def _of_session(self, token: str) -> Principal | None:
        held = api_keys.holder_of(self.connections(), token)
        return None if held is None else Principal.of(held)

    def at_once(self, token: str) -> Principal | None:
        """Whom a token stood for a moment ago; None: that has to be asked."""
        principal, asked_at = self._kept.get(_digest(token), (None, 0.0))
        if principal is None or self.clock() - asked_at >= FRESH_S or _is_over(principal):
            return None
        return principal

    def seen(self, token: str) -> bool:
        """Whether it has stood for somebody before, whatever it does now."""
        return _digest(token) in self._kept

    def _asked(self, token: str, ask: Callable[[str], Principal | None]) -> Principal | None:
        """What asking says; what it said a while ago, where it cannot be asked."""
        digest, now = _digest(token), self.clock()
        try:
            found = ask(token)
        except psycopg.OperationalError:
            principal, asked_at = self._kept.get(digest, (None, 0.0))
            if principal is None or now - asked_at > STALE_S or _is_over(principal):
                raise
            return principal
        found = None if found is not None and _is_over(found) else found
        self._keep(digest, found, now)
        return found

    def _keep(self, digest: bytes, found: Principal | None, now: float) -> None:
        self._kept.pop(digest, None)
        if found is not None:
            self._kept[digest] = (found, now)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _is_over(principal: Principal) -> bool:
    return principal.until is not None and principal.until <= time()


def lasts_of(principal: Principal) -> timedelta:
    """How long a session of theirs lasts that begins now."""
    if principal.until is None:
        return SESSION_LASTS
    return max(timedelta(), min(SESSION_LASTS, timedelta(seconds=principal.until - time())))


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
