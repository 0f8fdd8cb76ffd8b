"""Who a key, a token or a session stands for, asked of the database and remembered for a moment."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING

import psycopg

from api.http.access.principal import Principal
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
"""A working day: whoever comes back the next morning enters the key again."""


@dataclass
class Known:
    """Principals by what they prove themselves with. Only good ones are remembered, by a hash."""

    connections: Callable[[], Connections]
    clock: Callable[[], float] = monotonic
    _kept: OrderedDict[bytes, tuple[Principal, float]] = field(default_factory=OrderedDict)

    def by_key(self, token: str) -> Principal | None:
        """Whose key this is, if anybody's; and who opened this session."""
        return self._remembered(token, self._of_key)

    def by_session(self, token: str) -> Principal | None:
        return self._remembered(token, self._of_session)

    def open_session(self, principal: Principal) -> str:
        """A new session; one that was opened with a key ends when the key is revoked."""
        key = principal.id if principal.id.startswith(KEY_ID) else None
        held, lasts = principal.described(), SESSION_LASTS
        return api_keys.open_session(self.connections(), held, key and key.removeprefix(KEY_ID), lasts)

    def close_session(self, token: str) -> None:
        self._kept.pop(_digest(token), None)
        api_keys.close_session(self.connections(), token)

    def _of_key(self, token: str) -> Principal | None:
        key = api_keys.found(self.connections(), token)
        if key is None:
            return None
        return Principal(key.name, key.role, frozenset(key.branches), f"{KEY_ID}{key.id}")

    def _of_session(self, token: str) -> Principal | None:
        held = api_keys.holder_of(self.connections(), token)
        return None if held is None else Principal.of(held)

    def _remembered(self, token: str, ask: Callable[[str], Principal | None]) -> Principal | None:
        digest, now = _digest(token), self.clock()
        principal, asked_at = self._kept.get(digest, (None, 0.0))
        if principal is not None and now - asked_at < FRESH_S:
            return principal
        try:
            found = ask(token)
        except psycopg.OperationalError:
            if principal is None or now - asked_at > STALE_S:
                raise
            return principal
        self._keep(digest, found, now)
        return found

    def _keep(self, digest: bytes, found: Principal | None, now: float) -> None:
        self._kept.pop(digest, None)
        if found is not None:
            self._kept[digest] = (found, now)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


KEY_ID = "key:"
"""What the id of a principal begins with that showed a key; the key's own id follows."""


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
